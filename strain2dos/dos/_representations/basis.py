# SPDX-License-Identifier: BSD-3-Clause
"""Curves as a few numbers: a representation, and the directions that the training curves span in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strain2dos.dos._common.arrays import check_array
from strain2dos.dos._common.linear_algebra import svd, times
from strain2dos.dos._representations.aligned import AlignedRepresentation
from strain2dos.dos._representations.base import Representation
from strain2dos.dos._representations.grid import GridRepresentation, PlainRepresentation
from strain2dos.dos._representations.quantile import QuantileRepresentation

Array = NDArray[np.float64]

REPRESENTATIONS: dict[str, type[Representation]] = {
    "grid": GridRepresentation,
    "pca": PlainRepresentation,
    "cdf": QuantileRepresentation,
    "aligned": AlignedRepresentation,
}
# Directions that are learned, at most, and the singular value over the largest below which there is rounding
# alone. Few rows are decoded at once, since each has as many latents as a curve has energies.
_MAX_DIRECTIONS = 64
_TOLERANCE = 1e-10
_ROWS = 16


@dataclass(frozen=True)
class LatentBasis:
    """A representation with the mean and the directions (n_directions, n_latents) that it needs."""

    name: str
    representation: Representation
    mean: Array
    directions: Array

    def latents(self, scores: Array) -> Array:
        """Return (n, n_latents) latents."""
        return self.mean + times(scores, self.directions)

    def decode(self, scores: Array) -> Array:
        """Return (n, n_energies) curves."""
        return self.representation.decode(self.latents(scores))

    def widths(self, variance: Array) -> Array:
        """Return (n, n_latents) standard deviations of latents whose scores err independently."""
        return np.sqrt(times(variance, np.square(self.directions)))

    def joined(self, sides: list[tuple[Array, Array]], weight: float) -> tuple[Array, Array, Array]:
        """Return latents, their standard deviations (n, n_latents), and variances of the scores.

        `sides` are means and variances of scores by kernels without networks and, if there are any, by those
        with networks, which count by `weight`. Next to the gap each side counts by its precision too: a mean
        of two edges that lie apart is an edge that neither has.
        """
        mean, variance = sides[0]
        latents = self.latents(mean)
        if len(sides) == 1:
            return latents, self.widths(variance), variance
        other, others = sides[1]
        step = times(other - mean, self.directions)
        width, own = self.widths(variance), self.widths(others)
        near = self.representation.edge_share()
        # a few rows at a time stay in the cache
        for start in range(0, len(latents), _ROWS):
            rows = slice(start, start + _ROWS)
            ours, theirs, apart = np.square(width[rows]), np.square(own[rows]), step[rows]
            trust = weight * ours / np.maximum(weight * ours + (1.0 - weight) * theirs, 1e-300)
            share = weight + near * (trust - weight)
            spread = (1.0 - share) * ours + share * theirs + share * (1.0 - share) * np.square(apart)
            latents[rows] += share * apart
            width[rows] = np.sqrt(spread)
        scatter = weight * (1.0 - weight) * np.square(other - mean)
        return latents, width, (1.0 - weight) * variance + weight * others + scatter

    def spread(self, latents: Array, variance: Array) -> Array:
        """Return standard deviations (n, n_energies) of curves whose scores err independently, linearized."""
        return self.representation.spread(latents, np.sqrt(variance), self.directions)

    def check(self) -> None:
        """Raise a ValueError where shapes do not fit together or a number is not finite."""
        check_array("mean", self.mean, (len(self.mean),))
        check_array("directions", self.directions, (len(self.directions), len(self.mean)))
        if self.representation.width != len(self.mean):
            raise ValueError(f"{self.name} needs {self.representation.width} latents, not {len(self.mean)}")

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> LatentBasis:
        """Rebuild a basis from plain values."""
        if state["name"] not in REPRESENTATIONS:
            raise ValueError(f"representation {state['name']!r} is none of {', '.join(REPRESENTATIONS)}")
        made = REPRESENTATIONS[state["name"]](**state["representation"])
        return cls(state["name"], made, state["mean"], state["directions"])


def build_basis(
    name: str, energies: Array, curves: Array, nonnegative: bool, reference: float, threshold: float
) -> tuple[LatentBasis, Array] | None:
    """Return the description of distinct curves and their scores (n_curves, n_directions), None if unfit."""
    representation = REPRESENTATIONS[name].build(energies, curves, nonnegative, reference, threshold)
    if representation is None:
        return None
    return principal_directions(name, representation, representation.encode(curves))


def principal_directions(
    name: str, representation: Representation, latents: Array
) -> tuple[LatentBasis, Array]:
    """Return latents (n, n_latents) as their mean, directions and scores."""
    mean = latents.mean(0)
    left, size, directions = svd(latents - mean)
    keep = max(1, int(np.sum(size > _TOLERANCE * max(size[0], 1e-300))))
    keep = min(keep, _MAX_DIRECTIONS)
    return LatentBasis(name, representation, mean, directions[:keep]), left[:, :keep] * size[:keep]
