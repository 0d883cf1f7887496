# SPDX-License-Identifier: BSD-3-Clause
"""Errors on groups left out, one score per group: what the widths of bands and intervals come from."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from strain2dos.dos._uncertainty.cross_fitting import HeldOut

Array = NDArray[np.float64]

# Energies where the typical error is below this share of the largest one still get that much width.
_FLOOR = 0.05
# The typical error is smoothed over one part in so many of the grid.
_WINDOW_SHARE = 30
# A standard deviation below this share of the typical one counts as that share: a model that is sure where it
# is wrong would otherwise set the width of all bands.
_LEAST_STD = 0.3


class GroupScores(NamedTuple):
    """Scores and units of `ConformalDOSRegressor`, whose attributes describe them."""

    scale: Array
    scores: Array
    std_floor: Array | None
    edge_scores: Array | None
    edge_std_floor: Array | None


def score_groups(errors: HeldOut, labels: NDArray[np.intp]) -> GroupScores:
    """Score the errors of all rows (n, n_energies) by their groups (n,)."""
    residuals, missed = errors.residuals, errors.edges
    std_floor = edge_std_floor = None
    if errors.std is not None:
        std_floor = _LEAST_STD * smoothed_rms(_mean_over_groups(np.square(errors.std), labels))
        residuals = residuals / np.maximum(errors.std, std_floor)
    scale, scores = curve_scores(residuals, labels)
    if missed is None:
        return GroupScores(scale, scores, std_floor, None, None)
    if errors.edge_std is not None:
        edge_std_floor = np.sqrt(np.maximum(_mean_over_groups(np.square(errors.edge_std), labels), 1e-300))
        missed = missed / np.maximum(errors.edge_std / edge_std_floor, 1.0)
    return GroupScores(scale, scores, std_floor, edge_scores(missed, labels), edge_std_floor)


def _mean_over_groups(values: Array, labels: NDArray[np.intp]) -> Array:
    """Mean of the means of groups: these count alike, however many rows they have."""
    return np.mean([values[labels == label].mean(0) for label in np.unique(labels)], axis=0)


def smoothed_rms(mean_square: Array) -> Array:
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
        np.max(np.abs(rows) / smoothed_rms((total - own) / max(n - 1, 1)))
        for rows, own in zip(per_group, squares, strict=True)
    ]
    return smoothed_rms(total / n), np.array(scores)


def edge_scores(missed: Array, labels: NDArray[np.intp]) -> Array:
    """Return the largest error (n_groups, 3) [eV] of every group; NaN for groups without that edge."""
    size = np.abs(missed)
    worst = np.full((len(np.unique(labels)), size.shape[1]), np.nan)
    for place, label in enumerate(np.unique(labels)):
        rows = size[labels == label]
        known = ~np.isnan(rows).all(0)
        worst[place, known] = np.nanmax(rows[:, known], axis=0)
    return worst
