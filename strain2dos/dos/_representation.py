# SPDX-License-Identifier: BSD-3-Clause
"""How a curve is written down before it is learned: each way has an encode and a non-negative decode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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

    @classmethod
    def build(cls, energies: Array, dos: Array, nonnegative: bool, **_: Any) -> GridRepresentation:
        """Take the grid; nothing is learned."""
        return cls(energies, nonnegative)

    def encode(self, dos: Array) -> Array:
        """Return (n, n_energies) latents."""
        return amplitude(dos) if self.nonnegative else dos

    def decode(self, latent: Array) -> Array:
        """Return (n, n_energies) densities."""
        return density(latent) if self.nonnegative else latent


def amplitude(dos: Array) -> Array:
    """Return the square root of densities."""
    return np.sqrt(np.maximum(dos, 0.0))


def density(latent: Array) -> Array:
    """Return densities from square roots, in which negative values mean an empty gap."""
    return np.square(np.maximum(latent, 0.0))
