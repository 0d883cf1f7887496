# SPDX-License-Identifier: BSD-3-Clause
"""From axis, intensities and positions to one labelled array."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from strain2dos.io._common.memory import room, say

_UNITS = {"1/cm": "cm-1", "cm^-1": "cm-1", "cm\u207b\u00b9": "cm-1", "\u00b5m": "um", "\u03bcm": "um"}
_UNITS |= {"micron": "um", "microns": "um", "cnt": "counts", "counts": "counts", "ev": "eV", "mev": "meV"}
#: A map with fewer of its grid positions is a list of sites.
_GRID_SHARE = 0.5


def plain_unit(unit: str) -> str:
    """One spelling per unit: cm-1, um, nm, counts."""
    stripped = unit.strip().strip("()[]")
    return _UNITS.get(stripped.lower(), stripped)


@dataclass
class Canvas:
    """The labelled array that spectra of one file are put into, one by one or all at once.

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
    """

    path: Path
    shift: NDArray[np.float64]
    count: int
    limit: int
    positions: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    header: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.step = -1 if self.shift.size > 1 and self.shift[0] > self.shift[-1] else 1
        self.shift = ascending_axis(self.path, self.shift)
        self.grid = grid_of(self.path, self.positions)
        self.rows: Any = None

    @property
    def pixels(self) -> int:
        """Number of spectra of the result, missing positions included."""
        return self.count if self.grid is None else self.grid[0].size * self.grid[1].size

    @property
    def nbytes(self) -> int:
        """Bytes of the result."""
        return 8 * self.pixels * self.shift.size

    def put(self, index: int | slice, values: NDArray[np.float64]) -> None:
        """Put spectra, on the axis as the file has it, into their place."""
        if self.rows is None:
            self.rows = room(self.path, (self.pixels, self.shift.size), self.limit)
            if self.pixels > self.count:
                self.rows[...] = np.nan
        place = index if self.grid is None else self.grid[2][index]
        self.rows[place] = values[..., :: self.step]

    def put_lazily(self, values: Any) -> None:
        """Take a dask array of float64, (count, m) on the axis as the file has it, as the spectra."""
        import dask.array as da

        rows = values[:, :: self.step]
        if self.grid is not None and not np.array_equal(self.grid[2], np.arange(self.pixels)):
            source = np.full(self.pixels, self.count)
            source[self.grid[2]] = np.arange(self.count)
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
        if self.header:
            attrs["header"] = json.dumps(dict(self.header), ensure_ascii=False, default=str)
        labels = {key: {"units": units.get(key, "unknown"), "long_name": key} for key in self.positions}
        if self.grid is None:
            coords |= {key: ("n", value, labels[key]) for key, value in self.positions.items()}
            return xr.DataArray(self.rows, coords, ("n", "shift"), name="intensity", attrs=attrs)
        y, x, _ = self.grid
        cube = self.rows.reshape(y.size, x.size, self.shift.size)
        coords |= {"y": ("y", y, labels["y"]), "x": ("x", x, labels["x"])}
        for key in self.positions.keys() - {"y", "x"}:
            plane = np.full(self.pixels, np.nan)
            plane[self.grid[2]] = self.positions[key]
            coords[key] = (("y", "x"), plane.reshape(y.size, x.size), labels[key])
        return xr.DataArray(cube, coords, ("y", "x", "shift"), name="intensity", attrs=attrs)


def ascending_axis(path: Path, shift: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn a descending axis round; refuse one that is not strictly monotonic.

    Raises
    ------
    ValueError
        When two points of the axis are equal or out of order, or one is not finite.
    """
    if not np.isfinite(shift).all():
        i = int(np.argmin(np.isfinite(shift)))
        raise ValueError(
            f"{path}: the spectral axis must be finite, but point {i + 1} is {shift[i]}; correct it."
        )
    if shift.size > 1 and shift[0] > shift[-1]:
        shift = shift[::-1]
    wrong = np.flatnonzero(shift[1:] <= shift[:-1])
    if wrong.size:
        i = int(wrong[0])
        raise ValueError(
            f"{path}: the spectral axis must be strictly monotonic, but {shift[i + 1]:g} follows "
            f"{shift[i]:g}; drop repeated points, or split the file where the axis starts again."
        )
    return np.ascontiguousarray(shift)


def grid_of(
    path: Path, places: Mapping[str, NDArray[np.float64]]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.intp]] | None:
    """Axes y, x and flat indices of a (nearly) full grid of distinct positions; None for a list of sites."""
    if not {"x", "y"} <= set(places):
        return None
    (y, row), (x, column) = (np.unique(places[key], return_inverse=True) for key in ("y", "x"))
    n, full = row.size, y.size * x.size
    index = row * x.size + column
    if n < _GRID_SHARE * full or not np.isfinite([*y, *x]).all() or np.unique(index).size < n:
        return None
    if n < full:
        say(
            f"{path.name} holds {n} of the {y.size} x {x.size} positions of its map; the others are NaN. Was "
            f"the scan stopped, or the file cut off?"
        )
    return y, x, index
