# SPDX-License-Identifier: BSD-3-Clause
"""Before the fit: which points of a spectrum can be used, and whether there is anything to fit."""

import numpy as np

from strain2dos._compiled import njit
from strain2dos.raman._fitting._squares.normal_equations import unsigned
from strain2dos.raman._fitting.status import FitStatus

# No fastmath here: these functions are what recognises NaN and inf.
OPTIONS = {"nogil": True, "error_model": "numpy", "_nrt": False, "part": True}
# For functions that see finite values only: vectors of minima and maxima need it.
FINITE = OPTIONS | {"fastmath": True}

# Counts whose square, a variance, is no longer finite cannot have errors.
LARGEST = 1e150
ONE, TWO = np.uint64(1), np.uint64(2)
_OK = int(FitStatus.OK)
_TOO_FEW_POINTS = int(FitStatus.TOO_FEW_POINTS)
_NON_FINITE = int(FitStatus.NON_FINITE)
_EMPTY = int(FitStatus.EMPTY)
_FLAT = int(FitStatus.FLAT)
_SATURATED = int(FitStatus.SATURATED)


@njit(**FINITE)
def used_range(y, sw, m):
    """Least and greatest value of the points with a weight."""
    low, high = 1.7e308, -1.7e308
    for k in range(m):
        low = min(low, y[k] if sw[k] > 0.0 else low)
        high = max(high, y[k] if sw[k] > 0.0 else high)
    return low, high


@njit(**OPTIONS)
def usable_points(y, sw, m, n_parameters):
    """Weight 0 for points that are not finite (their value becomes 0).

    Returns
    -------
    status, n_good : int
        Code, and number of finite points.
    low, high : float
        Their range.
    """
    n_good = 0
    for k in range(m):
        good = abs(y[k]) < LARGEST
        sw[k] = 1.0 if good else 0.0
        n_good += 1 if good else 0
    if n_good < m:
        for k in range(m):
            y[k] = y[k] if sw[k] > 0.0 else 0.0
    low, high = used_range(y, sw, m)
    status = _OK
    if 10 * (m - n_good) > m:
        status = _NON_FINITE
    elif n_good < n_parameters + 1:
        status = _TOO_FEW_POINTS
    elif low == 0.0 and high == 0.0:
        status = _EMPTY
    elif high - low <= 1e-12 * max(abs(high), abs(low)):
        status = _FLAT
    else:
        n_top = 0
        for k in range(m):
            n_top += 1 if y[k] == high and sw[k] > 0.0 else 0
        if n_top >= 3:
            status = _saturation(y, sw, m, high)
    return status, n_good, low, high


@njit(**OPTIONS)
def _saturation(y, sw, m, high):
    """Three neighbours on the maximum, far above the smallest step of the counts, are a clipped line.

    The comparison with the smallest step keeps weak, coarsely digitised spectra, where equal counts are
    chance.
    """
    longest, run = 0, 0
    smallest, middle, n_good = np.inf, 0.0, 0
    for k in range(m):
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


# From here on all double numbers are whole.
WHOLE = 2.0**52


@njit(**OPTIONS)
def are_counts(y, sw, m, whole):
    """Whether values are counts: none below zero, all of them whole numbers (where ``whole``).

    One in a hundred may be below zero: read-out noise on a dark background.
    """
    negative, n, broken, top = 0, 0, 0, 0.0
    for k in range(m):
        if sw[k] > 0.0:
            n += 1
            negative += 1 if y[k] < 0.0 else 0
            broken += 1 if y[k] != np.floor(y[k]) else 0
            top = max(top, y[k])
    if whole:
        return negative == 0 and broken == 0 and 10.0 <= top < WHOLE
    return 100 * negative <= n


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
def _count_narrow(y, m, width, least, share):
    """Number of places where ``width`` points rise by ``least`` above sides that hardly rise themselves."""
    n = 0
    middle, last = unsigned(2 + width // 2), unsigned(1 + width)
    for k in range(m - 3 - width):
        i = unsigned(k)
        first, centre, end = y[i + TWO], y[i + middle], y[i + last]
        lowest, highest = min(first, centre, end), max(first, centre, end)
        side = max(y[i + ONE], y[i + last + ONE])
        far = 0.5 * (y[i] + y[i + last + TWO])
        n += 1 if (lowest - side >= least) & (side - far < share * (highest - far)) else 0
    return n


@njit(**OPTIONS)
def _bending_noise(y, sw, m, curvature, buffer):
    """Noise of the points, from what stands out of the middle of both neighbours."""
    here, after = y[1:], y[2:]
    for k in range(m - 2):
        curvature[k] = here[k] - 0.5 * (y[k] + after[k])
    return robust_scale(curvature[: m - 2], sw[1 : m - 1], buffer) / 1.2247


@njit(**OPTIONS)
def _line_share(width, narrowest):
    """How much the sides of the narrowest line rise, over its own rise, seen at its ``width`` highest points.

    Lorentzian of full width ``narrowest`` (points): sides and what lies one point further out.
    """
    q = 4.0 / narrowest**2
    top = 1.0 if width % 2 == 1 else 1.0 / (1.0 + 0.25 * q)
    side = 1.0 / (1.0 + q * (0.5 * (width + 1)) ** 2)
    far = 1.0 / (1.0 + q * (0.5 * (width + 3)) ** 2)
    return (side - far) / (top - far)


@njit(**OPTIONS)
def mask_spikes(y, sw, m, low, high, narrowest, curvature, buffer):
    """Give weight 0 to cosmic rays: one to three points far above both sides, too steep for a Raman line.

    Parameters
    ----------
    y, sw : (m,) ndarray
        Spectrum and square root of the weights (changed in place; a hit point takes the value of its sides).
    low, high : float
        Range of the points with a weight.
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
    Points count as hit when the lowest of them stands 8 noise standard deviations above the higher of the two
    sides and when that side rises by less than 0.6 of what it would beside the narrowest line
    (`_line_share`). The charge of a hit spills over: one point on either side is masked along.
    """
    n_masked = 0
    # Wide ones first: with part of a hit gone, the rest would stand beside a hole. Singles twice: behind a
    # strong hit its weaker neighbour shows.
    for width, again in ((3, False), (2, False), (1, False), (1, True)):
        if (again and n_masked == 0) or width > narrowest + 1.0:
            continue
        if n_masked > 0:
            low, high = used_range(y, sw, m)
        # Smaller spikes are left to the residuals of the fit (`mask_outliers`).
        least, share = 0.1 * (high - low), 0.6 * _line_share(width, narrowest)
        if not high > low or _count_narrow(y, m, width, least, share) == 0:
            continue
        noise = -1.0  # not known before it is needed: the median costs more than all the rest
        for k in range(2, m - 1 - width):
            last = k + width - 1
            lowest, highest = y[k], y[k]
            for j in range(k + 1, last + 1):
                lowest, highest = min(lowest, y[j]), max(highest, y[j])
            side = max(y[k - 1], y[last + 1])
            if lowest - side < least or sw[k] == 0.0 or sw[last] == 0.0:
                continue
            far = 0.5 * (y[k - 2] + y[last + 2])
            if side - far >= share * (highest - far):
                continue
            if noise < 0.0:
                noise = _bending_noise(y, sw, m, curvature, buffer)
            if lowest - side < 8.0 * noise:
                continue
            for j in range(k - 1, last + 2):
                n_masked += 1 if sw[j] > 0.0 else 0
                sw[j] = 0.0
            for j in range(k, last + 1):
                # Not used by the fit; it keeps the point from hiding its neighbours here.
                y[j] = 0.5 * (y[k - 1] + y[last + 1])
    return n_masked


@njit(**FINITE)
def _spread(residual, sw, m):
    """Greatest value, sum of squares and number of the points with a weight."""
    highest, square, n = 0.0, 0.0, 0.0
    for k in range(m):
        u = 1.0 if sw[k] > 0.0 else 0.0
        r = u * residual[k]
        square += r * r
        highest = max(highest, r)
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
    """Give weight 0 to one to three neighbouring points that the fitted lines leave far above.

    Returns how many.

    A misfit line leaves residuals of both signs over its width, a cosmic ray one high point: so every point
    within four of the outlier must stay below the share that the narrowest line shows there (at most a
    third). ``height``: points below 5 % of it are left alone.
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
        r = residual[k]
        if sw[k] == 0.0 or r < 7.0 * noise or r < 0.05 * height:
            continue
        last = k
        while last < k + 2 and last + 1 < m and sw[last + 1] > 0.0 and residual[last + 1] > 0.3 * r:
            last += 1
            r = max(r, residual[last])
        others = 0.0
        for j in range(max(0, k - 4), min(m, last + 5)):
            if (j < k or j > last) and sw[j] > 0.0:
                others = max(others, abs(residual[j]))
        if others < share * r:
            for j in range(k, last + 1):
                sw[j] = 0.0
                n_masked += 1
    return n_masked
