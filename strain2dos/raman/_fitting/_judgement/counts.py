# SPDX-License-Identifier: BSD-3-Clause
"""Noise that grows with the level: counts, also above a readout's noise or on an offset; compiled.

The variance of a count is the count. A camera adds the variance of its readout and an offset, a subtracted
background takes counts away: then the variance is proportional to the level above a *floor* that is not zero
counts, but shows in the residual.
"""

import numpy as np

from strain2dos._compiled import njit
from strain2dos.raman._fitting._models.single_model import LEAST_SHARE
from strain2dos.raman._fitting._squares.normal_equations import OPTIONS, unsigned
from strain2dos.raman._fitting.records import (
    AXIS,
    BEND,
    HEIGHT,
    PADDED,
    S_COV,
    S_INFO,
    S_SHARED,
    SCALED,
    SQUARE,
    WEIGHTS,
    ZERO_COUNTS,
)

# Floors below the lowest point that are tried, over the span of the spectrum; 2 ln of the number of those
# that noise tells apart.
FLOORS = 0.003 * 2.0 ** np.arange(11)
FLOOR_PENALTY = 3.9
# Second differences must say the same, by so many times that: a misfit of the lines raises the residual too.
CERTAINLY = 3.0
# A point of which the fit takes more than the rest of this says nothing of the noise.
LEAST_FREE = 0.2
# Standard deviations by which the noise must rise with the level for floors to be tried.
RISES = 1.5
# Levels that are multiplied before the logarithm is taken.
TOGETHER = 16
# Second differences of independent points are correlated by -2/3 and 1/6: their squares tell as little as so
# many times fewer.
BENDS = 1.95


@njit(**OPTIONS)
def fitted_level(row, k, s):
    """Fitted curve over its span, from the lowest point of the spectrum."""
    w = s.points[WEIGHTS, k]
    return s.points[SCALED, k] - (s.J[row, k] / w if w > 0.0 else 0.0)


@njit(**OPTIONS)
def _bend(view, row, k, s):
    """Square of the second difference of the unweighted residual, of the size of its variance."""
    k = min(max(k, 1), view.n - 2)
    a, b, c = s.points[WEIGHTS, k - 1], s.points[WEIGHTS, k], s.points[WEIGHTS, k + 1]
    if a == 0.0 or b == 0.0 or c == 0.0:
        return 0.0
    return (s.J[row, k] / b - 0.5 * (s.J[row, k - 1] / a + s.J[row, k + 1] / c)) ** 2 / 1.5


@njit(**OPTIONS)
def _used(view, k, center, reach, s):
    return s.points[WEIGHTS, k] > 0.0 and abs(s.points[AXIS, k] - center) >= reach


@njit(**OPTIONS)
def free_squares(view, row, slot, center, reach, s):
    """Add to the squared residuals what the fit took out of them.

    Six numbers of two lines take half of the noise on them into the fit: 1 / (1 - leverage).
    """
    C, leverage, at = s.slots[slot, S_COV:], s.points[PADDED], 0
    for k in range(view.n):
        leverage[k] = 0.0
    for i in range(row):
        for j in range(0, i, 2):  # two rows at a time
            a, b = 2.0 * C[i, j], 2.0 * C[i, j + 1] if j + 1 < i else C[i, i]
            for k in range(view.n):
                leverage[k] += s.J[i, k] * (a * s.J[j, k] + b * s.J[j + 1, k])
        if i % 2 == 0:
            for k in range(view.n):
                leverage[k] += C[i, i] * s.J[i, k] * s.J[i, k]
    for k in range(view.n):
        if _used(view, k, center, reach, s):
            s.points[SQUARE, at] /= max(1.0 - leverage[k], LEAST_FREE)
            at += 1


@njit(**OPTIONS)
def residual_levels(view, row, slot, center, reach, least, s):
    """What the residual of a model says of its noise, point by point, into HEIGHT, SQUARE and BEND.

    ``row`` and ``slot``: number of parameters and place of the model, whose residual is in J. Points within
    ``reach`` of ``center`` (cm-1) are left out. Second differences tell the noise: a smooth misfit on a line
    does not raise them. ``least``: standard deviations by which they must rise.

    Returns
    -------
    n : int
        Points that are left.
    rises : bool
        Whether their noise rises with the level.
    square : float
        Mean square of the weighted residual.
    """
    n, square, total, level, rise, spread = 0, 0.0, 0.0, 0.0, 0.0, 0.0
    for k in range(view.n):
        if _used(view, k, center, reach, s):
            s.points[HEIGHT, n], s.points[BEND, n] = fitted_level(row, k, s), _bend(view, row, k, s)
            s.points[SQUARE, n] = (s.J[row, k] / s.points[WEIGHTS, k]) ** 2
            square += s.J[row, k] ** 2
            total += s.points[BEND, n]
            level += s.points[HEIGHT, n]
            n += 1
    if n == 0:
        return n, False, 0.0
    total, level = total / n, level / n
    for i in range(n):
        away = s.points[HEIGHT, i] - level
        rise += away * s.points[BEND, i]
        spread += away * away
    rises = rise > least * max(total * np.sqrt(2.0 * BENDS * spread), 1e-300)
    if rises:
        free_squares(view, row, slot, center, reach, s)
    return n, rises, square / n


@njit(**OPTIONS)
def odds_of_floor(n, floor, row, s):
    """2 ln of how much better noise that grows with the level above a floor fits than equal noise.

    ``row``: of squares, SQUARE or BEND.
    """
    flat = scaled = logs = 0.0
    for start in range(0, n, TOGETHER):
        product = 1.0  # few logarithms are enough
        for i in range(start, min(start + TOGETHER, n)):
            k = unsigned(i)
            level = max(s.points[HEIGHT, k] + floor, LEAST_SHARE)
            flat += s.points[row, k]
            scaled += s.points[row, k] / level
            product *= level
        logs += np.log(product)
    return n * np.log(max(flat, 1e-300) / n) - n * np.log(max(scaled, 1e-300) / n) - logs


@njit(**OPTIONS)
def best_floor(view, n, rises, penalty, s):
    """The floor above which noise grows, where it does, from `residual_levels`.

    ``penalty``: 2 ln of the odds against floors other than zero counts. Odds are for points that share no
    noise.

    Returns
    -------
    odds : float
        2 ln of how much better than equal noise that fits the residual.
    floor : float
        In counts below the lowest point, or `ZERO_COUNTS`.
    own : float
        The odds of zero counts.
    """
    odds = own = -np.inf
    floor, zero = ZERO_COUNTS, view.level / view.scale
    if n == 0:
        return odds, floor, own
    if zero >= 0.0:
        odds = own = odds_of_floor(n, zero, SQUARE, s)
    rises = rises and s.slots[0, S_INFO, S_SHARED] == 0.0
    if rises and own > 2.0 * penalty:
        # nothing else is worth a look where neither half nor twice that level fits better
        rises = (
            max(odds_of_floor(n, 0.5 * zero, SQUARE, s), odds_of_floor(n, 2.0 * zero, SQUARE, s))
            > own + penalty
        )
    if not rises:
        return odds, floor, own
    for i in range(FLOORS.size):
        other = odds_of_floor(n, FLOORS[i], SQUARE, s) - penalty
        if other > odds:
            odds, floor = other, FLOORS[i] * view.scale
    if floor != ZERO_COUNTS and odds_of_floor(n, floor / view.scale, BEND, s) < BENDS * CERTAINLY * penalty:
        # a misfit, or too few points to tell; then zero counts are no better a floor
        odds, floor = own if own + penalty > odds else -np.inf, ZERO_COUNTS
    return odds, floor, own
