# SPDX-License-Identifier: BSD-3-Clause
"""Fixtures shared by all tests."""

import os
import time
from pathlib import Path

import matplotlib as mpl
import pytest
from joblib.externals.loky import get_reusable_executor

mpl.use("Agg")
# tests of stderr hold whether or not functions were compiled before
os.environ.setdefault("STRAIN2DOS_QUIET", "1")


@pytest.fixture(scope="session")
def ended():
    """When joblib's workers were last ended, in seconds."""
    return [time.monotonic()]


@pytest.fixture(scope="module", autouse=True)
def workers_do_not_time_out(ended):
    """End joblib's workers between modules: idle for 300 s they leave, and jobs that come just then hang."""
    yield
    if time.monotonic() - ended[0] > 150:
        get_reusable_executor().shutdown(wait=True)
        ended[0] = time.monotonic()


@pytest.fixture(scope="session")
def reference_dir() -> Path:
    """Folder with measured files by other groups, which this repository may not redistribute."""
    default = Path(__file__).resolve().parents[2] / "shared" / "reference"
    folder = Path(os.environ.get("STRAIN2DOS_REFERENCE", default))
    if not folder.is_dir():
        pytest.skip(
            f"no reference files at {folder}; set STRAIN2DOS_REFERENCE to their folder to run this test"
        )
    return folder
