# SPDX-License-Identifier: BSD-3-Clause
"""Means over regions of a map and differences between regions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import xarray as xr
from numpy.typing import NDArray

from strain2dos.mapping._sampling.common import common_variance_of_difference
from strain2dos.mapping._sampling.grid import (
    COMMON_STD,
    STD,
    pixel_positions,
    quantities,
    require_map,
    usable_pixels,
)
from strain2dos.mapping._sampling.pooling import pool

Region = npt.ArrayLike | Sequence[Sequence[float]]


def region_mean(dataset: xr.Dataset, region: Region, *, shared: float = 1.0) -> xr.Dataset:
    """Average a map over a region.

    Parameters
    ----------
    dataset : Dataset
        A map with dims y and x.
    region : bool array of shape (n_y, n_x), or ((x0, y0), (x1, y1))
        Pixels of the region, or two opposite corners of a box in the unit of the coordinates.
    shared : float, default=1.0
        Share of the variance of each pixel that the others have in common (see `profile`).

    Returns
    -------
    Dataset
        Each quantity with its ``NAME_std``, and ``n_pixels``. Pixels whose status is not 0 are left out.

    Raises
    ------
    ValueError
        If the region holds no pixel with a result.

    Examples
    --------
    >>> import xarray as xr
    >>> from strain2dos.mapping import region_mean
    >>> flake = xr.Dataset(
    ...     {"gap": (("y", "x"), [[1.6, 1.5], [1.4, 1.3]])},
    ...     coords={"x": [0, 1], "y": [0, 1]},
    ... )
    >>> round(float(region_mean(flake, ((0, 0), (1, 0))).gap), 3)
    1.55
    """
    dataset = require_map(dataset)
    inside = _pixels_of(dataset, region)
    members = np.where(inside & usable_pixels(dataset), 0, -1)
    if not (members == 0).any():
        raise ValueError(
            f"the region holds {int(inside.sum())} pixels, none of them with status 0; choose another region."
        )
    return pool(dataset, members, 1, "region", shared=shared).isel(region=0)


def region_contrast(
    dataset: xr.Dataset, region: Region, reference: Region, *, shared: float = 0.5
) -> xr.Dataset:
    r"""Give the mean of a region minus that of a reference region.

    Of a share :math:`s` of ``NAME_std`` that all pixels have in common, :math:`s (\bar\sigma_A -
    \bar\sigma_B)^2` is left in a difference. Of what a map of `map_flake` states as common,
    ``NAME_common_std``, errors of unstrained positions cancel as far as both regions respond to them alike,
    and errors of rates grow with the difference of strain and doping.

    Parameters
    ----------
    dataset : Dataset
        A map with dims y and x.
    region, reference : bool array of shape (n_y, n_x), or ((x0, y0), (x1, y1))
        The two regions, as for `region_mean`.
    shared : float, default=0.5
        Share of the variance that all pixels have in common. 1 would give two equally certain regions no
        error at all.

    Returns
    -------
    Dataset
        The difference of each quantity, ``NAME_std``, ``NAME_common_std`` where the map holds what it takes
        (strain, doping, ``energy_slopes``), and ``NAME_n_sigma``, the difference over both errors.

    Raises
    ------
    ValueError
        If a region holds no pixel with a result, or both hold the same pixel.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from strain2dos.mapping import region_contrast
    >>> gap = np.array([[1.6, 1.6, 1.5, 1.5]])
    >>> flake = xr.Dataset(
    ...     {"gap": (("y", "x"), gap), "gap_std": (("y", "x"), np.full((1, 4), 0.02))}
    ... )
    >>> difference = region_contrast(flake, ((2, 0), (3, 0)), ((0, 0), (1, 0)), shared=0.0)
    >>> round(float(difference.gap), 3), round(float(difference.gap_std), 4)
    (-0.1, 0.02)
    """
    dataset = require_map(dataset)
    both = [_pixels_of(dataset, chosen) for chosen in (region, reference)]
    if (both[0] & both[1]).any():
        raise ValueError(
            f"the two regions share {int((both[0] & both[1]).sum())} pixels; choose regions apart."
        )
    own = [region_mean(dataset, chosen, shared=0.0) for chosen in both]
    common = [region_mean(dataset, chosen, shared=1.0) for chosen in both]
    out: dict[str, xr.DataArray] = {}
    for name in quantities(dataset):
        out[name] = (own[0][name] - own[1][name]).assign_attrs(dataset[name].attrs)
        if name + STD in dataset:
            variance = (1 - shared) * (own[0][name + STD] ** 2 + own[1][name + STD] ** 2)
            variance = variance + shared * (common[0][name + STD] - common[1][name + STD]) ** 2
            out[name + STD] = variance**0.5
            common_part = _common_part(dataset, name, both)
            if common_part is not None:
                out[name + COMMON_STD] = common_part
                variance = variance + common_part**2
            out[name + "_n_sigma"] = out[name] / variance**0.5
    return xr.Dataset(out)


def _common_part(dataset: xr.Dataset, name: str, regions: Sequence[NDArray[np.bool_]]) -> xr.DataArray | None:
    """Error that common errors leave in the difference of two regions; None where it is not known."""
    if name + COMMON_STD not in dataset:
        return None
    usable = usable_pixels(dataset)
    variance = common_variance_of_difference(dataset, name, (regions[0] & usable, regions[1] & usable))
    if variance is None:
        return None
    attrs = {
        "long_name": f"what errors common to all pixels leave in the difference of {name}",
        "units": str(dataset[name].attrs.get("units", "")),
    }
    return xr.DataArray(variance**0.5, attrs=attrs)


def _pixels_of(dataset: xr.Dataset, region: Region) -> NDArray[np.bool_]:
    chosen = np.asarray(region.transpose("y", "x") if isinstance(region, xr.DataArray) else region)
    shape = (dataset.sizes["y"], dataset.sizes["x"])
    if chosen.dtype == bool:
        if chosen.shape != shape:
            raise ValueError(f"a region of pixels must have the map's shape {shape}, but has {chosen.shape}.")
        return chosen
    if chosen.shape != (2, 2):
        raise ValueError(
            "region must be a bool array over the pixels or two corners ((x0, y0), (x1, y1)), but is an "
            f"array of shape {chosen.shape} and type {chosen.dtype}."
        )
    x, y = pixel_positions(dataset)
    low, high = np.min(chosen, axis=0), np.max(chosen, axis=0)
    in_x, in_y = (x >= low[0]) & (x <= high[0]), (y >= low[1]) & (y <= high[1])
    return in_y[:, np.newaxis] & in_x[np.newaxis, :]
