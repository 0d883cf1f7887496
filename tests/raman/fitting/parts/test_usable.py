# SPDX-License-Identifier: BSD-3-Clause
"""Which points and spectra can be fitted, against the words of `FitStatus` written out with numpy."""

from itertools import groupby

import numpy as np
import pytest

from strain2dos._compiled import njit
from strain2dos.raman import FitStatus
from strain2dos.raman._fitting._lines import usable

# compiled by themselves: elsewhere they are parts of the fit
ALONE = usable.OPTIONS | {"part": False, "cache": False}
usable_points = njit(**ALONE)(usable.usable_points.py_func)
are_counts = njit(**ALONE)(usable.are_counts.py_func)


def expected_status(y, n_parameters):
    good = np.isfinite(y) & (np.abs(y) < 1e150)
    values = y[good]
    if 10 * (~good).sum() > y.size:
        return FitStatus.NON_FINITE
    if values.size < n_parameters + 1:
        return FitStatus.TOO_FEW_POINTS
    if not values.any():
        return FitStatus.EMPTY
    if np.ptp(values) <= 1e-12 * np.abs(values).max():
        return FitStatus.FLAT
    top = values.max()
    longest = max(len(list(run)) for at_top, run in groupby(good & (y == top)) if at_top)
    steps = np.abs(np.diff(np.where(good, y, 0.0)))[good[1:] & good[:-1]]
    smallest = steps[steps > 0].min(initial=np.inf)
    clipped = longest >= 3 and top - values.mean() > 30 * smallest
    return FitStatus.SATURATED if clipped else FitStatus.OK


def spectra_near_the_limits(rng):
    """Few points of whole numbers, clipped, with about a tenth missing: every limit is met exactly."""
    size = int(rng.integers(8, 41))
    y = rng.integers(0, int(rng.choice([1, 2, 60, 200])), size).astype(float)
    y = np.minimum(y, np.quantile(y, rng.choice([0.3, 0.7, 1.0]), method="lower"))
    y += float(rng.choice([0.0, 0.0, 3.0, 1e14]))
    gone = rng.integers(0, 2 + size // 10)
    y[rng.choice(size, gone, replace=False)] = rng.choice([np.nan, np.inf, -np.inf, 1e150, -2e150])
    return y, int(rng.integers(size - 4, size + 2)) if rng.random() < 0.3 else 6


def test_status_is_what_the_words_of_the_codes_say():
    rng = np.random.default_rng(0)
    seen = set()
    for _ in range(5000):
        y, n_parameters = spectra_near_the_limits(rng)
        kept, weights = y.copy(), np.empty(y.size)
        status, n_good, low, high = usable_points(kept, weights, y.size, n_parameters)
        good = np.isfinite(y) & (np.abs(y) < 1e150)
        assert FitStatus(status) == expected_status(y, n_parameters), (y.tolist(), n_parameters)
        assert n_good == good.sum()
        assert (low, high) == (y[good].min(), y[good].max())
        np.testing.assert_array_equal(weights, good)
        np.testing.assert_array_equal(kept, np.where(good, y, 0.0))
        seen.add(FitStatus(status).name)
    assert seen == {"OK", "NON_FINITE", "TOO_FEW_POINTS", "EMPTY", "FLAT", "SATURATED"}


@pytest.mark.parametrize("whole", [True, False])
def test_counts_are_whole_and_not_below_zero(whole):
    rng = np.random.default_rng(1)
    answers = set()
    for _ in range(3000):
        n, missing = int(rng.choice([99, 100, 101, 200])), int(rng.integers(0, 3))
        y = rng.integers(0, int(rng.choice([9, 10, 11, 300])), n + missing).astype(float)
        y[0] += float(rng.choice([0.0, 0.0, 0.5, 2.0**51, 2.0**52]))
        y[rng.choice(n, int(rng.integers(0, 4)) * (rng.random() < 0.5), replace=False)] = -1.0
        weights = np.arange(n + missing) < n
        y[n:] = -0.5  # points without a weight do not count
        values = y[:n]
        if whole:
            wanted = values.min() >= 0 and not (values % 1).any() and 10 <= values.max() < 2.0**52
        else:
            wanted = np.mean(values < 0) <= 0.01
        assert are_counts(y, weights.astype(float), y.size, whole) == wanted, values.tolist()
        answers.add(bool(wanted))
    assert answers == {True, False}
