# SPDX-License-Identifier: BSD-3-Clause
"""Widths, heights and background of simulated spectra, spread as in measurements at room temperature."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.special import ndtr

#: Number of quantities that vary: overall height, A1'/E' ratio, background, the two widths, slope.
N_QUANTITIES = 6

#: Over how many pixels (standard deviation of the smoothing) focus, sample and background change.
CORRELATION = 4.0


def line_shapes(
    quantiles: NDArray[np.float64], counts: tuple[float, float]
) -> dict[str, NDArray[np.float64]]:
    """Widths (E' 2-3, A1' 4-5.5 cm-1), heights and background, as keywords of simulate_spectra.

    Parameters
    ----------
    quantiles : ndarray of shape (6, n)
        Where in its range each quantity of each spectrum lies, from 0 to 1.
    counts : tuple of float
        Range of the height of E'; its logarithm is spread evenly.

    Returns
    -------
    dict of str to ndarray
        "fwhm", "height" and "baseline", each of shape (n, 2).

    Raises
    ------
    ValueError
        When ``counts`` is not a range of positive numbers.
    """
    low, high = counts
    if not 0 < low <= high:
        raise ValueError(f"counts must be a range of positive peak heights (low, high), but is {counts}.")
    ranges = ((np.log(low), np.log(high)), (0.9, 1.6), (0.03, 0.15), (2.0, 3.0), (4.0, 5.5), (-0.004, 0.004))
    logarithm, ratio, share, e_width, a_width, slope = (
        start + (stop - start) * q for (start, stop), q in zip(ranges, quantiles, strict=True)
    )
    scale = np.exp(logarithm)
    background = scale * share
    return {
        "fwhm": np.column_stack([e_width, a_width]),
        "height": np.column_stack([scale, ratio * scale]),
        "baseline": np.column_stack([background, background * slope]),
    }


def independent_quantiles(n: int, rng: np.random.RandomState) -> NDArray[np.float64]:
    """Quantiles of n unrelated spectra, shape (6, n)."""
    return rng.uniform(size=(N_QUANTITIES, n))


def smooth_quantiles(shape: tuple[int, int], rng: np.random.RandomState) -> NDArray[np.float64]:
    """Quantiles that neighboring pixels nearly share, shape (6, y * x), evenly spread over the map."""
    noise = rng.normal(size=(N_QUANTITIES, *shape))
    field = np.array([gaussian_filter(one, CORRELATION, mode="reflect") for one in noise])
    field -= field.mean(axis=(1, 2), keepdims=True)
    return ndtr(field / field.std(axis=(1, 2), keepdims=True)).reshape(N_QUANTITIES, -1)
