# SPDX-License-Identifier: BSD-3-Clause
"""Explanations of maps: which feature sets the gap of which pixel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from strain2dos.explain._explanation import DOSExplanation
from strain2dos.explain._values.collinear import collinear_groups, reason
from strain2dos.explain._values.error_shares import ErrorShares


def chosen_groups(
    groups: str | Mapping[str, Sequence[str]] | None, background: np.ndarray, names: Sequence[str]
) -> tuple[dict[str, list[str]], str]:
    """Groups of features whose shares are summed, and the sentence that gives the reason."""
    if groups is None:
        return {}, ""
    if groups == "collinear":
        found = collinear_groups(background, names)
        return found, reason(found)
    if not isinstance(groups, Mapping):
        raise ValueError(
            f"groups must be 'collinear', None or a mapping of names to features, not {groups!r}."
        )
    given = {name: list(members) for name, members in groups.items()}
    return given, f"The shares of {'; '.join(', '.join(some) for some in given.values())} are given as sums."


def map_of(
    explanation: DOSExplanation,
    like: xr.DataArray,
    targets: Sequence[str],
    errors: Mapping[str, ErrorShares],
    why: str,
) -> xr.Dataset:
    """Lay shares, the strongest feature and shares of errors on the pixels of a map."""
    flat = explanation.to_dataset(like=like)
    keep = [f"{name}_values" for name in targets if name in explanation.edge_values]
    keep += ["data"] + (["values", "base_values"] if explanation.values.shape[-1] else [])
    found = flat[keep] if explanation.values.shape[-1] else flat[keep].drop_vars("energy", errors="ignore")
    for name in targets:
        found[f"{name}_driver"] = _driver(flat[f"{name}_values"], explanation.feature_names, name)
    for name, parts in errors.items():
        shape = like.sizes["y"], like.sizes["x"]
        found[f"{name}_error_share"] = xr.DataArray(
            parts.share.reshape(*shape, -1),
            dims=("y", "x", "source"),
            coords={"source": list(parts.sources)},
            attrs={"long_name": f"share in the variance of the {name}", "units": "1"},
        )
        found[f"{name}_error"] = xr.DataArray(
            parts.std.reshape(shape),
            dims=("y", "x"),
            attrs={"long_name": f"standard deviation of the {name}"},
        )
    if why:
        found.attrs["groups"] = why
    return found


def _driver(shares: xr.DataArray, names: Sequence[str], target: str) -> xr.DataArray:
    """Number (y, x) of the feature with the largest share; -1 where there is none."""
    values = shares.values
    lost = np.isnan(values).any(axis=-1)
    strongest = np.argmax(np.abs(np.where(np.isnan(values), 0.0, values)), axis=-1)
    attrs: dict[str, Any] = {
        "long_name": f"feature with the largest share in the {target}",
        "flag_values": [*range(len(names)), -1],
        "flag_meanings": " ".join([*(name.replace(" ", "_") for name in names), "none"]),
    }
    return xr.DataArray(np.where(lost, -1, strongest).astype(np.int8), dims=("y", "x"), attrs=attrs)
