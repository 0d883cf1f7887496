# SPDX-License-Identifier: BSD-3-Clause
"""Where the spectra of a map were taken: on a grid, along a line, at scattered sites."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from strain2dos._plotting.lengths import micrometers_per
from strain2dos._plotting.maps import centers

# Positions that leave a straight line by more than this share of its length are no line scan.
_STRAIGHT = 0.01
# Names of the dim of spectra that form no grid.
SITE_DIMS = ("distance", "point", "site", "n", "spectrum")


@dataclass(frozen=True)
class Places:
    """Positions of what a Dataset holds.

    Attributes
    ----------
    kind : {"grid", "line", "sites", "numbers"}
        "numbers": the positions are not known.
    dims : tuple of str
        ("y", "x") of a grid or a strip, else the one dim of the sites.
    x, y : (n,) ndarray
        Position of each pixel, in reading order; the number of each where positions are not known.
    unit : str
        Unit of both.
    along : (n,) ndarray
        Distance along a line; the number of the site otherwise.
    along_name : str
        "x", "y" or "distance" along a line; "site" otherwise.
    """

    kind: Literal["grid", "line", "sites", "numbers"]
    dims: tuple[str, ...]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    unit: str
    along: NDArray[np.float64]
    along_name: str

    def in_micrometers(self) -> tuple[NDArray[np.float64], NDArray[np.float64], str]:
        """Give x, y and their unit: "um" where the unit is a length, else as they are."""
        factor = micrometers_per(self.unit)
        if factor is None:
            return self.x, self.y, self.unit
        return self.x * factor, self.y * factor, "um"


def places_of(values: xr.DataArray | xr.Dataset) -> Places:
    """Find out where values were taken.

    Parameters
    ----------
    values : DataArray or Dataset
        With dims y and x, or one dim of sites (`n`, `site`, `point`, `distance`) with their x and y along it.

    Returns
    -------
    Places

    Raises
    ------
    ValueError
        If there is neither a grid nor one dim of sites.

    Examples
    --------
    >>> import xarray as xr
    >>> from strain2dos.mapping._places import places_of
    >>> wafer = xr.DataArray(
    ...     [1.6, 1.5, 1.7], dims="n", coords={"x": ("n", [0, 1, 0]), "y": ("n", [0, 0, 2])}
    ... )
    >>> places_of(wafer).kind
    'sites'
    """
    dims = tuple(map(str, values.dims))
    if {"y", "x"} <= set(dims):
        sizes = {dim: values.sizes[dim] for dim in ("y", "x")}
        if min(sizes.values()) > 1:
            return _grid(values)
        dim = max(sizes, key=sizes.__getitem__)
        return _sites(values, dim, ("y", "x"))
    site = next((name for name in SITE_DIMS if name in dims), dims[0] if len(dims) == 1 else None)
    if site is None:
        raise ValueError(
            f"the values must have the dims y and x, or one dim of sites, but have {dims}; rename them with "
            "dataset.rename(...)."
        )
    return _sites(values, site, (site,))


def _grid(values: xr.DataArray | xr.Dataset) -> Places:
    across, down = np.meshgrid(centers(values, "x"), centers(values, "y"))
    x, y = across.ravel(), down.ravel()
    unit = _unit(values, "x") if "x" in values.coords else "pixel"
    return Places("grid", ("y", "x"), x, y, unit, np.arange(x.size, dtype=float), "site")


def _sites(values: xr.DataArray | xr.Dataset, dim: str, dims: tuple[str, ...]) -> Places:
    number = np.arange(values.sizes[dim], dtype=float)
    found = {name: _coordinate(values, name, dim) for name in ("x", "y")}
    known = {name: pair for name, pair in found.items() if pair is not None}
    if dim == "distance" and "distance" in values.coords:
        along, unit = np.asarray(values["distance"].values, dtype=float), _unit(values, "distance")
        x, y = (known[name][0] if name in known else along for name in ("x", "y"))
        return Places("line", dims, x, y, unit, along, "distance")
    if not known:
        return Places("numbers", dims, number, 0 * number, "pixel", number, "site")
    unit = next(iter(known.values()))[1]
    x, y = (known[name][0] if name in known else 0 * number for name in ("x", "y"))
    direction, off, length = _line_through(x, y)
    if not length:
        return Places("numbers", dims, x, y, unit, number, "site")
    if off > _STRAIGHT * length:
        return Places("sites", dims, x, y, unit, number, "site")
    for name, axis, part in (("x", x, direction[0]), ("y", y, direction[1])):
        if abs(abs(part) - 1) < 1e-9:
            return Places("line", dims, x, y, unit, axis, name)
    along = (x - x[0]) * direction[0] + (y - y[0]) * direction[1]
    return Places("line", dims, x, y, unit, along * (np.sign(along[-1]) or 1.0), "distance")


def _coordinate(
    values: xr.DataArray | xr.Dataset, name: str, dim: str
) -> tuple[NDArray[np.float64], str] | None:
    """Position along one axis and its unit: a coordinate along the sites that counts more than pixels."""
    for key in (f"{name}_position", name):
        if key in values.coords and values[key].dims == (dim,):
            unit = _unit(values, key)
            if unit not in ("pixel", "px"):
                return np.asarray(values[key].values, dtype=float), unit
    return None


def _unit(values: xr.DataArray | xr.Dataset, name: str) -> str:
    return str(values[name].attrs.get("units", "pixel" if name in values.dims else "unknown"))


def _line_through(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], float, float]:
    """Direction of the straight line nearest to points, how far they leave it, and its length."""
    centered = np.column_stack([x - x.mean(), y - y.mean()])
    direction = np.linalg.svd(centered, full_matrices=False)[2][0]
    across = centered @ np.array([-direction[1], direction[0]])
    return direction, float(np.abs(across).max()), float(np.ptp(centered @ direction))
