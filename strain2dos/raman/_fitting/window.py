# SPDX-License-Identifier: BSD-3-Clause
"""The part of a spectrum that is fitted: where the lines seem to be, and the range around them, compiled."""

from typing import NamedTuple

from strain2dos._compiled import njit
from strain2dos.raman._fitting.initial_guess import assign_lines, highest_points, smooth, subtract_floor
from strain2dos.raman._fitting.normal_equations import LANES, MERGED, OPTIONS, unsigned
from strain2dos.raman._fitting.records import (
    AXIS,
    CHOSEN1,
    CHOSEN2,
    FITTED,
    MASK,
    ORIGIN,
    PADDED,
    POSITION,
    SCALED,
    SIGNAL,
    SMOOTH,
    WEIGHTS,
    Y,
)  # fmt: skip
from strain2dos.raman._fitting.unexplained import UNCUT, reach_strong_maxima


class View(NamedTuple):
    """The part of a spectrum that is fitted: points k0 to k0 + n, scaled to (counts - level) / scale.

    ``m`` is n rounded up to whole vectors, the rest with weight 0; ``n_used`` of the n points have a weight.
    """

    k0: int
    n: int
    m: int
    n_used: int
    level: float
    scale: float
    offset: float
    has_pair: bool


@njit(**OPTIONS)
def _assign(problem, lines, offset, chosen, s):
    signal, windows = s.points[SIGNAL], (lines.low, lines.high, lines.gap, lines.reach)
    scratch = (s.ints[POSITION], s.score, s.ints[ORIGIN:])
    return assign_lines(problem.bins, signal, *windows, offset, *scratch, chosen)


@njit(**MERGED)
def _find_lines(problem, singlets, doublets, offset, s):
    """Points where the lines seem to be, for both models; returns whether a doublet is to be seen."""
    signal = s.points[SIGNAL]
    if not _assign(problem, singlets, offset, s.ints[CHOSEN1], s):
        highest_points(problem.bins, signal, singlets.low, singlets.high, offset, s.ints[CHOSEN1])
    if problem.pair < 0 or not _assign(problem, doublets, offset, s.ints[CHOSEN2], s):
        return False
    # Three maxima that are together lower than the two of the singlets leave out one of these: noise.
    gain = 0.0
    for j in range(doublets.low.size):
        gain += signal[s.ints[CHOSEN2, j]]
    for j in range(singlets.low.size):
        gain -= signal[s.ints[CHOSEN1, j]]
    return gain > 0.0


@njit(**OPTIONS)
def _cut(problem, first, last):
    """First point and number of points of the range that reaches the margin beyond both outermost lines."""
    x = problem.x
    k0, k1 = 0, x.size
    while k0 < x.size - 1 and x[k0] < first - problem.margin:
        k0 += 1
    while k1 > k0 + 1 and x[k1 - 1] > last + problem.margin:
        k1 -= 1
    return k0, k1 - k0


@njit(**OPTIONS)
def _copy_range(problem, k0, n, m, level, scale, s):
    """Axis, scaled counts and weights of the range into their rows; returns how many points are used."""
    inverse = 1.0 / scale
    n_used = 0.0
    for k in range(n):
        i = unsigned(k0 + k)
        s.points[AXIS, k] = problem.x[i]
        s.points[SCALED, k] = (s.points[Y, i] - level) * inverse
        s.points[WEIGHTS, k] = s.points[MASK, i]
        n_used += s.points[MASK, i]
    if problem.poisson:
        for k in range(n):
            s.points[FITTED, k] = s.points[SMOOTH, min((k0 + k) // problem.bin, problem.bins.size - 1)]
    for k in range(n, m):
        s.points[AXIS, k] = problem.x[k0 + n - 1]
        s.points[SCALED, k] = s.points[WEIGHTS, k] = 0.0
    return int(n_used)


@njit(**OPTIONS)
def _bin(problem, all_used, level, scale, s):
    """Scaled means of neighbouring points into SCALED; 1 in WEIGHTS where one of them has a weight."""
    b, inverse = problem.bin, 1.0 / (problem.bin * scale)
    for k in range(problem.bins.size):
        total = 0.0
        for i in range(b):
            total += s.points[Y, unsigned(b * k + i)]
        s.points[SCALED, k] = (total - b * level) * inverse
    if all_used:
        return
    for k in range(problem.bins.size):
        total, n = 0.0, 0.0
        for i in range(b * k, b * k + b):
            total += s.points[MASK, i] * (s.points[Y, i] - level)
            n += s.points[MASK, i]
        s.points[SCALED, k] = total / (max(n, 1.0) * scale)
        s.points[WEIGHTS, k] = min(n, 1.0)


@njit(**MERGED)
def look(problem, singlets, doublets, offset, n_good, level, top, s):
    """Scale the spectrum, find the lines and cut the range to fit; everything lands in the scratch.

    ``n_good`` points have a weight; ``level`` and ``top`` are their range.
    """
    bins, all_used = problem.bins, n_good == problem.x.size
    scale = top - level if top > level else 1.0
    _bin(problem, all_used, level, scale, s)
    smooth(
        s.points[SCALED], s.points[WEIGHTS], all_used, problem.taps, problem.norm, s.points[PADDED],
        s.points[FITTED], s.points[SMOOTH],
    )  # fmt: skip
    subtract_floor(s.points[SMOOTH], bins.size, s.points[SIGNAL])
    has_pair = _find_lines(problem, singlets, doublets, offset, s)
    first, last = bins[s.ints[CHOSEN1, 0]], bins[s.ints[CHOSEN1, singlets.low.size - 1]]
    if has_pair:
        last = max(last, bins[s.ints[CHOSEN2, doublets.low.size - 1]])
    lowest, highest = s.ints[CHOSEN1, singlets.low.size], s.ints[CHOSEN1, singlets.low.size + 1]
    uncut = UNCUT * problem.margin
    if bins[lowest] < first - uncut or bins[highest] > last + uncut:
        first, last = reach_strong_maxima(problem, singlets, offset, first, last, s)
    k0, n = _cut(problem, first, last)
    m = -(-n // LANES) * LANES
    n_used = _copy_range(problem, k0, n, m, level, scale, s)
    return View(k0, n, m, n_used, level, scale, offset, has_pair)
