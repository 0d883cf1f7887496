# SPDX-License-Identifier: BSD-3-Clause
"""Where the fit starts: the lines' positions, read from the spectrum itself."""

import numpy as np
from numba import njit

from strain2dos.raman._kernel import OPTIONS

MAX_CANDIDATES = 16


@njit(**OPTIONS)
def smooth(y, mask, taps, out, weight):
    """Weighted moving average with symmetric ``taps``; masked points do not count. ``weight`` is scratch."""
    m, half = y.size, taps.size // 2
    for k in range(m):
        out[k] = 0.0
        weight[k] = 1e-300
    for j in range(-half, half + 1):
        t = taps[j + half]
        for k in range(max(0, -j), min(m, m - j)):
            out[k] += t * y[k + j] * mask[k + j]
            weight[k] += t * mask[k + j]
    for k in range(m):
        out[k] /= weight[k]


@njit(**OPTIONS)
def subtract_floor(values, buffer):
    """Subtract, in place, the straight line under the peaks: least squares, points far above left out."""
    m = values.size
    a, b = 0.0, 0.0
    limit = 1e300
    for _ in range(4):
        n, sx, sy, sxx, sxy = 0.0, 0.0, 0.0, 0.0, 0.0
        for k in range(m):
            u = 1.0 if values[k] - (a + b * k) <= limit else 0.0
            n += u
            sx += u * k
            sy += u * values[k]
            sxx += u * k * k
            sxy += u * k * values[k]
        determinant = n * sxx - sx * sx
        b = (n * sxy - sx * sy) / determinant if determinant > 0.0 else 0.0
        a = (sy - b * sx) / n
        total = 0.0
        count = 0.0
        for k in range(m):
            d = values[k] - (a + b * k)
            u = 1.0 if d <= limit else 0.0
            total += u * d * d
            count += u
        limit = np.sqrt(total / count)
    for k in range(m):
        buffer[k] = values[k] - (a + b * k)


@njit(**OPTIONS)
def _candidates(signal, position):
    """Indices of the highest local maxima, in rising order; returns their number."""
    n = 0
    for k in range(1, signal.size - 1):
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
    chosen : (n_lines,) ndarray of int
        Out: index of the point of each line.

    Returns
    -------
    bool
        False where no such choice exists; ``chosen`` is then unchanged.
    """
    n_lines = low.size
    n = _candidates(signal, position)
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
