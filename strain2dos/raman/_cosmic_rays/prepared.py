# SPDX-License-Identifier: BSD-3-Clause
"""Spectra made ready for the search: gaps bridged, noise estimated."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from strain2dos._noise import second_differences, white_noise

Floats = NDArray[np.float64]

# Wider than two hits of four points, so that the median does not see them.
_MEDIAN_POINTS = 9


class Prepared(NamedTuple):
    """Spectra (n, m) in the forms that the search needs.

    ``filled`` has its gaps bridged (only for comparisons: those points are never judged), ``smooth`` is free
    of anything as narrow as a hit, ``variance`` is that of the noise per point, ``noise`` (n,) its root off
    the lines (0 marks spectra that cannot be judged), ``level`` (n,) their median and ``gain`` (n,) the
    variance that each further count brings.
    """

    filled: Floats
    valid: NDArray[np.bool_]
    smooth: Floats
    variance: Floats
    noise: Floats
    level: Floats
    gain: Floats


def prepare(spectra: Floats) -> Prepared:
    """Bridge gaps and estimate the noise of spectra (n, m), NaN allowed."""
    valid = np.isfinite(spectra)
    filled = np.where(valid, spectra, 0.0)
    channel = np.arange(spectra.shape[1])
    enough = valid.sum(axis=1) >= 5
    for row in np.flatnonzero(enough & ~valid.all(axis=1)):
        good = valid[row]
        filled[row] = np.interp(channel, channel[good], spectra[row, good])
    smooth = median_filter(filled, size=(1, _MEDIAN_POINTS), mode="nearest")
    level = np.median(smooth, axis=1)
    noise = np.where(enough, _noise(filled), 0.0)
    # Shot noise: the variance grows in proportion to the counts. Where the background was subtracted the
    # proportion cannot be read from it; the misfit of the neighbors then decides.
    grows = level > noise
    gain = np.where(grows, noise**2 / np.where(grows, level, 1.0), 0.0)
    variance = noise[:, None] ** 2 + gain[:, None] * np.maximum(smooth - level[:, None], 0.0)
    return Prepared(filled, valid, smooth, variance, noise, level, gain)


def _noise(spectra: Floats) -> Floats:
    """Standard deviation (n,) of each spectrum."""
    noise = white_noise(spectra)
    coarse = noise == 0.0
    if coarse.any():
        # Quantized counts: more than half of the differences are 0, so the noise is below one step.
        second = second_differences(spectra[coarse])
        steps = np.where(second > 0.0, second, np.inf).min(axis=1)
        noise[coarse] = np.where(np.isfinite(steps), steps, 0.0)
    return noise
