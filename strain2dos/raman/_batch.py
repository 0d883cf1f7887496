# SPDX-License-Identifier: BSD-3-Clause
"""Fit a block of spectra, one after another, without touching Python: screen, seed, fit, decide, judge."""

import numpy as np
from numba import njit

from strain2dos.raman._kernel import (
    GAUSSIAN,
    LN2,
    OPTIONS,
    PSEUDO_VOIGT,
    cholesky,
    covariance,
    evaluate,
    levenberg_marquardt,
    n_parameters,
    normal_equations,
)
from strain2dos.raman._screen import mask_outliers, mask_spikes, usable_points
from strain2dos.raman._seeds import MAX_CANDIDATES, assign_lines, highest_points, smooth, subtract_floor
from strain2dos.raman._status import FitStatus

_OK = int(FitStatus.OK)
_TOO_FEW_POINTS = int(FitStatus.TOO_FEW_POINTS)
_NOT_CONVERGED = int(FitStatus.NOT_CONVERGED)
_LOW_SNR = int(FitStatus.LOW_SNR)
_AT_BOUND = int(FitStatus.AT_BOUND)

MIN_SNR = 3.0
# -2 ln(prior odds) against "singlet with a shoulder": else 3 % of true doublets would look like one by chance.
SHOULDER_PENALTY = 4.0
# The same against the doublet: without it 2 % of singlets (40 times the noise) would look like doublets by chance.
DOUBLET_PENALTY = 3.0
# A doublet is tried where it may save this much chi-square; it needs over 9 to be more probable than a singlet.
TRY_DOUBLET = 4.0


@njit(**OPTIONS)
def _bounds(shape, c_low, c_high, w_low, w_high, group, n_groups, offset, min_height, n_base, low, high):
    n_lines = c_low.size
    for j in range(n_lines):
        low[j], high[j] = c_low[j] + offset, c_high[j] + offset
        low[n_lines + j], high[n_lines + j] = min_height, np.inf
        row = 2 * n_lines + group[j]
        low[row], high[row] = 0.5 * w_low[j], 0.5 * w_high[j]
        if shape == PSEUDO_VOIGT:
            low[row + n_groups], high[row + n_groups] = 0.0, 1.0
    n = n_parameters(shape, n_lines, n_groups, n_base)
    for b in range(n - n_base, n):
        low[b], high[b] = -np.inf, np.inf


@njit(**OPTIONS)
def _seed_parameters(shape, x, signal, floor, chosen, fwhm, group, n_groups, n_base, p):
    n_lines = chosen.size
    n = n_parameters(shape, n_lines, n_groups, n_base)
    p[:n] = 0.0
    for j in range(n_lines):
        k = chosen[j]
        row = 2 * n_lines + group[j]
        p[j], p[row] = x[k], 0.5 * fwhm[j]
        p[n_lines + j] = max(1.2 * signal[k], 0.01)
        if shape == PSEUDO_VOIGT:
            p[row + n_groups] = 0.7
    p[n - n_base] = floor


@njit(**OPTIONS)
def _judge(shape, p, low, high, C, noise2, n_lines, n_groups, group, pair):
    """Status of a converged fit. Lines ``pair`` and ``pair + 1`` (a doublet) are weighed together."""
    for j in range(n_lines):
        if j > 0 and p[j] < p[j - 1]:
            return _NOT_CONVERGED
    for j in range(n_lines):
        if j == pair + 1 and pair >= 0:
            continue
        a = n_lines + j
        height, variance = p[a], C[a, a]
        if j == pair:
            height += p[a + 1]
            variance += C[a + 1, a + 1] + 2.0 * C[a, a + 1]
        if not height > 0.0 or height * height < MIN_SNR * MIN_SNR * variance * noise2:
            return _LOW_SNR
    for i in range(2 * n_lines + n_groups):
        if (i < n_lines or i >= 2 * n_lines) and (p[i] <= low[i] or p[i] >= high[i]):
            return _AT_BOUND
    return _OK


@njit(**OPTIONS)
def _information_criterion(chi2, total, m, n, poisson):
    """Bayesian information criterion, G. Schwarz, Ann. Stat. 6, 461 (1978)."""
    if poisson:
        return chi2 + n * np.log(m)
    return m * np.log(max(chi2, 1e-20 * total) / m) + n * np.log(m)


@njit(**OPTIONS)
def _baseline_rows(J, first, basis, sw, k0, m):
    for b in range(basis.shape[0]):
        for k in range(m):
            J[first + b, k] = basis[b, k0 + k] * sw[k]
    J[first + basis.shape[0] :, :m] = 0.0


@njit(**OPTIONS)
def _count_weights(model_counts, scale, mask, sw):
    """Square root of 1/variance for counts, in the scaled unit; a count below 1 has the variance of 1."""
    for k in range(sw.size):
        sw[k] = mask[k] * scale / np.sqrt(max(model_counts[k], 1.0))


@njit(**OPTIONS)
def _fit_model(
    shape, x, y, mask, sw, basis, k0, level, scale, poisson, p, low, high, n_lines, n_groups, group, J, A, B, M, work
):  # fmt: skip
    """Fit one model; for counts the weights follow the fitted curve twice. Returns (chi2, converged)."""
    m, n_base = y.size, basis.shape[0]
    n = n_parameters(shape, n_lines, n_groups, n_base)
    chi2, converged = 0.0, False
    for round_ in range(3 if poisson else 1):
        _baseline_rows(J, n - n_base, basis, sw, k0, m)
        chi2, converged = levenberg_marquardt(
            shape, x, y, sw, m, p, low, high, n_lines, n_groups, n_base, group, J, A, B, M, work
        )
        if poisson and round_ < 2:
            evaluate(shape, x, y, sw, m, p, n_lines, n_groups, n_base, group, J)
            for k in range(m):
                fitted = y[k] - J[n, k] / sw[k] if sw[k] > 0.0 else y[k]
                work[3, k] = fitted * scale + level
            _count_weights(work[3], scale, mask, sw)
    return chi2, converged


@njit(**OPTIONS)
def _split_score(shape, x, sw, m, p, n, n_lines, pair, chi2, dof, poisson, J, A, M, work):
    """How much chi-square (in units of the noise) a slight split of line ``pair`` would save, to first order.

    Score test: the second and third derivative of the line by its centre, freed from what the other parameters can
    mimic, against the residual. The rows of J must hold the Jacobian and the residual at ``p``.
    """
    c, h, g = p[pair], p[n_lines + pair], p[2 * n_lines + pair]
    inv = 1.0 / g
    for k in range(m):
        z = (x[k] - c) * inv
        if shape == GAUSSIAN:
            a = 2.0 * LN2
            e = h * sw[k] * np.exp(-LN2 * z * z)
            J[n + 1, k] = e * (a * z * z - 1.0)
            J[n + 2, k] = e * z * (a * z * z - 3.0)
        else:
            q = 1.0 / (1.0 + z * z)
            e = h * sw[k] * q * q * q
            J[n + 1, k] = e * (3.0 * z * z - 1.0)
            J[n + 2, k] = e * q * z * (1.0 - z * z)
    J[n + 3 :, :m] = 0.0
    normal_equations(J, n + 3, m, A)
    # Cholesky of the parameters' block, continued over both directions, gives the freed quantities.
    for i in range(n):
        for j in range(i + 1):
            M[i, j] = A[i, j]
        M[i, i] = A[i, i] * (1.0 + 1e-10) + 1e-300
    if not cholesky(M, n):
        return np.inf
    for t in range(3):
        source = n + (t + 1) % 3  # both directions, then the residual
        for i in range(n):
            s = A[source, i]
            for k in range(i):
                s -= M[i, k] * work[t, k]
            work[t, i] = s / M[i, i]
    s11, s12, s22, b1, b2 = A[n + 1, n + 1], A[n + 1, n + 2], A[n + 2, n + 2], A[n, n + 1], A[n, n + 2]
    for i in range(n):
        s11 -= work[0, i] ** 2
        s12 -= work[0, i] * work[1, i]
        s22 -= work[1, i] ** 2
        b1 -= work[0, i] * work[2, i]
        b2 -= work[1, i] * work[2, i]
    determinant = s11 * s22 - s12 * s12
    if not determinant > 0.0:
        return np.inf
    gain = (s22 * b1 * b1 - 2.0 * s12 * b1 * b2 + s11 * b2 * b2) / determinant
    return gain if poisson else gain * dof / max(chi2, 1e-300)


@njit(**OPTIONS)
def _split_seed(p1, n_lines1, pair, spread, shrink, p2):
    """Doublet start from a singlet fit (Lorentz or Gauss, common width): two half-height lines around its centre."""
    n_lines2 = n_lines1 + 1
    for j in range(n_lines2):
        i = j if j <= pair else j - 1
        p2[j], p2[n_lines2 + j] = p1[i], p1[n_lines1 + i]
    g = p1[2 * n_lines1 + pair]
    p2[pair] -= spread * g
    p2[pair + 1] += spread * g
    p2[n_lines2 + pair] *= 0.6
    p2[n_lines2 + pair + 1] *= 0.6
    for i in range(2 * n_lines1, p1.size):
        if i + 2 < p2.size:
            p2[i + 2] = p1[i]
    p2[2 * n_lines2 + pair] *= shrink


@njit(**OPTIONS)
def _free_widths(p2, n_lines2, n_groups2, n_other, pair, shape, p3):
    """Start of the shoulder model: the doublet's parameters with a width (and mixing) for each line."""
    n_groups3 = n_groups2 + 1
    for i in range(2 * n_lines2):
        p3[i] = p2[i]
    source = 2 * n_lines2
    target = 2 * n_lines2
    for _ in range(2 if shape == PSEUDO_VOIGT else 1):
        for g in range(n_groups3):
            p3[target + g] = p2[source + (g if g <= pair else g - 1)]
        source += n_groups2
        target += n_groups3
    for b in range(n_other):
        p3[target + b] = p2[source + b]


@njit(**OPTIONS)
def _store(p, C, n, n_lines, n_base, scale, level, noise2, keep, out_p, out_C):
    """Back to the unit of the counts: heights and baseline scale, the level is added to the constant term."""
    for i in range(n):
        f = scale if n_lines <= i < 2 * n_lines or i >= n - n_base else 1.0
        out_p[i] = p[i] * f
        if keep:
            for j in range(n):
                e = scale if n_lines <= j < 2 * n_lines or j >= n - n_base else 1.0
                out_C[i, j] = C[i, j] * f * e * noise2
    out_p[n - n_base] += level


@njit(**OPTIONS)
def fit_rows(
    Y, start, stop, x, basis, offsets, shape, poisson, despike, narrowest, taps, margin, pair, always, keep,
    low1, high1, gap1, reach1, fwhm1, wlow1, whigh1, group1, low2, high2, gap2, reach2, fwhm2, wlow2, whigh2, group2, group3,
    P1, C1, P2, C2, chi2_out, points_out, status_out, weight_out,
):  # fmt: skip
    """Fit the rows ``start`` to ``stop`` of Y; every row is treated alone, so results do not depend on the block.

    ``*1`` describe the model with one line per mode, ``*2`` the one in which line ``pair`` is a doublet of common
    width (``pair`` < 0: none) and ``group3`` the same with two widths (singlet and shoulder). Out: parameters and
    covariances of models 1 and 2, chi2 (n, 2), points used (n,), status (n, 2), probability of the doublet (n,).
    """
    m_all, n_base = x.size, basis.shape[0]
    L1, L2 = low1.size, low2.size
    G1, G2, G3 = L1, L1, L1 + 1
    n1 = n_parameters(shape, L1, G1, n_base)
    n2 = n_parameters(shape, L2, G2, n_base)
    n3 = n_parameters(shape, L2, G3, n_base)
    size = n3 + 6
    J = np.zeros((size, m_all))
    A, B, M = np.zeros((size, size)), np.zeros((size, size)), np.zeros((size, size))
    Ca, Cb = np.zeros((size, size)), np.zeros((size, size))
    work = np.zeros((4, max(m_all, size)))
    y, mask, sw, soft, signal, scratch = (np.empty(m_all), np.empty(m_all), np.empty(m_all), np.empty(m_all),
                                          np.empty(m_all), np.empty(m_all))  # fmt: skip
    position = np.empty(MAX_CANDIDATES, np.int64)
    score, origin = np.empty((L2 + 1, MAX_CANDIDATES)), np.empty((L2 + 1, MAX_CANDIDATES), np.int64)
    chosen1, chosen2 = np.zeros(L1, np.int64), np.zeros(L2, np.int64)
    p1, p2, p2b, p3 = np.zeros(n1), np.zeros(n2), np.zeros(n2), np.zeros(n3)
    lo1, hi1, lo2, hi2, lo3, hi3 = (
        np.zeros(n1),
        np.zeros(n1),
        np.zeros(n2),
        np.zeros(n2),
        np.zeros(n3),
        np.zeros(n3),
    )
    for row in range(start, stop):
        y[:] = Y[row]
        status = usable_points(y, mask, n1)
        if status != _OK:
            status_out[row, :] = status
            continue
        if despike:
            mask_spikes(y, mask, narrowest, soft, scratch)
        offset = offsets[row]
        for _attempt in range(3):
            level, top = np.inf, -np.inf
            for k in range(m_all):
                if mask[k] > 0.0:
                    level, top = min(level, y[k]), max(top, y[k])
            scale = top - level
            if not scale > 0.0:
                status_out[row, :] = _TOO_FEW_POINTS
                break
            for k in range(m_all):
                sw[k] = (y[k] - level) / scale
            smooth(sw, mask, taps, soft)
            subtract_floor(soft, signal)
            scaled = sw
            if not assign_lines(
                x, signal, low1, high1, gap1, reach1, offset, position, score, origin, chosen1
            ):
                highest_points(x, signal, low1, high1, offset, chosen1)
            first, last = chosen1[0], chosen1[L1 - 1]
            has_pair = False
            if pair >= 0:
                has_pair = assign_lines(
                    x, signal, low2, high2, gap2, reach2, offset, position, score, origin, chosen2
                )
                if has_pair:
                    last = max(last, chosen2[L2 - 1])
            k0, k1 = 0, m_all
            while k0 < m_all and x[k0] < x[first] - margin:
                k0 += 1
            while k1 > k0 and x[k1 - 1] > x[last] + margin:
                k1 -= 1
            m = k1 - k0
            n_used = 0
            for k in range(k0, k1):
                n_used += 1 if mask[k] > 0.0 else 0
            if n_used < n1 + 1:
                status_out[row, :] = _TOO_FEW_POINTS
                break
            ys = scratch[:m]
            for k in range(m):
                ys[k] = scaled[k0 + k]
            xs, ms = x[k0:k1], mask[k0:k1]
            weights = sw[:m]
            total = 0.0
            for k in range(m):
                weights[k] = ms[k]
                total += (ys[k] * ms[k]) ** 2
            if poisson:
                for k in range(m):
                    work[3, k] = soft[k0 + k] * scale + level
                _count_weights(work[3], scale, ms, weights)
            middle = chosen1[0]
            _seed_parameters(
                shape, x, signal, soft[middle] - signal[middle], chosen1, fwhm1, group1, G1, n_base, p1
            )
            _bounds(shape, low1, high1, wlow1, whigh1, group1, G1, offset, -np.inf, n_base, lo1, hi1)
            chi1, done1 = _fit_model(
                shape, xs, ys, ms, weights, basis, k0, level, scale, poisson, p1, lo1, hi1, L1, G1, group1,
                J, A, B, M, work,
            )  # fmt: skip
            done1 = covariance(A, n1, p1, lo1, hi1, M, work, Ca) and done1
            noise1 = 1.0 if poisson else chi1 / max(n_used - n1, 1)
            status1 = _judge(shape, p1, lo1, hi1, Ca, noise1, L1, G1, group1, -1) if done1 else _NOT_CONVERGED
            unit = 1.0 if poisson else scale * scale
            chi2_out[row, 0] = chi1 * unit
            points_out[row] = n_used
            status_out[row, 0] = status1
            status_out[row, 1] = status1
            weight_out[row] = 0.0
            _store(p1, Ca, n1, L1, n_base, scale, level, noise1, keep, P1[row], C1[row if keep else 0])
            best = 1
            try_pair = pair >= 0 and n_used > n3
            if try_pair and not always:
                _baseline_rows(J, n1 - n_base, basis, weights, k0, m)
                evaluate(shape, xs, ys, weights, m, p1, L1, G1, n_base, group1, J)
                split_gain = _split_score(
                    shape, xs, weights, m, p1, n1, L1, pair, chi1, n_used - n1, poisson, J, A, M, work
                )
                strong = False
                if has_pair:
                    # A third line of its own: higher than 5 standard errors of a smoothed point.
                    noise = np.sqrt(chi1 / max(n_used - n1, 1)) * (
                        1.0 if not poisson else np.sqrt(max(top, 1.0)) / scale
                    )
                    strong = min(signal[chosen2[pair]], signal[chosen2[pair + 1]]) > 5.0 * noise / np.sqrt(
                        taps.sum()
                    )
                try_pair = strong or split_gain > TRY_DOUBLET
            if try_pair:
                _bounds(shape, low2, high2, wlow2, whigh2, group2, G2, offset, 0.0, n_base, lo2, hi2)
                _split_seed(p1, L1, pair, 0.5, 0.75, p2)
                for i in range(n2):
                    p2[i] = min(max(p2[i], lo2[i]), hi2[i])
                chi2, done2 = _fit_model(
                    shape, xs, ys, ms, weights, basis, k0, level, scale, False, p2, lo2, hi2, L2, G2, group2,
                    J, A, B, M, work,
                )  # fmt: skip
                if has_pair:
                    _seed_parameters(
                        shape,
                        x,
                        signal,
                        soft[middle] - signal[middle],
                        chosen2,
                        fwhm2,
                        group2,
                        G2,
                        n_base,
                        p2b,
                    )
                    chib, doneb = _fit_model(
                        shape, xs, ys, ms, weights, basis, k0, level, scale, False, p2b, lo2, hi2, L2, G2, group2,
                        J, A, B, M, work,
                    )  # fmt: skip
                    if chib < chi2:
                        chi2, done2 = chib, doneb
                        p2[:] = p2b
                if p2[pair] > p2[pair + 1]:
                    p2[pair], p2[pair + 1] = p2[pair + 1], p2[pair]
                    p2[L2 + pair], p2[L2 + pair + 1] = p2[L2 + pair + 1], p2[L2 + pair]
                odds1 = _information_criterion(chi1, total, n_used, n1, poisson)
                odds2 = _information_criterion(chi2, total, n_used, n2, poisson) + DOUBLET_PENALTY
                odds3 = np.inf
                if not always and odds2 < odds1 + 10.0:
                    _free_widths(p2, L2, G2, n_base, pair, shape, p3)
                    _bounds(shape, low2, high2, wlow2, whigh2, group3, G3, offset, 0.0, n_base, lo3, hi3)
                    chi3, _done3 = _fit_model(
                        shape, xs, ys, ms, weights, basis, k0, level, scale, False, p3, lo3, hi3, L2, G3, group3,
                        J, A, B, M, work,
                    )  # fmt: skip
                    odds3 = _information_criterion(chi3, total, n_used, n3, poisson) + SHOULDER_PENALTY
                if always or odds2 < odds1 + 30.0:
                    # Back to the doublet: its normal matrix is needed (and, for counts, its own weights).
                    chi2, done2 = _fit_model(
                        shape, xs, ys, ms, weights, basis, k0, level, scale, poisson, p2, lo2, hi2, L2, G2, group2,
                        J, A, B, M, work,
                    )  # fmt: skip
                    done2 = covariance(A, n2, p2, lo2, hi2, M, work, Cb) and done2
                    noise2 = 1.0 if poisson else chi2 / max(n_used - n2, 1)
                    status2 = (
                        _judge(shape, p2, lo2, hi2, Cb, noise2, L2, G2, group2, pair)
                        if done2
                        else _NOT_CONVERGED
                    )
                    _store(
                        p2, Cb, n2, L2, n_base, scale, level, noise2, keep, P2[row], C2[row if keep else 0]
                    )
                    chi2_out[row, 1] = chi2 * unit
                    status_out[row, 1] = status2
                    if always:
                        weight_out[row] = 1.0
                    elif status2 == _OK:
                        reference = min(odds1, odds2, odds3)
                        e2 = np.exp(0.5 * (reference - odds2))
                        weight_out[row] = e2 / (
                            e2 + np.exp(0.5 * (reference - odds1)) + np.exp(0.5 * (reference - odds3))
                        )
                    best = 2 if weight_out[row] > 0.5 else 1
            if not despike:
                break
            n = n2 if best == 2 else n1
            _baseline_rows(J, n - n_base, basis, weights, k0, m)
            height = 0.0
            if best == 2:
                evaluate(shape, xs, ys, weights, m, p2, L2, G2, n_base, group2, J)
                for j in range(L2):
                    height = max(height, p2[L2 + j])
            else:
                evaluate(shape, xs, ys, weights, m, p1, L1, G1, n_base, group1, J)
                for j in range(L1):
                    height = max(height, p1[L1 + j])
            if poisson:
                height = 0.0
            if mask_outliers(J[n, :m], ms, height, narrowest, work[3]) == 0:
                break
