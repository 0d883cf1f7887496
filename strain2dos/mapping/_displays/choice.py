# SPDX-License-Identifier: BSD-3-Clause
"""What of a variable is shown, and in which colors."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from strain2dos._plotting.maps import ColorScale, robust_scale


def chosen_slice(values: xr.DataArray, name: str, chosen: dict[str, Any]) -> xr.DataArray:
    """Choose one energy or feature of a variable that has several."""
    for dim, choice in chosen.items():
        if dim in values.dims:
            if choice is None:
                raise ValueError(f"{name!r} has the dim {dim!r}; pass {dim}= to choose one of its values.")
            values = values.sel({dim: choice}, method="nearest" if dim == "energy" else None)
    return values


def color_scale(
    values: xr.DataArray, known: np.ndarray, cmap: str | None, vmin: float | None, vmax: float | None
) -> ColorScale:
    """Give the colors of a map: those of a signed quantity are centered at 0."""
    signed = values.name in ("strain", "doping")  # shear is never below zero
    if cmap is None and signed and vmin is None and vmax is None and known.size:
        cmap, vmax = "RdBu_r", float(np.abs(known).max())
        vmin = -vmax
    return robust_scale(known, cmap or "viridis", vmin, vmax)
