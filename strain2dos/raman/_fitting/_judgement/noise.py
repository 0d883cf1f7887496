# SPDX-License-Identifier: BSD-3-Clause
"""The noise of a spectrum, from what its fit leaves: its size, and what neighbors share of it."""

import numpy as np

from strain2dos._compiled import njit
from strain2dos.raman._fitting._models.single_model import model_size
from strain2dos.raman._fitting._squares.normal_equations import OPTIONS, unsigned
from strain2dos.raman._fitting._squares.profiles import has_mixing
from strain2dos.raman._fitting.records import (
    AXIS,
    KAPPA,
    PADDED,
    POISSON_NOISE,
    S_INFO,
    S_SHARED,
    WEIGHTS,
)

#: Neighbors further apart than this share no noise that smoothing or interpolation make.
MAX_LAG = 24
# Standard deviation of the correlation of second differences of independent noise, times the root of their
# number (10,000 simulated series of 60).
SPREAD = 0.56
# By how much noise on lines may seem higher than beside them where the floor of counts was fitted.
BALANCE = 1.5
# So many points apart, smoothing and interpolation leave little in common, and a background bends little.
FAR = 4
# Points over two widths from all lines tell the noise, one where there are fewer of them than this.
QUIET_POINTS = 20.0


@njit(**OPTIONS)
def probability(odds):
    """Probability that belongs to 2 ln of the odds."""
    return 1.0 / (1.0 + np.exp(-0.5 * min(max(odds, -200.0), 200.0)))


@njit(**OPTIONS)
def smooth_step(value, low, high):
    """0 below ``low``, 1 above ``high``, smooth between."""
    t = min(max((value - low) / (high - low), 0.0), 1.0)
    return t * t * (3.0 - 2.0 * t)


@njit(**OPTIONS)
def mark_quiet(lines, view, p, widths, s):
    """1 in PADDED for points that lie over so many full widths from every line; returns their number."""
    quiet, total, n = s.points[PADDED], 0.0, lines.n
    for k in range(view.n):
        quiet[k] = 1.0 if s.points[WEIGHTS, k] > 0.0 else 0.0
    for j in range(n):
        c, reach = p[j], 2.0 * widths * p[2 * n + lines.group[j]]
        if j >= lines.n_base and reach > 6.0 * widths:
            continue  # a broad band is smooth
        for k in range(view.n):
            quiet[k] *= 1.0 if abs(s.points[AXIS, k] - c) > reach else 0.0  # no branch: a vector
    for k in range(view.n):
        total += quiet[k]
    return total


@njit(**OPTIONS)
def _differences(row, view, whole, s):
    """Noise from second differences of quiet points, and how far neighbors share it.

    Returns
    -------
    noise2 : float
        Variance, if points were independent.
    shared : float
        0 where they are: first and second differences are then correlated by -1/2 and -2/3. Smoothing and
        interpolation raise both, a misfit the first alone; it shows in the variance ``whole`` of all points,
        which is then far more than that of quiet ones.
    n : float
        Number of differences; 0 where there are too few.
    level : float
        The same from differences of points `FAR` apart, as far as neighbors seem to share noise.
    """
    quiet, r = s.points[PADDED], s.J[row]
    bend, square, product, turn, n, n2, n3, level, n1 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for k in range(view.n - 3):
        i, i1, i2, i3 = unsigned(k), unsigned(k + 1), unsigned(k + 2), unsigned(k + 3)
        two = quiet[i] * quiet[i1]
        three = two * quiet[i2]
        four = three * quiet[i3]
        d0, d1, d2 = r[i1] - r[i], r[i2] - r[i1], r[i3] - r[i2]
        level += quiet[i] * r[i] * r[i]
        n1 += quiet[i]
        square += two * d0 * d0
        product += three * d0 * d1
        bend += three * (d1 - d0) ** 2
        turn += four * (d1 - d0) * (d2 - d1)
        n += two
        n2 += three
        n3 += four
    if n3 < 8.0 or not bend > 0.0:
        return 0.0, 0.0, 0.0, 0.0
    first, second = product / n2 / (square / n), turn / n3 / (bend / n2)
    alike = (first + 0.5) * np.sqrt(2.0 * n2)
    misfit = smooth_step(whole * n1 / max(level, 1e-300), 2.0, 4.0)
    second = (second + 2.0 / 3.0) * np.sqrt(n3) / SPREAD
    known = 1.0 - misfit * (1.0 - smooth_step(second, 0.5, 1.5))
    noise2, far, pairs = bend / (6.0 * n2), 0.0, 0.0
    for k in range(view.n - FAR):
        i, i4 = unsigned(k), unsigned(k + FAR)
        far += quiet[i] * quiet[i4] * (r[i4] - r[i]) ** 2
        pairs += quiet[i] * quiet[i4]
    level = max(0.5 * far / max(pairs, 1.0), noise2)
    level = noise2 + (level - noise2) * known * smooth_step(alike, 1.0, 3.0)
    return noise2, known * smooth_step(alike, 2.0, 4.0), n2, level


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
    lags, taken = min(MAX_LAG, view.n // 3), 0.0
    for _ in range(2):
        for j in range(2 * n_base):
            kappa[j] = 1.0
        for lag in range(1, lags):
            rho = autocorrelation(row, view, max(total, 1e-300), lag, s)
            for j in range(n_base):
                u = (lag * step / (2.0 * p[2 * n + lines.group[j]])) ** 2
                whole = share * (rho * (1.0 - taken) + taken / (1.0 + u) ** 2)
                kappa[j] += 2.0 * whole * (1.0 - 3.0 * u) / (1.0 + u) ** 3
                kappa[n_base + j] += 2.0 * whole / (1.0 + u)
        largest = 1.0
        for j in range(2 * n_base):
            kappa[j] = max(kappa[j], 1.0)
            largest = max(largest, kappa[j])
        # the fit took so much of what neighbors share out of the residual
        taken = min(row * largest / view.n_used, 0.5)
    return largest


@njit(**OPTIONS)
def residual_noise(problem, lines, view, p, chi2, s):
    """Variance of a weighted point, share of the noise that neighbors have in common, largest factor of it.

    Row ``n`` of J holds the residual. Where chi-square is far above what lies off the lines, that gives the
    noise. Where neighbors share it, the whole residual counts as noise; where they do so beside plain lines
    (S_SHARED), they do for every model. Last returned: the noise of the steps alone, which what is not fitted
    yet does not raise.
    """
    n = model_size(problem, lines)
    whole = chi2 / max(view.n_used - n, 1)
    mark_quiet(lines, view, p, 1.0, s)
    steps, shared, n_quiet, noise2 = _differences(n, view, whole, s)
    if mark_quiet(lines, view, p, 2.0, s) > QUIET_POINTS:
        apart2, _, n_apart, level2 = _differences(n, view, whole, s)
        if n_apart > 0.0:
            steps, noise2, n_quiet = apart2, level2, n_apart
    # more lines take out what neighbors share; another profile shows that it was a misfit
    if not (problem.adaptive and has_mixing(problem.shape)):
        shared = max(shared, s.slots[0, S_INFO, S_SHARED])
    if n_quiet == 0.0:
        for j in range(2 * lines.n_base):
            s.params[KAPPA, j] = 1.0
        return _counted(problem, view, whole), 0.0, 1.0, _counted(problem, view, whole)
    excess = (whole / max(noise2, 1e-300) - 1.0) * np.sqrt(n_quiet / 3.9)
    apart = smooth_step(excess, 1.0, 3.0) * (1.0 - shared) ** 3
    least = noise2
    noise2 = whole + apart * (noise2 - whole)
    if view.counts and view.floats:
        # the floor balances noise on the lines and beside them; what is far higher on them is a misfit
        noise2 = max(noise2, min(whole, BALANCE * least))
    kappa = shared_noise(lines, view, p, n, shared, s)
    free = max(view.n_used - n * kappa, 0.5 * view.n_used)
    noise2 *= max((view.n_used - n) / free, 1.0) if shared > 0.0 else 1.0
    return _counted(problem, view, noise2), shared, kappa, _counted(problem, view, min(steps, whole))


@njit(**OPTIONS)
def _counted(problem, view, noise2):
    """Counts have the variance 1 unless they clearly scatter more: then they are not single electrons."""
    if problem.noise != POISSON_NOISE:
        return max(noise2, 1e-24)
    excess = (noise2 - 1.0) * np.sqrt(0.5 * max(view.n_used, 1))
    return 1.0 + (noise2 - 1.0) * smooth_step(excess, 2.5, 4.5)
