# SPDX-License-Identifier: BSD-3-Clause
"""Values of a map along a line and at points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import xarray as xr

from strain2dos.mapping._sampling.grid import (
    pixel_positions,
    position_unit,
    require_map,
    spacing,
    usable_pixels,
)
from strain2dos.mapping._sampling.pooling import pool


def profile(
    dataset: xr.Dataset,
    start: Sequence[float],
    stop: Sequence[float],
    *,
    width: float | None = None,
    shared: float = 1.0,
) -> xr.Dataset:
    r"""Average a map in steps along a line, as across a wrinkle.

    The line is cut into bins as long as a pixel. Each bin holds the pixels whose centers lie in it and within
    half the width of the line. Nothing is interpolated, so that the bins stay independent of each other.

    Parameters
    ----------
    dataset : Dataset
        A map with dims y and x, as from `SpatialMapper.predict_map` or `map_flake`.
    start, stop : (x, y)
        Ends of the line, in the unit of the map's coordinates.
    width : float, default=None
        Full width of the strip that is averaged, in the same unit; one pixel by default.
    shared : float, default=1.0
        Share of the variance of each pixel that its neighbors have in common, from 0 to 1. The errors of a
        trained model are the same at equal features, so by default averaging does not lower them. Pass 0 for
        errors that are noise alone.

    Returns
    -------
    Dataset
        Dim ``distance`` from `start`; each quantity of the map, ``NAME_std`` as the error of the mean,
        ``n_pixels``, and the coordinates ``x`` and ``y`` of the middle of each bin. Pixels whose status is
        not 0 are left out; bins without a pixel are NaN.

    Raises
    ------
    ValueError
        If both ends are the same point, the line misses the map, or `shared` is not from 0 to 1.

    Notes
    -----
    With a share :math:`s` the variance of a mean of :math:`n` pixels is
    :math:`(1 - s) \sum_i \sigma_i^2 / n^2 + s (\sum_i \sigma_i / n)^2`.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from strain2dos.mapping import profile
    >>> gap = np.tile([1.6, 1.5, 1.4, 1.5], (3, 1))
    >>> coords = {"x": [0.0, 0.5, 1.0, 1.5], "y": [0.0, 0.5, 1.0]}
    >>> flake = xr.Dataset({"gap": (("y", "x"), gap)}, coords=coords)
    >>> line = profile(flake, (0.0, 0.5), (1.5, 0.5), width=2.0)
    >>> line.gap.values.round(3).tolist(), line.n_pixels.values.tolist()
    ([1.6, 1.5, 1.4, 1.5], [3, 3, 3, 3])
    """
    dataset = require_map(dataset)
    if not 0 <= shared <= 1:
        raise ValueError(f"shared must lie from 0 to 1, but got {shared}.")
    first, last = (np.asarray(end, dtype=np.float64) for end in (start, stop))
    if first.shape != (2,) or last.shape != (2,) or not np.isfinite([first, last]).all():
        raise ValueError(
            f"start and stop must each be two finite numbers (x, y), but got {start} and {stop}."
        )
    length = float(np.hypot(*(last - first)))
    if length == 0:
        raise ValueError(f"start and stop are both {tuple(first.tolist())}; a profile needs two points.")
    x, y = pixel_positions(dataset)
    step = min(spacing(x), spacing(y))
    width = step if width is None else float(width)
    if not width > 0:
        raise ValueError(f"width must be positive, but got {width}.")
    along = (last - first) / length
    dx, dy = np.meshgrid(x - first[0], y - first[1])
    n_bins = int(np.floor(length / step + 1e-9)) + 1
    # bin k is centered on k * step; a half step beyond either end belongs to the end's bin
    number = np.floor((dx * along[0] + dy * along[1]) / step + 0.5 + 1e-9).astype(np.intp)
    across = np.abs(dy * along[0] - dx * along[1])
    near = (across <= width / 2 * (1 + 1e-9)) & (number >= 0) & (number < n_bins)
    if not near.any():
        raise ValueError(
            f"no pixel lies within {width / 2:g} of the line from {tuple(first.tolist())} to "
            f"{tuple(last.tolist())}; the map spans x {x.min():g} to {x.max():g} and y {y.min():g} to "
            f"{y.max():g}."
        )
    members = np.where(near & usable_pixels(dataset), number, -1)
    result = pool(dataset, members, n_bins, "distance", shared=shared)
    distance = step * np.arange(n_bins)
    unit = {"units": position_unit(dataset)}
    result = result.assign_coords(
        distance=("distance", distance, {"long_name": "distance along the profile", **unit}),
        x=("distance", first[0] + along[0] * distance, unit),
        y=("distance", first[1] + along[1] * distance, unit),
    )
    return result.assign_attrs(
        **dataset.attrs, profile_start=first.tolist(), profile_stop=last.tolist(), profile_width=width
    )


def at(dataset: xr.Dataset, points: npt.ArrayLike) -> xr.Dataset:
    """Give the values of a map at points: those of the pixels that hold them.

    Parameters
    ----------
    dataset : Dataset
        A map with dims y and x.
    points : array-like of shape (n, 2)
        x and y of each point, in the unit of the map's coordinates.

    Returns
    -------
    Dataset
        All variables of the map with the dim ``point`` in place of y and x. The coordinates ``x`` and ``y``
        are those of the pixels.

    Raises
    ------
    ValueError
        If a point lies outside of the map.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from strain2dos.mapping import at
    >>> coords = {"x": [0.0, 2.0], "y": [0.0, 2.0]}
    >>> flake = xr.Dataset({"gap": (("y", "x"), [[1.6, 1.5], [1.4, 1.3]])}, coords=coords)
    >>> at(flake, [(1.8, 0.3), (0.1, 2.2)]).gap.values.tolist()
    [1.5, 1.4]
    """
    dataset = require_map(dataset)
    wanted = np.atleast_2d(np.asarray(points, dtype=np.float64))
    if wanted.ndim != 2 or wanted.shape[1] != 2 or not np.isfinite(wanted).all():
        raise ValueError(
            f"points must be finite and of shape (n, 2), x and y, but have shape {wanted.shape}."
        )
    x, y = pixel_positions(dataset)
    columns, rows = (
        np.abs(axis[np.newaxis, :] - wanted[:, k, np.newaxis]).argmin(axis=1) for k, axis in enumerate((x, y))
    )
    for k, (axis, nearest) in enumerate(((x, columns), (y, rows))):
        off = np.abs(axis[nearest] - wanted[:, k]) > spacing(axis) / 2 * (1 + 1e-9)
        if off.any():
            point = tuple(wanted[np.argmax(off)].tolist())
            raise ValueError(
                f"the point {point} lies outside of the map, whose {'xy'[k]} runs from {axis.min():g} to "
                f"{axis.max():g} {position_unit(dataset)}."
            )
    chosen = dataset.isel(x=xr.DataArray(columns, dims="point"), y=xr.DataArray(rows, dims="point"))
    unit = {"units": position_unit(dataset)}
    return chosen.assign_coords(x=("point", x[columns], unit), y=("point", y[rows], unit))
