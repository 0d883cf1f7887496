# SPDX-License-Identifier: BSD-3-Clause
"""From axis, intensities and positions to one labelled array."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

_UNITS = {"1/cm": "cm-1", "cm^-1": "cm-1", "cm\u207b\u00b9": "cm-1", "\u00b5m": "um", "\u03bcm": "um"}
_UNITS |= {"micron": "um", "microns": "um", "cnt": "counts", "counts": "counts"}
#: A map with fewer of its grid positions is a list of sites.
_GRID_SHARE = 0.5


def plain_unit(unit: str) -> str:
    """One spelling per unit: cm-1, um, nm, counts."""
    stripped = unit.strip().strip("()[]")
    return _UNITS.get(stripped.lower(), stripped)


def spectra_array(
    path: Path,
    shift: NDArray[np.float64],
    intensity: NDArray[np.float64],
    positions: Mapping[str, NDArray[np.float64]] | None = None,
    *,
    units: Mapping[str, str] | None = None,
    header: Mapping[str, object] | None = None,
) -> xr.DataArray:
    """Assemble spectra of one file: ascending axis, map grid where the positions fill one.

    Parameters
    ----------
    path : Path
        The file, for messages and ``attrs["source"]``.
    shift : ndarray of shape (m,)
        Spectral axis, ascending or descending.
    intensity : ndarray of shape (n, m)
        One spectrum per row.
    positions : mapping of str to ndarray of shape (n,), optional
        Coordinates, as "x" and "y".
    units : mapping of str to str, optional
        Units of "shift", "intensity" and the positions; "unknown" for positions without one.
    header : mapping, optional
        The instrument's header.

    Returns
    -------
    xarray.DataArray
        (y, x, shift) or (n, shift).
    """
    shift, intensity = ascending(path, shift, intensity)
    units = {key: plain_unit(value) for key, value in (units or {}).items()}
    axis_unit = units.get("shift", "cm-1")
    names = {"cm-1": "Raman shift", "nm": "wavelength"}
    coords = {
        "shift": ("shift", shift, {"units": axis_unit, "long_name": names.get(axis_unit, "spectral axis")})
    }
    attrs = {
        "units": units.get("intensity", "arbitrary"),
        "long_name": "Raman intensity",
        "source": path.name,
    }
    if header:
        attrs["header"] = json.dumps(dict(header), ensure_ascii=False, default=str)
    places = dict(positions or {})
    labels = {key: {"units": units.get(key, "unknown"), "long_name": key} for key in places}
    grid = _grid(path, places) if set(places) == {"x", "y"} else None
    if grid is None:
        coords |= {key: ("n", value, labels[key]) for key, value in places.items()}
        return xr.DataArray(intensity, coords, ("n", "shift"), name="intensity", attrs=attrs)
    y, x, row, column = grid
    cube = np.full((y.size, x.size, shift.size), np.nan)
    cube[row, column] = intensity
    coords |= {"y": ("y", y, labels["y"]), "x": ("x", x, labels["x"])}
    return xr.DataArray(cube, coords, ("y", "x", "shift"), name="intensity", attrs=attrs)


def ascending(
    path: Path, shift: NDArray[np.float64], intensity: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Turn a descending axis round, with the spectra; refuse an axis that is not strictly monotonic.

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
        shift, intensity = shift[::-1], intensity[..., ::-1]
    wrong = np.flatnonzero(np.diff(shift) <= 0)
    if wrong.size:
        i = int(wrong[0])
        raise ValueError(
            f"{path}: the spectral axis must be strictly monotonic, but {shift[i + 1]:g} follows "
            f"{shift[i]:g}; drop repeated points, or split the file where the axis starts again."
        )
    return np.ascontiguousarray(shift), np.ascontiguousarray(intensity)


def _grid(
    path: Path, places: Mapping[str, NDArray[np.float64]]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.intp], NDArray[np.intp]] | None:
    """Axes and indices of a (nearly) full grid of distinct positions; None for a list of sites."""
    (y, row), (x, column) = (np.unique(places[key], return_inverse=True) for key in ("y", "x"))
    n, full = row.size, y.size * x.size
    distinct = np.unique(row * x.size + column).size == n
    if not distinct or n < _GRID_SHARE * full or not np.isfinite([*y, *x]).all():
        return None
    if n < full:
        warnings.warn(
            f"{path.name} holds {n} of the {y.size} x {x.size} positions of its map; the others are NaN. Was "
            f"the scan stopped, or the file cut off?",
            UserWarning,
            stacklevel=6,
        )
    return y, x, row, column
