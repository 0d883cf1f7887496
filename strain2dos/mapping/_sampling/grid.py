# SPDX-License-Identifier: BSD-3-Clause
"""Positions of the pixels of a map, and which of its variables are measured quantities."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from strain2dos._plotting.maps import centers

STD = "_std"
COMMON_STD = "_common_std"


def require_map(dataset: xr.Dataset) -> xr.Dataset:
    """Give the map as a Dataset with the dims y and x.

    Raises
    ------
    TypeError
        If it is no Dataset (a DataArray is taken as a Dataset of one variable).
    ValueError
        If one of the dims is missing.
    """
    if isinstance(dataset, xr.DataArray):
        dataset = dataset.to_dataset(name=dataset.name or "value")
    if not isinstance(dataset, xr.Dataset):
        raise TypeError(f"the map must be an xarray.Dataset, but is a {type(dataset).__name__}.")
    missing = [dim for dim in ("y", "x") if dim not in dataset.dims]
    if missing:
        raise ValueError(
            f"the map must have the dims y and x, but {missing} is missing from "
            f"{tuple(map(str, dataset.dims))}; rename them with dataset.rename(...)."
        )
    return dataset


def pixel_positions(dataset: xr.Dataset) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give x (n_x,) and y (n_y,) of the pixels: their coordinates, else counted from 0."""
    return centers(dataset, "x"), centers(dataset, "y")


def position_unit(dataset: xr.Dataset) -> str:
    """Unit of the positions, as x states it; "pixel" where the map has none."""
    return str(dataset["x"].attrs.get("units", "pixel")) if "x" in dataset.coords else "pixel"


def spacing(positions: NDArray[np.float64]) -> float:
    """Median distance of neighboring pixels along a dim; 1 where there is one pixel only."""
    return float(np.median(np.abs(np.diff(positions)))) if len(positions) > 1 else 1.0


def quantities(dataset: xr.Dataset) -> list[str]:
    """Names of the variables over (y, x, ...) that hold numbers to average: no errors, no codes."""
    return [
        name
        for name in _numbers(dataset)
        if not name.endswith(STD) and "flag_values" not in dataset[name].attrs
    ]


def codes(dataset: xr.Dataset) -> list[str]:
    """Names of the variables over (y, x) whose numbers stand for words, which have no mean."""
    return [name for name in _numbers(dataset) if "flag_values" in dataset[name].attrs]


def _numbers(dataset: xr.Dataset) -> list[str]:
    return [
        str(name)
        for name, values in dataset.data_vars.items()
        if {"y", "x"} <= set(values.dims) and np.issubdtype(values.dtype, np.floating)
    ]


def usable_pixels(dataset: xr.Dataset) -> NDArray[np.bool_]:
    """Pixels (n_y, n_x) whose status is 0; all of them where the map has no status."""
    if "status" not in dataset:
        return np.ones((dataset.sizes["y"], dataset.sizes["x"]), dtype=bool)
    return dataset["status"].transpose("y", "x").values == 0
