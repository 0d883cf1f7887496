# SPDX-License-Identifier: BSD-3-Clause
"""Means of curves over many rows, added up in one compiled loop without a curve for each row.

The density of a curve is constant between two energies of successive counts. Each energy is thus where the
density jumps, and a jump inside a cell of the grid shows with a part of its size in the mean density of this
cell and in full in all cells beyond. Jumps of all rows are summed cell by cell, and one running sum over the
cells gives the curve: there is no pass over the grid for each row.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from strain2dos._compiled import njit

Array = NDArray[np.float64]

# energies that lie too close together are looked for in stretches of this many
_STRETCH = 200
# three-point Gauss-Hermite rule: places in standard deviations, and weights
PLACES, WEIGHTS = np.array([0.0, -np.sqrt(3.0), np.sqrt(3.0)]), np.array([4.0, 1.0, 1.0]) / 6.0


class Sides(NamedTuple):
    """Both sides of the gap, that below it along the axis turned around; arrays have shape (2, n).

    Attributes
    ----------
    unit : ndarray of shape (2, n_counts)
        Energy of a latent.
    free, most : ndarray of shape (2, n_counts)
        Squares: by which a variance of latents is that of energies, and the largest that is averaged over.
    states, apart : ndarray of shape (2, n_counts)
        Number of states between successive counts, and how far apart their energies are kept.
    borders : ndarray of shape (2, n_energies + 1)
        Of the cells of the grid.
    even : float
        Cells per eV; 0 where cells differ in width.
    """

    unit: Array
    free: Array
    most: Array
    states: Array
    apart: Array
    borders: Array
    even: float


def cells_per_energy(borders: Array) -> float:
    """Return the number of cells per unit of the axis, 0 where cells differ in width."""
    width = np.diff(borders)
    return float(1.0 / width.mean()) if np.ptp(width) < 1e-9 * width.mean() else 0.0


@njit(nogil=True, error_model="numpy")
def join_sides(latent, apart, ours, theirs, near, weight):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Turn latents and variances `ours` of kernels without networks into those joined with networks."""
    for row in range(len(latent)):
        for k in range(latent.shape[1]):
            a, b, step = ours[row, k], theirs[row, k], apart[row, k]
            trust = weight * a / max(weight * a + (1.0 - weight) * b, 1e-300)
            share = weight + near[k] * (trust - weight)
            ours[row, k] = (1.0 - share) * a + share * b + share * (1.0 - share) * step * step
            latent[row, k] += share * step


@njit(nogil=True, error_model="numpy")
def average(latent, variance, weights, least, sides, answer):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Add to `answer` (n_groups, n_energies) the weighted means over groups of successive rows.

    `least` is the square of the scatter that shows nowhere. One row of variances holds for all rows.
    """
    size, n_cells = sides.unit.shape[1], answer.shape[1]
    middle, step = np.empty(size), np.empty(size)
    nodes, density = np.empty((len(PLACES), size + 1)), np.zeros(size + 2)
    cell, parts = np.empty(size + 1, np.uint64), np.empty(2 * size + 2)
    jumps = np.zeros((2, 2 * n_cells + 2))
    for group in range(len(answer)):
        for member in range(len(weights)):
            row = group * len(weights) + member
            for side in range(2):
                own = slice(side * size, (side + 1) * size)
                wide = variance[row % len(variance), own]
                moved = _spread_out(latent[row, own], wide, least, sides, side, middle, step)
                n_places = len(PLACES) if moved else 1
                still = _lay_out(middle, step, n_places, sides.apart[side], nodes)
                for place in range(n_places):
                    weight = weights[member] * (WEIGHTS[place] if moved else 1.0)
                    first = 0 if place == 0 else still
                    last = _jumps_of(nodes[place], first, sides, side, density, cell, parts)
                    # energies that stay where they are count once, for all places
                    between = min(max(still, first), last)
                    _add(cell, parts, first, between, weights[member], jumps[side])
                    _add(cell, parts, between, last, weight, jumps[side])
        for side in range(2):
            total, carried = 0.0, 0.0
            for j in range(n_cells):
                total += jumps[side, 2 * j] + carried
                carried = jumps[side, 2 * j + 1]
                # sums of jumps that cancel leave rounding errors of either sign
                answer[group, j if side == 0 else n_cells - 1 - j] += max(total, 0.0)
            jumps[side] = 0.0


@njit(nogil=True, error_model="numpy", part=True)
def _add(cell, parts, first, last, weight, jumps):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Add the parts of jumps, two for each, where their cells are."""
    where, pair, following = cell[first:last], parts[2 * first : 2 * last], jumps[1:]
    for k in range(len(where)):
        i = where[k]
        jumps[i] += weight * pair[2 * k]
        following[i] += weight * pair[2 * k + 1]


@njit(nogil=True, error_model="numpy", part=True)
def _spread_out(latent, variance, least, sides, side, middle, step):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Fill energies of the counts and how far each scatters; return whether one in the window does."""
    unit, free, most = sides.unit[side], sides.free[side], sides.most[side]
    low, high = sides.borders[side, 0], sides.borders[side, -1]
    moved = 0
    for k in range(len(unit)):
        middle[k] = latent[k] * unit[k]
        wide = max(min(variance[k] * free[k], most[k]) - least, 0.0)
        step[k] = np.sqrt(wide)
        moved += (wide > 0.0) & (middle[k] > low) & (middle[k] < high)
    return moved > 0


@njit(nogil=True, error_model="numpy", part=True)
def _lay_out(middle, step, n_places, apart, nodes):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Fill the energies at each place, kept apart; return how many of the first are the same at all."""
    still, size = 0, len(middle)
    while still < size and step[still] == 0.0:
        still += 1
    for place in range(n_places):
        node, at = nodes[place], PLACES[place]
        beyond = node[1:]
        for k in range(size):
            beyond[k] = middle[k] + at * step[k]
        node[0] = 3 * node[1] - 2 * node[2]
        still = min(still, keep_apart(node, apart))
    # the first energy follows from the next two
    return still if still > 1 and n_places > 1 else 0


@njit(nogil=True, error_model="numpy", part=True)
def keep_apart(node, apart):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Move energies up that lie too close to the one before; return how many lie before the first of them."""
    first = len(apart)
    for start in range(0, len(apart), _STRETCH):
        some, own = node[start : start + _STRETCH + 1], apart[start : start + _STRETCH]
        close = 0
        for k in range(len(own)):
            close += some[k + 1] < some[k] + own[k]
        if close > 0:
            first = min(first, start)
            for k in range(len(own)):
                some[k + 1] = max(some[k + 1], some[k] + own[k])
    return first


@njit(nogil=True, error_model="numpy", part=True)
def _jumps_of(node, first, sides, side, density, cell, parts):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Fill where each jump counts, its parts there and beyond; return the end of those in the window."""
    borders, states = sides.borders[side], sides.states[side]
    last = len(node)
    while last > first and node[last - 1] >= borders[-1]:
        last -= 1
    # density[k + 1] is that above energy k, zero below the first and above the last; loops that begin at
    # zero are compiled to vector instructions
    begin = max(first - 1, 0)
    above, at, counted = density[begin + 1 :], node[begin:], states[begin:]
    for k in range(min(last, len(states)) - begin):
        gap = at[k + 1] - at[k]
        # a quotient in single precision and one step of Newton's rule are as exact, in half the time
        inverse = np.float64(np.float32(1.0) / np.float32(gap))
        above[k] = counted[k] * (inverse * (2.0 - gap * inverse))
    density[len(states) + 1] = 0.0
    below, above, at = density[first:], density[first + 1 :], node[first:]
    _share_out(at, last - first, below, above, borders, sides.even, cell[first:], parts[2 * first :])
    return last


@njit(nogil=True, error_model="numpy", part=True)
def _share_out(node, size, below, above, borders, even, cell, parts):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Fill twice the cell of each jump of the density, its part in this cell and what of it begins beyond."""
    low, most = borders[0], float(len(borders) - 1)
    if even > 0.0:
        for k in range(size):
            place = min(max((node[k] - low) * even, 0.0), most)
            inside = np.int32(place)
            jump = above[k] - below[k]
            within = jump * (place - np.float64(inside))
            cell[k] = np.uint64(2 * inside)
            parts[2 * k] = jump - within
            parts[2 * k + 1] = within
        return
    j = 0
    for k in range(size):
        while borders[j + 1] <= node[k]:
            j += 1
        jump = above[k] - below[k]
        within = jump * max(node[k] - borders[j], 0.0) / (borders[j + 1] - borders[j])
        cell[k], parts[2 * k], parts[2 * k + 1] = np.uint64(2 * j), jump - within, within
