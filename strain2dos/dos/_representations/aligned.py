# SPDX-License-Identifier: BSD-3-Clause
"""The curve as two parts, each relative to its own band edge, and the two edges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strain2dos.dos._common.linear_algebra import times
from strain2dos.dos._edges.reading import band_edges
from strain2dos.dos._representations.base import Representation
from strain2dos.dos._representations.grid import amplitude, density

Array = NDArray[np.float64]


@dataclass(frozen=True)
class AlignedRepresentation(Representation):
    r"""Valence part against :math:`E - E_v`, conduction part against :math:`E - E_c`, and both edges.

    Strain moves a band edge and what lies next to it together, so the square roots of both parts change
    little once they are counted from their own edge. Edges are where the density crosses a threshold. They
    are weighed by :math:`\int (d\sqrt{D}/dE)^2 dE`, by which a small shift of the whole part counts as much
    here as on a fixed grid. Between the edges the density is that of the nearer part and falls to zero.
    """

    energies: Array
    reference: float
    threshold: float
    step: float
    lower: Array
    upper: Array
    weights: Array

    @property
    def width(self) -> int:
        """Number of latents."""
        return len(self.lower) + len(self.upper) + 2

    @classmethod
    def build(
        cls, energies: Array, dos: Array, nonnegative: bool, reference: float, threshold: float
    ) -> AlignedRepresentation | None:
        """Lay out the relative energies; None where a curve lacks an edge."""
        if not nonnegative or len(energies) < 16 or not energies[0] < reference < energies[-1]:
            return None
        edges = band_edges(energies, dos, threshold=threshold, reference=reference)
        if not (np.isfinite(edges.gap).all() and edges.gap.min() > 0):
            return None
        step = float(np.median(np.diff(energies)))
        reach = 0.5 * float(edges.gap.min())
        # edges predicted outside of the training range still find their part
        spare = [0.5 * float(np.ptp(edge)) for edge in edges[:2]]
        lower = np.arange(energies[0] - edges.vbm.max() - spare[0], reach, step)
        upper = np.arange(-reach, energies[-1] - edges.cbm.min() + spare[1] + step, step)
        model = cls(energies, reference, threshold, step, lower, upper, np.ones(2))
        valence, conduction = model._parts(dos, edges.vbm, edges.cbm)
        slopes = [np.square(np.gradient(part, step, axis=1)).sum(1) * step for part in (valence, conduction)]
        weights = np.array([np.sqrt(slope.mean()) for slope in slopes])
        return cls(energies, reference, threshold, step, lower, upper, weights)

    def _parts(self, dos: Array, vbm: Array, cbm: Array) -> tuple[Array, Array]:
        roots = amplitude(dos)
        valence = [np.interp(self.lower + v, self.energies, root) for root, v in zip(roots, vbm, strict=True)]
        conduction = [
            np.interp(self.upper + c, self.energies, root) for root, c in zip(roots, cbm, strict=True)
        ]
        return np.array(valence), np.array(conduction)

    def encode(self, dos: Array) -> Array:
        """Return (n, n_latents) parts and edges; NaN for curves without an edge."""
        edges = band_edges(self.energies, dos, threshold=self.threshold, reference=self.reference)
        valence, conduction = self._parts(dos, edges.vbm, edges.cbm)
        scale = np.sqrt(self.step)
        return np.column_stack(
            [scale * valence, scale * conduction, self.weights * np.column_stack(edges[:2])]
        )

    def decode(self, latent: Array) -> Array:
        """Return (n, n_energies) densities."""
        first = len(self.lower)
        vbm, cbm = (latent[:, -2:] / self.weights).T
        # edges that cross leave no gap, and each part keeps its side of the middle
        middle = 0.5 * (vbm + cbm)
        roots = latent[:, :-2] / np.sqrt(self.step)
        valence = _moved(self.energies, vbm, self.lower, roots[:, :first], 1)
        conduction = _moved(self.energies, cbm, self.upper, roots[:, first:], -1)
        return density(np.where(self.energies < middle[:, None], valence, conduction))

    def spread(self, latent: Array, size: Array, directions: Array) -> Array:
        """Return standard deviations (n, n_energies) for steps of `size` (n, k) along (k, n_latents)."""
        first = len(self.lower)
        roots, root_steps = latent[:, :-2] / np.sqrt(self.step), directions[:, :-2] / np.sqrt(self.step)
        shifts, edges = directions[:, -2:] / self.weights, latent[:, -2:] / self.weights
        below = self.energies < edges.mean(1)[:, None]
        answer = np.empty((len(latent), len(self.energies)))
        for row in range(len(latent)):
            parts = []
            for side, grid, part, sign in (
                (0, self.lower, slice(None, first), 1),
                (1, self.upper, slice(first, None), -1),
            ):
                edge = edges[row : row + 1, side]
                value = _moved(self.energies, edge, grid, roots[row : row + 1, part], sign)[0]
                slopes = np.gradient(roots[row, part], self.step)[None]
                slope = _moved(self.energies, edge, grid, slopes, sign)[0]
                moved = _moved(
                    self.energies, np.repeat(edge, len(size[row])), grid, root_steps[:, part], sign
                )
                # an edge that moves up takes the curve with it
                changes = 2.0 * np.maximum(value, 0.0) * (moved - slope * shifts[:, side, None])
                parts.append(np.sqrt(times(np.square(size[row]), np.square(changes))))
            answer[row] = np.where(below[row], *parts)
        return answer


def _moved(energies: Array, edges: Array, grid: Array, values: Array, gap_side: int) -> Array:
    """Interpolate every row at the energies relative to its edge; past the end in the gap it is zero."""
    place = (energies - edges[:, None] - grid[0]) / (grid[1] - grid[0])
    inside = np.clip(place, 0.0, len(grid) - 1.000001)
    low = inside.astype(np.intp)
    share = inside - low
    left = np.take_along_axis(values, low, axis=1)
    right = np.take_along_axis(values, low + 1, axis=1)
    in_gap = place > len(grid) - 1 if gap_side > 0 else place < 0
    return np.where(in_gap, 0.0, left + share * (right - left))
