# SPDX-License-Identifier: BSD-3-Clause
"""How the variance of a point depends on its level, and what that makes of the errors; compiled.

A spectrum tells this badly: a few points on the lines scatter more than the others. So that the variance is
averaged over what their residual leaves open: that the weights of the fit are right, and that it grows with
the level above one floor or another.
"""

import numpy as np

from strain2dos._compiled import njit
from strain2dos.raman._fitting._judgement.counts import (
    FLOOR_PENALTY,
    FLOORS,
    fitted_level,
    free_squares,
    odds_of_floor,
    residual_levels,
)
from strain2dos.raman._fitting._judgement.noise import BALANCE, FAR, mark_quiet, smooth_step
from strain2dos.raman._fitting._models.single_model import LEAST_SHARE, model_size
from strain2dos.raman._fitting._squares.normal_equations import OPTIONS
from strain2dos.raman._fitting.records import (
    AXIS,
    COUNTED,
    DAMPED,
    HEIGHT,
    NORMAL_TRIAL,
    PADDED,
    POISSON_NOISE,
    S_COV,
    S_INFO,
    S_SHARED,
    SQUARE,
    WEIGHTS,
)

# Standard deviations by which noise must rise with the level for floors to be tried; they are as well where
# the residual is so many times what lies off the lines, but not where neighbors share so much of the noise.
SOME_RISE, ON_LINES, SMOOTH_NOISE = 0.5, 1.5, 0.5
# 2 ln odds beyond which nothing changes any more.
SURE = 200.0
# Smoothing and interpolation make the steps over two points twice the square of those over one, or more; the
# tails of a line that is no Lorentzian raise them less.
SMOOTHED = (1.4, 1.9)
# Where the weights of the fit are this probable, errors are those of the weights.
CERTAIN = 0.999


@njit(**OPTIONS)
def _quiet_variance(view, row, floor, lag, s):
    """Variance of the residual over the level, from steps between quiet points so far apart; 0: too few."""
    quiet, w, total, used = s.points[PADDED], s.points[WEIGHTS], 0.0, 0.0
    for k in range(view.n - lag):
        if quiet[k] * quiet[k + lag] > 0.0:
            level = max(fitted_level(row, k, s) + floor, LEAST_SHARE)
            level += max(fitted_level(row, k + lag, s) + floor, LEAST_SHARE)
            total += (s.J[row, k + lag] / w[k + lag] - s.J[row, k] / w[k]) ** 2 / level
            used += 1.0
    return total / used if used >= 8.0 else 0.0


@njit(**OPTIONS)
def _of_zero_counts(view, row, zero, shared, s):
    """Variance per level above zero counts, from points farther apart where neighbors share their noise."""
    near = _quiet_variance(view, row, zero, 1, s)
    if not (near > 0.0 and shared > 0.0):
        return near
    smoothed = shared * smooth_step(_quiet_variance(view, row, zero, 2, s) / near, *SMOOTHED)
    return near + smoothed * max(_quiet_variance(view, row, zero, FAR, s) - near, 0.0)


@njit(**OPTIONS)
def _of_floor(view, row, n, floor, s):
    """Variance per level above a floor, from all points: on the lines not far above that beside them."""
    whole = 0.0
    for i in range(n):
        whole += s.points[SQUARE, i] / max(s.points[HEIGHT, i] + floor, LEAST_SHARE)
    near = _quiet_variance(view, row, floor, 1, s)
    return max(near, min(whole / n, BALANCE * near)) if near > 0.0 else whole / n


@njit(**OPTIONS)
def _mean_square(n, s):
    total = 0.0
    for i in range(n):
        total += s.points[SQUARE, i]
    return total / n


@njit(**OPTIONS)
def level_variance(problem, lines, view, p, slot, noise2, shared, s):
    """Variance of a point by its level, from the residual in J of the model of a slot.

    ``noise2``: variance of a weighted point; ``shared``: share of the noise that neighbors have in common.

    Returns
    -------
    share : float
        Of the variance that the weights of the fit say.
    per_level, rest : float
        What is added to that: the first times the level over the lowest point, in spans of the spectrum
        squared.
    """
    if view.floats:
        return 1.0, 0.0, 0.0  # the weights are those of a floor that was fitted
    row, zero = model_size(problem, lines), view.level / view.scale
    n, rises, square = residual_levels(view, row, slot, 0.0, 0.0, SOME_RISE, s)
    if n == 0:
        return 1.0, 0.0, 0.0
    if not rises and square > ON_LINES * noise2:
        rises = True
        free_squares(view, row, slot, 0.0, 0.0, s)
    rises = rises and shared < SMOOTH_NOISE
    total, per_level, rest, base = 1.0, 0.0, 0.0, 0.0
    mark_quiet(lines, view, p, 1.0, s)
    if view.counts:
        base = odds_of_floor(n, zero, SQUARE, s)
        weight = np.exp(0.5 * min(-base, SURE))  # equal noise
        total, rest = 1.0 + weight, weight * _mean_square(n, s)
    elif zero >= 0.0:
        odds, fano = odds_of_floor(n, zero, SQUARE, s), _of_zero_counts(view, row, zero, shared, s)
        if fano > 0.0:
            weight = np.exp(0.5 * min(odds - FLOOR_PENALTY, SURE))
            total, per_level, rest = 1.0 + weight, weight * fano, weight * fano * zero
    for i in range(FLOORS.size if rises else 0):
        odds = odds_of_floor(n, FLOORS[i], SQUARE, s) - base - FLOOR_PENALTY
        if odds > -SURE:
            weight = np.exp(0.5 * min(odds, SURE))
            fano = weight * _of_floor(view, row, n, FLOORS[i], s)
            total, per_level, rest = total + weight, per_level + fano, rest + fano * FLOORS[i]
    return 1.0 / total, per_level / total, rest / total


@njit(**OPTIONS)
def noise_on_branches(problem, lines, view, p, slot, noise2, s):
    """By how much noise is larger on the branches of a doublet than ``noise2``, from the residual in J.

    1 where it is known to be that of counts.
    """
    if problem.noise == POISSON_NOISE:
        return 1.0
    share, per_level, rest = level_variance(
        problem, lines, view, p, slot, noise2, s.slots[0, S_INFO, S_SHARED], s
    )
    if share > CERTAIN:
        return 1.0
    half, total, n, row = p[2 * lines.n + lines.group[problem.pair]], 0.0, 0.0, model_size(problem, lines)
    first, last = p[problem.pair] - 2.0 * half, p[problem.pair + 1] + 2.0 * half
    for k in range(view.n):
        if s.points[WEIGHTS, k] > 0.0 and first < s.points[AXIS, k] < last:
            variance = per_level * max(fitted_level(row, k, s), 0.0) + rest
            total += s.points[WEIGHTS, k] ** 2 * variance
            n += 1.0
    return max(share + total / max(n * noise2, 1e-300), 1.0)


@njit(**OPTIONS)
def count_covariance(problem, lines, view, p, noise2, shared, slot, s):
    """Covariance of a fit whose noise grows with the level otherwise than its weights say, into COUNTED.

    The variance of each point is carried through the fit's response to it (H. White, Econometrica 48, 817
    (1980)). Returns the share that the weights say; errors are theirs where that is all.
    """
    share, per_level, rest = level_variance(problem, lines, view, p, slot, noise2, shared, s)
    if share > CERTAIN:
        return 1.0
    n, factor = model_size(problem, lines), s.points[HEIGHT]
    for k in range(view.n):
        variance = max(per_level * fitted_level(n, k, s) + rest, 0.0)
        factor[k] = share + s.points[WEIGHTS, k] ** 2 * variance / noise2
    M, C, work = s.square[DAMPED], s.slots[slot, S_COV:], s.square[NORMAL_TRIAL]
    for i in range(n):
        for j in range(i + 1):
            total = 0.0
            for k in range(view.n):
                total += s.J[i, k] * s.J[j, k] * factor[k]
            M[i, j] = M[j, i] = total
    _times(C, M, work, n)
    _times(work, C, s.square[COUNTED], n)
    return share


@njit(**OPTIONS)
def _times(A, B, out, n):
    for i in range(n):
        for j in range(n):
            out[i, j] = 0.0
            for k in range(n):
                out[i, j] += A[i, k] * B[k, j]
