# SPDX-License-Identifier: BSD-3-Clause
"""Errors of the two maps of a comparison, as far as they state any."""

from __future__ import annotations

import numpy as np
import xarray as xr

from strain2dos.mapping._photoluminescence.pairs import GAPS

# Parts of the range of gaps in which the model errs independently: as many as it has kinks and bends there.
_INDEPENDENT = 4


def error_of(values: object, names: tuple[str, ...], use: np.ndarray) -> float:
    """Median error of the compared pixels of the chosen variable; 0 where it is not known."""
    if not isinstance(values, xr.Dataset):
        return 0.0
    name = next((name for name in names if name in values), "")
    if f"{name}_std" not in values:
        return 0.0
    found = np.asarray(values[f"{name}_std"].transpose("y", "x").values, dtype=np.float64)[use]
    return float(np.nanmedian(found)) if np.isfinite(found).any() else 0.0


def lasting_error(gap_map: object, use: np.ndarray) -> float:
    """Error in eV that does not average out over the pixels compared, as it acts on a slope."""
    if not isinstance(gap_map, xr.Dataset):
        return 0.0
    name = next((name for name in GAPS if name in gap_map), "")
    common = gap_map.get(f"{name}_common_std")
    shared = 0.0
    if common is not None:
        # an error that is the same everywhere moves the line; what differs between pixels tilts it
        shared = float(np.nanstd(np.asarray(common.transpose("y", "x").values, dtype=np.float64)[use]))
    return float(np.hypot(error_of(gap_map, GAPS, use) / np.sqrt(_INDEPENDENT), shared))


def remark(gap: np.ndarray, pl: np.ndarray, errors: list[float]) -> str:
    """Name the map whose contrast is below its errors."""
    low = [
        f"the {name} varies by {1e3 * np.std(values):.1f} meV and a pixel errs by {1e3 * error:.1f} meV"
        for name, values, error in (("gap", gap, errors[0]), ("PL", pl, errors[1]))
        if np.std(values) < error
    ]
    return f"Contrast below its error: {'; '.join(low)}." if low else ""
