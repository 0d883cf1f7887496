# SPDX-License-Identifier: BSD-3-Clause
"""Curves as a few numbers: a representation, and the directions that the training curves span in it."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from strain2dos.dos._counting import CountingRepresentation
from strain2dos.dos._representation import GridRepresentation, PlainRepresentation

Array = NDArray[np.float64]

REPRESENTATIONS = {"grid": GridRepresentation, "pca": PlainRepresentation, "cdf": CountingRepresentation}
_MAX_DIRECTIONS = 64
_TOLERANCE = 1e-10


class Latent(NamedTuple):
    """A representation with the mean and the directions (n_directions, n_latents) that it needs."""

    name: str
    representation: Any
    mean: Array
    directions: Array

    def decode(self, scores: Array) -> Array:
        """Return (n, n_energies) curves."""
        return self.representation.decode(self.mean + scores @ self.directions)

    def state(self) -> dict[str, Any]:
        """Return plain values and arrays from which `from_state` builds the same object."""
        kept = {field.name: getattr(self.representation, field.name) for field in fields(self.representation)}
        return {"name": self.name, "kept": kept, "mean": self.mean, "directions": self.directions}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Latent:
        """Rebuild what `state` described."""
        representation = REPRESENTATIONS[state["name"]](**state["kept"])
        return cls(state["name"], representation, state["mean"], state["directions"])


def build_latent(
    name: str, energies: Array, curves: Array, nonnegative: bool, reference: float
) -> tuple[Latent, Array] | None:
    """Return the description of distinct curves and their scores (n_curves, n_directions), None if unfit."""
    representation = REPRESENTATIONS[name].build(energies, curves, nonnegative, reference)
    if representation is None:
        return None
    latent = representation.encode(curves)
    mean = latent.mean(0)
    left, size, directions = np.linalg.svd(latent - mean, full_matrices=False)
    keep = max(1, int(np.sum(size > _TOLERANCE * max(size[0], 1e-300))))
    keep = min(keep, _MAX_DIRECTIONS)
    return Latent(name, representation, mean, directions[:keep]), left[:, :keep] * size[:keep]
