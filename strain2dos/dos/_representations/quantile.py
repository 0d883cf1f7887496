# SPDX-License-Identifier: BSD-3-Clause
"""The curve as energies at which given numbers of states are reached, counted from inside the gap."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from strain2dos._grids import borders as cell_borders
from strain2dos.dos._representations.averaging import Sides, average, cells_per_energy
from strain2dos.dos._representations.base import Representation
from strain2dos.dos._representations.scatter import add_scatter

Array = NDArray[np.float64]

# Numbers of states whose energies are latents, on each side of the gap: about one for each energy of a curve.
# They reach 3 % beyond the largest number seen, so that the last energies are decoded like the others.
_COUNTS = 600
_OVERSHOOT = 1.03
# no density is decoded above this many times the highest one seen in training
_HEADROOM = 1.5
# this share of the states, counted from the gap, keeps its energies when curves are averaged: band edges stay
# as sharp as they are, where the mean of edges at several energies would narrow the gap
_SHARP_SHARE = 0.04
# curves are averaged over no more than this share of the window: what is less certain lies far outside of the
# training states, and energies that change places have no mean worth showing
_MAX_SCATTER = 0.01


@dataclass(frozen=True)
class QuantileRepresentation(Representation):
    r"""Energies :math:`E(n)` of the n-th state, upwards and downwards from an energy inside the gap.

    A band that moves with strain moves these energies, so they respond smoothly where the curve itself at
    a fixed energy rises and falls; interpolating them is optimal transport in one dimension [Villani,
    Topics in Optimal Transportation, AMS 2003, section 2.2]. Decoding differentiates the number of states,
    which grows with energy, so densities cannot be negative. Counting from the gap, rather than from the
    end of the grid, leaves both band edges free of what enters or leaves the window at its ends.

    Features that no strain gives together can predict energies that fall with the count; states would pile
    up there. Energies of successive counts are therefore kept apart by what `ceiling` allows.
    """

    energies: Array
    reference: float
    up: Array
    down: Array
    ceiling: float

    @property
    def width(self) -> int:
        """Number of latents."""
        return len(self.up) + len(self.down)

    @classmethod
    def build(
        cls, energies: Array, dos: Array, nonnegative: bool, reference: float, threshold: float
    ) -> QuantileRepresentation | None:
        """Lay out the numbers of states; None where there is nothing to count on one of the sides."""
        if not nonnegative or len(energies) < 16 or not energies[0] < reference < energies[-1]:
            return None
        totals = [max(_counted(*_side(energies, curve, reference, up))[-1] for curve in dos) for up in (1, 0)]
        if min(totals) <= 0:
            return None
        # quadratic spacing: the first few states make the band edge
        shares = np.square(np.arange(1, _COUNTS + 1) / _COUNTS)
        ceiling = _HEADROOM * float(dos.max())
        return cls(
            energies, reference, _OVERSHOOT * totals[0] * shares, _OVERSHOOT * totals[1] * shares, ceiling
        )

    def encode(self, dos: Array) -> Array:
        """Return (n, n_latents) energies weighed so that their distance is that of transport."""
        both = []
        for up, counts in ((1, self.up), (0, self.down)):
            reached = [
                _energies_at(*_side(self.energies, curve, self.reference, up), counts) for curve in dos
            ]
            both.append(np.array(reached) * np.sqrt(np.gradient(counts)))
        return np.hstack(both)

    def decode(self, latent: Array) -> Array:
        """Return (n, n_energies) densities."""
        return self.averaged(latent, np.zeros((1, self.width)), np.ones(1))

    def averaged(self, latent: Array, variance: Array, weights: Array) -> Array:
        """Return weighted means (n / len(weights), n_energies) of the densities of successive rows.

        The density is a sum over states, each at its own energy, so its mean depends on how each energy
        scatters and not on how energies scatter together: moving all of them at once gives it.
        """
        answer = np.zeros((len(latent) // len(weights), len(self.energies)))
        average(latent, variance, weights, self._limits[0] ** 2, self._sides, answer)
        return answer

    @property
    def _limits(self) -> tuple[float, float]:
        """Smallest and largest scatter of an energy that curves are averaged over."""
        window = float(self.energies[-1] - self.energies[0])
        # less than half a step of the grid shows nowhere
        return 0.5 * window / (len(self.energies) - 1), _MAX_SCATTER * window

    @cached_property
    def _sides(self) -> Sides:
        borders, counts = cell_borders(self.energies), np.array([self.up, self.down])
        unit, states = 1.0 / np.sqrt(np.gradient(counts, axis=1)), np.diff(counts, prepend=0.0, axis=1)
        free = np.square(1.0 - self.edge_share()).reshape(unit.shape)
        return Sides(
            unit,
            free * np.square(unit),
            free * self._limits[1] ** 2,
            states,
            states / self.ceiling,
            np.array([borders, -borders[::-1]]),
            cells_per_energy(borders),
        )

    def spread(self, latent: Array, size: Array, directions: Array) -> Array:
        """Return standard deviations (n, n_energies) for steps of `size` (n, k) along (k, n_latents).

        A step moves the energies of the counts; to first order the number of states up to an energy then
        changes by the density times that move, and the density by the derivative of this.
        """
        answer, variance = np.zeros((len(latent), len(self.energies))), np.square(size)
        # steps of no account for any row cost as much as those that count
        kept = np.flatnonzero((variance * np.square(directions).sum(1)).max(0) > 0)
        moves = np.ascontiguousarray((directions[kept] * self._sides.unit.reshape(-1)).T)
        add_scatter(latent, np.ascontiguousarray(variance[:, kept]), moves, self._sides, answer)
        return np.sqrt(answer)

    def edge_share(self) -> Array:
        """Return 1 at the gap, falling to 0 at the first few percent of the states."""
        counted = np.r_[self.up / self.up[-1], self.down / self.down[-1]]
        return np.maximum(1.0 - counted / _SHARP_SHARE, 0.0)


def _side(energies: Array, curve: Array, reference: float, up: int) -> tuple[Array, Array]:
    axis, values = (energies, curve) if up else (-energies[::-1], curve[::-1])
    start = reference if up else -reference
    beyond = axis > start
    return np.r_[start, axis[beyond]], np.r_[np.interp(start, axis, values), values[beyond]]


def _counted(axis: Array, values: Array) -> Array:
    return np.r_[0.0, np.cumsum(0.5 * (values[1:] + values[:-1]) * np.diff(axis))]


def _energies_at(axis: Array, values: Array, counts: Array) -> Array:
    reached = _counted(axis, values)
    missing = 1.001 * counts[-1] - reached[-1]
    if missing > 0:
        # what the window cuts off goes on with the density at its end; decoding shows the window only
        density = max(values[-3:].mean(), 1e-6 * values.max(), 1e-300)
        axis, reached = np.r_[axis, axis[-1] + missing / density], np.r_[reached, reached[-1] + missing]
    # the tilt makes empty stretches invertible
    return np.interp(counts, reached + 1e-12 * counts[-1] * np.arange(len(reached)), axis)
