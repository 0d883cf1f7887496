# SPDX-License-Identifier: BSD-3-Clause
"""Where the fit starts: the lines' positions, read from the spectrum itself."""

import numpy as np

from strain2dos._compiled import njit
from strain2dos.raman._fitting._lines.unexplained import STRONG_MAXIMUM
from strain2dos.raman._fitting._squares.normal_equations import OPTIONS, unsigned
from strain2dos.raman._fitting.records import TAPS

# Maxima that compete for the lines; the next ones are lower than 16 others.
MAX_CANDIDATES = 16
ONE, TWO, THREE, FOUR, FIVE = (np.uint64(i) for i in range(1, 6))


@njit(**OPTIONS)
def _convolve(padded, taps, m, out):
    for k in range(m):
        out[k] = 0.0
    for j in range(0, taps.size, TAPS):
        t0, t1, t2, t3, t4, t5 = taps[j], taps[j + 1], taps[j + 2], taps[j + 3], taps[j + 4], taps[j + 5]
        for k in range(m):
            i = unsigned(k + j)
            first = t0 * padded[i] + t1 * padded[i + ONE] + t2 * padded[i + TWO]
            out[k] += first + t3 * padded[i + THREE] + t4 * padded[i + FOUR] + t5 * padded[i + FIVE]


@njit(**OPTIONS)
def smooth(y, mask, all_used, taps, norm, padded, weight, out):
    """Weighted moving average; masked points do not count.

    Parameters
    ----------
    y, mask : (m,) ndarray
        Values, and 0 where a point does not count.
    all_used : bool
        No point is masked: the weights are then ``norm``.
    taps : (n_taps,) ndarray
        Symmetric weights, filled up with zeros to a multiple of `TAPS`.
    norm : (m,) ndarray
        One over the sum of the taps that lie inside.
    padded, weight : (m + n_taps,) ndarray
        Scratch.
    out : (m,) ndarray
    """
    m, n_taps = norm.size, 0
    for j in range(taps.size):
        n_taps += 1 if taps[j] != 0.0 else 0
    half = (n_taps - 1) // 2
    for k in range(half):
        padded[k] = 0.0
    for k in range(half + m, m + taps.size):
        padded[k] = 0.0
    if not all_used:
        for k in range(m):
            padded[half + k] = mask[k]
        _convolve(padded, taps, m, weight)
        for k in range(m):
            padded[half + k] = y[k] * mask[k]
        _convolve(padded, taps, m, out)
        for k in range(m):
            out[k] /= max(weight[k], 1e-300)
        return
    for k in range(m):
        padded[half + k] = y[k]
    _convolve(padded, taps, m, out)
    for k in range(m):
        out[k] *= norm[k]


@njit(**OPTIONS)
def subtract_floor(values, m, out):
    """Values above the straight line under the peaks: least squares, points far above left out."""
    a, b = 0.0, 0.0
    limit = np.inf
    for _ in range(3):
        n, sx, sy, sxx, sxy, syy = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for k in range(m):
            t, v = float(k), values[k]
            u = 1.0 if v - (a + b * t) <= limit else 0.0
            w = u * t
            n += u
            sx += w
            sxx += w * t
            sy += u * v
            sxy += w * v
            syy += u * v * v
        determinant = n * sxx - sx * sx
        b = (n * sxy - sx * sy) / determinant if determinant > 0.0 else 0.0
        a = (sy - b * sx) / n
        # not below rounding: without noise no point would be left
        limit = max(np.sqrt(max(syy - a * sy - b * sxy, 0.0) / n), 1e-9)
    for k in range(m):
        out[k] = values[k] - (a + b * k)


@njit(**OPTIONS)
def _candidates(signal, m, position):
    """Indices of the highest local maxima, in rising order; returns their number."""
    n = 0
    for k in range(1, m - 1):
        if not (signal[k] >= signal[k - 1] and signal[k] > signal[k + 1] and signal[k] > 0.0):
            continue
        if n < MAX_CANDIDATES:
            position[n] = k
            n += 1
            continue
        lowest = 0
        for i in range(n):
            if signal[position[i]] < signal[position[lowest]]:
                lowest = i
        if signal[k] > signal[position[lowest]]:
            for i in range(lowest, n - 1):
                position[i] = position[i + 1]
            position[n - 1] = k
    return n


@njit(**OPTIONS)
def assign_lines(x, signal, low, high, gap, reach, offset, position, score, origin, chosen):
    """Choose one local maximum per line: inside its window, in order, with the largest sum of heights.

    Parameters
    ----------
    x, signal : (m,) ndarray
        Axis and smoothed spectrum above its floor.
    low, high, gap, reach : (n_lines,) ndarray
        Windows of the lines, least and largest distance from the line before, in the unit of ``x``.
    offset : float
        Shift of the windows.
    position, score, origin : ndarray
        Scratch: (MAX_CANDIDATES,) int, (n_lines, MAX_CANDIDATES) float and int.
    chosen : (n_lines + 2,) ndarray of int
        Out: index of the point of each line, then of the first and the last maximum that is strong beside
        them.

    Returns
    -------
    bool
        False where no such choice exists; ``chosen`` is then unchanged.
    """
    n_lines = low.size
    n = _candidates(signal, x.size, position)
    for line in range(n_lines):
        for i in range(n):
            xi = x[position[i]] - offset
            score[line, i] = -np.inf
            origin[line, i] = -1
            if xi < low[line] or xi > high[line]:
                continue
            height = signal[position[i]]
            if line == 0:
                score[line, i] = height
                continue
            for j in range(i):
                apart = xi - (x[position[j]] - offset)
                if gap[line] <= apart <= reach[line] and score[line - 1, j] + height > score[line, i]:
                    score[line, i] = score[line - 1, j] + height
                    origin[line, i] = j
    best = -1
    for i in range(n):
        if score[n_lines - 1, i] > -np.inf and (best < 0 or score[n_lines - 1, i] > score[n_lines - 1, best]):
            best = i
    if best < 0:
        return False
    for line in range(n_lines - 1, -1, -1):
        chosen[line] = position[best]
        best = origin[line, best]
    least = signal[chosen[0]]
    for line in range(1, n_lines):
        least = min(least, signal[chosen[line]])
    first, last = 0, n - 1
    while signal[position[first]] < STRONG_MAXIMUM * least:
        first += 1
    while signal[position[last]] < STRONG_MAXIMUM * least:
        last -= 1
    chosen[n_lines], chosen[n_lines + 1] = position[first], position[last]
    return True


@njit(**OPTIONS)
def highest_points(x, signal, low, high, offset, chosen):
    """Fall back on the highest point of each window, where no ordered choice of maxima exists."""
    for line in range(low.size):
        best = -1
        for k in range(x.size):
            if low[line] <= x[k] - offset <= high[line] and (best < 0 or signal[k] > signal[best]):
                best = k
        chosen[line] = best if best >= 0 else x.size // 2
    chosen[low.size], chosen[low.size + 1] = chosen[0], chosen[low.size - 1]
