# SPDX-License-Identifier: BSD-3-Clause
"""Curves as a few numbers: a representation, and the directions that the training curves span in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strain2dos.dos._common.arrays import check_array
from strain2dos.dos._representations.aligned import AlignedRepresentation
from strain2dos.dos._representations.grid import GridRepresentation, PlainRepresentation
from strain2dos.dos._representations.quantile import QuantileRepresentation

Array = NDArray[np.float64]

REPRESENTATIONS = {
    "grid": GridRepresentation,
    "pca": PlainRepresentation,
    "cdf": QuantileRepresentation,
    "aligned": AlignedRepresentation,
}
_MAX_DIRECTIONS = 64
_TOLERANCE = 1e-10


@dataclass(frozen=True)
class LatentBasis:
    """A representation with the mean and the directions (n_directions, n_latents) that it needs."""

    name: str
    representation: Any
    mean: Array
    directions: Array

    def latents(self, scores: Array) -> Array:
        """Return (n, n_latents) latents."""
        return self.mean + scores @ self.directions

    def decode(self, scores: Array) -> Array:
        """Return (n, n_energies) curves."""
        return self.representation.decode(self.latents(scores))

    def widths(self, variance: Array) -> Array:
        """Return (n, n_latents) standard deviations of latents whose scores err independently."""
        return np.sqrt(variance @ np.square(self.directions))

    def spread(self, scores: Array, variance: Array) -> Array:
        """Return standard deviations (n, n_energies) of curves, linearised at the scores."""
        return self.representation.spread(self.latents(scores), np.sqrt(variance), self.directions)

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
    return span(name, representation, representation.encode(curves))


def span(name: str, representation: Any, latents: Array) -> tuple[LatentBasis, Array]:
    """Return latents (n, n_latents) as their mean, directions and scores."""
    mean = latents.mean(0)
    left, size, directions = np.linalg.svd(latents - mean, full_matrices=False)
    keep = max(1, int(np.sum(size > _TOLERANCE * max(size[0], 1e-300))))
    keep = min(keep, _MAX_DIRECTIONS)
    return LatentBasis(name, representation, mean, directions[:keep]), left[:, :keep] * size[:keep]
