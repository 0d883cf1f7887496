# SPDX-License-Identifier: BSD-3-Clause
"""Variances of curves from those of the energies at which given numbers of states are reached."""

from __future__ import annotations

import numpy as np

from strain2dos._compiled import njit
from strain2dos.dos._representations.averaging import keep_apart


@njit(nogil=True)
def add_scatter(latent, variance, moves, sides, answer):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Add to (n, n_energies) the variances of curves whose energies move along steps (2 * n_counts, k)."""
    size, n_cells, width = sides.unit.shape[1], answer.shape[1], moves.shape[1]
    before, now, nodes = np.zeros(width), np.zeros(width), np.empty(size + 1)
    for row in range(len(latent)):
        for side in range(2):
            first = side * size
            own, unit, states = moves[first : first + size], sides.unit[side], sides.states[side]
            borders = sides.borders[side]
            for k in range(size):
                nodes[k + 1] = latent[row, first + k] * unit[k]
            nodes[0] = 3 * nodes[1] - 2 * nodes[2]
            keep_apart(nodes, sides.apart[side])
            at = 0
            before[:] = 0.0
            for j in range(n_cells + 1):
                x = borders[j]
                while at < size and nodes[at + 1] < x:
                    at += 1
                if x <= nodes[0] or at >= size:
                    now[:] = 0.0
                else:
                    gap = nodes[at + 1] - nodes[at]
                    density = states[at] / gap
                    share = (x - nodes[at]) / gap
                    # the first node lies where the first two counts point
                    left, right = own[max(at - 1, 0)], own[at]
                    for k in range(width):
                        now[k] = -density * (left[k] + share * (right[k] - left[k]))
                if j > 0:
                    total = 0.0
                    for k in range(width):
                        total += variance[row, k] * (now[k] - before[k]) ** 2
                    cell = j - 1 if side == 0 else n_cells - j
                    answer[row, cell] += total / (borders[j] - borders[j - 1]) ** 2
                for k in range(width):
                    before[k] = now[k]
