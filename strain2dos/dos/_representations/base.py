# SPDX-License-Identifier: BSD-3-Clause
"""What every way to write a curve can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Representation(ABC):
    """Curves (n, n_energies) as latents (n, width) in which they respond smoothly, and back."""

    energies: Array

    @property
    def n_energies(self) -> int:
        """Number of energies of a curve."""
        return len(self.energies)

    @property
    def width(self) -> int:
        """Number of latents."""
        return len(self.energies)

    @classmethod
    @abstractmethod
    def build(
        cls, energies: Array, dos: Array, nonnegative: bool, reference: float, threshold: float
    ) -> Self | None:
        """Learn from training curves what the form needs; None where they do not fit it."""

    @abstractmethod
    def encode(self, dos: Array) -> Array:
        """Return (n, n_latents) latents."""

    @abstractmethod
    def decode(self, latent: Array) -> Array:
        """Return (n, n_energies) densities."""

    def averaged(self, latent: Array, variance: Array, weights: Array) -> Array:
        """Return weighted means (n / len(weights), n_energies) of the densities of successive rows.

        The density of latents that scatter by `variance` is their mean, where that is better than the density
        of the mean; the weights add to one.
        """
        curves = self.decode(latent)
        means: Array = np.einsum("b,gbm->gm", weights, curves.reshape(-1, len(weights), self.n_energies))
        return means

    def expected(self, latent: Array, variance: Array) -> Array:
        """Return the densities (n, n_energies) of latents that scatter by `variance`."""
        return self.averaged(latent, variance, np.ones(1))

    def edge_share(self) -> Array:
        """Return how far each latent (n_latents,) decides on the edges of the bands, from 0 to 1."""
        return np.zeros(self.width)

    @abstractmethod
    def spread(self, latent: Array, size: Array, directions: Array) -> Array:
        """Return standard deviations (n, n_energies) for steps of `size` (n, k) along (k, n_latents)."""
