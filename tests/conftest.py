# SPDX-License-Identifier: BSD-3-Clause
"""Fixtures shared by all tests."""

import os
from pathlib import Path

import matplotlib as mpl
import pytest
from joblib.externals.loky import get_reusable_executor

mpl.use("Agg")
# tests of stderr hold whether or not functions were compiled before
os.environ.setdefault("STRAIN2DOS_QUIET", "1")


@pytest.fixture(scope="module", autouse=True)
def workers_end_with_their_module():
    """End joblib's idle workers: they leave by themselves after 300 s, and jobs that come just then hang."""
    yield
    get_reusable_executor().shutdown(wait=True)


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
