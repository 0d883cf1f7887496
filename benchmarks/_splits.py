# SPDX-License-Identifier: BSD-3-Clause
"""Which states are held out: the same folds for every method and every feature."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from _tasks import Task
from numpy.typing import NDArray
from scipy.spatial import ConvexHull
from sklearn.model_selection import KFold

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

LEAKY_ROWS = "random rows (leaky)"
LEAKY_PAIRS = "random pairs (leaky)"


class Fold(NamedTuple):
    """Rows to learn from and rows to predict; of (energy, feature) pairs where the split is over pairs."""

    train: Rows
    test: Rows


class Split(NamedTuple):
    """Folds under one name. Leaky: points of one curve stand on both sides."""

    name: str
    folds: list[Fold]
    leaky: bool = False


def splits(task: Task, shuffles: int = 3) -> list[Split]:
    """Give the splits that make sense for a task."""
    if task.noisy:
        rows = KFold(5, shuffle=True, random_state=0).split(task.X)
        leaky = Split(LEAKY_ROWS, [Fold(*fold) for fold in rows], leaky=True)
        return [leaky, Split("the same rows by state", by_state(task.groups))]
    found = [
        Split("loo", one_state_out(task.groups)),
        Split("5-fold", by_state(task.groups, shuffles)),
        Split("ends", ends(task.plane)),
    ]
    if task.one_feature:
        pairs = KFold(5, shuffle=True, random_state=0).split(np.empty(task.data.dos.size))
        found.append(Split(LEAKY_PAIRS, [Fold(*fold) for fold in pairs], leaky=True))
    return found


def one_state_out(groups: Rows) -> list[Fold]:
    """Hold out each state once."""
    return [_held_out(groups == label) for label in np.unique(groups)]


def by_state(groups: Rows, shuffles: int = 1, n_splits: int = 5) -> list[Fold]:
    """Hold out a fifth of the states at a time, in an order shuffled anew each time."""
    found = []
    for seed in range(shuffles):
        labels = np.random.RandomState(seed).permutation(np.unique(groups))
        turns = np.array_split(labels, min(n_splits, len(labels)))
        found += [_held_out(np.isin(groups, turn)) for turn in turns]
    return found


def ends(plane: Array) -> list[Fold]:
    """Hold out one corner of the convex hull at a time, with all states that lie on it.

    States that share trace and deviator but not the direction of stretching share a corner; were only one of
    them held out, the others would keep it inside.
    """
    points, which = np.unique(plane.round(9), axis=0, return_inverse=True)
    alone = [
        i for i in range(len(points)) if not inside_hull(points[[i]], np.delete(points, i, axis=0)).item()
    ]
    return [_held_out(which.reshape(-1) == i) for i in alone]


def inside_hull(points: Array, corners: Array, tolerance: float = 1e-9) -> NDArray[np.bool_]:
    """Find which points lie in the convex hull of others, its boundary included.

    Works in the subspace that `corners` span, because states along one line have no hull in the plane.
    """
    center = corners.mean(0)
    width = np.abs(corners - center).max() or 1.0
    scaled, asked = (corners - center) / width, (points - center) / width
    _, sizes, axes = np.linalg.svd(scaled, full_matrices=False)
    axes = axes[sizes > tolerance]
    within = np.abs(asked - asked @ axes.T @ axes).max(1) <= tolerance
    scaled, asked = scaled @ axes.T, asked @ axes.T
    if len(axes) == 0:
        return within
    if len(axes) == 1:
        low, high = scaled.min() - tolerance, scaled.max() + tolerance
        return within & (asked[:, 0] >= low) & (asked[:, 0] <= high)
    planes = ConvexHull(scaled).equations
    return within & (asked @ planes[:, :-1].T + planes[:, -1] <= tolerance).all(1)


def inside_training_hull(task: Task, fold: Fold) -> NDArray[np.bool_]:
    """Find for each held-out row whether its state lies inside the hull of the training states."""
    return inside_hull(task.plane[fold.test], np.unique(task.plane[fold.train], axis=0))


def _held_out(out: NDArray[np.bool_]) -> Fold:
    return Fold(np.flatnonzero(~out), np.flatnonzero(out))
