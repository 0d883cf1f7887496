# SPDX-License-Identifier: BSD-3-Clause
"""The curve on its grid of energies: as it is, or as square roots of densities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from strain2dos.dos._common.linear_algebra import times
from strain2dos.dos._representations.base import Representation

Array = NDArray[np.float64]


@dataclass(frozen=True)
class PlainRepresentation(Representation):
    """The curve as it is, to be expanded in principal components; clipped at zero on the way back."""

    energies: Array
    nonnegative: bool

    @classmethod
    def build(
        cls, energies: Array, dos: Array, nonnegative: bool, reference: float, threshold: float
    ) -> Self:
        """Take the grid; nothing is learned."""
        return cls(energies, nonnegative)

    def encode(self, dos: Array) -> Array:
        """Return the curves."""
        return dos

    def decode(self, latent: Array) -> Array:
        """Return the curves, clipped at zero where they are densities."""
        return np.maximum(latent, 0.0) if self.nonnegative else latent

    def spread(self, latent: Array, size: Array, directions: Array) -> Array:
        """Return standard deviations (n, n_energies) for steps of `size` (n, k) along (k, n_latents)."""
        width = np.sqrt(times(np.square(size), np.square(directions)))
        return np.where(latent > 0, width, 0.0) if self.nonnegative else width


@dataclass(frozen=True)
class GridRepresentation(PlainRepresentation):
    """Square roots of densities, which cannot come back negative; other curves as they are.

    The mean of squares would put states of the errors' size into the gap: curves are squares of means.
    """

    def encode(self, dos: Array) -> Array:
        """Return square roots of densities."""
        return amplitude(dos) if self.nonnegative else dos

    def decode(self, latent: Array) -> Array:
        """Return densities."""
        return density(latent) if self.nonnegative else latent

    def spread(self, latent: Array, size: Array, directions: Array) -> Array:
        """Return standard deviations (n, n_energies) for steps of `size` (n, k) along (k, n_latents)."""
        width = np.sqrt(times(np.square(size), np.square(directions)))
        return 2.0 * np.maximum(latent, 0.0) * width if self.nonnegative else width


def amplitude(dos: Array) -> Array:
    """Return the square root of densities."""
    return np.sqrt(np.maximum(dos, 0.0))


def density(latent: Array) -> Array:
    """Return densities from square roots, in which negative values mean an empty gap."""
    return np.square(np.maximum(latent, 0.0))
