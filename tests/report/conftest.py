# SPDX-License-Identifier: BSD-3-Clause
import importlib.util
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr


def small_flake(ny=10, nx=14, n_energies=60, n_shift=70, seed=0):
    """A map with every quantity that a report knows, and spectra with fits for its pixels."""
    rng = np.random.default_rng(seed)
    row, column = np.mgrid[:ny, :nx]
    gap = 1.6 + 0.08 * np.sin(column / 3) * np.cos(row / 4) + rng.normal(0, 0.005, (ny, nx))
    status = np.zeros((ny, nx), np.uint8)
    status[:2], status[5, 6] = 107, 105
    dead = status > 0
    score = np.where(column > nx - 4, 1.4, 0.5) + 0.01 * rng.uniform(size=gap.shape)
    energies = np.linspace(-7.0, -3.0, n_energies)
    dos = 6 * np.sqrt(np.maximum(0, np.abs(energies + 5) - gap[..., np.newaxis] / 2))
    shift = np.linspace(370.0, 420.0, n_shift)
    fit = 600 + 2000 / (1 + ((shift - 384 - 4 * (gap[..., np.newaxis] - 1.6)) / 1.5) ** 2)
    dims, um = ("y", "x"), {"units": "um"}
    common = {"common_error": 0.031, "common_error_of": "a table"}
    maps = {
        "gap": (gap, {"units": "eV", "functional": "PBE"} | common),
        "gap_std": (0.02 + 0.004 * rng.uniform(size=gap.shape), {"units": "eV"}),
        "gap_direct": (gap + 0.02, {"units": "eV"}),
        "strain": ((1.6 - gap) / 10, {"units": "1", "long_name": "biaxial strain"}),
        "strain_std": (np.full_like(gap, 0.0011), {"units": "1"}),
        "doping": (0.3 - gap / 4, {"units": "1e13 e/cm2", "long_name": "doping"}),
        "doping_std": (np.full_like(gap, 0.12), {"units": "1e13 e/cm2"}),
        "doping_common_std": (np.full_like(gap, 0.45), {"units": "1e13 e/cm2"}),
        "domain_score": (score, {}),
    }
    for values, _ in maps.values():
        values[dead] = np.nan
    variables = {name: (dims, values, attrs) for name, (values, attrs) in maps.items()}
    dos[dead] = np.nan
    maps["gap_direct"][0][-1, 0] = np.nan  # as a map of light ends before the others
    variables |= {
        "status": (dims, status),
        "domain_reason": (dims, np.where(score > 1, 1.0, 0.0)),
        "dos": ((*dims, "energy"), dos, {"units": "states/eV/cell"}),
        "dos_std": ((*dims, "energy"), 0.1 * dos + 0.2),
    }
    coords = {"y": ("y", 0.5 * np.arange(ny), um), "x": ("x", 0.5 * np.arange(nx), um)}
    flake = xr.Dataset(variables, {**coords, "energy": ("energy", energies, {"units": "eV"})})
    counts = fit + rng.normal(0, 20, fit.shape)
    curves = {"intensity": ((*dims, "shift"), counts), "fit": ((*dims, "shift"), fit)}
    spectra = xr.Dataset(curves, {**coords, "shift": ("shift", shift, {"units": "cm-1"})})
    return SimpleNamespace(flake=flake, spectra=spectra)


@pytest.fixture(scope="module")
def example():
    return small_flake()


@pytest.fixture(scope="session")
def make_example():
    return small_flake


@pytest.fixture(scope="session")
def new_browser():
    """Class of a browser; skips where Chromium or Bokeh is missing."""
    pytest.importorskip("bokeh", reason="the charts of a page need Bokeh")
    spec = importlib.util.spec_from_file_location("browser", Path(__file__).with_name("browser.py"))
    browser = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(browser)
    if browser.find_browser() is None:
        pytest.skip("there is no Chromium here; on Debian, apt-get install chromium brings it")
    return browser.Browser
