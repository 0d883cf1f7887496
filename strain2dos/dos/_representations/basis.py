# SPDX-License-Identifier: BSD-3-Clause
"""Curves as a few numbers: a representation, and the directions that the training curves span in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from strain2dos.dos._common.arrays import check_array
from strain2dos.dos._common.linear_algebra import product, svd, tensor, times
from strain2dos.dos._representations.averaging import join_sides
from strain2dos.dos._representations.base import Representation
from strain2dos.dos._representations.grid import GridRepresentation, PlainRepresentation
from strain2dos.dos._representations.quantile import QuantileRepresentation

Array = NDArray[np.float64]

REPRESENTATIONS: dict[str, type[Representation]] = {
    "grid": GridRepresentation,
    "pca": PlainRepresentation,
    "cdf": QuantileRepresentation,
}
# Directions that are learned, at most, and the singular value over the largest below which there is rounding
# alone. Few rows are decoded at once, since each has as many latents as a curve has energies.
_MAX_DIRECTIONS = 64
_TOLERANCE = 1e-10


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

    def joined(self, sides: Sequence[tuple[torch.Tensor, Array]], weight: float) -> tuple[Array, Array]:
        """Return latents and their variances (n, n_latents).

        `sides` are means of scores, and variances of latents, by kernels without networks and, if there are
        any, by those with networks, which count by `weight`. Next to the gap each side counts by its
        precision too: a mean of two edges that lie apart is an edge that neither has.
        """
        (mean, variance), *others = sides
        latents = self.mean + product(mean, self._steps).numpy()
        for other, theirs in others:
            apart = np.ascontiguousarray(product(other - mean, self._steps).numpy())
            join_sides(latents, apart, variance, theirs, self.representation.edge_share(), weight)
        return latents, variance

    @cached_property
    def _steps(self) -> torch.Tensor:
        return tensor(self.directions)

    @cached_property
    def squares(self) -> torch.Tensor:
        """Squares of the directions, which carry variances of scores to latents."""
        return self._steps.square()

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
