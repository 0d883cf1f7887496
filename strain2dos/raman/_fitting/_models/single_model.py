# SPDX-License-Identifier: BSD-3-Clause
"""One model on one spectrum, compiled: bounds, start, weights, fit, judgement, storage."""

import numpy as np

from strain2dos._compiled import njit
from strain2dos.raman._fitting._models.models import own_widths
from strain2dos.raman._fitting._squares.levenberg_marquardt import (
    LOOSE_TOLERANCE,
    STEP_TOLERANCE,
    evaluate,
    levenberg_marquardt,
)
from strain2dos.raman._fitting._squares.normal_equations import OPTIONS, unsigned
from strain2dos.raman._fitting._squares.profiles import has_mixing, mixing_range
from strain2dos.raman._fitting.records import (
    AXIS,
    DAMPED,
    FITTED,
    HIGH,
    L_FWHM,
    L_FWHM_HIGH,
    L_FWHM_LOW,
    L_HIGH,
    L_LOW,
    LOW,
    MASK,
    NORMAL,
    NORMAL_TRIAL,
    POISSON_NOISE,
    SCALED,
    SIGNAL,
    SMOOTH,
    WEIGHTS,
    WORK,
)

# Counts of unknown unit: the noise of the faintest points is that of this share of the spectrum's span.
LEAST_SHARE = 2e-3


@njit(**OPTIONS)
def n_mixings(problem, lines):
    """Number of mixings: one for each width of the lines of the material, or none."""
    return own_widths(lines) if has_mixing(problem.shape) else 0


@njit(**OPTIONS)
def model_size(problem, lines):
    """Number of parameters."""
    return 2 * lines.n + lines.n_groups + n_mixings(problem, lines) + problem.basis.shape[0]


@njit(**OPTIONS)
def set_bounds(problem, lines, offset, min_height, low, high):
    """Write the box of the parameters into ``low`` and ``high``."""
    n_lines = lines.n
    n = model_size(problem, lines)
    for i in range(n):
        low[i], high[i] = -np.inf, np.inf
    for j in range(n_lines):
        low[j], high[j] = lines.values[L_LOW, j] + offset, lines.values[L_HIGH, j] + offset
        low[n_lines + j] = min_height if j < lines.n_base else 0.0
        row = 2 * n_lines + lines.group[j]
        low[row], high[row] = 0.5 * lines.values[L_FWHM_LOW, j], 0.5 * lines.values[L_FWHM_HIGH, j]
    first = 2 * n_lines + lines.n_groups
    for i in range(first, first + n_mixings(problem, lines)):
        low[i], high[i] = mixing_range(problem.shape)[:2]


@njit(**OPTIONS)
def _summit(problem, s, k):
    """Position of the maximum at point ``k``, by the parabola through it and its neighbors."""
    x = problem.bins
    if k < 1 or k > x.size - 2:
        return x[k]
    before, here, after = s.points[SIGNAL, k - 1], s.points[SIGNAL, k], s.points[SIGNAL, k + 1]
    bend = 2.0 * here - before - after
    shift = 0.5 * (after - before) / max(bend, 1e-300)
    return x[k] + 0.5 * min(max(shift, -0.5), 0.5) * (x[k + 1] - x[k - 1])


@njit(**OPTIONS)
def seed_lines(problem, lines, chosen, s, p):
    """Start lines of the material from the chosen points: height above the floor, typical width."""
    n_lines = lines.n
    for j in range(lines.n_base):
        k = chosen[j]
        row = 2 * n_lines + lines.group[j]
        p[j], p[row] = _summit(problem, s, k), 0.5 * lines.values[L_FWHM, j]
        p[n_lines + j] = max(1.2 * s.points[SIGNAL, k], 0.01)
    first = 2 * n_lines + lines.n_groups
    for i in range(first, first + n_mixings(problem, lines)):
        p[i] = mixing_range(problem.shape)[2]


@njit(**OPTIONS)
def seed_parameters(problem, lines, chosen, s, p):
    """Start lines of the material from the chosen points, and the baseline from the floor under the first."""
    n = model_size(problem, lines)
    for i in range(n):
        p[i] = 0.0
    seed_lines(problem, lines, chosen, s, p)
    p[n - problem.basis.shape[0]] = s.points[SMOOTH, chosen[0]] - s.points[SIGNAL, chosen[0]]


@njit(**OPTIONS)
def count_unit(view):
    """Unit of the weights of counts: above a floor that was fitted, the span of the spectrum."""
    return np.sqrt(view.scale) if view.floats else view.scale


@njit(**OPTIONS)
def count_weights(problem, view, s):
    """Square roots of 1/variance for counts, in the scaled unit; a count below 1 has the variance of 1.

    Where counts are in an unknown unit, no count is below a share of the height of the spectrum; above a
    floor that was fitted they are in that height.
    """
    least = 1.0 if problem.noise == POISSON_NOISE else LEAST_SHARE * view.scale
    unit = count_unit(view)
    for k in range(view.n):
        counts = s.points[FITTED, k] * view.scale + view.floor
        s.points[WEIGHTS, k] = s.points[MASK, view.k0 + k] * unit / np.sqrt(max(counts, least))


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
        problem.shape, s.points[AXIS], s.points[SCALED], s.points[WEIGHTS], view.m, p, lines,
        n_mixings(problem, lines), n_base, s.J,
    )  # fmt: skip


@njit(**OPTIONS)
def write_curve(view, row, s):
    """The curve that leaves the residual in a row of J, into FITTED."""
    for k in range(view.n):
        if s.points[WEIGHTS, k] > 0.0:
            s.points[FITTED, k] = s.points[SCALED, k] - s.J[row, k] / s.points[WEIGHTS, k]


@njit(**OPTIONS)
def fit_model(problem, lines, view, reweight, most, noise2, p, s):
    """Fit one model in place of ``p`` within the scratch bounds; returns (chi2, converged).

    ``reweight``: how often the weights follow the fitted curve (counts) and the fit is repeated; ``most``:
    trials. ``noise2``: variance of a weighted point, against which priors count; chi2 holds their misses. The
    scratch keeps Jacobian and residual (J) and their products (A) of the result.
    """
    n_base = problem.basis.shape[0]
    n = model_size(problem, lines)
    chi2, converged = 0.0, False
    for round_ in range(reweight + 1):
        _baseline_rows(problem, view, n - n_base, s)
        chi2, converged = levenberg_marquardt(
            problem.shape, s.points[AXIS], s.points[SCALED], s.points[WEIGHTS], view.m, p, s.params[LOW],
            s.params[HIGH], lines, n_mixings(problem, lines), view.offset, noise2, n_base, s.J,
            s.square[NORMAL], s.square[NORMAL_TRIAL], s.square[DAMPED], s.params[WORK:], most,
            STEP_TOLERANCE if round_ == reweight else LOOSE_TOLERANCE,
        )  # fmt: skip
        if round_ < reweight:
            write_curve(view, n, s)
            count_weights(problem, view, s)
    return chi2, converged
