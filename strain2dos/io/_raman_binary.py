# SPDX-License-Identifier: BSD-3-Clause
"""Instrument formats that the optional readers of the extra ``io`` understand."""

from __future__ import annotations

import contextlib
import importlib
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from strain2dos.io._raman_array import spectra_array

_SPC_UNITS = {"XRAMANS": "cm-1", "XWAVEN": "cm-1", "XNMETR": "nm", "XUMETR": "um", "XEV": "eV"}


def read_rosettasciio(path: Path, plugin: str) -> xr.DataArray:
    """Read a Renishaw .wdf or Horiba .xml file through RosettaSciIO.

    Parameters
    ----------
    path : Path
        The file.
    plugin : {"renishaw", "jobinyvon"}
        The reader.

    Raises
    ------
    ImportError
        When RosettaSciIO is not installed.
    ValueError
        When the reader fails or the file holds no spectra.
    """
    module = _need(f"rsciio.{plugin}", path)
    with _quiet(), _told(path, plugin):
        found = module.file_reader(str(path))
    for content in found:
        spectral = [axis for axis in content["axes"] if not axis["navigate"]]
        if len(spectral) == 1:
            with _told(path, plugin):
                return _from_axes(path, content, spectral[0])
    raise ValueError(
        f"{path} holds no spectra, only {len(found)} images; export the spectra from the instrument."
    )


def _from_axes(path: Path, content: dict[str, Any], spectral: dict[str, Any]) -> xr.DataArray:
    data = np.asarray(content["data"], dtype=np.float64)
    places = [axis for axis in content["axes"] if axis["navigate"]]
    units = {"shift": str(spectral.get("units") or "cm-1")}
    units |= {str(axis["name"]).lower(): str(axis.get("units") or "um") for axis in places}
    mesh = np.meshgrid(*(_values(axis) for axis in places), indexing="ij")
    positions = {str(axis["name"]).lower(): m.ravel() for axis, m in zip(places, mesh, strict=True)}
    rows = data.reshape(-1, data.shape[-1])
    return spectra_array(path, _values(spectral), rows, positions, units=units)


def _values(axis: dict[str, Any]) -> NDArray[np.float64]:
    if "axis" in axis:
        return np.asarray(axis["axis"], dtype=np.float64)
    return np.float64(axis["offset"]) + np.float64(axis["scale"]) * np.arange(int(axis["size"]))


def read_spc(path: Path) -> xr.DataArray:
    """Read a Galactic .spc file through spc-io.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    ImportError
        When spc-io is not installed.
    ValueError
        When the reader fails, or the spectra of the file do not share one axis.
    """
    module = _need("spc_io", path)
    with _quiet(), _told(path, "spc-io"), path.open("rb") as file:
        found = module.SPC.from_bytes_io(file)
        axes = [np.asarray(sub.xarray, dtype=np.float64) for sub in found]
        rows = [np.asarray(sub.yarray, dtype=np.float64) for sub in found]
        unit = _SPC_UNITS.get(str(getattr(found.xtype, "name", found.xtype)), str(found.xtype))
    if not axes or any(not np.array_equal(axis, axes[0]) for axis in axes):
        raise ValueError(f"{path} holds {len(axes)} spectra without one common axis; export them one by one.")
    return spectra_array(path, axes[0], np.array(rows), units={"shift": unit, "intensity": "counts"})


def _need(name: str, path: Path) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(
            f"{path.name} needs the optional reader {name.partition('.')[0]}: pip install "
            '"strain2dos[io]". Or export the spectra as text.'
        ) from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence hints about plotting packages that this reading does not use."""
    logger = logging.getLogger("rsciio")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


@contextlib.contextmanager
def _told(path: Path, reader: str) -> Iterator[None]:
    """Whatever a reader raises on a damaged file becomes one error that names the file."""
    try:
        yield
    except Exception as error:
        raise ValueError(
            f"{path}: the {reader} reader stops with {type(error).__name__}: {error}; the file may be cut "
            f"off or of another version. Copy it again or export the spectra as text."
        ) from error
