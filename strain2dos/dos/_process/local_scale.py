# SPDX-License-Identifier: BSD-3-Clause
"""How far variances are off from place to place, from the errors on left-out groups nearby."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from strain2dos.dos._common.arrays import check_array
from strain2dos.dos._common.groups import subsample_by_group
from strain2dos.dos._common.linear_algebra import svd, times

Array = NDArray[np.float64]

# How far, in standard deviations of the states, errors of groups count; which of these is best, left-out
# groups decide. They count against a part of a group whose error is as predicted, which decides where no
# group is near.
_REACHES = (0.25, 0.35, 0.5, 0.7, 1.0)
_AS_PREDICTED = 0.5
# Where the groups nearby stand to one side, their mean this far off in units of the reach, a state is
# extrapolated to: their errors do not narrow its own, fully from the second on.
_ASIDE = (0.8, 1.2)
# as for the training domain: directions with less than this share of the widest one hold curvature and noise
_LEAST_SHARE = 0.05
_MAX_AXES = 3
_MAX_POINTS = 640


@dataclass(frozen=True)
class LocalScale:
    """A factor on predicted variances that follows the errors on left-out groups.

    One process has one noise, whatever the state. Where features leave out what a curve depends on (the
    positions of lines do not show where a shear points), the scatter grows with the shear, and one noise is
    too large for small strains and too small for large ones.

    Attributes
    ----------
    middle, axes : ndarray of shape (n_features,) and (n_features, n_axes)
        Mean of the states in standardized features, and directions in which they differ, each in units of
        the spread of the states.
    points : ndarray of shape (n_points, n_axes)
        Rows with known errors.
    misfit : ndarray of shape (n_points,)
        Squared error of each row without its group, over the variance predicted for it.
    weight : ndarray of shape (n_points,)
        How much each counts; rows of one group share a weight of one, and rows with looser noise count less.
    reach : float
        How far errors count, in units of the spread of the states along an axis.
    """

    middle: Array
    axes: Array
    points: Array
    misfit: Array
    weight: Array
    reach: float

    @classmethod
    def of(
        cls,
        features: Array,
        groups: NDArray[np.intp],
        misfit: Array,
        loose: Array | None = None,
    ) -> tuple[LocalScale, ...]:
        """Describe misfits (n,) of rows without their groups; nothing where one scale for all is better."""
        # a random state of its own: what is drawn elsewhere must not depend on the number of rows
        rows = subsample_by_group(groups, _MAX_POINTS, np.random.RandomState(0))
        labels = np.unique(groups[rows], return_inverse=True)[1]
        count = np.bincount(labels)
        weight = 1.0 / count[labels]
        if loose is not None:
            weight = weight / loose[rows]
        points = features[rows]
        means = np.column_stack([np.bincount(labels, column) for column in points.T]) / count[:, None]
        middle = means.mean(0)
        _, size, axes = svd(means - middle)
        size = size / np.sqrt(len(means))
        kept = (size > _LEAST_SHARE * size[0]) & (size > 0) & (np.arange(len(size)) < _MAX_AXES)
        scaled = np.ascontiguousarray(axes[kept].T / size[kept])
        place, misfit = times(points - middle, scaled), misfit[rows]
        others = labels[:, None] != labels[None]
        apart = _squared_distances(place, place)
        # minus the log density of each group without its own errors; one scale for all first
        losses = [np.average(misfit, weights=weight)]
        for reach in _REACHES:
            near = np.exp(-apart / _squared_reach(reach, scaled)) * (weight * others)
            factor = _mean_nearby(near, misfit)
            losses.append(np.average(np.log(factor) + misfit / factor, weights=weight))
        best = int(np.argmin(losses))
        return () if best == 0 else (cls(middle, scaled, place, misfit, weight, _REACHES[best - 1]),)

    @property
    def per_point(self) -> Array:
        """What of each point is summed where it is near: weight, weighted misfit, weighted place."""
        weight = self.weight[:, None]
        return np.hstack([weight, weight * self.misfit[:, None], weight * self.points])

    def same_points(self, other: LocalScale) -> bool:
        """Return whether distances to both are the same."""
        pairs = ((self.middle, other.middle), (self.axes, other.axes), (self.points, other.points))
        return all(np.array_equal(*pair) for pair in pairs)

    def from_sums(self, place: Array, sums: Array, reach: float) -> Array:
        """Return the factor at places (n, n_axes) from sums (n, n_axes + 2) over the points nearby.

        It is the mean of the misfits there: 1 far from all, and not below 1 where all lie to one side.
        """
        near, misfit = sums[:, 0], sums[:, 1]
        factor = (_AS_PREDICTED + misfit) / (_AS_PREDICTED + near)
        inward = 1.0 - self._aside(place, near, sums[:, 2:], reach)
        return np.where(factor < 1.0, 1.0 + inward * (factor - 1.0), factor)

    def _aside(self, place: Array, near: Array, points: Array, reach: float) -> Array:
        """Return how surely (n,), from 0 to 1, the points near a place lie to one side of it."""
        middle = points / np.maximum(near, 1e-300)[:, None]
        away = np.linalg.norm(middle - place, axis=1) / np.sqrt(0.5 * reach)
        low, high = _ASIDE
        part = np.clip((away - low) / (high - low), 0.0, 1.0)
        return part * part * (3.0 - 2.0 * part)

    def check(self, width: int) -> None:
        """Raise a ValueError where shapes do not fit together or a number is not finite."""
        n_points, n_axes = self.points.shape
        check_array("middle", self.middle, (width,))
        check_array("axes", self.axes, (width, n_axes))
        check_array("points", self.points, (n_points, n_axes))
        check_array("misfit", self.misfit, (n_points,))
        check_array("weight", self.weight, (n_points,))
        if min(self.misfit.min(), self.weight.min()) < 0 or not 0 < self.reach < np.inf:
            raise ValueError("misfits and weights of a local scale must not be negative, its reach positive")


def misfits(truth: Array, mean: Array, variance: Array) -> Array:
    """Return squared errors of rows over their variances, (n,), from outputs (n, n_outputs)."""
    return np.square(truth - mean).sum(1) / np.maximum(variance.sum(1), 1e-300)


def _squared_reach(reach: float, axes: Array) -> float:
    return 2.0 * reach**2 * max(1, axes.shape[1])


def _squared_distances(left: Array, right: Array) -> Array:
    norms = np.square(left).sum(1)[:, None] + np.square(right).sum(1)
    # rounding leaves a little less than nothing of a distance of nothing
    return np.maximum(norms - 2.0 * times(left, right.T), 0.0)


def _mean_nearby(near: Array, misfit: Array) -> Array:
    """Return means (n,) of misfits weighted by how near they are (n, n_points)."""
    return (_AS_PREDICTED + times(near, misfit[:, None])[:, 0]) / (_AS_PREDICTED + near.sum(1))


class NearbyFactors:
    """Products of local scales of several outputs at once: they share distances, and often their reach."""

    def __init__(self, scales: Sequence[Sequence[LocalScale]]) -> None:
        self.scales = [tuple(some) for some in scales]
        self._places: list[tuple[LocalScale, dict[float, list[tuple[LocalScale, Array]]]]] = []
        for scale in (scale for some in self.scales for scale in some):
            own = scale, scale.per_point
            for first, reaches in self._places:
                if first.same_points(scale):
                    reaches.setdefault(scale.reach, []).append(own)
                    break
            else:
                self._places.append((scale, {scale.reach: [own]}))

    def __call__(self, features: Array) -> list[Array]:
        """Return the factor (n,) of each output at standardized features (n, p)."""
        found: dict[int, Array] = {}
        for first, reaches in self._places:
            place = times(features - first.middle, first.axes)
            apart = _squared_distances(place, first.points)
            for reach, some in reaches.items():
                squared = _squared_reach(reach, first.axes)
                near = np.exp(apart * (-1.0 / squared))
                for scale, per_point in some:
                    found[id(scale)] = scale.from_sums(place, times(near, per_point), squared)
        one = np.ones(len(features))
        return [reduce(np.multiply, [found[id(scale)] for scale in some], one) for some in self.scales]
