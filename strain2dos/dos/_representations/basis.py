# SPDX-License-Identifier: BSD-3-Clause
"""Curves as a few numbers: a representation, and the directions that the training curves span in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from strain2dos.dos._representations.aligned import AlignedRepresentation
from strain2dos.dos._representations.blended import BlendedRepresentation, Part
from strain2dos.dos._representations.counting import CountingRepresentation
from strain2dos.dos._representations.grid import GridRepresentation, PlainRepresentation

Array = NDArray[np.float64]

REPRESENTATIONS = {
    "grid": GridRepresentation,
    "pca": PlainRepresentation,
    "cdf": CountingRepresentation,
    "aligned": AlignedRepresentation,
    "blend": BlendedRepresentation,
}
_MAX_DIRECTIONS = 64
_TOLERANCE = 1e-10


class Latent(NamedTuple):
    """A representation with the mean and the directions (n_directions, n_latents) that it needs."""

    name: str
    representation: Any
    mean: Array
    directions: Array

    def latents(self, scores: Array) -> Array:
        """Return (n, n_latents) latents."""
        return self.mean + scores @ self.directions

    def decode(self, scores: Array, offset: Array | float = 0.0) -> Array:
        """Return (n, n_energies) curves; `offset` is added to the latents."""
        return self.representation.decode(self.latents(scores) + offset)

    def widths(self, variance: Array) -> Array:
        """Return (n, n_latents) standard deviations of latents whose scores err independently."""
        return np.sqrt(variance @ np.square(self.directions))

    def changes(self, scores: Array, size: Array, offset: Array | float = 0.0) -> Iterator[Array]:
        """Give, direction by direction, what a step of `size` (n, n_directions) does to the curves.

        Decoding is linearised over the step: half the difference of a step forward and one back, which is
        exact where decoding is linear or quadratic.
        """
        for column in range(scores.shape[1]):
            step = np.zeros_like(scores)
            step[:, column] = size[:, column]
            yield 0.5 * (self.decode(scores + step, offset) - self.decode(scores - step, offset))

    def state(self) -> dict[str, Any]:
        """Return plain values and arrays from which `from_state` builds the same object."""
        kept = dict(vars(self.representation))
        if "parts" in kept:
            kept["parts"] = [part.state() for part in kept["parts"]]
        return {"name": self.name, "kept": kept, "mean": self.mean, "directions": self.directions}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Latent:
        """Rebuild what `state` described."""
        kept = dict(state["kept"])
        if "parts" in kept:
            kept["parts"] = tuple(Part.from_state(part) for part in kept["parts"])
        return cls(state["name"], REPRESENTATIONS[state["name"]](**kept), state["mean"], state["directions"])


def build_latent(
    name: str, energies: Array, curves: Array, nonnegative: bool, reference: float, threshold: float
) -> tuple[Latent, Array] | None:
    """Return the description of distinct curves and their scores (n_curves, n_directions), None if unfit."""
    representation = REPRESENTATIONS[name].build(energies, curves, nonnegative, reference, threshold)
    if representation is None:
        return None
    return span(name, representation, representation.encode(curves))


def span(name: str, representation: Any, latents: Array) -> tuple[Latent, Array]:
    """Return latents (n, n_latents) as their mean, directions and scores."""
    mean = latents.mean(0)
    left, size, directions = np.linalg.svd(latents - mean, full_matrices=False)
    keep = max(1, int(np.sum(size > _TOLERANCE * max(size[0], 1e-300))))
    keep = min(keep, _MAX_DIRECTIONS)
    return Latent(name, representation, mean, directions[:keep]), left[:, :keep] * size[:keep]
