# SPDX-License-Identifier: BSD-3-Clause
"""The noise of a spectrum, from what its fit leaves: its size, and what neighbours share of it."""

import numpy as np

from strain2dos._compiled import njit
from strain2dos.raman._fitting.normal_equations import OPTIONS, unsigned
from strain2dos.raman._fitting.records import (
    AXIS,
    DAMPED,
    KAPPA,
    NORMAL_TRIAL,
    PADDED,
    POISSON_NOISE,
    S_COV,
    SCALED,
    WEIGHTS,
)
from strain2dos.raman._fitting.single_model import LEAST_SHARE, model_size

#: Neighbours further apart than this share no noise that smoothing or interpolation make.
MAX_LAG = 24


@njit(**OPTIONS)
def smooth_step(value, low, high):
    """0 below ``low``, 1 above ``high``, smooth between."""
    t = min(max((value - low) / (high - low), 0.0), 1.0)
    return t * t * (3.0 - 2.0 * t)


@njit(**OPTIONS)
def _mark_quiet(lines, view, p, s):
    """1 in PADDED for points that lie over a full width from every line; returns their number."""
    quiet, total, n = s.points[PADDED], 0.0, lines.n
    for k in range(view.n):
        quiet[k] = 1.0 if s.points[WEIGHTS, k] > 0.0 else 0.0
    for j in range(n):
        c, reach = p[j], 2.0 * p[2 * n + lines.group[j]]
        if j >= lines.n_base and reach > 6.0:
            continue  # a broad band is smooth
        for k in range(view.n):
            quiet[k] = quiet[k] if abs(s.points[AXIS, k] - c) > reach else 0.0
    for k in range(view.n):
        total += quiet[k]
    return total


@njit(**OPTIONS)
def _differences(row, view, s):
    """Mean square of steps between quiet neighbours, correlation with the next step, their number."""
    quiet, r = s.points[PADDED], s.J[row]
    square, product, n, n2 = 0.0, 0.0, 0.0, 0.0
    for k in range(view.n - 2):
        i = unsigned(k)
        u0, u1, u2 = quiet[i], quiet[unsigned(k + 1)], quiet[unsigned(k + 2)]
        d0, d1 = r[unsigned(k + 1)] - r[i], r[unsigned(k + 2)] - r[unsigned(k + 1)]
        square += u0 * u1 * d0 * d0
        n += u0 * u1
        product += u0 * u1 * u2 * d0 * d1
        n2 += u0 * u1 * u2
    if n < 8.0 or not square > 0.0:
        return 0.0, -0.5, 0.0
    square /= n
    return square, product / max(n2, 1.0) / square, n


@njit(**OPTIONS)
def autocorrelation(row, view, total, lag, s):
    """Correlation of residuals ``lag`` points apart."""
    r, product = s.J[row], 0.0
    for k in range(view.n - lag):
        product += r[unsigned(k)] * r[unsigned(k + lag)]
    return product / total


@njit(**OPTIONS)
def shared_noise(lines, view, p, row, share, s):
    """How much shared noise adds to the variance of centers and heights, into KAPPA; returns the largest.

    The variance of a matched filter is the sum of the noise's correlation times that of the filter with
    itself: for a Lorentzian the line of twice its width, for its slope the second derivative of that.
    """
    n, n_base, kappa, total, largest = lines.n, lines.n_base, s.params[KAPPA], 0.0, 1.0
    step = (s.points[AXIS, view.n - 1] - s.points[AXIS, 0]) / max(view.n - 1, 1)
    for j in range(2 * n_base):
        kappa[j] = 1.0
    if share == 0.0:
        return 1.0
    for k in range(view.n):
        total += s.J[row, k] ** 2
    for lag in range(1, min(MAX_LAG, view.n // 3)):
        rho = share * autocorrelation(row, view, max(total, 1e-300), lag, s)
        for j in range(n_base):
            u = (lag * step / (2.0 * p[2 * n + lines.group[j]])) ** 2
            kappa[j] += 2.0 * rho * (1.0 - 3.0 * u) / (1.0 + u) ** 3
            kappa[n_base + j] += 2.0 * rho / (1.0 + u)
    for j in range(2 * n_base):
        kappa[j] = max(kappa[j], 1.0)
        largest = max(largest, kappa[j])
    return largest


@njit(**OPTIONS)
def residual_noise(problem, lines, view, p, chi2, s):
    """Variance of a weighted point, share of the noise that neighbours have in common, largest factor of it.

    Row ``n`` of J holds the residual. Steps between neighbours know nothing of a misfit, which is smooth:
    where chi-square is far above them, they give the noise. Steps of independent noise are correlated by
    -1/2; smoothing and interpolation raise that, and then the whole residual counts as noise. Last returned:
    by how many standard deviations the residual is more than noise.
    """
    n = model_size(problem, lines)
    whole = chi2 / max(view.n_used - n, 1)
    _mark_quiet(lines, view, p, s)
    square, rho, n_quiet = _differences(n, view, s)
    if n_quiet == 0.0:
        for j in range(2 * lines.n_base):
            s.params[KAPPA, j] = 1.0
        return _counted(problem, view, whole), 0.0, 1.0, 0.0
    shared = smooth_step((rho + 0.5) * np.sqrt(2.0 * n_quiet), 2.0, 4.0)
    excess = (2.0 * whole / square - 1.0) * np.sqrt(n_quiet / 3.0)
    apart = smooth_step(excess, 1.0, 3.0) * (1.0 - shared) ** 3
    noise2 = whole + apart * (0.5 * square - whole)
    total = max(whole * max(view.n_used - n, 1), 1e-300)
    beyond = max(excess, autocorrelation(n, view, total, 1, s) * np.sqrt(view.n_used))
    return _counted(problem, view, noise2), shared, shared_noise(lines, view, p, n, shared, s), beyond


@njit(**OPTIONS)
def count_covariance(problem, lines, view, p, noise2, slot, s):
    """Covariance of an unweighted fit whose noise grows like the root of the level, into the slot.

    The variance per count comes from steps between quiet neighbours; it is carried through the fit's
    response to each point (H. White, Econometrica 48, 817 (1980)).
    """
    n, quiet = model_size(problem, lines), s.points[PADDED]
    r = s.J[n]
    _mark_quiet(lines, view, p, s)
    fano, used = 0.0, 0.0
    for k in range(view.n - 1):
        level = _level(view, n, k, s) + _level(view, n, k + 1, s)
        u = quiet[k] * quiet[k + 1]
        fano += u * (r[k + 1] - r[k]) ** 2 / level
        used += u
    if used < 8.0:
        return
    fano /= used * noise2
    M, C, work = s.square[DAMPED], s.slots[slot, S_COV:], s.square[NORMAL_TRIAL]
    for i in range(n):
        for j in range(n):
            M[i, j] = 0.0
            for k in range(view.n):
                M[i, j] += s.J[i, k] * s.J[j, k] * _level(view, n, k, s) * fano
    _times(C, M, work, n)
    _times(work, C, M, n)
    for i in range(n):
        for j in range(n):
            C[i, j] = M[i, j]


@njit(**OPTIONS)
def _times(A, B, out, n):
    for i in range(n):
        for j in range(n):
            out[i, j] = 0.0
            for k in range(n):
                out[i, j] += A[i, k] * B[k, j]


@njit(**OPTIONS)
def _level(view, row, k, s):
    """Fitted curve in counts over the span of the spectrum; at least a share of it."""
    w = s.points[WEIGHTS, k]
    raw = s.J[row, k] / w if w > 0.0 else 0.0
    return max((s.points[SCALED, k] - raw) * view.scale + view.level, LEAST_SHARE * view.scale) / view.scale


@njit(**OPTIONS)
def _counted(problem, view, noise2):
    """Counts have the variance 1 unless they clearly scatter more: then they are not single electrons."""
    if problem.noise != POISSON_NOISE:
        return max(noise2, 1e-24)
    excess = (noise2 - 1.0) * np.sqrt(0.5 * max(view.n_used, 1))
    return 1.0 + (noise2 - 1.0) * smooth_step(excess, 2.5, 4.5)


@njit(**OPTIONS)
def counts_odds(problem, view, row, s):
    """2 ln of how much better noise that grows like the root of the level fits the residual than equal noise.

    The level is the fitted curve above zero counts.
    """
    flat = scaled = logs = n = 0.0
    for k in range(view.n):
        w = s.points[WEIGHTS, k]
        if w == 0.0:
            continue
        raw, level = s.J[row, k] / w, _level(view, row, k, s)
        flat += raw * raw
        scaled += raw * raw / level
        logs += np.log(level)
        n += 1.0
    return n * np.log(max(flat, 1e-300) / n) - n * np.log(max(scaled, 1e-300) / n) - logs
