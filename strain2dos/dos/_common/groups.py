# SPDX-License-Identifier: BSD-3-Clause
"""Which rows belong to one curve, and which curves a member of the ensemble does not see."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def check_groups(groups: ArrayLike | None, curves: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return one number per row; without labels, rows with the same curve belong together."""
    if groups is None and curves.shape[1] == 1:
        # a single number does not tell which state it came from
        return np.arange(len(curves))
    if groups is None:
        return np.unique(curves, axis=0, return_inverse=True)[1].reshape(-1)
    labels = np.asarray(groups)
    if labels.ndim != 1 or len(labels) != len(curves):
        raise ValueError(
            f"groups must hold one label per row of X, but its shape is {labels.shape} and X has "
            f"{len(curves)} rows; label every spectrum with the strain state it was made from."
        )
    return np.unique(labels, return_inverse=True)[1].reshape(-1)


def held_out_groups(
    groups: NDArray[np.intp], n_members: int, fraction: float, random: np.random.RandomState
) -> list[NDArray[np.bool_]]:
    """Return for each member the rows that stop its training; the members take turns through the groups."""
    labels = random.permutation(np.unique(groups))
    size = min(max(1, round(fraction * len(labels))), len(labels) - 1)
    turns = np.resize(labels, n_members * size).reshape(n_members, size)
    return [np.isin(groups, turn) for turn in turns]


def thin(groups: NDArray[np.intp], limit: int, random: np.random.RandomState) -> NDArray[np.intp]:
    """Return sorted rows, at most `limit`, spread evenly over the groups."""
    if len(groups) <= limit:
        return np.arange(len(groups))
    order = random.permutation(len(groups))
    seen: dict[int, int] = {}
    rank = np.empty(len(groups), dtype=np.intp)
    for row in order:
        rank[row] = seen.get(int(groups[row]), 0)
        seen[int(groups[row])] = rank[row] + 1
    return np.sort(order[np.argsort(rank[order], kind="stable")][:limit])
