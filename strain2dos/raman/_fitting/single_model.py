# SPDX-License-Identifier: BSD-3-Clause
"""One model on one spectrum, compiled: bounds, start, weights, fit, judgement, storage."""

import numpy as np

from strain2dos._compiled import njit
from strain2dos.raman._fitting.levenberg_marquardt import evaluate, levenberg_marquardt, n_parameters
from strain2dos.raman._fitting.normal_equations import OPTIONS, unsigned
from strain2dos.raman._fitting.profiles import has_mixing, mixing_range
from strain2dos.raman._fitting.records import (
    AXIS,
    FITTED,
    HIGH,
    LOW,
    MASK,
    SCALED,
    SIGNAL,
    SMOOTH,
    WEIGHTS,
    WORK,
    A,
    B,
    C,
    M,
)
from strain2dos.raman._fitting.status import FitStatus

_OK = int(FitStatus.OK)
_NOT_CONVERGED = int(FitStatus.NOT_CONVERGED)
_LOW_SNR = int(FitStatus.LOW_SNR)
_AT_BOUND = int(FitStatus.AT_BOUND)

MIN_SNR = 3.0


@njit(**OPTIONS)
def model_size(problem, lines):
    """Number of parameters."""
    return n_parameters(problem.shape, lines.low.size, lines.n_groups, problem.basis.shape[0])


@njit(**OPTIONS)
def set_bounds(problem, lines, offset, min_height, low, high):
    """Write the box of the parameters into ``low`` and ``high``."""
    n_lines = lines.low.size
    n = model_size(problem, lines)
    for i in range(n):
        low[i], high[i] = -np.inf, np.inf
    for j in range(n_lines):
        low[j], high[j] = lines.low[j] + offset, lines.high[j] + offset
        low[n_lines + j] = min_height
        row = 2 * n_lines + lines.group[j]
        low[row], high[row] = 0.5 * lines.fwhm_low[j], 0.5 * lines.fwhm_high[j]
        if has_mixing(problem.shape):
            lowest, highest, _ = mixing_range(problem.shape)
            low[row + lines.n_groups], high[row + lines.n_groups] = lowest, highest


@njit(**OPTIONS)
def _summit(problem, s, k):
    """Position of the maximum at point ``k``, by the parabola through it and its neighbours."""
    x = problem.bins
    if k < 1 or k > x.size - 2:
        return x[k]
    before, here, after = s.points[SIGNAL, k - 1], s.points[SIGNAL, k], s.points[SIGNAL, k + 1]
    bend = 2.0 * here - before - after
    shift = 0.5 * (after - before) / max(bend, 1e-300)
    return x[k] + 0.5 * min(max(shift, -0.5), 0.5) * (x[k + 1] - x[k - 1])


@njit(**OPTIONS)
def seed_parameters(problem, lines, chosen, s, p):
    """Start from the chosen points: their height above the floor, the typical width of the line."""
    n_lines = lines.low.size
    n = model_size(problem, lines)
    for i in range(n):
        p[i] = 0.0
    for j in range(n_lines):
        k = chosen[j]
        row = 2 * n_lines + lines.group[j]
        p[j], p[row] = _summit(problem, s, k), 0.5 * lines.fwhm[j]
        p[n_lines + j] = max(1.2 * s.points[SIGNAL, k], 0.01)
        if has_mixing(problem.shape):
            p[row + lines.n_groups] = mixing_range(problem.shape)[2]
    p[n - problem.basis.shape[0]] = s.points[SMOOTH, chosen[0]] - s.points[SIGNAL, chosen[0]]


@njit(**OPTIONS)
def count_weights(view, s):
    """Square roots of 1/variance for counts, in the scaled unit; a count below 1 has the variance of 1."""
    for k in range(view.n):
        counts = s.points[FITTED, k] * view.scale + view.level
        s.points[WEIGHTS, k] = s.points[MASK, view.k0 + k] * view.scale / np.sqrt(max(counts, 1.0))


@njit(**OPTIONS)
def _baseline_rows(problem, view, first, s):
    """Weighted baseline terms into the Jacobian, where they stay: they do not depend on the parameters."""
    for b in range(problem.basis.shape[0]):
        for k in range(view.n):
            s.J[first + b, k] = problem.basis[b, unsigned(view.k0 + k)] * s.points[WEIGHTS, k]
        for k in range(view.n, view.m):
            s.J[first + b, k] = 0.0


@njit(**OPTIONS)
def jacobian(problem, lines, view, p, s):
    """Jacobian and residual at ``p`` into the scratch J."""
    n_base = problem.basis.shape[0]
    _baseline_rows(problem, view, model_size(problem, lines) - n_base, s)
    evaluate(
        problem.shape, s.points[AXIS], s.points[SCALED], s.points[WEIGHTS], view.m, p, lines.low.size,
        lines.n_groups, n_base, lines.group, s.J,
    )  # fmt: skip


@njit(**OPTIONS)
def fit_model(problem, lines, view, reweight, p, s):
    """Fit one model in place of ``p`` within the scratch bounds; returns (chi2, converged).

    ``reweight``: how often the weights follow the fitted curve (counts) and the fit is repeated. The scratch
    keeps Jacobian and residual (J) and their products (A) of the result.
    """
    n_base = problem.basis.shape[0]
    n = model_size(problem, lines)
    chi2, converged = 0.0, False
    for round_ in range(reweight + 1):
        _baseline_rows(problem, view, n - n_base, s)
        chi2, converged = levenberg_marquardt(
            problem.shape, s.points[AXIS], s.points[SCALED], s.points[WEIGHTS], view.m, p, s.params[LOW],
            s.params[HIGH], lines.low.size, lines.n_groups, n_base, lines.group, s.J, s.square[A],
            s.square[B], s.square[M], s.params[WORK:],
        )  # fmt: skip
        if round_ < reweight:
            for k in range(view.n):
                if s.points[WEIGHTS, k] > 0.0:
                    s.points[FITTED, k] = s.points[SCALED, k] - s.J[n, k] / s.points[WEIGHTS, k]
            count_weights(view, s)
    return chi2, converged


@njit(**OPTIONS)
def judge(lines, p, noise2, pair, s):
    """Status of a converged fit. Lines ``pair`` and ``pair + 1`` (a doublet) are weighed together."""
    n_lines, variances = lines.low.size, s.square[C]
    for j in range(1, n_lines):
        if p[j] < p[j - 1]:
            return _NOT_CONVERGED
    for j in range(n_lines):
        a = n_lines + j
        height, variance = p[a], variances[a, a]
        if pair >= 0 and j == pair + 1:
            continue
        if j == pair:
            height += p[a + 1]
            variance += variances[a + 1, a + 1] + 2.0 * variances[a, a + 1]
        if not height > 0.0 or height * height < MIN_SNR * MIN_SNR * variance * noise2:
            return _LOW_SNR
    for i in range(2 * n_lines + lines.n_groups):
        if (i < n_lines or i >= 2 * n_lines) and (p[i] <= s.params[LOW, i] or p[i] >= s.params[HIGH, i]):
            return _AT_BOUND
    return _OK


@njit(**OPTIONS)
def store(problem, lines, view, p, noise2, s, out_p, out_C):
    """Parameters and covariance in the unit of the counts."""
    n_lines = lines.low.size
    n = model_size(problem, lines)
    n_shape = n - problem.basis.shape[0]
    for i in range(n):
        f = view.scale if n_lines <= i < 2 * n_lines or i >= n_shape else 1.0
        out_p[i] = p[i] * f
        if problem.keep:
            for j in range(n):
                e = view.scale if n_lines <= j < 2 * n_lines or j >= n_shape else 1.0
                out_C[i, j] = s.square[C, i, j] * f * e * noise2
    out_p[n_shape] += view.level
