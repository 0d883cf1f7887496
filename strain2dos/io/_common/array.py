# SPDX-License-Identifier: BSD-3-Clause
"""From axis, intensities and positions to one labeled array."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from strain2dos.io._common.axis import ascending_axis
from strain2dos.io._common.grid import grid_of
from strain2dos.io._common.memory import allocate

_UNITS = {"1/cm": "cm-1", "cm^-1": "cm-1", "cm\u207b\u00b9": "cm-1", "\u00b5m": "um", "\u03bcm": "um"}
_UNITS |= {
    "micron": "um",
    "microns": "um",
    "cnt": "counts",
    "ccd cts": "counts",
    "rel. 1/cm": "cm-1",
    "counts": "counts",
    "ev": "eV",
    "mev": "meV",
}


def plain_unit(unit: str) -> str:
    """One spelling per unit: cm-1, um, nm, counts."""
    stripped = unit.strip().strip("()[]")
    return _UNITS.get(stripped.lower(), stripped)


@dataclass
class SpectraBuilder:
    """The labeled array that spectra of one file are put into, one by one or all at once.

    Parameters
    ----------
    path : Path
        The file, for messages and ``attrs["source"]``.
    shift : ndarray of shape (m,)
        Spectral axis, ascending or descending.
    count : int
        Number of spectra.
    limit : int
        Bytes above which the spectra go to a memory-mapped temporary file.
    positions : mapping of str to ndarray of shape (count,)
        Coordinates, as "x" and "y".
    units : mapping of str to str
        Units of "shift", "intensity" and the positions; "unknown" for positions without one.
    header : mapping
        The instrument's header.
    layout : str
        What the file was taken for, in words.
    """

    path: Path
    shift: NDArray[np.float64]
    count: int
    limit: int
    positions: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    header: Mapping[str, object] = field(default_factory=dict)
    layout: str = ""

    def __post_init__(self) -> None:
        self.step = -1 if self.shift.size > 1 and self.shift[0] > self.shift[-1] else 1
        self.shift = ascending_axis(self.path, self.shift)
        self.grid = grid_of(self.path, self.positions)
        self.rows: Any = None

    @property
    def pixels(self) -> int:
        """Number of spectra of the result, missing positions included."""
        return self.count if self.grid is None else self.grid.y.size * self.grid.x.size

    @property
    def nbytes(self) -> int:
        """Bytes of the result."""
        return 8 * self.pixels * self.shift.size

    def add(self, index: int | slice, values: NDArray[np.float64]) -> None:
        """Put spectra, on the axis as the file has it, into their place."""
        if self.rows is None:
            self.rows = allocate(self.path, (self.pixels, self.shift.size), self.limit)
            if self.pixels > self.count or (self.grid is not None and (self.grid.index < 0).any()):
                self.rows[...] = np.nan
        place: Any = index if self.grid is None else self.grid.index[index]
        if isinstance(place, np.ndarray) and (place < 0).any():
            place, values = place[place >= 0], values[place >= 0]
        elif np.ndim(place) == 0 and not isinstance(place, slice) and place < 0:
            return
        self.rows[place] = values[..., :: self.step]

    def put_points(self, start: int, values: NDArray[np.float64]) -> None:
        """Put the points from `start` on of all spectra, (k, count), for files with a spectrum per column."""
        if self.rows is None:
            self.rows = allocate(self.path, (self.pixels, self.shift.size), self.limit)
            self.rows[...] = np.nan
        k = values.shape[0]
        points = slice(start, start + k)
        if self.step < 0:
            points, values = slice(self.shift.size - start - k, self.shift.size - start), values[::-1]
        if self.grid is None:
            self.rows[:, points] = values.T
        else:
            kept = self.grid.index >= 0
            self.rows[self.grid.index[kept], points] = values.T[kept]

    def add_lazily(self, values: Any) -> None:
        """Take a dask array of float64, (count, m) on the axis as the file has it, as the spectra."""
        import dask.array as da

        rows = values[:, :: self.step]
        if self.grid is not None and not np.array_equal(self.grid.index, np.arange(self.pixels)):
            source = np.full(self.pixels, self.count)
            kept = np.flatnonzero(self.grid.index >= 0)
            source[self.grid.index[kept]] = kept
            nan = da.full((1, self.shift.size), np.nan, chunks=(1, rows.chunks[1]))
            rows = da.concatenate([rows, nan])[source]
        self.rows = rows

    def result(self) -> xr.DataArray:
        """Label what was put: (y, x, shift) where the positions fill a grid, else (n, shift)."""
        units = {key: plain_unit(value) for key, value in self.units.items()}
        axis_unit = units.get("shift", "cm-1")
        names = {"cm-1": "Raman shift", "nm": "wavelength"}
        label = {"units": axis_unit, "long_name": names.get(axis_unit, "spectral axis")}
        coords: dict[str, Any] = {"shift": ("shift", self.shift, label)}
        attrs = {
            "units": units.get("intensity", "arbitrary"),
            "long_name": "Raman intensity",
            "source": self.path.name,
        }
        if self.layout:
            attrs["layout"] = self.layout
        if self.header:
            attrs["header"] = json.dumps(dict(self.header), ensure_ascii=False, default=str)
        labels = {key: {"units": units.get(key, "unknown"), "long_name": key} for key in self.positions}
        if self.grid is None:
            coords |= {key: ("n", value, labels[key]) for key, value in self.positions.items()}
            return xr.DataArray(self.rows, coords, ("n", "shift"), name="intensity", attrs=attrs)
        y, x, index = self.grid.y, self.grid.x, self.grid.index
        kept = index >= 0
        cube = self.rows.reshape(y.size, x.size, self.shift.size)
        coords |= {"y": ("y", y, labels["y"]), "x": ("x", x, labels["x"])}
        for key in self.positions.keys() - {"y", "x"}:
            plane = np.full(self.pixels, np.nan)
            plane[index[kept]] = self.positions[key][kept]
            coords[key] = (("y", "x"), plane.reshape(y.size, x.size), labels[key])
        return xr.DataArray(cube, coords, ("y", "x", "shift"), name="intensity", attrs=attrs)
