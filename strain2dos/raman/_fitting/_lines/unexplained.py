# SPDX-License-Identifier: BSD-3-Clause
"""Strong lines that a model leaves out: maxima before the fit, residuals after it, compiled."""

import numpy as np

from strain2dos._compiled import njit
from strain2dos.raman._fitting._models.models import lowest_height
from strain2dos.raman._fitting._squares.normal_equations import OPTIONS
from strain2dos.raman._fitting.records import AXIS, CHOSEN1, L_HIGH, L_LOW, SCALED, SIGNAL, WEIGHTS

# A line at least this high, relative to the lowest of the fitted lines, is no defect band and no misfit of
# another line.
STRONG = 0.25
# A maximum of the smoothed spectrum needs half of that: its sides hold some of it, other lines stand on
# flanks.
STRONG_MAXIMUM = 0.5 * STRONG
# So many standard errors are no noise: a line may be at some hundred places.
CERTAIN = 5.0
# A line further out in the margin than this lacks the flank that tells it from the slope of the baseline.
UNCUT = 0.7


@njit(**OPTIONS)
def _in_a_window(lines, x):
    """Whether one of the lines may lie at ``x`` (the axis as the windows know it)."""
    inside = False
    for j in range(lines.n_base):
        inside = inside or lines.values[L_LOW, j] <= x <= lines.values[L_HIGH, j]
    return inside


@njit(**OPTIONS)
def noise_of_smoothed(problem, s):
    """Standard deviation of the smoothed spectrum, from the steps between neighbors of the one before.

    The flanks of lines count as noise, but the smoothing takes more off than they add.
    """
    y, taps, steps, sum1, sum2 = s.points[SCALED], problem.taps, 0.0, 0.0, 0.0
    for k in range(1, problem.bins.size):
        steps += (y[k] - y[k - 1]) ** 2
    for j in range(taps.size):
        sum1 += taps[j]
        sum2 += taps[j] * taps[j]
    return np.sqrt(0.5 * steps / problem.bins.size * sum2) / sum1


@njit(**OPTIONS)
def reach_strong_maxima(problem, lines, offset, first, last, s):
    """Outermost lines ``first`` and ``last``, moved out to strong maxima that the range would cut.

    The branches of a line that strain splits can lie further apart than the margin. A maximum must stand out
    of both sides, two widths away, and of the noise: the slope of a curved background does not.
    """
    x, signal, n = problem.bins, s.points[SIGNAL], problem.bins.size
    low, high = first - UNCUT * problem.margin, last + UNCUT * problem.margin
    least = np.inf
    for j in range(lines.n):
        least = min(least, STRONG_MAXIMUM * signal[s.ints[CHOSEN1, j]])
    least = max(least, CERTAIN * noise_of_smoothed(problem, s))
    width = max(1, int(2.0 * problem.narrowest / (0.6 * problem.bin)))
    for k in range(n):
        rise = signal[k] - max(signal[max(k - width, 0)], signal[min(k + width, n - 1)])
        if rise >= least and not low <= x[k] <= high and _in_a_window(lines, x[k] - offset):
            first, last = min(first, x[k]), max(last, x[k])
    return first, last


@njit(**OPTIONS)
def has_unexplained_line(problem, lines, view, p, n, noise, s):
    """Whether a strong line stands in the residual, row ``n`` of J, of the lines fitted with ``p``.

    Over the width of the narrowest line the mean residual must reach `STRONG` of the lowest line and, as what
    a wrong profile leaves lies on the lines themselves, as much of the fitted lines there; and `CERTAIN`
    standard errors. A cosmic ray is narrower: both ends of the width must reach half as much.
    """
    half, n_lines, least = int(problem.narrowest / 1.2), lines.n, STRONG * lowest_height(p, lines)
    width = 2 * half + 1
    for k in range(half, view.n - half):
        total = needed = 0.0
        for i in range(k - half, k + half + 1):
            total += s.J[n, i]
            needed += least * s.points[WEIGHTS, i]
            for j in range(n_lines):
                needed += STRONG * p[n_lines + j] * s.J[n_lines + j, i]
        if total <= max(needed, CERTAIN * noise * np.sqrt(width)):
            continue
        ends = 2.0 * width * min(s.J[n, k - half], s.J[n, k + half])
        if ends > needed and _in_a_window(lines, s.points[AXIS, k] - view.offset):
            return True
    return False
