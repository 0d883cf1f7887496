# SPDX-License-Identifier: BSD-3-Clause
"""Singlet, doublet or singlet with a shoulder? Fits the alternatives and gives the doublet's probability."""

import numpy as np

from strain2dos._compiled import njit
from strain2dos.raman._fitting.levenberg_marquardt import weighted_square
from strain2dos.raman._fitting.normal_equations import (
    MERGED,
    OPTIONS,
    covariance,
    eliminate,
    normal_equations,
)
from strain2dos.raman._fitting.profiles import GAUSSIAN, LN2, has_mixing
from strain2dos.raman._fitting.records import (
    AXIS,
    CHOSEN2,
    HIGH,
    LOW,
    P1,
    P2,
    P2B,
    P3,
    SCALED,
    WEIGHTS,
    WORK,
    A,
    C,
    M,
)
from strain2dos.raman._fitting.single_model import (
    _NOT_CONVERGED,
    _OK,
    fit_model,
    judge,
    model_size,
    seed_parameters,
    set_bounds,
    store,
)
from strain2dos.raman._fitting.unexplained import CERTAIN, STRONG

# -2 ln(prior odds) against "singlet with a shoulder": else 1 % of true doublets would look like one by
# chance.
SHOULDER_PENALTY = 8.0
# The same against the doublet: without it 1.5 % of singlets (40 times the noise) would look like doublets by
# chance, with it 0.3 to 0.8 %.
DOUBLET_PENALTY = 2.5
# A doublet is tried where it may save this much chi-square; it needs over 8 to be more probable than a
# singlet.
TRY_DOUBLET = 6.0
# Less probable than exp(-15) needs no further look.
HOPELESS = 30.0


@njit(**OPTIONS)
def _split_directions(problem, view, c, h, g, first, s):
    """Second and third derivative of a line by its centre (without constant factors) into two rows of J."""
    for k in range(view.m):
        z = (s.points[AXIS, k] - c) / g
        if problem.shape == GAUSSIAN:
            a = 2.0 * LN2
            e = h * s.points[WEIGHTS, k] * np.exp(-LN2 * z * z)
            s.J[first, k] = e * (a * z * z - 1.0)
            s.J[first + 1, k] = e * z * (a * z * z - 3.0)
        else:
            q = 1.0 / (1.0 + z * z)
            e = h * s.points[WEIGHTS, k] * q * q * q
            s.J[first, k] = e * (3.0 * z * z - 1.0)
            s.J[first + 1, k] = e * q * z * (1.0 - z * z)


@njit(**MERGED)
def split_score(problem, lines, view, p, s):
    """Chi-square that a slight split of the line ``pair`` would save, to first order.

    The scratch must hold Jacobian, residual and their products at ``p``. Score test (C. R. Rao, Proc. Camb.
    Phil. Soc. 44, 50 (1948)): the derivatives of the line by its centre, freed from what the other parameters
    can mimic, against the residual.
    """
    n, n_lines = model_size(problem, lines), lines.low.size
    g = p[2 * n_lines + lines.group[problem.pair]]
    _split_directions(problem, view, p[problem.pair], p[n_lines + problem.pair], g, n + 1, s)
    normal_equations(s.J, n + 1, n + 3, view.m, s.square[A])
    # Scaled, so that pivots can be compared; eliminating the parameters leaves the freed products.
    scale, least = s.params[WORK], s.params[WORK + 1]
    for i in range(n + 3):
        least[i] = 1e-14
        scale[i] = 1.0 if i >= n or not s.square[A, i, i] > 0.0 else 1.0 / np.sqrt(s.square[A, i, i])
    for i in range(n + 3):
        for j in range(i, n + 3):
            s.square[M, i, j] = s.square[A, i, j] * scale[i] * scale[j]
        s.square[M, i, i] *= 1.0 + (1e-10 if i < n else 0.0)
    if not eliminate(s.square[M], n, n + 3, least):
        return np.inf
    b1, b2 = s.square[M, n, n + 1], s.square[M, n, n + 2]
    s11, s12, s22 = s.square[M, n + 1, n + 1], s.square[M, n + 1, n + 2], s.square[M, n + 2, n + 2]
    determinant = s11 * s22 - s12 * s12
    if not determinant > 0.0:
        return np.inf
    return (s22 * b1 * b1 - 2.0 * s12 * b1 * b2 + s11 * b2 * b2) / determinant


@njit(**OPTIONS)
def _stands_apart(problem, singlets, view, noise, s):
    """Whether the singlets leave a residual of 3.5 standard errors over a width where ``pair`` may lie.

    This sees lines that stand apart, `split_score` those that overlap.
    """
    row = model_size(problem, singlets)
    low, high = singlets.low[problem.pair] + view.offset, singlets.high[problem.pair] + view.offset
    half = int(problem.narrowest / 1.2)
    width = 2 * half + 1  # points, together about as wide as the line
    limit, total = 3.5 * noise * np.sqrt(width), 0.0
    for k in range(view.n):
        total += s.J[row, k]
        if k >= width:
            total -= s.J[row, k - width]
        if total > limit and k >= half and low <= s.points[AXIS, k - half] <= high:
            return True
    return False


@njit(**MERGED)
def may_be_doublet(problem, singlets, doublets, view, noise2, s):
    """Whether the doublet is worth a fit, from what the scratch holds of the singlet fit."""
    score = split_score(problem, singlets, view, s.params[P1], s)
    if score > TRY_DOUBLET * noise2:
        return True
    return _stands_apart(problem, singlets, view, np.sqrt(noise2), s)


@njit(**OPTIONS)
def _seed_from_singlet(problem, singlets, doublets, view, noise, beside, s, p2):
    """Doublet start from the singlet fit.

    ``beside`` False: 0.6 of its height, half a half width to either side. True: the singlet as it is, and a
    second line at the highest residual (three points together) within the reach of a doublet, or a strong one
    anywhere in the window: large strains of opposite sign tear the two so far apart, and noise does not stand
    so high (``noise``: its standard deviation). The scratch must hold that residual.
    """
    pair, n1, n2, p1 = problem.pair, singlets.low.size, doublets.low.size, s.params[P1]
    for j in range(n2):
        i = j if j <= pair else j - 1
        p2[j], p2[n2 + j] = p1[i], p1[n1 + i]
    for i in range(2 * n1, model_size(problem, singlets)):
        p2[i + 2] = p1[i]
    c, g = p1[pair], p1[2 * n1 + pair]
    if beside:
        residual = s.J[model_size(problem, singlets)]
        least, certain, top = 3.0 * STRONG * p1[n1 + pair], CERTAIN * np.sqrt(3.0) * noise, -np.inf
        for k in range(1, view.n - 1):
            x = s.points[AXIS, k]
            r = residual[k - 1] + residual[k] + residual[k + 1]
            apart, reach = abs(x - c), doublets.reach[pair + 1]
            inside = s.params[LOW, pair] <= x <= s.params[HIGH, pair]
            far = inside and r > max(least * s.points[WEIGHTS, k], certain)
            if r > top and apart > 0.3 * g and (apart <= reach or far):
                top = r
                p2[pair + 1] = x
                p2[n2 + pair + 1] = s.points[SCALED, k] * 0.3
        p2[2 * n2 + pair] = 0.5 * doublets.fwhm[pair]
    else:
        p2[pair] -= 0.5 * g
        p2[pair + 1] += 0.5 * g
        p2[n2 + pair] *= 0.6
        p2[n2 + pair + 1] *= 0.6
        p2[2 * n2 + pair] *= 0.75
    for i in range(model_size(problem, doublets)):
        p2[i] = min(max(p2[i], s.params[LOW, i]), s.params[HIGH, i])


@njit(**OPTIONS)
def _seed_shoulder(problem, doublets, shoulders, p2, p3):
    """Shoulder start: the doublet's parameters with a width (and mixing) for each line."""
    n_lines, pair = doublets.low.size, problem.pair
    source = target = 2 * n_lines
    for i in range(source):
        p3[i] = p2[i]
    for _ in range(2 if has_mixing(problem.shape) else 1):
        for g in range(shoulders.n_groups):
            p3[target + g] = p2[source + (g if g <= pair else g - 1)]
        source += doublets.n_groups
        target += shoulders.n_groups
    for b in range(problem.basis.shape[0]):
        p3[target + b] = p2[source + b]


@njit(**OPTIONS)
def _criterion(problem, chi2, total, m, n):
    """Bayesian information criterion, G. Schwarz, Ann. Stat. 6, 461 (1978)."""
    if problem.poisson:
        return chi2 + n * np.log(m)
    return m * np.log(max(chi2, 1e-20 * total) / m) + n * np.log(m)


@njit(**OPTIONS)
def _unlikely_partner(height1, height2, apart):
    """-2 ln(prior) of two lines whose smaller share is below 15 %, or that are over a width ``apart``.

    Both are more likely noise than half of a line. Without it the highest noise among the many places for a
    second line would drag the mean centre along; large splittings are rarer, as the square of the distance.
    """
    lacking = max(0.15 - min(height1, height2) / max(height1 + height2, 1e-300), 0.0)
    return 2.0 * (lacking / 0.05) ** 2 + 4.0 * np.log(max(apart, 1.0))


@njit(**MERGED)
def _best_start(problem, singlets, doublets, view, noise, s):
    """Fit the doublet from each of its starts; the best lands in P2, lower line first. Returns chi-square."""
    n_lines, pair, p2 = doublets.low.size, problem.pair, s.params[P2]
    chi2 = np.inf
    for start in range(3 if view.has_pair else 2):
        p = s.params[P2B]
        if start < 2:
            # the one beside comes first: the residual that it starts from is that of the singlets
            _seed_from_singlet(problem, singlets, doublets, view, noise, start == 0, s, p)
        else:
            seed_parameters(problem, doublets, s.ints[CHOSEN2], s, p)
        chi, _ = fit_model(problem, doublets, view, 0, p, s)
        if chi < chi2:
            chi2 = chi
            for i in range(model_size(problem, doublets)):
                p2[i] = p[i]
    if p2[pair] > p2[pair + 1]:
        for i in (pair, n_lines + pair):
            p2[i], p2[i + 1] = p2[i + 1], p2[i]
    return chi2


@njit(**MERGED)
def _shoulder_odds(problem, doublets, shoulders, view, total, s):
    """Criterion of the singlet with a shoulder, started from the doublet in P2, and its ratio of widths."""
    _seed_shoulder(problem, doublets, shoulders, s.params[P2], s.params[P3])
    set_bounds(problem, shoulders, view.offset, 0.0, s.params[LOW], s.params[HIGH])
    chi2, _ = fit_model(problem, shoulders, view, 0, s.params[P3], s)
    set_bounds(problem, doublets, view.offset, 0.0, s.params[LOW], s.params[HIGH])
    odds = _criterion(problem, chi2, total, view.n_used, model_size(problem, shoulders))
    first = 2 * shoulders.low.size
    w1 = s.params[P3, first + shoulders.group[problem.pair]]
    w2 = s.params[P3, first + shoulders.group[problem.pair + 1]]
    return odds + DOUBLET_PENALTY + SHOULDER_PENALTY, max(w1, w2) / min(w1, w2)


@njit(**OPTIONS)
def _probability(odds1, odds2, odds3, unlike):
    """Probability of the doublet; the two lines of the model with a shoulder have widths ``unlike`` : 1.

    Strain splits a line into two of like width, a shoulder as defects cause it is far broader. What is
    neither counts as a doublet: the shoulder's free width wins some chi-square from noise that is not white.
    """
    best = min(odds1, odds2, odds3)
    e1, e2, e3 = np.exp(0.5 * (best - odds1)), np.exp(0.5 * (best - odds2)), np.exp(0.5 * (best - odds3))
    e3 *= min(max(2.0 * (unlike - 1.5), 0.0), 1.0)
    return e2 / max(e1 + e2 + e3, 1e-300)


@njit(**MERGED)
def fit_doublet(problem, singlets, doublets, shoulders, view, chi1, s, out, row, covariance_out):
    """Fit the doublet (and the shoulder), store them and write the probability of the doublet."""
    n2 = model_size(problem, doublets)
    n_lines, pair, p2, m = doublets.low.size, problem.pair, s.params[P2], view.n_used
    total = weighted_square(s.points[SCALED], s.points[WEIGHTS], view.m)
    set_bounds(problem, doublets, view.offset, 0.0, s.params[LOW], s.params[HIGH])
    n1 = model_size(problem, singlets)
    noise = 1.0 if problem.poisson else np.sqrt(chi1 / max(m - n1, 1))
    chi2 = _best_start(problem, singlets, doublets, view, noise, s)
    odds1 = _criterion(problem, chi1, total, m, n1)
    odds2 = _criterion(problem, chi2, total, m, n2) + DOUBLET_PENALTY
    if not problem.always and odds2 > odds1 + HOPELESS:
        return
    apart = (p2[pair + 1] - p2[pair]) / (2.0 * p2[2 * n_lines + doublets.group[pair]])
    odds2 += _unlikely_partner(p2[n_lines + pair], p2[n_lines + pair + 1], apart)
    odds3, unlike = np.inf, 1.0
    if not problem.always and odds2 < odds1 + 10.0:
        odds3, unlike = _shoulder_odds(problem, doublets, shoulders, view, total, s)
    # Once more: its own normal matrix is needed and, for counts, its own weights.
    chi2, converged = fit_model(problem, doublets, view, 2 if problem.poisson else 0, p2, s)
    noise2 = 1.0 if problem.poisson else chi2 / max(m - n2, 1)
    status = _NOT_CONVERGED
    low, high, work = s.params[LOW], s.params[HIGH], s.params[WORK]
    first, last = (0, n2) if problem.keep else (n_lines, 2 * n_lines)
    if covariance(s.square[A], n2, p2, low, high, s.square[M], work, first, last, s.square[C]) and converged:
        status = judge(doublets, p2, noise2, pair, s)
    store(problem, doublets, view, p2, noise2, s, out.params2[row], covariance_out)
    out.chi2[row, 1] = chi2 * (1.0 if problem.poisson else view.scale**2)
    out.status[row, 1] = status
    if problem.always:
        out.weight[row] = 1.0
    elif status == _OK:
        out.weight[row] = _probability(odds1, odds2, odds3, unlike)
