# SPDX-License-Identifier: BSD-3-Clause
"""The clock of a step that has no bar."""

import contextlib
import io
import os
import sys
import time

import numpy as np
import pytest
import xarray as xr

from strain2dos.cli import app
from strain2dos.cli._common import progress
from strain2dos.cli._common.progress import clock
from strain2dos.raman import RamanFeaturizer
from strain2dos.raman._fitting import engine
from strain2dos.simulate import simulate_spectra

SHIFT = np.arange(350.0, 440.0, 0.5)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


@pytest.fixture
def shown(monkeypatch):
    monkeypatch.setattr(progress, "DELAY", 0.02)

    def watch(stream, seconds, *, quiet=False):
        monkeypatch.setattr(sys, "stderr", stream)
        with clock("writing map.nc", quiet=quiet):
            time.sleep(seconds)
        return stream.getvalue()

    return watch


def test_the_seconds_of_a_long_step_count_on_a_terminal_and_are_gone_afterwards(shown):
    seen = shown(Terminal(), 0.5)
    assert seen.count("writing map.nc: 0 s") >= 1
    assert seen.endswith("\r")
    assert "\n" not in seen


def test_a_short_step_a_log_and_a_quiet_run_show_nothing(shown):
    assert shown(Terminal(), 0.0) == ""
    assert shown(io.StringIO(), 0.1) == ""
    assert shown(Terminal(), 0.1, quiet=True) == ""


def test_the_clock_stops_when_the_step_fails(monkeypatch):
    monkeypatch.setattr(progress, "DELAY", 0.02)
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    with contextlib.suppress(ValueError), clock("reading", quiet=False):
        time.sleep(0.1)
        raise ValueError("no spectra")
    seen = stream.getvalue()
    assert "reading: 0 s" in seen
    time.sleep(0.1)
    assert stream.getvalue() == seen


def test_with_quiet_no_bar_shows_whoever_would_draw_it(tmp_path, monkeypatch):
    spectra = simulate_spectra(np.tile([384.6, 384.6, 402.7], (80, 1)), SHIFT, random_state=0)
    flake = xr.DataArray(spectra.reshape(8, 10, -1), dims=("y", "x", "shift"), coords={"shift": SHIFT})
    flake.to_netcdf(tmp_path / "flake.nc", engine="h5netcdf")
    monkeypatch.setattr(engine, "PATIENCE", 0.0)
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    RamanFeaturizer(SHIFT).fit_transform(spectra)
    assert "fit" in stream.getvalue()
    seen = {}
    for option in ((), ("--quiet",)):
        stream = Terminal()
        monkeypatch.setattr(sys, "stderr", stream)
        arguments = ["map", str(tmp_path / "flake.nc"), "-o", str(tmp_path / f"out{len(option)}"), *option]
        with pytest.raises(SystemExit):
            app(arguments)
        seen[option] = stream.getvalue()
    assert "spectra/s" in seen[()] or "map:" in seen[()]
    assert "%|" not in seen[("--quiet",)]
    assert "TQDM_DISABLE" not in os.environ
