# SPDX-License-Identifier: BSD-3-Clause
"""Shares as a Dataset, by sample or by pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from strain2dos.explain._shares import Shares
from strain2dos.explain._values.targets import unit


def to_xarray(explanation: Shares) -> xr.Dataset:
    """See `DOSExplanation.to_xarray`."""
    names = np.array(explanation.feature_names, dtype=str)
    attrs = {"long_name": "energy", "units": explanation.energy_unit} if explanation.energy_unit else {}
    variables: dict[str, Any] = {
        "values": (
            ("sample", "feature", "energy"),
            explanation.values,
            {"long_name": "share in the density of states"},
        ),
        "base_values": (("energy",), explanation.base_values, {"long_name": "mean over the background"}),
        "data": (("sample", "feature"), explanation.data, {"long_name": "features"}),
    }
    for name, values in explanation.edge_values.items():
        details = {
            "units": unit(name) or "1",
            "long_name": f"share in {name}",
            "base_value": explanation.edge_base_values[name],
        }
        variables[f"{name}_values"] = (("sample", "feature"), values, details)
    coords = {"feature": names, "energy": ("energy", explanation.energies, attrs)}
    return xr.Dataset(
        variables, coords, {"method": explanation.method, "n_background": explanation.n_background}
    )


def on_pixels(flat: xr.Dataset, like: xr.DataArray | xr.Dataset) -> xr.Dataset:
    """Lay what was explained sample by sample on the pixels of a map, rows first."""
    n_y, n_x, n = like.sizes["y"], like.sizes["x"], flat.sizes["sample"]
    if n_y * n_x != n:
        raise ValueError(
            f"like has {n_y} x {n_x} pixels, but {n} samples were explained; explain the rows "
            "cube.values.reshape(n_y * n_x, -1)."
        )
    variables = {}
    for name, array in flat.data_vars.items():
        if "sample" in array.dims:
            values = array.values.reshape(n_y, n_x, *array.shape[1:])
            array = xr.DataArray(values, dims=("y", "x", *array.dims[1:]), attrs=array.attrs)
        variables[name] = array
    coords = {name: coord for name, coord in like.coords.items() if set(coord.dims) <= {"y", "x"}}
    return xr.Dataset(variables, {**flat.coords, **coords}, flat.attrs)
