# SPDX-License-Identifier: BSD-3-Clause
"""Levenberg-Marquardt fit of one spectrum: lines and polynomial baseline together, compiled.

Parameters of a model with L lines, G width groups and nb baseline terms, in this order::

    centre[L], height[L], half_width[G], mixing[G] (pseudo-Voigt only), baseline[nb]

``half_width`` is the half width at half maximum; lines with the same entry of ``group`` share it.
Scaling of the damping by the diagonal: D. W. Marquardt, J. SIAM 11, 431 (1963).
"""

import numpy as np
from numba import njit

# NaN and inf keep their meaning (no "nnan", "ninf"): only the order of sums may change.
FAST = {"reassoc", "contract", "arcp", "nsz"}
OPTIONS = {"cache": True, "nogil": True, "error_model": "numpy", "fastmath": FAST}

LORENTZIAN, GAUSSIAN, PSEUDO_VOIGT = 0, 1, 2
LN2 = np.log(2.0)
MAX_TRIALS = 120
# A proposed step shorter than 1e-4 standard errors (its square in units of the noise) ends the fit.
STEP_TOLERANCE = 1e-8


@njit(inline="always")
def n_parameters(shape: int, n_lines: int, n_groups: int, n_base: int) -> int:
    """Number of free parameters of a model."""
    return 2 * n_lines + n_groups * (2 if shape == PSEUDO_VOIGT else 1) + n_base


@njit(**OPTIONS)
def _add_lorentzian(x, sw, m, c, g, h, weight, J, row_c, row_h, row_g, row_r):
    inv = 1.0 / g
    s = 2.0 * h * inv * weight
    for k in range(m):
        z = (x[k] - c) * inv
        q = 1.0 / (1.0 + z * z)
        qs = q * sw[k] * weight
        t = s * q * q * sw[k] * z
        J[row_h, k] += qs
        J[row_c, k] += t
        J[row_g, k] += t * z
        J[row_r, k] -= h * qs


@njit(**OPTIONS)
def _add_gaussian(x, sw, m, c, g, h, weight, J, row_c, row_h, row_g, row_r):
    inv = 1.0 / g
    s = 2.0 * LN2 * h * inv
    for k in range(m):
        z = (x[k] - c) * inv
        qs = np.exp(-LN2 * z * z) * sw[k] * weight
        t = s * qs * z
        J[row_h, k] += qs
        J[row_c, k] += t
        J[row_g, k] += t * z
        J[row_r, k] -= h * qs


@njit(**OPTIONS)
def _add_mixing(x, sw, m, c, g, h, J, row_eta):
    inv = 1.0 / g
    for k in range(m):
        z = (x[k] - c) * inv
        J[row_eta, k] += h * sw[k] * (1.0 / (1.0 + z * z) - np.exp(-LN2 * z * z))


@njit(**OPTIONS)
def evaluate(shape, x, y, sw, m, p, n_lines, n_groups, n_base, group, J):
    """Write the weighted Jacobian (rows of parameters) and, in the row after them, the weighted residual.

    The rows of the baseline terms are not touched: they do not depend on the parameters.
    """
    n = n_parameters(shape, n_lines, n_groups, n_base)
    n_shape = n - n_base
    for k in range(m):
        J[n, k] = y[k] * sw[k]
    for b in range(n_shape, n):
        value = p[b]
        for k in range(m):
            J[n, k] -= value * J[b, k]
    for a in range(n_shape):
        for k in range(m):
            J[a, k] = 0.0
    for j in range(n_lines):
        row_g = 2 * n_lines + group[j]
        c, h, g = p[j], p[n_lines + j], p[row_g]
        if shape == LORENTZIAN:
            _add_lorentzian(x, sw, m, c, g, h, 1.0, J, j, n_lines + j, row_g, n)
        elif shape == GAUSSIAN:
            _add_gaussian(x, sw, m, c, g, h, 1.0, J, j, n_lines + j, row_g, n)
        else:
            eta = p[row_g + n_groups]
            _add_lorentzian(x, sw, m, c, g, h, eta, J, j, n_lines + j, row_g, n)
            # The Gaussian part adds into the same rows: the profile is the sum of both.
            _add_gaussian(x, sw, m, c, g, h, 1.0 - eta, J, j, n_lines + j, row_g, n)
            _add_mixing(x, sw, m, c, g, h, J, row_g + n_groups)


@njit(**OPTIONS)
def normal_equations(J, n_rows, m, A):
    """All products of the rows of J in 2 x 4 tiles; rows from ``n_rows`` on are zero padding."""
    for a in range(0, n_rows, 2):
        for b in range(a, n_rows, 4):
            s00, s01, s02, s03 = 0.0, 0.0, 0.0, 0.0
            s10, s11, s12, s13 = 0.0, 0.0, 0.0, 0.0
            for k in range(m):
                u, v = J[a, k], J[a + 1, k]
                w0, w1, w2, w3 = J[b, k], J[b + 1, k], J[b + 2, k], J[b + 3, k]
                s00 += u * w0
                s01 += u * w1
                s02 += u * w2
                s03 += u * w3
                s10 += v * w0
                s11 += v * w1
                s12 += v * w2
                s13 += v * w3
            A[a, b], A[a, b + 1], A[a, b + 2], A[a, b + 3] = s00, s01, s02, s03
            A[a + 1, b], A[a + 1, b + 1], A[a + 1, b + 2], A[a + 1, b + 3] = (
                s10,
                s11,
                s12,
                s13,
            )
    for a in range(n_rows):
        for b in range(a):
            A[a, b] = A[b, a]


@njit(**OPTIONS)
def cholesky(M, n):
    """Lower Cholesky factor in place; False where a pivot falls below 1e-14 of its diagonal element."""
    for i in range(n):
        for j in range(i + 1):
            s = M[i, j]
            for k in range(j):
                s -= M[i, k] * M[j, k]
            if i == j:
                if not s > 1e-14 * M[i, i]:
                    return False
                M[i, i] = np.sqrt(s)
            else:
                M[i, j] = s / M[j, j]
    return True


@njit(**OPTIONS)
def _solve(M, n, v):
    for i in range(n):
        s = v[i]
        for k in range(i):
            s -= M[i, k] * v[k]
        v[i] = s / M[i, i]
    for i in range(n - 1, -1, -1):
        s = v[i]
        for k in range(i + 1, n):
            s -= M[k, i] * v[k]
        v[i] = s / M[i, i]


@njit(**OPTIONS)
def _damped_system(A, n, damping, p, low, high, M, step, free):
    """Scaled, damped normal matrix in M and scaled gradient in step; parameters held by a bound drop out."""
    for i in range(n):
        gradient = A[i, n]
        held = (p[i] <= low[i] and gradient <= 0.0) or (p[i] >= high[i] and gradient >= 0.0)
        free[i] = 0.0 if held or not A[i, i] > 0.0 else 1.0 / np.sqrt(A[i, i])
    for i in range(n):
        step[i] = A[i, n] * free[i]
        for j in range(i):
            M[i, j] = A[i, j] * free[i] * free[j]
        M[i, i] = 1.0 + damping


@njit(**OPTIONS)
def _limited_trial(p, step, low, high, n, n_lines, n_groups, group, trial):
    """Next point: no centre jumps by over two widths, no width changes by over a factor of three."""
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


@njit(**OPTIONS)
def levenberg_marquardt(
    shape, x, y, sw, m, p, low, high, n_lines, n_groups, n_base, group, J, A, B, M, vectors
):
    """Minimise the weighted squares in place of ``p``; returns (chi2, converged).

    On return the first rows and columns of A hold the normal matrix at (or within the step tolerance of)
    ``p``.
    """
    n = n_parameters(shape, n_lines, n_groups, n_base)
    step, trial, free = vectors[0], vectors[1], vectors[2]
    evaluate(shape, x, y, sw, m, p, n_lines, n_groups, n_base, group, J)
    normal_equations(J, n + 1, m, A)
    chi2 = A[n, n]
    floor = 1e-24 * weighted_square(y, sw, m)
    damping = 1e-3
    for _ in range(MAX_TRIALS):
        if chi2 <= floor:
            return chi2, True
        _damped_system(A, n, damping, p, low, high, M, step, free)
        if not cholesky(M, n):
            damping = max(damping, 1e-6) * 10.0
            continue
        _solve(M, n, step)
        decrease = 0.0
        for i in range(n):
            step[i] *= free[i]
            decrease += step[i] * A[i, n]
        _limited_trial(p, step, low, high, n, n_lines, n_groups, group, trial)
        if damping <= 1.0 and decrease <= STEP_TOLERANCE * chi2 / max(m - n, 1):
            for i in range(n):
                p[i] = trial[i]
            return chi2, True
        evaluate(shape, x, y, sw, m, trial, n_lines, n_groups, n_base, group, J)
        normal_equations(J, n + 1, m, B)
        if B[n, n] < chi2:
            for i in range(n):
                p[i] = trial[i]
            for i in range(n + 1):
                for j in range(n + 1):
                    A[i, j] = B[i, j]
            gain = (chi2 - A[n, n]) / decrease
            chi2 = A[n, n]
            damping = _next_damping(damping, gain)
        else:
            if decrease <= 1e-11 * chi2:
                return chi2, True
            damping *= 10.0
            if damping > 1e10:
                return chi2, False
    return chi2, False


@njit(**OPTIONS)
def covariance(A, n, p, low, high, M, vectors, C):
    """Inverse of the normal matrix into C; parameters held by a bound count as known. False if singular."""
    column, free = vectors[0], vectors[2]
    _damped_system(A, n, 1e-13, p, low, high, M, column, free)
    if not cholesky(M, n):
        return False
    for j in range(n):
        M[j, j] = 1.0 / M[j, j]
        for i in range(j + 1, n):
            v = 0.0
            for k in range(j, i):
                v -= M[i, k] * M[k, j]
            M[i, j] = v / M[i, i]
    for i in range(n):
        for j in range(i + 1):
            v = 0.0
            for k in range(i, n):
                v += M[k, i] * M[k, j]
            C[i, j] = C[j, i] = v * free[i] * free[j]
    return True
