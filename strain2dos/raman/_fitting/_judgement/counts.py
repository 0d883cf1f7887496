# SPDX-License-Identifier: BSD-3-Clause
"""Noise that grows with the level: counts, also above a readout's noise or on an offset; compiled.

The variance of a count is the count. A camera adds the variance of its readout and an offset, a subtracted
background takes counts away: then the variance is proportional to the level above a *floor* that is not zero
counts, but shows in the residual.
"""

import numpy as np

from strain2dos._compiled import njit
from strain2dos.raman._fitting._judgement.noise import BALANCE, FAR, mark_quiet, smooth_step
from strain2dos.raman._fitting._models.single_model import LEAST_SHARE, model_size
from strain2dos.raman._fitting._squares.normal_equations import OPTIONS
from strain2dos.raman._fitting.records import (
    AXIS,
    BEND,
    COUNTED,
    DAMPED,
    FITTED,
    HEIGHT,
    NORMAL_TRIAL,
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
# Smoothing and interpolation make the steps over two points twice the square of those over one, or more; the
# tails of a line that is no Lorentzian raise them less.
SMOOTHED = (1.4, 1.9)
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
def _free_squares(view, row, slot, center, reach, s):
    """Add to the squared residuals what the fit took out of them.

    Six numbers of two lines take half of the noise on them into the fit: 1 / (1 - leverage).
    """
    C, at = s.slots[slot, S_COV:], 0
    for k in range(view.n):
        if not _used(view, k, center, reach, s):
            continue
        leverage = 0.0
        for i in range(row):
            total = 0.5 * C[i, i] * s.J[i, k]
            for j in range(i):
                total += C[i, j] * s.J[j, k]
            leverage += 2.0 * total * s.J[i, k]
        s.points[SQUARE, at] /= max(1.0 - leverage, LEAST_FREE)
        at += 1


@njit(**OPTIONS)
def residual_levels(view, row, slot, center, reach, s):
    """What the residual of a model says of its noise, point by point, into HEIGHT, SQUARE and BEND.

    ``row`` and ``slot``: number of parameters and place of the model, whose residual is in J. Points within
    ``reach`` of ``center`` (cm-1) are left out. Second differences tell the noise: a smooth misfit on a line
    does not raise them.

    Returns
    -------
    n : int
        Points that are left.
    rises : bool
        Whether their noise rises with the level; never where neighbors share it.
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
    rises = rise > RISES * max(total * np.sqrt(2.0 * BENDS * spread), 1e-300)
    rises = rises and s.slots[0, S_INFO, S_SHARED] == 0.0
    if rises:
        _free_squares(view, row, slot, center, reach, s)
    return n, rises, square / n


@njit(**OPTIONS)
def _odds(n, floor, row, s):
    """2 ln of how much better noise that grows with the level above a floor fits than equal noise.

    ``row``: of squares, SQUARE or BEND.
    """
    flat = scaled = logs = 0.0
    for start in range(0, n, TOGETHER):
        product = 1.0  # few logarithms are enough
        for i in range(start, min(start + TOGETHER, n)):
            level = max(s.points[HEIGHT, i] + floor, LEAST_SHARE)
            flat += s.points[row, i]
            scaled += s.points[row, i] / level
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
        odds = own = _odds(n, zero, SQUARE, s)
    if rises and own > 2.0 * penalty:
        # nothing else is worth a look where neither half nor twice that level fits better
        rises = max(_odds(n, 0.5 * zero, SQUARE, s), _odds(n, 2.0 * zero, SQUARE, s)) > own + penalty
    if not rises:
        return odds, floor, own
    for i in range(FLOORS.size):
        other = _odds(n, FLOORS[i], SQUARE, s) - penalty
        if other > odds:
            odds, floor = other, FLOORS[i] * view.scale
    if floor != ZERO_COUNTS and _odds(n, floor / view.scale, BEND, s) < BENDS * CERTAINLY * penalty:
        # a misfit, or too few points to tell; then zero counts are no better a floor
        odds, floor = own if own + penalty > odds else -np.inf, ZERO_COUNTS
    return odds, floor, own


@njit(**OPTIONS)
def _variance_per_count(view, row, lag, s):
    """Variance of the residual over the level (FITTED), from quiet points so far apart; 0: too few."""
    quiet, level, r, total, used = s.points[PADDED], s.points[FITTED], s.J[row], 0.0, 0.0
    for k in range(view.n - lag):
        u = quiet[k] * quiet[k + lag]
        total += u * (r[k + lag] - r[k]) ** 2 / (level[k] + level[k + lag])
        used += u
    return total / used if used >= 8.0 else 0.0


@njit(**OPTIONS)
def count_covariance(problem, lines, view, p, noise2, floor, shared, slot, s):
    """Covariance of an unweighted fit whose noise grows with the level above a floor, into COUNTED.

    ``floor``: of `best_floor`; ``shared``: of `residual_noise`.

    The variance per count comes from steps between quiet neighbors, or points farther apart where neighbors
    share their noise; from all points where the floor does too. It is carried through the fit's response to
    each point (H. White, Econometrica 48, 817 (1980)). Returns whether points sufficed.
    """
    n, level = model_size(problem, lines), s.points[FITTED]
    floats = floor != ZERO_COUNTS
    floor = (floor if floats else view.level) / view.scale
    r = s.J[n]
    mark_quiet(lines, view, p, 1.0, s)
    for k in range(view.n):
        level[k] = max(fitted_level(n, k, s) + floor, LEAST_SHARE)
    fano = _variance_per_count(view, n, 1, s)
    if not fano > 0.0:
        return False
    if shared > 0.0:
        smoothed = shared * smooth_step(_variance_per_count(view, n, 2, s) / fano, *SMOOTHED)
        fano += smoothed * max(_variance_per_count(view, n, FAR, s) - fano, 0.0)
    fano /= noise2
    if floats:
        whole = 0.0
        for k in range(view.n):
            whole += r[k] ** 2 / level[k]
        fano = max(fano, min(whole / (max(view.n_used - n, 1) * noise2), BALANCE * fano))
    M, C, work = s.square[DAMPED], s.slots[slot, S_COV:], s.square[NORMAL_TRIAL]
    for i in range(n):
        for j in range(n):
            M[i, j] = 0.0
            for k in range(view.n):
                M[i, j] += s.J[i, k] * s.J[j, k] * level[k] * fano
    _times(C, M, work, n)
    _times(work, C, s.square[COUNTED], n)
    return True


@njit(**OPTIONS)
def _times(A, B, out, n):
    for i in range(n):
        for j in range(n):
            out[i, j] = 0.0
            for k in range(n):
                out[i, j] += A[i, k] * B[k, j]
