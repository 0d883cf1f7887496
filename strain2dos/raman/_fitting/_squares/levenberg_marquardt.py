# SPDX-License-Identifier: BSD-3-Clause
"""Levenberg-Marquardt fit of one spectrum: lines and polynomial baseline together, compiled.

Parameters of a model with L lines, G width groups, M mixings and nb baseline terms, in this order::

    center[L], height[L], half_width[G], mixing[M], baseline[nb]

``half_width`` is the half width at half maximum; lines with the same entry of ``group`` share it. Lines of
the material have a mixing for each of their widths, where the profile has any; extra lines are Lorentzians.
Scaling of the damping by the diagonal: D. W. Marquardt, J. SIAM 11, 431 (1963).
"""

import numpy as np

from strain2dos._compiled import njit
from strain2dos.raman._fitting._squares.foretelling import foretell
from strain2dos.raman._fitting._squares.normal_equations import (
    MERGED,
    OPTIONS,
    damped_system,
    normal_equations,
    solve,
)
from strain2dos.raman._fitting._squares.profiles import LORENTZIAN, profile

# Weak lines among noise take dozens of steps; what takes more than this is reported as not converged.
MAX_TRIALS = np.int64(120)
# A fit ends where the rest of the way is foretold to be below 2e-2 standard errors (its square in units of
# the noise); that rest is taken.
STEP_TOLERANCE = 3e-4
# Where the weights follow the fit, all but the last round may end half a standard error away.
LOOSE_TOLERANCE = 0.3
MAX_DAMPING = 1e10
# After a step that made it worse; less would only be refused again.
REJECTED_DAMPING = 0.03
# Steps promised less than this (in units of the noise) are near the optimum, where what is left shrinks by
# the same factor each time: weak lines among noise take dozens of steps. There two steps foretell the rest,
# but not where they are damped more than this.
NEAR, FORETOLD_DAMPING = 6.0, 0.1


@njit(**OPTIONS)
def evaluate(shape, x, y, sw, m, p, lines, n_mix, n_base, J):
    """Write the weighted Jacobian (rows of parameters) and, in the row after them, the weighted residual.

    The rows of the baseline terms are not touched: they do not depend on the parameters. Two rows after the
    residual are scratch. Neighboring lines may share a width group, and with it a mixing.
    """
    n_lines, group = lines.n, lines.group
    mixings = 2 * n_lines + lines.n_groups
    n = mixings + n_mix + n_base
    for k in range(m):
        J[n, k] = y[k] * sw[k]
    for b in range(n - n_base, n):
        value = p[b]
        for k in range(m):
            J[n, k] -= value * J[b, k]
    for j in range(n_lines):
        i, own, mixing = 2 * n_lines + group[j], LORENTZIAN, 0.0
        shared = j > 0 and group[j] == group[j - 1]
        by_width, by_mixing, at = n + 1 if shared else i, n + 2, n + 2
        if j < lines.n_base:
            own = shape
            if n_mix > 0:
                at = mixings + group[j]
                mixing = p[at]
                by_mixing = n + 2 if shared else at
        profile(own, x, sw, m, p[j], p[n_lines + j], p[i], mixing, J, n_lines + j, j, by_width, by_mixing, n)
        if shared:
            _add(J, by_width, i, m)
        if by_mixing != at:
            _add(J, by_mixing, at, m)


@njit(**OPTIONS)
def add_priors(lines, offset, noise2, n, p, B):
    """Add what is known of the lines beforehand to the products in B, as if it had been measured."""
    for i in range(lines.prior.shape[0]):
        own, a, b = lines.prior_index[i, 0], lines.prior_index[i, 1], lines.prior_index[i, 2]
        ka, kb, value, tau = lines.prior[i, 0], lines.prior[i, 1], lines.prior[i, 2], lines.prior[i, 3]
        tau *= noise2
        miss = value + (offset if lines.prior_index[i, 3] == 1 else 0.0) - p[own] + ka * p[a] + kb * p[b]
        B[own, own] += tau
        B[own, n] += tau * miss
        B[n, n] += tau * miss * miss
        if ka != 0.0:
            B[a, a] += tau * ka * ka
            B[min(a, own), max(a, own)] -= tau * ka
            B[a, n] -= tau * ka * miss
        if kb != 0.0:
            B[b, b] += tau * kb * kb
            B[min(b, own), max(b, own)] -= tau * kb
            B[b, n] -= tau * kb * miss
            B[min(a, b), max(a, b)] += tau * ka * kb


@njit(**OPTIONS)
def _add(J, row, total, m):
    for k in range(m):
        J[total, k] += J[row, k]


@njit(**MERGED)
def _limited_trial(p, step, low, high, n, n_lines, n_groups, group, trial):
    """Next point: no center jumps by over two widths, no width changes by over a factor of three."""
    for i in range(n):
        d = step[i]
        if i < n_lines:
            reach = 4.0 * p[2 * n_lines + group[i]]
            d = min(max(d, -reach), reach)
        elif 2 * n_lines <= i < 2 * n_lines + n_groups:
            d = min(max(d, -0.67 * p[i]), 2.0 * p[i])
        trial[i] = min(max(p[i] + d, low[i]), high[i])


@njit(**OPTIONS)
def weighted_square(y, sw, m):
    """Sum of the squares of y times the root of its weights."""
    total = 0.0
    for k in range(m):
        total += (y[k] * sw[k]) ** 2
    return total


@njit(**OPTIONS)
def _next_damping(damping, gain):
    """The model promises a gain near 1; below 1/4 the step overshot, and only damping ends the zigzag."""
    if gain > 0.75:
        return max(damping * 0.1, 1e-7)
    if gain < 0.25:
        return max(damping * 5.0, 0.05)
    return damping


@njit(**MERGED)
def _propose(A, n, damping, p, low, high, M, F, step, least):
    """Step into ``step``; returns the damping that it took and how much chi-square it promises."""
    damped_system(A, n, damping, p, low, high, M, least)
    while not solve(M, F, n, least, step) and damping < MAX_DAMPING:
        damping = max(damping, 1e-6) * 10.0
        damped_system(A, n, damping, p, low, high, M, least)
    decrease = 0.0
    for i in range(n):
        decrease += step[i] * A[i, n]
    return damping, decrease


@njit(**MERGED)
def levenberg_marquardt(
    shape, x, y, sw, m, p, low, high, lines, n_mix, offset, noise2, n_base, J, A, B, M, vectors,
    most, tolerance
):  # fmt: skip
    """Minimize the weighted squares in place of ``p``; returns (chi2, converged).

    The misses of the priors count in units of ``noise2``, the variance of a weighted point. ``most``: trials;
    ``tolerance``: a step whose square, in standard errors, is below it ends the fit.

    On return J and the first rows of A hold Jacobian, residual and their products at (or within the step
    tolerance of) ``p``. There is one place where the model is evaluated: compilers copy it to each.
    """
    n_lines, n_groups, group = lines.n, lines.n_groups, lines.group
    n = 2 * n_lines + n_groups + n_mix + n_base
    width = -(-(n + 1) // 8) * 8
    step, trial, least, ahead, past = vectors[0], vectors[1], vectors[2], vectors[3], vectors[4:]
    chi2, damping, decrease = np.inf, 1e-3, 0.0
    ended = converged = foretold = False
    known = 0
    for i in range(n):
        trial[i] = p[i]
    for attempt in range(most):
        evaluate(shape, x, y, sw, m, trial, lines, n_mix, n_base, J)
        if ended:
            break
        normal_equations(J, 0, n + 1, m, B)
        add_priors(lines, offset, noise2, n, trial, B)
        better = B[n, n] < chi2
        if better:
            if attempt > 0:
                damping = _next_damping(damping, (chi2 - B[n, n]) / decrease)
            known = max(known, 1) if attempt > 0 and damping <= FORETOLD_DAMPING else 0
            chi2 = B[n, n]
            for i in range(n):
                past[0, i], past[1, i] = p[i], step[i]
                p[i] = trial[i]
            for i in range(n + 1):
                for j in range(width):
                    A[i, j] = B[i, j]
        else:
            converged = 0.0 < decrease <= 1e-11 * chi2
            damping = damping if foretold else max(10.0 * damping, REJECTED_DAMPING)
            known = 0
            ended = converged or attempt == 0 or damping > MAX_DAMPING
        # the sum of the weights: the scaled spectrum spans 0 to 1
        if chi2 <= 1e-24 * A[n - n_base, n - n_base]:
            return chi2, True
        if not ended:
            damping, decrease = _propose(A, n, damping, p, low, high, M, B, step, least)
            noise, left = chi2 / max(m - n, 1), 1.0
            foretold = known > 0 and damping <= FORETOLD_DAMPING and decrease <= NEAR * noise
            if foretold:
                left = foretell(A, n, p, known, step, past, ahead)
                known += 1
            _limited_trial(p, ahead if foretold else step, low, high, n, n_lines, n_groups, group, trial)
            if damping <= 0.1 and decrease * left * left <= tolerance * noise:
                for i in range(n):
                    p[i] = trial[i]
                chi2 = max(chi2 - decrease, 0.0)
                if better:
                    return chi2, True
                ended = converged = True
        if ended:
            for i in range(n):
                trial[i] = p[i]
    return chi2, converged
