# SPDX-License-Identifier: BSD-3-Clause
"""Points along an axis: their order, and the borders between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    import xarray as xr


def energy_coordinate(energies: ArrayLike | None, n: int) -> xr.DataArray:
    """Coordinate "energy" of curves of n points: energies in eV, or their index where these are unknown."""
    import xarray as xr

    if energies is None:
        return xr.DataArray(np.arange(n), dims="energy", attrs={"long_name": "index of the energy"})
    return xr.DataArray(np.asarray(energies), dims="energy", attrs={"long_name": "energy", "units": "eV"})


def check_ascending(values: NDArray[np.float64], name: str, *, beside: str | None = None) -> None:
    """Refuse a vector that does not ascend strictly; `beside` has the same points along its last axis.

    Raises
    ------
    ValueError
        With the first two values out of order and the way out.

    Examples
    --------
    >>> import numpy as np
    >>> from strain2dos._grids import check_ascending
    >>> check_ascending(np.array([0.5, 1.0]), "energies")
    """
    steps = np.diff(values)
    if not (steps <= 0).any():
        return
    i = int(np.argmax(steps <= 0))
    all_of = f"{name} and {beside} together" if beside else name
    reversed_ = f"{name}[::-1] and {beside}[..., ::-1]" if beside else f"{name}[::-1]"
    way = (
        f"reverse {all_of}, {reversed_}." if (steps < 0).all() else f"sort {all_of} and drop repeated points."
    )
    raise ValueError(
        f"{name} must ascend strictly, but {name}[{i + 1}] = {values[i + 1]:g} follows {name}[{i}] = "
        f"{values[i]:g}; {way}"
    )


def borders(middles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Borders (n + 1,) of the cells around points (n,): midway between them, as far beyond the outer ones.

    Examples
    --------
    >>> import numpy as np
    >>> from strain2dos._grids import borders
    >>> borders(np.array([0.0, 1.0, 3.0]))
    array([-0.5,  0.5,  2. ,  4. ])
    """
    if len(middles) == 1:
        return middles[0] + np.array([-0.5, 0.5])
    between = (middles[1:] + middles[:-1]) / 2
    return np.concatenate([[2 * middles[0] - between[0]], between, [2 * middles[-1] - between[-1]]])
