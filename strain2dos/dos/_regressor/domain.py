# SPDX-License-Identifier: BSD-3-Clause
"""Whether a sample lies where the training samples lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, cKDTree

from strain2dos._compiled import njit
from strain2dos.dos._common.arrays import check_array
from strain2dos.dos._common.linear_algebra import svd, times

Array = NDArray[np.float64]

# past the hull by this share of its width counts as inside: phonons bend with strain, so that states inside
# the strains of the training set can lie a little outside the hull of their phonons. Leaving out each of the
# 61 first-principles states, 2 % flags 2 % of those inside; 1.5 % flags 6 %, and 3 % misses corners.
_MARGIN = 0.02
# ... and by this many standard deviations of one row: isotropic states lie on the face E'- = E'+, and noise
# pushes every second spectrum of them past it
_SIGMA = 2.5
# directions in which states differ by less than this share of the widest one hold curvature and noise
_LEAST_SHARE = 0.05
_MAX_AXES = 3
_MAX_REST = 16
_MAX_FACETS = 256
# in standard deviations of a feature: less than this off a plane that holds the training rows is rounding
_FLOOR = 1e-3
_BEYOND_REST = 1.5
_BEYOND_GAP = 1.25


@dataclass(frozen=True)
class TrainingDomain:
    """The region of the training states, in standardized features.

    States (groups) differ along few directions, the axes, which the mean rows of the states give. Along
    them the region is the convex hull of the means, widened by a margin; across them it is an ellipsoid of
    the training rows.

    Attributes
    ----------
    middle : ndarray of shape (n_features,)
        Mean of the states.
    axes : ndarray of shape (n_features, n_axes)
        Directions in which states differ.
    normals, reach : ndarray of shape (n_facets, n_axes) and (n_facets,)
        Facets of the widened hull.
    states : ndarray of shape (n_states, n_axes)
        Means of the states along the axes.
    gap : float
        Largest distance to a nearest neighbor among the states, widened; infinite where there is none.
    rest, scale : ndarray of shape (n_features, n_rest) and (n_rest,)
        Directions across the axes, and how far rows scatter along them.
    other_scale, limit : float
        Scatter along all other directions, and the largest deviation that counts as inside.
    """

    middle: Array
    axes: Array
    normals: Array
    reach: Array
    states: Array
    gap: float
    rest: Array
    scale: Array
    other_scale: float
    limit: float

    @classmethod
    def of(cls, features: Array, groups: NDArray[np.intp], rows: NDArray[np.intp]) -> TrainingDomain:
        """Describe the region of some rows."""
        labels, states = np.unique(groups[rows], return_inverse=True)
        points = features[rows]
        count = np.bincount(states)[:, np.newaxis]
        means = np.column_stack([np.bincount(states, column) for column in points.T]) / count
        middle = means.mean(0)
        within = points - means[states]
        # one row per state does not show the noise
        noise = times(within.T, within) / max(len(points) - len(labels), 1)
        axes = _axes(means - middle, noise)
        inner = times(means - middle, axes)
        blur = times(times(axes.T, noise), axes)
        normals, reach = _hull(inner, blur)
        return cls(
            middle,
            axes,
            normals,
            reach,
            inner,
            _nearest_neighbor_limit(inner, blur),
            **_residual_ellipsoid(points - middle, axes),
        )

    def ratios(self, features: Array) -> Array:
        """Return (n, 3) ratios: past the hull, to the nearest state, across the axes; above 1 is outside."""
        answer, place = _ratios(
            np.ascontiguousarray(features),
            self.middle,
            self.axes,
            self.normals,
            self.reach,
            self.rest,
            self.scale,
            self.other_scale,
            self.limit,
        )
        if np.isfinite(self.gap):
            answer[:, 1] = cKDTree(self.states).query(place)[0] / self.gap
        return answer

    def check(self, width: int) -> None:
        """Raise a ValueError where shapes do not fit together or a number is not finite."""
        n_axes, n_rest = self.axes.shape[1], self.rest.shape[1]
        shapes = {
            "middle": (width,),
            "axes": (width, n_axes),
            "normals": (len(self.reach), n_axes),
            "reach": (len(self.reach),),
            "states": (len(self.states), n_axes),
            "rest": (width, n_rest),
            "scale": (n_rest,),
        }
        for name, shape in shapes.items():
            check_array(name, getattr(self, name), shape)
        if not (self.gap > 0 and self.other_scale > 0 and self.limit > 0):
            raise ValueError("limits of the training domain must be positive")


def _axes(centered: Array, noise: Array) -> Array:
    _, size, axes = svd(centered)
    size = size / np.sqrt(len(centered))
    blur = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", axes, noise, axes), 0.0))
    significant = (size > _LEAST_SHARE * size[0]) & (size > blur)
    most = min(_MAX_AXES, int(np.log2(len(centered))))
    return np.ascontiguousarray(axes[: min(int(np.argmin(np.r_[significant, False])), most)].T)


def _hull(inner: Array, blur: Array) -> tuple[Array, Array]:
    """Return outward normals of the hull and, for each, how far the widened hull reaches from the middle."""
    n = inner.shape[1]
    if n == 0:
        return np.zeros((0, 0)), np.zeros(0)
    normals = np.array([[1.0], [-1.0]]) if n == 1 else _normals(inner)
    ends = times(inner, normals.T)
    width = ends.max(0) - ends.min(0)
    noise = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", normals, blur, normals), 0.0))
    return normals, ends.max(0) + np.maximum(_MARGIN * width, _SIGMA * noise)


def _normals(inner: Array) -> Array:
    n = inner.shape[1]
    hull = ConvexHull(inner)
    if len(hull.equations) > _MAX_FACETS:
        # the outermost points in fixed directions, a number that bounds the facets; the reach of their
        # normals is still that of all points, so that the region holds every state
        directions = np.random.RandomState(0).normal(size=(_MAX_FACETS // 2, n))
        hull = ConvexHull(inner[np.unique(np.argmax(times(directions, inner.T), axis=1))])
    # facets with more corners than axes come in pieces
    return np.unique(hull.equations[:, :n].round(9), axis=0)


def _nearest_neighbor_limit(inner: Array, blur: Array) -> float:
    """Return the widest distance from a state to its nearest neighbor, widened."""
    if len(inner) < 2 or inner.shape[1] == 0:
        return np.inf
    nearest = cKDTree(inner).query(inner, k=2)[0][:, 1]
    return float(_BEYOND_GAP * nearest.max() + _SIGMA * np.sqrt(np.trace(blur)))


def _residual_ellipsoid(centered: Array, axes: Array) -> dict[str, Any]:
    """Return directions across the axes, the scatter of the rows along them, and how far rows scatter."""
    across = centered - times(times(centered, axes), axes.T)
    _, size, directions = svd(across)
    scale = size / np.sqrt(len(centered))
    # directions without scatter may lean into the axes: what is left along them is counted as a whole
    n = min(_MAX_REST, len(centered) // 4, int(np.sum(scale > _FLOOR)))
    directions, scale = np.ascontiguousarray(directions[:n].T), scale[:n]
    other = np.square(across - times(times(across, directions), directions.T)).sum(1)
    other_scale = max(float(np.sqrt(other.mean())), _FLOOR)
    squares = np.square(times(across, directions) / scale).sum(1)
    # what a row would have got had it not shaped the ellipsoid itself
    squares = squares / np.maximum(1.0 - squares / len(centered), 0.1) + other / other_scale**2
    limit = _BEYOND_REST * max(float(np.sqrt(squares.max())), 1.0)
    return {"rest": directions, "scale": scale, "other_scale": other_scale, "limit": limit}


@njit(nogil=True)
def _ratios(  # type: ignore[no-untyped-def]  # pragma: no cover
    features, middle, axes, normals, reach, rest, scale, other_scale, limit
):
    # loops: a matrix product would sum in an order that depends on the number of rows
    n, k = features.shape
    n_axes, n_rest = axes.shape[1], rest.shape[1]
    score, place = np.zeros((n, 3)), np.zeros((n, n_axes))
    x = np.empty(k)
    for row in range(n):
        for column in range(k):
            x[column] = features[row, column] - middle[column]
        other = 0.0
        for column in range(k):
            other += x[column] ** 2
        for axis in range(n_axes):
            for column in range(k):
                place[row, axis] += x[column] * axes[column, axis]
            other -= place[row, axis] ** 2
        across = 0.0
        for axis in range(n_rest):
            part = 0.0
            for column in range(k):
                part += x[column] * rest[column, axis]
            other -= part**2
            across += (part / scale[axis]) ** 2
        score[row, 2] = np.sqrt(across + max(other, 0.0) / other_scale**2) / limit
        for facet in range(len(reach)):
            past = 0.0
            for axis in range(n_axes):
                past += normals[facet, axis] * place[row, axis]
            score[row, 0] = max(score[row, 0], past / reach[facet])
    return score, place
