# SPDX-License-Identifier: BSD-3-Clause
"""Noise of spectra, read from steps between neighboring points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Standard deviation of a normal variable over the median of its magnitude, and that of a second difference
# y[i-1] - 2 y[i] + y[i+1] of independent points over that of a point.
_OF_MEDIAN = 1.4826
_OF_SECOND = np.sqrt(6.0)


def second_differences(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Magnitudes (..., n - 2) of the second differences along the last axis."""
    return np.abs(rows[..., 2:] - 2.0 * rows[..., 1:-1] + rows[..., :-2])


def white_noise(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard deviation (...) of white noise on smooth curves (..., n); points that are NaN are left out.

    Examples
    --------
    >>> import numpy as np
    >>> from strain2dos._noise import white_noise
    >>> shift = np.linspace(360, 430, 700)
    >>> line = 500 / (1 + ((shift - 384) / 2) ** 2)
    >>> noise = np.random.default_rng(0).normal(0, 3.0, (9, shift.size))
    >>> round(float(white_noise(line + noise).mean()), 1)
    3.0
    """
    second = second_differences(rows)
    median = np.nanmedian if np.isnan(second).any() else np.median
    return np.asarray(_OF_MEDIAN * median(second, axis=-1) / _OF_SECOND)
