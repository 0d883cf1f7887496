# SPDX-License-Identifier: BSD-3-Clause
"""Is there a line, and is it one of the material? The checks that a fit must pass, compiled."""

import numpy as np

from strain2dos._compiled import njit
from strain2dos.raman._fitting._judgement.noise import MAX_LAG, autocorrelation, smooth_step
from strain2dos.raman._fitting._models.models import fitted_height, lowest_height
from strain2dos.raman._fitting._models.plausible import TORN, alone_by, torn_by
from strain2dos.raman._fitting._models.single_model import model_size
from strain2dos.raman._fitting._squares.normal_equations import OPTIONS
from strain2dos.raman._fitting.records import AXIS, HIGH, KAPPA, L_FWHM, LOW, SPECTRUM, WEIGHTS
from strain2dos.raman._fitting.status import FitStatus

_OK = int(FitStatus.OK)
_NOT_CONVERGED = int(FitStatus.NOT_CONVERGED)
_LOW_SNR = int(FitStatus.LOW_SNR)
_AT_BOUND = int(FitStatus.AT_BOUND)
_IMPLAUSIBLE_WIDTH = int(FitStatus.IMPLAUSIBLE_WIDTH)
_AT_EDGE = int(FitStatus.AT_EDGE)
_MISFIT = int(FitStatus.MISFIT)
_UNEXPLAINED_LINE = int(FitStatus.UNEXPLAINED_LINE)

# A line must stand out of independent noise by so many standard errors.
MIN_SNR = 3.0
# And each by so many where what neighbors share counts: lines are sought at some thirty places, each of which
# reaches 4 by chance in 3e-5 of spectra.
MIN_SHARED_SNR = 4.0
# And all of them together by so many (root mean square) where the lines of the material alone leave a
# residual rougher than `SMOOTH` to `ROUGH`: a background that wanders has humps as high. By far more where
# their distance is not that of the material within `USUAL_SHIFT` (cm-1). Chosen on simulated spectra without
# lines.
MIN_ROUGH_SNR, MIN_STRANGE_SNR = 11.0, 18.0
USUAL_SHIFT = 7.0
MIN_STRANGE_LINE = 8.0
SMOOTH, ROUGH = 0.8, 1.25
# Lines on average so much broader than unstrained ones must stand out by so much more.
BROAD, BROAD_FACTOR = (1.8, 2.6), 0.5
# A line within so many of its widths of the end of the axis must be higher, by this factor, than what stands
# there.
END_WIDTHS, END_SHARE = 2.0, 0.5
# One line is a branch whose other is not found where the next line stands so much higher (cm-1) than biaxial
# strain would leave it.
TOO_HIGH = 3.0
# Residual (root mean square less the noise) over the lowest line.
MAX_MISFIT = 0.2


@njit(**OPTIONS)
def classify_fit(problem, lines, p, C, noise2, pair, s):
    """Status of a converged fit. Lines ``pair`` and ``pair + 1`` (a doublet) are weighed together.

    Lines are in order, but the upper branch of a doublet that is torn far apart may pass the next line.
    """
    n, passes = lines.n, pair >= 0 and torn_by(problem, lines, p) > TORN
    for j in range(1, lines.n_base):
        if p[j] < p[j - 1] and not (passes and j == pair + 2):
            return _NOT_CONVERGED
    for j in range(lines.n_base):
        a, mode = n + j, j - int(0 <= pair < j)
        if (j == pair + 1 and pair >= 0) or problem.required[mode] == 0:
            continue
        height, variance = p[a], C[a, a]
        if j == pair:
            height += p[a + 1]
            variance += C[a + 1, a + 1] + 2.0 * C[a, a + 1]
        if not height > 0.0 or height * height < MIN_SNR * MIN_SNR * variance * noise2:
            return _LOW_SNR
    for j in range(lines.n_base):
        if problem.required[j - int(0 <= pair < j)] == 0:
            continue
        for i in (j, 2 * n + lines.group[j]):
            if p[i] <= s.params[LOW, i] or p[i] >= s.params[HIGH, i]:
                return _AT_BOUND
    return _OK


@njit(**OPTIONS)
def significance(problem, lines, p, C, noise2, kappa, pair, s):
    """How far the required lines stand out of the noise, what neighbors share of it included.

    ``kappa``: so many points share their noise; 0 where the scratch holds it for each line.

    Returns
    -------
    least, total : float
        Smallest and root of the summed squares of heights over their standard errors, the latter per root
        line.
    apart : float
        By how much the distance of two neighboring ones differs from that of the unstrained material, cm-1.
    """
    n, least, total, apart, before, known, used = lines.n, np.inf, 0.0, 0.0, np.nan, 0.0, 0
    for j in range(lines.n_base):
        a, mode = n + j, j - int(0 <= pair < j)
        if (j == pair + 1 and pair >= 0) or problem.required[mode] == 0:
            continue
        variance, center = C[a, a], p[j]
        if j == pair:
            variance += C[a + 1, a + 1] + 2.0 * C[a, a + 1]
            center = 0.5 * (center + p[j + 1])
        shared = kappa if kappa > 0.0 else s.params[KAPPA, lines.n_base + j]
        ratio = fitted_height(p, lines, j) / np.sqrt(max(variance * noise2 * shared, 1e-300))
        least, total, used = min(least, ratio), total + ratio * ratio, used + 1
        if used > 1:
            apart = max(apart, abs(center - before - (problem.position[mode] - known)))
        before, known = center, problem.position[mode]
    return least, np.sqrt(total / max(used, 1)), apart


@njit(**OPTIONS)
def roughness(problem, lines, view, s):
    """By how much more the residual in J scatters over a line's width than independent points would."""
    row, total = model_size(problem, lines), 0.0
    step = (s.points[AXIS, view.n - 1] - s.points[AXIS, 0]) / max(view.n - 1, 1)
    half = lines.values[L_FWHM, 0]
    for j in range(1, lines.n_base):
        half = min(half, lines.values[L_FWHM, j])
    for k in range(view.n):
        total += s.J[row, k] ** 2
    kappa = 1.0
    for lag in range(1, min(MAX_LAG, view.n // 3)):
        kappa += (
            2.0 * autocorrelation(row, view, max(total, 1e-300), lag, s) / (1.0 + (lag * step / half) ** 2)
        )
    return kappa


@njit(**OPTIONS)
def _misfit(problem, lines, view, noise2, s):
    """Root mean square of the residual beyond the noise, in the unit of the scaled spectrum."""
    row, square, noise, n = model_size(problem, lines), 0.0, 0.0, 0
    for k in range(view.n):
        w = s.points[WEIGHTS, k]
        if w > 0.0:
            square += (s.J[row, k] / w) ** 2
            noise += noise2 / (w * w)
            n += 1
    return np.sqrt(max(square - noise, 0.0) / max(n, 1))


@njit(**OPTIONS)
def _cut_off(problem, lines, view, p, k, j, s):
    """Whether more stands at the end of the axis (median of the points about ``k``) than line ``j`` explains.

    Then the axis cuts off a line, and ``j`` is a ripple on its flank.
    """
    n, x = lines.n, problem.x[k]
    if abs(p[j] - x) > END_WIDTHS * max(2.0 * p[2 * n + lines.group[j]], lines.values[L_FWHM, j]):
        return False
    a, b, c = s.points[SPECTRUM, k - 1], s.points[SPECTRUM, k], s.points[SPECTRUM, k + 1]
    there = (max(min(a, b), min(max(a, b), c)) - view.level) / view.scale
    for i in range(n):
        there -= p[n + i] / (1.0 + ((x - p[i]) / p[2 * n + lines.group[i]]) ** 2)
    first = model_size(problem, lines) - problem.basis.shape[0]
    for i in range(problem.basis.shape[0]):
        there -= p[first + i] * problem.basis[i, k]
    return there > END_SHARE * fitted_height(p, lines, j)


@njit(**OPTIONS)
def gate(problem, lines, view, p, noise2, pair, sure, s):
    """Status of the most probable model, whose residual stands in J: is it a fit of lines of the material?

    ``sure``: nothing else than a doublet is probable, so its upper branch may stand on the next line.
    """
    n = lines.n
    if problem.checked:
        if alone_by(problem, lines, view.offset, 0.0, p) > TOO_HIGH:
            return _UNEXPLAINED_LINE
        for j in range(lines.n_base):
            mode = j - int(0 <= pair < j)
            if problem.required[mode] == 0:
                continue
            fwhm = 2.0 * p[2 * n + lines.group[j]]
            if j > 0 and lines.group[j] != lines.group[j - 1] and problem.required[mode - 1] == 1:
                beside = 2.0 * p[2 * n + lines.group[j - 1]]
                torn = sure and j == pair + 2
                if not torn and p[j] - p[j - 1] < 0.35 * (fwhm + beside):
                    return _NOT_CONVERGED  # one line, fitted by two
            if fwhm > problem.fwhm_limit[mode]:
                return _IMPLAUSIBLE_WIDTH
            if p[j] < problem.x[0] + 0.7 * fwhm or p[j] > problem.x[problem.x.size - 1] - 0.7 * fwhm:
                return _AT_EDGE
        size, last = problem.x.size, lines.n_base - 1
        if _cut_off(problem, lines, view, p, 1, 0, s) or _cut_off(problem, lines, view, p, size - 2, last, s):
            return _AT_EDGE
    if _misfit(problem, lines, view, noise2, s) > MAX_MISFIT * lowest_height(p, lines):
        return _MISFIT
    return _OK


@njit(**OPTIONS)
def lopsided(problem, lines, view, p, j, noise2, s):
    """How much more the residual holds on one side of a line than on the other, over its height.

    Between 0.75 and 2.5 widths from the center; what noise does is taken off. A wrong but symmetric profile
    does not move a center, a band on one side does.
    """
    n, row = lines.n, model_size(problem, lines)
    fwhm = 2.0 * p[2 * n + lines.group[j]]
    left = right = n_left = n_right = noise = 0.0
    for k in range(view.n):
        w, d = s.points[WEIGHTS, k], (s.points[AXIS, k] - p[j]) / fwhm
        if w == 0.0 or not 0.75 < abs(d) < 2.5:
            continue
        if d < 0.0:
            left, n_left = left + s.J[row, k] / w, n_left + 1.0
        else:
            right, n_right = right + s.J[row, k] / w, n_right + 1.0
        noise += noise2 / (w * w)
    if n_left == 0.0 or n_right == 0.0:
        return 0.0
    difference = 0.5 * (right / n_right - left / n_left)
    error2 = 0.25 * noise / (n_left + n_right) * (1.0 / n_left + 1.0 / n_right)
    height = max(fitted_height(p, lines, j), 1e-300)
    return np.sqrt(max(difference * difference - 4.0 * error2, 0.0)) / height


@njit(**OPTIONS)
def _broadness(lines, p):
    """Mean of the lines' widths over those of unstrained lines."""
    total = 0.0
    for j in range(lines.n_base):
        total += 2.0 * p[2 * lines.n + lines.group[j]] / lines.values[L_FWHM, j]
    return total / lines.n_base


@njit(**OPTIONS)
def wanted_significance(lines, p, rough, shared, apart):
    """Least root mean square of `significance` for a residual as rough as that of the lines of the material.

    ``shared``: share of the noise that neighbors have in common, whose humps look like lines. Humps of a
    background that wanders are broad.
    """
    wanted = MIN_STRANGE_SNR if apart > USUAL_SHIFT else MIN_ROUGH_SNR
    wanted *= 1.0 + BROAD_FACTOR * smooth_step(_broadness(lines, p), *BROAD)
    return MIN_SHARED_SNR + (wanted - MIN_SHARED_SNR) * max(smooth_step(rough, SMOOTH, ROUGH), 0.5 * shared)
