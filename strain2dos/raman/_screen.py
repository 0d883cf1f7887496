# SPDX-License-Identifier: BSD-3-Clause
"""Before the fit: which points of a spectrum can be used, and whether there is anything to fit."""

import numpy as np
from numba import njit

from strain2dos.raman._status import FitStatus

# No fastmath here: these functions are what recognises NaN and inf.
OPTIONS = {"cache": True, "nogil": True, "error_model": "numpy"}

_OK = int(FitStatus.OK)
_TOO_FEW_POINTS = int(FitStatus.TOO_FEW_POINTS)
_NON_FINITE = int(FitStatus.NON_FINITE)
_EMPTY = int(FitStatus.EMPTY)
_FLAT = int(FitStatus.FLAT)
_SATURATED = int(FitStatus.SATURATED)


@njit(**OPTIONS)
def usable_points(y, sw, n_parameters):
    """Weight 0 for points that are not finite (their value becomes 0); returns a status code."""
    m = y.size
    n_good = 0
    low, high = np.inf, -np.inf
    for k in range(m):
        if np.isfinite(y[k]):
            sw[k] = 1.0
            n_good += 1
            low, high = min(low, y[k]), max(high, y[k])
        else:
            sw[k] = 0.0
            y[k] = 0.0
    if 10 * (m - n_good) > m:
        return _NON_FINITE
    if n_good < n_parameters + 1:
        return _TOO_FEW_POINTS
    if low == 0.0 and high == 0.0:
        return _EMPTY
    if high - low <= 1e-12 * max(abs(high), abs(low)):
        return _FLAT
    return _saturation(y, sw, high)


@njit(**OPTIONS)
def _saturation(y, sw, high):
    """Three neighbours on the maximum, far above the smallest step of the counts, are a clipped line.

    The comparison with the smallest step keeps weak, coarsely digitised spectra, where equal counts are
    chance.
    """
    longest, run = 0, 0
    smallest, middle, n_good = np.inf, 0.0, 0
    for k in range(y.size):
        run = run + 1 if sw[k] > 0.0 and y[k] == high else 0
        longest = max(longest, run)
        if sw[k] > 0.0:
            middle += y[k]
            n_good += 1
        if k > 0 and sw[k] > 0.0 and sw[k - 1] > 0.0 and y[k] != y[k - 1]:
            smallest = min(smallest, abs(y[k] - y[k - 1]))
    if longest >= 3 and high - middle / n_good > 30.0 * smallest:
        return _SATURATED
    return _OK


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


@njit(cache=True, nogil=True, error_model="numpy", fastmath=True)
def _tallest_rise(y, top, bottom):
    """Largest height of one or two points above both neighbours, as a share of the range; ``y`` is finite."""
    best = 0.0
    for k in range(1, y.size - 2):
        before, here, after, next_ = y[k - 1], y[k], y[k + 1], y[k + 2]
        one = here - (before if before > after else after)
        two = (here if here < after else after) - (before if before > next_ else next_)
        rise = one if one > two else two
        best = rise if rise > best else best
    return best / (top - bottom)


@njit(**OPTIONS)
def mask_spikes(y, sw, narrowest, curvature, buffer):
    """Give weight 0 to cosmic rays: one or two points far above both sides, too narrow for a Raman line.

    Parameters
    ----------
    y, sw : (m,) ndarray
        Spectrum and square root of the weights (changed in place; a masked point takes the value of its
        sides).
    narrowest : float
        Full width at half maximum, in points, of the narrowest line that must survive.
    curvature, buffer : (m,) ndarray
        Scratch.

    Returns
    -------
    int
        Number of points masked.

    Notes
    -----
    A Lorentzian of full width W points, centred on a point, has the fraction 1 / (1 + (2 / W)^2) of its
    height at the next point. A point counts as a spike when it stands 8 noise standard deviations above the
    higher of its two sides and when that side rises by less than half of this fraction.
    """
    m = y.size
    fraction = 0.5 / (1.0 + (2.0 / narrowest) ** 2)
    n_masked = 0
    # Pairs first: with one of two points gone, the other would stand beside a hole. Then singles, twice:
    # behind a strong hit its weaker neighbour shows.
    for width in (2, 1, 1):
        top, bottom = -np.inf, np.inf
        for k in range(m):
            if sw[k] > 0.0:
                top, bottom = max(top, y[k]), min(bottom, y[k])
        if not top > bottom or _tallest_rise(y, top, bottom) < 0.1:
            break
        for j in range(1, m - 1):
            curvature[j] = y[j] - 0.5 * (y[j - 1] + y[j + 1])
        noise = robust_scale(curvature[1 : m - 1], sw[1 : m - 1], buffer) / 1.2247
        # Two points wide: a real line that wide shows still more on its sides.
        share = fraction if width == 1 else 0.6 * fraction
        for k in range(2, m - 2 - width + 1):
            lowest = min(y[k], y[k + width - 1])
            side = max(y[k - 1], y[k + width])
            if sw[k] == 0.0 or sw[k + width - 1] == 0.0:
                continue
            # Smaller spikes are left to the residuals of the fit (`mask_outliers`).
            if lowest - side < max(0.1 * (top - bottom), 8.0 * noise):
                continue
            far = 0.5 * (y[k - 2] + y[k + width + 1])
            height = max(y[k], y[k + width - 1]) - far
            if side - far < share * height:
                for j in range(k, k + width):
                    sw[j] = 0.0
                    # Not used by the fit; it keeps the point from hiding its neighbours here.
                    y[j] = 0.5 * (y[k - 1] + y[k + width])
                    n_masked += 1
    return n_masked


@njit(**OPTIONS)
def mask_outliers(residual, sw, height, narrowest, buffer):
    """Give weight 0 to one or two neighbouring points that the fitted lines leave far above; returns how
    many.

    A misfit line leaves residuals of both signs over its width, a cosmic ray one high point: so every point
    within four of the outlier must stay below the share that the narrowest line shows there (at most a
    third). ``height``: points below 5 % of it are left alone.
    """
    m = residual.size
    share = min(1.0 / 3.0, 0.5 / (1.0 + (2.0 / narrowest) ** 2))
    square, highest, n = 0.0, 0.0, 0.0
    for k in range(m):
        u = 1.0 if sw[k] > 0.0 else 0.0
        square += u * residual[k] * residual[k]
        highest = max(highest, u * residual[k])
        n += u
    # Spares the median where nothing sticks out.
    if highest * highest * n < 3.5**2 * square or highest < 0.05 * height:
        return 0
    noise = robust_scale(residual, sw, buffer)
    n_masked = 0
    for k in range(m):
        r = residual[k]
        if sw[k] == 0.0 or r < 7.0 * noise or r < 0.05 * height:
            continue
        last = k
        if k + 1 < m and sw[k + 1] > 0.0 and residual[k + 1] > 0.5 * r:
            last = k + 1
            r = max(r, residual[k + 1])
        others = 0.0
        for j in range(max(0, k - 4), min(m, last + 5)):
            if (j < k or j > last) and sw[j] > 0.0:
                others = max(others, abs(residual[j]))
        if others < share * r:
            for j in range(k, last + 1):
                sw[j] = 0.0
                n_masked += 1
    return n_masked
