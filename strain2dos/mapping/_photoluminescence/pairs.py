# SPDX-License-Identifier: BSD-3-Clause
"""The two maps of a comparison: which variables are compared, and on which pixels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import xarray as xr

GAPS, LIGHTS = ("gap_direct", "gap"), ("A_center", "pl_energy", "pl")


def chosen_gap(gap_map: xr.Dataset | xr.DataArray | npt.ArrayLike) -> xr.DataArray | npt.ArrayLike:
    """Give the direct gap of a Dataset where it has one, else its gap; other maps as they are."""
    return _variable(gap_map, GAPS)


def chosen_pl(pl_map: xr.Dataset | xr.DataArray | npt.ArrayLike) -> xr.DataArray | npt.ArrayLike:
    """Give the energy of the A exciton of a Dataset; other maps as they are."""
    return _variable(pl_map, LIGHTS)


def _variable(
    values: xr.Dataset | xr.DataArray | npt.ArrayLike, names: tuple[str, ...]
) -> xr.DataArray | npt.ArrayLike:
    if not isinstance(values, xr.Dataset):
        return values
    for name in names:
        if name in values:
            return values[name]
    raise ValueError(f"the Dataset has none of {names}; it has {sorted(map(str, values.data_vars))}.")


def paired_maps(
    gap_map: xr.DataArray | npt.ArrayLike,
    pl_map: xr.DataArray | npt.ArrayLike,
    mask: xr.DataArray | npt.ArrayLike | None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Check that two maps lie on the same pixels; give both as arrays and the pixels fit to compare."""
    if isinstance(gap_map, xr.DataArray) and isinstance(pl_map, xr.DataArray):
        pl_map = pl_map.transpose(*gap_map.dims)
        for dim in gap_map.dims:
            if dim in gap_map.coords and dim in pl_map.coords and gap_map.shape == pl_map.shape:
                off = np.abs(gap_map[dim].values - pl_map[dim].values).max()
                if off > 1e-6 * max(np.ptp(gap_map[dim].values), 1e-300):
                    raise ValueError(
                        f"the maps differ along {dim!r} by up to {off:.4g}; bring them onto the same pixels "
                        "with register_maps(pl_map, gap_map)."
                    )
    gap, pl = np.asarray(gap_map, dtype=np.float64), np.asarray(pl_map, dtype=np.float64)
    if gap.shape != pl.shape or gap.ndim != 2:
        raise ValueError(
            f"both maps must have the same shape (y, x), but they have {gap.shape} and {pl.shape}; "
            "bring one onto the pixels of the other with register_maps(pl_map, gap_map)."
        )
    use = np.isfinite(gap) & np.isfinite(pl)
    if mask is not None:
        use &= np.asarray(mask, dtype=bool)
    if use.sum() < 3:
        raise ValueError(
            f"only {int(use.sum())} of {use.size} pixels are finite in both maps; at least 3 are needed."
        )
    for name, values in (("gap", gap[use]), ("PL", pl[use])):
        if np.ptp(values) <= 1e-12 * np.abs(values).max():
            raise ValueError(
                f"the {name} map is {values[0]:.6g} eV at every pixel compared; a line needs variation."
            )
    return gap, pl, use
