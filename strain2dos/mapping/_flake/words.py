# SPDX-License-Identifier: BSD-3-Clause
"""Remarks on a map: why pixels have no result, and whether its contrast exceeds its errors."""

from __future__ import annotations

import warnings

import numpy as np
import xarray as xr

from strain2dos.mapping._quality import reason_words, refusal

# The middle 90 % of a normal distribution span 3.3 standard deviations: errors alone span so many errors of a
# pixel. Below 4 the quantity itself varies by less than 0.7 of them.
_CLEAR = 4.0
# Share of the pixels between which the contrast counts.
_SPAN = (0.05, 0.95)
# Larger maps would carry more words than numbers; the codes and their meanings are there all the same.
_MOST_WORDS = 2**18


def add_words(flake: xr.Dataset) -> xr.Dataset:
    """Put in words what the numbers of a map are worth; warn where hardly any of them can be used."""
    for name in ("gap", "gap_direct", "strain", "shear", "doping"):
        if name in flake and f"{name}_std" in flake:
            flake[name].attrs |= contrast(flake[name], flake[f"{name}_std"])
    if flake["status"].size <= _MOST_WORDS:
        words = xr.DataArray(reason_words(flake), dims=flake["status"].dims)
        flake["status_reason"] = words.assign_attrs(
            long_name="why a pixel has no result, or lies outside the training domain"
        )
    if words_of_refusal := refusal(flake):
        flake.attrs["refusal"] = words_of_refusal
        warnings.warn(words_of_refusal, UserWarning, stacklevel=4)
    return flake


def contrast(values: xr.DataArray, std: xr.DataArray) -> dict[str, float | str]:
    """Contrast of a map, the error of its pixels, and a sentence where the one is not above the other.

    Parameters
    ----------
    values, std : DataArray of shape (y, x)
        A quantity and its errors.

    Returns
    -------
    dict
        "contrast", the span of the middle 90 % of the pixels; "pixel_error", their median error; "remark"
        where errors alone would span nearly as much.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from strain2dos.mapping._flake.words import contrast
    >>> flat = xr.DataArray(
    ...     np.linspace(1.580, 1.584, 20).reshape(4, 5), dims=("y", "x"), name="gap"
    ... )
    >>> contrast(flat, xr.full_like(flat, 0.01))["remark"][:40]
    'the gap varies hardly more than by its e'
    """
    found, errors = np.asarray(values.values, float).ravel(), np.asarray(std.values, float).ravel()
    both = np.isfinite(found) & np.isfinite(errors)
    if both.sum() < 3:
        return {}
    low, high = np.quantile(found[both], _SPAN)
    error = float(np.median(errors[both]))
    remarks: dict[str, float | str] = {"contrast": float(high - low), "pixel_error": error}
    if high - low < _CLEAR * error:
        name = str(values.name or "map").replace("_", " ")
        remarks["remark"] = (
            f"the {name} varies hardly more than by its errors: its middle 90 % span {high - low:.2g}, and "
            f"the error of a pixel is {error:.2g}; take means of regions (region_mean) before reading a "
            "pattern."
        )
    return remarks
