# SPDX-License-Identifier: BSD-3-Clause
"""Spectra with their fits in the folder of a run, for the page that shows those of a pixel."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from strain2dos.cli._common.console import say

if TYPE_CHECKING:
    import xarray as xr
    from sklearn.base import RegressorMixin
    from sklearn.pipeline import Pipeline

SPECTRA = "spectra.nc"


def spectra_wanted(estimator: RegressorMixin | None = None) -> bool:
    """Whether a page would show spectra: with the extra "report", and a model that reads them."""
    from strain2dos.cli._common.inputs import takes_spectra
    from strain2dos.report._charts.chart import available

    return available() and (estimator is None or takes_spectra(estimator))


def write_spectra(path: Path, cube: xr.DataArray, estimator: Pipeline, *, quiet: bool) -> None:
    """Fit the spectra of a map once more, up to 2500 of them, and write them with their fits."""
    from strain2dos.io._store.write_netcdf import write_netcdf
    from strain2dos.report import spectra_with_fit

    if not quiet:
        say("fitting spectra for the page")
    write_netcdf(spectra_with_fit(cube, estimator).astype("float32"), path, compress=True)
