# SPDX-License-Identifier: BSD-3-Clause
"""Two maps of one flake on different grids, brought onto the same pixels by their coordinates."""

from __future__ import annotations

import warnings

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.optimize import minimize

from strain2dos.mapping._sampling.grid import pixel_positions, position_unit, require_map, spacing

_MIN_SHARE = 0.25  # of the smaller map that must still overlap when a shift is tried


def register_maps(moving: xr.DataArray, fixed: xr.DataArray, *, max_shift: float = 0.0) -> xr.DataArray:
    """Interpolate a map onto the pixels of another one.

    Parameters
    ----------
    moving : DataArray of shape (y, x)
        The map to bring over, such as ``fit_pl(cube).A_center``, with coordinates.
    fixed : DataArray of shape (y, x)
        The map whose pixels count, such as ``flake.gap_direct``, with coordinates in the same unit.
    max_shift : float, default=0
        Largest shift along x and y, in the unit of the coordinates, that is searched for the highest absolute
        correlation of the two maps. With 0 the coordinates are taken as they are.

    Returns
    -------
    DataArray of shape (y, x)
        Values on the pixels of `fixed`, linear between those of `moving`; NaN outside of it and beside its
        gaps. ``attrs`` hold ``shift_x`` and ``shift_y``, which were added to the coordinates of `moving`, and
        the ``correlation`` that was found.

    Raises
    ------
    ValueError
        If a map has no coordinates, the units differ, or the maps do not overlap.

    Warns
    -----
    UserWarning
        If the file of one map states no unit of its positions; the numbers are then compared as they are.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from strain2dos.mapping import register_maps
    >>> fine, coarse = np.arange(0.0, 4.01, 0.25), np.arange(0.0, 4.01, 0.5)
    >>> def gap(x, y):
    ...     values = 1.6 + 0.01 * x - 0.02 * y[:, np.newaxis]
    ...     return xr.DataArray(values, dims=("y", "x"), coords={"x": x, "y": y})
    >>> moved = register_maps(gap(fine, fine), gap(coarse, coarse))
    >>> moved.shape, round(float(abs(moved - gap(coarse, coarse)).max()), 12)
    ((9, 9), 0.0)
    """
    both = [require_map(values.to_dataset(name="value")) for values in (moving, fixed)]
    for name, dataset in zip(("moving", "fixed"), both, strict=True):
        missing = [dim for dim in ("y", "x") if dim not in dataset.coords]
        if missing:
            raise ValueError(
                f"the {name} map has no coordinates along {missing}; give it positions, for example "
                f"map.assign_coords({missing[0]}=0.5 * np.arange({dataset.sizes[missing[0]]}))."
            )
    units = [position_unit(dataset) for dataset in both]
    if units[0] != units[1] and "unknown" in units:
        stated = next(unit for unit in units if unit != "unknown")
        warnings.warn(
            f"one of the two maps states no unit of its positions; they are taken to be in {stated!r} "
            "like those of the other.",
            UserWarning,
            stacklevel=2,
        )
    elif units[0] != units[1] and "pixel" not in units:
        raise ValueError(
            f"the positions of the maps are in {units[0]!r} and {units[1]!r}; bring them to one unit."
        )
    shift = np.zeros(2)
    if max_shift > 0:
        shift = _best_shift(moving, fixed, float(max_shift))
    result = _moved(moving, fixed, shift)
    correlation, share = _agreement(result, fixed)
    if share == 0:
        spans = [
            f"x {x.min():g} to {x.max():g}, y {y.min():g} to {y.max():g}"
            for x, y in (pixel_positions(dataset) for dataset in both)
        ]
        raise ValueError(
            f"the maps do not overlap: the moving one spans {spans[0]}, the fixed one {spans[1]}; check the "
            "unit and the origin of their coordinates."
        )
    found = {"shift_x": float(shift[0]), "shift_y": float(shift[1]), "correlation": correlation}
    return result.assign_attrs(moving.attrs | found)


def _moved(moving: xr.DataArray, fixed: xr.DataArray, shift: NDArray[np.float64]) -> xr.DataArray:
    placed = moving.transpose("y", "x").assign_coords(x=moving.x + shift[0], y=moving.y + shift[1])
    return placed.sortby(["y", "x"]).interp(x=fixed.x, y=fixed.y).transpose("y", "x").reset_coords(drop=True)


def _agreement(moved: xr.DataArray, fixed: xr.DataArray) -> tuple[float, float]:
    """Correlation where both maps have values, and the share of the fixed map's pixels that this is."""
    a, b = np.asarray(moved.values, dtype=float), np.asarray(fixed.transpose("y", "x").values, dtype=float)
    use = np.isfinite(a) & np.isfinite(b)
    share = float(use.sum() / max(np.isfinite(b).sum(), 1))
    if use.sum() < 3 or np.ptp(a[use]) == 0 or np.ptp(b[use]) == 0:
        return float("nan"), share
    return float(np.corrcoef(a[use], b[use])[0, 1]), share


def _best_shift(moving: xr.DataArray, fixed: xr.DataArray, max_shift: float) -> NDArray[np.float64]:
    """Grid search in steps of a pixel, then a simplex around the best."""

    def loss(shift: NDArray[np.float64]) -> float:
        if np.abs(shift).max() > max_shift:
            return 1.0
        correlation, share = _agreement(_moved(moving, fixed, np.asarray(shift)), fixed)
        return 1.0 if share < _MIN_SHARE or np.isnan(correlation) else -abs(correlation)

    x, y = pixel_positions(fixed.to_dataset(name="value"))
    step = min(spacing(x), spacing(y))
    n_steps = int(np.ceil(max_shift / step))
    tries = np.clip(step * np.arange(-n_steps, n_steps + 1), -max_shift, max_shift)
    starts = [np.array([dx, dy]) for dx in tries for dy in tries]
    best = min(starts, key=lambda shift: (loss(shift), np.hypot(*shift)))
    simplex = best + step * np.array([[0.0, 0.0], [0.6, 0.0], [0.0, 0.6]])
    simplex[0] = best
    found = minimize(
        loss, best, method="Nelder-Mead", options={"initial_simplex": simplex, "xatol": 0.02 * step}
    )
    return np.asarray(found.x if found.fun < loss(best) else best, dtype=np.float64)
