# SPDX-License-Identifier: BSD-3-Clause
"""Which rows belong to one curve, and which groups a member of the ensemble does not see."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray


def check_groups(groups: ArrayLike | None, curves: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return one number per row; without labels, rows with the same curve belong together."""
    if groups is None and curves.shape[1] == 1:
        # a single number does not show which state it came from
        return np.arange(len(curves))
    if groups is None:
        return np.unique(curves, axis=0, return_inverse=True)[1].reshape(-1)
    labels = np.asarray(groups)
    if labels.ndim != 1 or len(labels) != len(curves):
        raise ValueError(
            f"groups must hold one label per row of X, but its shape is {labels.shape} and X has "
            f"{len(curves)} rows; label every spectrum with the strain state it was made from."
        )
    missing = np.flatnonzero(pd.isna(labels))
    if missing.size:
        raise ValueError(
            f"groups must hold a label for every row, but groups[{missing[0]}] is {labels[missing[0]]!r} "
            f"({missing.size} of {len(labels)} rows have none); label these rows or leave them out."
        )
    return pd.factorize(labels, sort=False)[0].astype(np.intp)


def held_out_groups(
    n_groups: int, n_members: int, fraction: float, random: np.random.RandomState
) -> NDArray[np.bool_]:
    """Return (n_members, n_groups): the groups that a member does not see; members take turns through all."""
    size = min(max(1, round(fraction * n_groups)), n_groups - 1)
    turns = np.resize(random.permutation(n_groups), n_members * size).reshape(n_members, size)
    out = np.zeros((n_members, n_groups), dtype=bool)
    np.put_along_axis(out, turns, True, axis=1)
    return out


def subsample_by_group(
    groups: NDArray[np.intp], limit: int, random: np.random.RandomState
) -> NDArray[np.intp]:
    """Return sorted rows, at most `limit`, spread evenly over the groups."""
    if len(groups) <= limit:
        return np.arange(len(groups))
    order = random.permutation(len(groups))
    by_group = np.argsort(groups[order], kind="stable")
    _, first, size = np.unique(groups[order][by_group], return_index=True, return_counts=True)
    rank = np.empty(len(groups), dtype=np.intp)
    rank[by_group] = np.arange(len(groups)) - np.repeat(first, size)
    return np.sort(order[np.argsort(rank, kind="stable")][:limit])
