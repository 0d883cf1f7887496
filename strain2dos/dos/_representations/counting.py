# SPDX-License-Identifier: BSD-3-Clause
"""Compiled loops: curves and their variances from energies at which given numbers of states are reached."""

from __future__ import annotations

import numpy as np

from strain2dos._compiled import njit

# three-point Gauss-Hermite rule: places in standard deviations, and weights
PLACES, WEIGHTS = np.array([0.0, -np.sqrt(3.0), np.sqrt(3.0)]), np.array([4.0, 1.0, 1.0]) / 6.0


@njit(nogil=True)
def add_curves(latent, width, least, most, first, sign, counts, per_unit, free, borders, ceiling, answer):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Add to (n, n_energies) the states per cell of the grid, from energies at given counts."""
    size = len(per_unit)
    apart = (counts[1:] - counts[:-1]) / ceiling
    middle, step, nodes = np.empty(size), np.empty(size), np.empty(size + 1)
    for row in range(len(latent)):
        own, wide = latent[row, first : first + size], width[row % len(width), first : first + size]
        moved = _steps(own, wide, least, most, per_unit, free, borders, middle, step)
        for place in range(3 if moved else 1):
            for k in range(size):
                nodes[k + 1] = middle[k] + PLACES[place] * step[k]
            _keep_apart(nodes, apart)
            _add_states(nodes, counts, borders, sign, WEIGHTS[place] if moved else 1.0, answer[row])


@njit(nogil=True)
def _steps(latent, width, least, most, per_unit, free, borders, middle, step):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Fill energies of the counts and how far each scatters; return whether one in the window does."""
    low, high = borders[0], borders[-1]
    moved = False
    for k in range(len(latent)):
        middle[k] = latent[k] * per_unit[k]
        wide = free[k] * min(width[k] * per_unit[k], most)
        step[k] = np.sqrt(max(wide * wide - least * least, 0.0))
        moved |= (step[k] > 0.0) & (middle[k] > low) & (middle[k] < high)
    return moved


@njit(nogil=True)
def _keep_apart(nodes, apart):  # type: ignore[no-untyped-def]  # pragma: no cover
    size = len(apart)
    nodes[0] = 3 * nodes[1] - 2 * nodes[2]
    # few curves need it, and to look is faster than to compare each energy with the last one that was moved
    close = False
    for k in range(size):
        close |= nodes[k + 1] < nodes[k] + apart[k]
    if close:
        for k in range(size):
            nodes[k + 1] = max(nodes[k + 1], nodes[k] + apart[k])


@njit(nogil=True)
def _add_states(nodes, counts, borders, sign, weight, answer):  # type: ignore[no-untyped-def]  # pragma: no cover
    size = len(nodes) - 1
    at, before = 0, 0.0
    origin = 0 if sign > 0 else len(answer) - 1
    for j in range(np.searchsorted(borders, nodes[0]), len(borders)):
        x = borders[j]
        while at < size and nodes[at + 1] < x:
            at += 1
        now = counts[size]
        if at < size:
            now = counts[at] + (counts[at + 1] - counts[at]) * (x - nodes[at]) / (nodes[at + 1] - nodes[at])
        if j > 0:
            answer[origin + sign * (j - 1)] += weight * max(now - before, 0.0)
        if at == size:
            break
        before = now


@njit(nogil=True)
def add_scatter(part, variance, moves, counts, borders, sign, ceiling, answer):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Add to (n, n_energies) the variances of curves whose energies move along given steps."""
    n, size = part.shape
    m, width = len(borders) - 1, moves.shape[1]
    before, now = np.zeros(width), np.zeros(width)
    nodes, apart = np.empty(size + 1), (counts[1:] - counts[:-1]) / ceiling
    for row in range(n):
        nodes[1:] = part[row]
        _keep_apart(nodes, apart)
        at = 0
        before[:] = 0.0
        for j in range(m + 1):
            x = borders[j] if sign > 0 else -borders[m - j]
            while at < size and nodes[at + 1] < x:
                at += 1
            if x <= nodes[0] or at >= size:
                now[:] = 0.0
            else:
                gap = nodes[at + 1] - nodes[at]
                density = (counts[at + 1] - counts[at]) / gap
                share = (x - nodes[at]) / gap
                # the first node lies where the first two counts point
                left, right = moves[max(at - 1, 0)], moves[at]
                for k in range(width):
                    now[k] = -density * (left[k] + share * (right[k] - left[k]))
            if j > 0:
                cell = j - 1 if sign > 0 else m - j
                total = 0.0
                for k in range(width):
                    total += variance[row, k] * (now[k] - before[k]) ** 2
                answer[row, cell] += total / (borders[cell + 1] - borders[cell]) ** 2
            for k in range(width):
                before[k] = now[k]
