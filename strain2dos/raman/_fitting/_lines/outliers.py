# SPDX-License-Identifier: BSD-3-Clause
"""After the fit: single points that stand out of the residual; compiled."""

import numpy as np

from strain2dos._compiled import njit
from strain2dos.raman._fitting._lines.usable import FINITE, OPTIONS


@njit(**OPTIONS)
def _select(values, n, rank):
    """Value of the given rank among the first n, which it reorders (Hoare, Commun. ACM 4, 321 (1961))."""
    left, right = 0, n - 1
    while left < right:
        pivot = values[rank]
        i, j = left, right
        while i <= j:
            while values[i] < pivot:
                i += 1
            while pivot < values[j]:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if j < rank:
            left = i
        if rank < i:
            right = j
    return values[rank]


@njit(**OPTIONS)
def robust_scale(values, sw, buffer):
    """Standard deviation from the median absolute value; the mean absolute value where the median is 0."""
    n = 0
    total = 0.0
    for k in range(values.size):
        if sw[k] > 0.0:
            buffer[n] = abs(values[k])
            total += buffer[n]
            n += 1
    if n == 0:
        return 0.0
    median = _select(buffer, n, n // 2)
    # Quantised spectra: half of the values can be exactly 0, and any other value would look infinitely far.
    return 1.4826 * median if median > 0.0 else 1.2533 * total / n


@njit(**FINITE)
def _spread(residual, sw, m):
    """Greatest absolute value, sum of squares and number of the points with a weight."""
    highest, square, n = 0.0, 0.0, 0.0
    for k in range(m):
        u = 1.0 if sw[k] > 0.0 else 0.0
        r = u * residual[k]
        square += r * r
        highest = max(highest, abs(r))
        n += u
    return highest, square, n


@njit(**FINITE)
def stands_out(residual, sw, m):
    """Whether any point stands so far out of the residual that it may be more than noise.

    Noise has one of 3.5 times the root mean square in one of thirty spectra. A line or a cosmic ray raises
    the root mean square itself, but by less.
    """
    highest, square, n = _spread(residual, sw, m)
    return highest * highest * n > 3.5**2 * square


@njit(**OPTIONS)
def mask_outliers(residual, sw, m, height, narrowest, buffer):
    """Give weight 0 to one to three neighboring points that the fitted lines leave far above or below.

    Returns how many.

    A misfit line leaves residuals of both signs over its width, a cosmic ray one high point, a dead pixel of
    the camera one low point: so every point within four of the outlier must stay below the share that the
    narrowest line shows there (at most a third). ``height``: points below 5 % of it are left alone.
    """
    share = min(1.0 / 3.0, 0.5 / (1.0 + (2.0 / narrowest) ** 2))
    highest, square, n = _spread(residual, sw, m)
    # Spares the median where nothing sticks out: seven times the noise is more than 4.5 times the root mean
    # square that it raises itself, from 40 points on.
    if highest * highest * n < 4.5**2 * square or highest < 0.05 * height:
        return 0
    noise = robust_scale(residual[:m], sw[:m], buffer)
    n_masked = 0
    for k in range(m):
        r, side = abs(residual[k]), np.sign(residual[k])
        if sw[k] == 0.0 or r < 7.0 * noise or r < 0.05 * height:
            continue
        last = k
        while last < k + 2 and last + 1 < m and sw[last + 1] > 0.0 and side * residual[last + 1] > 0.3 * r:
            last += 1
            r = max(r, side * residual[last])
        others = 0.0
        for j in range(max(0, k - 4), min(m, last + 5)):
            if (j < k or j > last) and sw[j] > 0.0:
                others = max(others, abs(residual[j]))
        if others < share * r:
            for j in range(k, last + 1):
                sw[j] = 0.0
                n_masked += 1
    return n_masked
