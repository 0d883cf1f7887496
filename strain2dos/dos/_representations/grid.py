# SPDX-License-Identifier: BSD-3-Clause
"""How a curve is written down before it is learned: each way has an encode and a non-negative decode."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class GridRepresentation:
    """The curve on its own grid, as a square root where densities may not be negative.

    The square root makes distances those of Hellinger and lets the tails near the gap count; squaring on
    the way back, after a clip at zero, cannot give a negative density.
    """

    energies: Array
    nonnegative: bool

    @property
    def width(self) -> int:
        """Number of latents."""
        return len(self.energies)

    @property
    def n_energies(self) -> int:
        """Number of energies of a curve."""
        return len(self.energies)

    @classmethod
    def build(
        cls, energies: Array, dos: Array, nonnegative: bool, reference: float, threshold: float
    ) -> GridRepresentation:
        """Take the grid; nothing is learned."""
        return cls(energies, nonnegative)

    def encode(self, dos: Array) -> Array:
        """Return (n, n_energies) latents."""
        return amplitude(dos) if self.nonnegative else dos

    def decode(self, latent: Array) -> Array:
        """Return (n, n_energies) densities."""
        return density(latent) if self.nonnegative else latent

    def expected(self, latent: Array, width: Array) -> Array:
        """Decode: the mean of squares would put states of the errors' size into the gap."""
        return self.decode(latent)

    def spread(self, latent: Array, size: Array, directions: Array) -> Array:
        """Return standard deviations (n, n_energies) for steps of `size` (n, k) along (k, n_latents)."""
        width = np.sqrt(np.square(size) @ np.square(directions))
        return 2.0 * np.maximum(latent, 0.0) * width if self.nonnegative else width


@dataclass(frozen=True)
class PlainRepresentation:
    """The curve as it is, to be expanded in principal components; clipped at zero on the way back."""

    energies: Array
    nonnegative: bool

    @property
    def width(self) -> int:
        """Number of latents."""
        return len(self.energies)

    @property
    def n_energies(self) -> int:
        """Number of energies of a curve."""
        return len(self.energies)

    @classmethod
    def build(
        cls, energies: Array, dos: Array, nonnegative: bool, reference: float, threshold: float
    ) -> PlainRepresentation:
        """Take the grid; nothing is learned."""
        return cls(energies, nonnegative)

    def encode(self, dos: Array) -> Array:
        """Return the curves."""
        return dos

    def decode(self, latent: Array) -> Array:
        """Return the curves, clipped at zero where they are densities."""
        return np.maximum(latent, 0.0) if self.nonnegative else latent

    def expected(self, latent: Array, width: Array) -> Array:
        """Decode: the mean of densities is the density of the mean."""
        return self.decode(latent)

    def spread(self, latent: Array, size: Array, directions: Array) -> Array:
        """Return standard deviations (n, n_energies) for steps of `size` (n, k) along (k, n_latents)."""
        width = np.sqrt(np.square(size) @ np.square(directions))
        return np.where(latent > 0, width, 0.0) if self.nonnegative else width


def amplitude(dos: Array) -> Array:
    """Return the square root of densities."""
    return np.sqrt(np.maximum(dos, 0.0))


def density(latent: Array) -> Array:
    """Return densities from square roots, in which negative values mean an empty gap."""
    return np.square(np.maximum(latent, 0.0))
