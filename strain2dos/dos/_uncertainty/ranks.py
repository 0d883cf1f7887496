# SPDX-License-Identifier: BSD-3-Clause
"""Which of n scores a further one does not exceed at a stated level, and how scores are made."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

Array = NDArray[np.float64]

# energies where the typical error is below this share of the largest one still get that much width
_FLOOR = 0.05
_WINDOW_SHARE = 30


def rank(level: float, n_groups: int) -> int:
    """Return the place, counted from 1, of the score that answers for the level."""
    # 10 x 0.9 is a little more than 9 in binary
    return max(1, int(np.ceil((n_groups + 1) * level - 1e-9)))


def check_level(level: float) -> float:
    """Return the level, or refuse one that is no share."""
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must lie between 0 and 1, but it is {level!r}; 0.9 stands for 90 %.")
    return float(level)


def refuse(level: float, n_groups: int, counted: str, what: str = "level") -> None:
    """Raise unless so many groups can answer for the level; `counted` says where they were counted."""
    if n_groups < 2 or rank(level, n_groups) > n_groups:
        least = max(2, int(np.ceil(level / (1 - level) - 1e-9)))
        raise ValueError(
            f"{what} = {level:g} needs at least {least} groups (strain states), each with an error of its "
            f"own, but there are {n_groups} {counted}; the highest level that they support is "
            f"{n_groups / (n_groups + 1):.3f}. Lower level, or add states."
        )


def quantile(scores: Array, level: float) -> float:
    """Return the score that a further group does not exceed at that level."""
    return float(np.sort(scores)[rank(level, len(scores)) - 1])


def typical(mean_square: Array) -> Array:
    """Return the smoothed root of mean squares along the curve, with a floor."""
    # few groups leave chance minima along the curve, in which a further curve would look far off
    window = max(1, len(mean_square) // _WINDOW_SHARE)
    size = np.sqrt(np.maximum(uniform_filter1d(mean_square, window), 0.0))
    return np.maximum(size, max(_FLOOR * float(size.max()), 1e-12))


def curve_scores(residuals: Array, labels: NDArray[np.intp]) -> tuple[Array, Array]:
    """Return the typical error (n_energies,) and the score of every group."""
    per_group = [residuals[labels == label] for label in np.unique(labels)]
    squares = np.array([np.square(rows).mean(0) for rows in per_group])
    total, n = squares.sum(0), len(squares)
    # a group's own error must not widen the unit that it is measured in: that of a new curve cannot
    scores = [
        np.max(np.abs(rows) / typical((total - own) / max(n - 1, 1)))
        for rows, own in zip(per_group, squares, strict=True)
    ]
    return typical(total / n), np.array(scores)


def edge_scores(missed: Array, labels: NDArray[np.intp]) -> Array:
    """Return the largest error (n_groups, 3) [eV] of every group; NaN for groups without that edge."""
    size = np.abs(missed)
    worst = np.full((len(np.unique(labels)), size.shape[1]), np.nan)
    for place, label in enumerate(np.unique(labels)):
        rows = size[labels == label]
        known = ~np.isnan(rows).all(0)
        worst[place, known] = np.nanmax(rows[:, known], axis=0)
    return worst
