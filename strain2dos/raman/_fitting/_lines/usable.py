# SPDX-License-Identifier: BSD-3-Clause
"""Before the fit: which points of a spectrum can be used, and whether there is anything to fit; compiled."""

import numpy as np

from strain2dos._compiled import njit
from strain2dos.raman._fitting.status import FitStatus

# No fastmath here: these functions are what recognizes NaN and inf.
OPTIONS = {"nogil": True, "error_model": "numpy", "_nrt": False, "part": True}
# For functions that see finite values only: vectors of minima and maxima need it.
FINITE = OPTIONS | {"fastmath": True}

# Counts whose square, a variance, is no longer finite cannot have errors.
LARGEST = 1e150
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
def smallest_step(y, sw, m):
    """Least difference between neighbors that differ; infinite where none do."""
    smallest = np.inf
    for k in range(1, m):
        if sw[k] > 0.0 and sw[k - 1] > 0.0 and y[k] != y[k - 1]:
            smallest = min(smallest, abs(y[k] - y[k - 1]))
    return smallest


@njit(**OPTIONS)
def _saturation(y, sw, m, high):
    """Three neighbors on the maximum, far above the smallest step of the counts, are a clipped line.

    The comparison with the smallest step keeps weak, coarsely digitised spectra, where equal counts are
    chance.
    """
    longest, run = 0, 0
    middle, n_good = 0.0, 0
    for k in range(m):
        run = run + 1 if sw[k] > 0.0 and y[k] == high else 0
        longest = max(longest, run)
        if sw[k] > 0.0:
            middle += y[k]
            n_good += 1
    if longest >= 3 and high - middle / n_good > 30.0 * smallest_step(y, sw, m):
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
