# SPDX-License-Identifier: BSD-3-Clause
"""The part of a spectrum that is fitted: where the lines seem to be, and the range around them, compiled."""

from typing import NamedTuple

import numpy as np

from strain2dos._compiled import njit
from strain2dos.raman._fitting._lines.initial_guess import (
    assign_lines,
    highest_points,
    smooth,
    subtract_floor,
)
from strain2dos.raman._fitting._lines.unexplained import (
    CERTAIN,
    UNCUT,
    noise_of_smoothed,
    reach_strong_maxima,
)
from strain2dos.raman._fitting._models.models import pick
from strain2dos.raman._fitting._squares.normal_equations import LANES, MERGED, OPTIONS, unsigned
from strain2dos.raman._fitting.records import (
    AXIS,
    CHOSEN1,
    CHOSEN2,
    DOUBLET,
    FITTED,
    L_GAP,
    L_HIGH,
    L_LOW,
    L_REACH,
    MASK,
    NO_EXTRAS,
    NOT_FITTED,
    ORIGIN,
    PADDED,
    POSITION,
    S_STATUS,
    SCALED,
    SIGNAL,
    SINGLET,
    SMOOTH,
    SPECTRUM,
    U_ANCHOR,
    U_ANYWHERE,
    U_PLACE,
    WEIGHTS,
    ZERO_COUNTS,
)  # fmt: skip

# A line of a known substrate is expected so near its place, cm-1.
KNOWN_REACH = 3.0
# Beside a line of the substrate, lines of less than this share of it are not looked for.
KNOWN_SHARE = 0.03


class FitWindow(NamedTuple):
    """The part of a spectrum that is fitted: points k0 to k0 + n, scaled to (counts - level) / scale.

    ``m`` is n rounded up to whole vectors, the rest with weight 0; ``n_used`` of the n points have a weight.
    ``has_pair``: maxima stand where the branches of a doublet may be; ``apart``: these are surely lines.
    ``counts``: weights are 1 / counts above a floor, ``floor`` below the lowest point; ``floats``: where that
    was fitted, and is not zero counts. ``start``: bits of extra lines that are there from the start.
    ``again``: the spectrum was fitted before, and the models stand in their slots.
    """

    k0: int
    n: int
    m: int
    n_used: int
    level: float
    scale: float
    offset: float
    has_pair: bool
    apart: bool
    counts: bool
    floor: float
    floats: bool
    start: int
    again: bool


@njit(**OPTIONS)
def _assign(problem, lines, offset, chosen, s):
    signal, windows = (
        s.points[SIGNAL],
        (
            lines.values[L_LOW, : lines.n],
            lines.values[L_HIGH, : lines.n],
            lines.values[L_GAP, : lines.n],
            lines.values[L_REACH, : lines.n],
        ),
    )
    scratch = (s.ints[POSITION], s.score, s.ints[ORIGIN:])
    return assign_lines(problem.bins, signal, *windows, offset, *scratch, chosen)


@njit(**OPTIONS)
def _hide(problem, place, s):
    """Take the points beside ``place``, and the flanks that fall from there, out of the search for lines.

    Returns the highest of them.
    """
    x, signal, highest, size = problem.bins, s.points[SIGNAL], 0.0, problem.bins.size
    first = last = -1
    for k in range(size):
        if abs(x[k] - place) < KNOWN_REACH:
            first, last = k if first < 0 else first, k
            highest = max(highest, signal[k])
    if first < 0:
        return highest
    while first > 0 and signal[first - 1] < signal[first]:
        first -= 1
    while last < size - 1 and signal[last + 1] < signal[last]:
        last += 1
    for k in range(first, last + 1):
        signal[k] = 0.0
    return highest


@njit(**OPTIONS)
def _step_over_known_lines(problem, family, singlets, offset, s):
    """Where a chosen maximum is a line of the substrate, choose again without it; returns its bit or 0.

    The other choice must stand out of the noise and not be negligible beside the line of the substrate.
    """
    for unit in range(family.unit.shape[0]):
        if family.unit_index[unit, U_ANCHOR] >= 0 or family.unit_index[unit, U_ANYWHERE] == 1:
            continue
        place, near = family.unit[unit, U_PLACE] + offset, False
        for j in range(singlets.n):
            near = near or abs(problem.bins[s.ints[CHOSEN1, j]] - place) < KNOWN_REACH
        if not near:
            continue
        least = max(KNOWN_SHARE * _hide(problem, place, s), 1.5 * CERTAIN * noise_of_smoothed(problem, s))
        lowest = -np.inf
        if _assign(problem, singlets, offset, s.ints[CHOSEN2], s):
            lowest = np.inf
            for j in range(singlets.n):
                lowest = min(lowest, s.points[SIGNAL, s.ints[CHOSEN2, j]])
        if lowest >= least:
            for j in range(singlets.n + 2):
                s.ints[CHOSEN1, j] = s.ints[CHOSEN2, j]
            return 1 << unit
        subtract_floor(s.points[SMOOTH], problem.bins.size, s.points[SIGNAL])
    return 0


@njit(**OPTIONS)
def _are_apart(problem, s):
    """Whether the two maxima of the doublet are alike and certain, with a dip between them."""
    signal, first, last = s.points[SIGNAL], s.ints[CHOSEN2, problem.pair], s.ints[CHOSEN2, problem.pair + 1]
    lower, dip = min(signal[first], signal[last]), np.inf
    for k in range(first, last + 1):
        dip = min(dip, signal[k])
    alike = lower > 0.3 * (signal[first] + signal[last])
    noise = noise_of_smoothed(problem, s)
    return alike and lower > CERTAIN * noise and lower - dip > noise


@njit(**MERGED)
def _find_lines(problem, family, singlets, doublets, offset, s):
    """Points where the lines seem to be, for both models.

    Returns whether a doublet is to be seen, whether its branches are certain, and the bit of a line of the
    substrate that was stepped over.
    """
    signal, start = s.points[SIGNAL], 0
    if not _assign(problem, singlets, offset, s.ints[CHOSEN1], s):
        highest_points(
            problem.bins,
            signal,
            singlets.values[L_LOW, : singlets.n],
            singlets.values[L_HIGH, : singlets.n],
            offset,
            s.ints[CHOSEN1],
        )
    else:
        start = _step_over_known_lines(problem, family, singlets, offset, s)
    if problem.pair < 0 or not _assign(problem, doublets, offset, s.ints[CHOSEN2], s):
        return False, False, start
    # Three maxima that are together lower than the two of the singlets leave out one of these: noise.
    gain = 0.0
    for j in range(doublets.n):
        gain += signal[s.ints[CHOSEN2, j]]
    for j in range(singlets.n):
        gain -= signal[s.ints[CHOSEN1, j]]
    return gain > 0.0, gain > 0.0 and start == 0 and _are_apart(problem, s), start


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
def _copy_smooth(problem, k0, n, s):
    """The smooth spectrum, by which counts are weighed at first."""
    for k in range(n):
        s.points[FITTED, k] = s.points[SMOOTH, min((k0 + k) // problem.bin, problem.bins.size - 1)]


@njit(**OPTIONS)
def _copy_range(problem, k0, n, m, level, scale, counts, s):
    """Axis, scaled counts and weights of the range into their rows; returns how many points are used."""
    inverse = 1.0 / scale
    n_used = 0.0
    for k in range(n):
        i = unsigned(k0 + k)
        s.points[AXIS, k] = problem.x[i]
        s.points[SCALED, k] = (s.points[SPECTRUM, i] - level) * inverse
        s.points[WEIGHTS, k] = s.points[MASK, i]
        n_used += s.points[MASK, i]
    if counts:
        _copy_smooth(problem, k0, n, s)
    for k in range(n, m):
        s.points[AXIS, k] = problem.x[k0 + n - 1]
        s.points[SCALED, k] = s.points[WEIGHTS, k] = 0.0
    return int(n_used)


@njit(**OPTIONS)
def _bin(problem, all_used, level, scale, s):
    """Scaled means of neighboring points into SCALED; 1 in WEIGHTS where one of them has a weight."""
    b, inverse = problem.bin, 1.0 / (problem.bin * scale)
    for k in range(problem.bins.size):
        total = 0.0
        for i in range(b):
            total += s.points[SPECTRUM, unsigned(b * k + i)]
        s.points[SCALED, k] = (total - b * level) * inverse
    if all_used:
        return
    for k in range(problem.bins.size):
        total, n = 0.0, 0.0
        for i in range(b * k, b * k + b):
            total += s.points[MASK, i] * (s.points[SPECTRUM, i] - level)
            n += s.points[MASK, i]
        s.points[SCALED, k] = total / (max(n, 1.0) * scale)
        s.points[WEIGHTS, k] = min(n, 1.0)


@njit(**OPTIONS)
def prepare_fit_window(problem, family, offset, n_good, level, top, counts, s):
    """Scale the spectrum, find the lines and cut the range to fit; everything lands in the scratch.

    ``n_good`` points have a weight; ``level`` and ``top`` are their range. ``counts``: of `FitWindow`.
    """
    singlets = pick(family, SINGLET, NO_EXTRAS)
    doublets = pick(family, DOUBLET if problem.pair >= 0 else SINGLET, NO_EXTRAS)
    bins, all_used = problem.bins, n_good == problem.x.size
    scale = top - level if top > level else 1.0
    _bin(problem, all_used, level, scale, s)
    smooth(
        s.points[SCALED], s.points[WEIGHTS], all_used, problem.taps, problem.norm, s.points[PADDED],
        s.points[FITTED], s.points[SMOOTH],
    )  # fmt: skip
    subtract_floor(s.points[SMOOTH], bins.size, s.points[SIGNAL])
    has_pair, apart, start = _find_lines(problem, family, singlets, doublets, offset, s)
    first, last = bins[s.ints[CHOSEN1, 0]], bins[s.ints[CHOSEN1, singlets.n - 1]]
    if has_pair:
        last = max(last, bins[s.ints[CHOSEN2, doublets.n - 1]])
    for unit in range(family.unit.shape[0]):
        if start >> unit & 1:
            last = max(last, family.unit[unit, U_PLACE] + offset)
    lowest, highest = s.ints[CHOSEN1, singlets.n], s.ints[CHOSEN1, singlets.n + 1]
    uncut = UNCUT * problem.margin
    if bins[lowest] < first - uncut or bins[highest] > last + uncut:
        first, last = reach_strong_maxima(problem, singlets, offset, first, last, s)
    k0, n = _cut(problem, first, last)
    m = -(-n // LANES) * LANES
    n_used = _copy_range(problem, k0, n, m, level, scale, counts, s)
    s.ints[S_STATUS, 0] = s.ints[S_STATUS, 1] = NOT_FITTED
    return FitWindow(
        k0, n, m, n_used, level, scale, offset, has_pair, apart, counts, level, False, start, False
    )


@njit(**OPTIONS)
def fit_again(problem, view, counts, floor, s):
    """The same window for another fit, which may start from the models in their slots.

    ``counts``: whether points are weighed as counts above ``floor``.
    """
    if counts:
        _copy_smooth(problem, view.k0, view.n, s)
    floats = counts and floor != ZERO_COUNTS
    return FitWindow(
        view.k0, view.n, view.m, view.n_used, view.level, view.scale, view.offset, view.has_pair, view.apart,
        counts, floor if floats else view.level, floats, view.start, True,
    )  # fmt: skip
