# SPDX-License-Identifier: BSD-3-Clause
"""Detector pixels that are hot or dead in all spectra, which no comparison of spectra can show."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strain2dos.raman._cosmic_rays.prepared import prepare

# On both sides of a Lorentzian line that is centered on a point and 1.1 points wide stand 15 % of its height
# (against the next but one points): anything that shows less is narrower than a spectrometer draws a line.
_SIDE_SHARE = 0.15


def bad_columns(blocks: Iterable[tuple[slice, int, NDArray[Any]]], threshold: float) -> NDArray[np.bool_]:
    """Columns (n_shift,) where more than half of the spectra have the same step out of their surroundings.

    Steps of one and of two points count, upwards or downwards, from ``threshold`` standard deviations of the
    noise of a single spectrum on; smaller ones, such as the usual unevenness of a detector, do no harm.
    """
    up, down, n = 0, 0, 0
    for _, _, block in blocks:
        ready = prepare(block.reshape(-1, block.shape[-1]).astype(np.float64))
        usable = ready.noise > 0
        spectra = ready.filled[usable]
        limit = threshold * np.sqrt(ready.variance[usable])
        up = up + _steps(spectra, limit).sum(axis=0)
        down = down + _steps(-spectra, limit).sum(axis=0)
        n += int(usable.sum())
    return np.maximum(up, down) > 0.5 * max(n, 1)


def _steps(spectra: NDArray[np.float64], limit: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Points that stand, alone or as a pair, more than ``limit`` above both sides, with hardly a slope."""
    found = np.zeros(spectra.shape, dtype=bool)
    m = spectra.shape[1]
    for width in (1, 2):
        at = np.arange(2, m - 1 - width)
        inside = [spectra[:, at + k] for k in range(width)]
        before, after = spectra[:, at - 1], spectra[:, at + width]
        far = 0.5 * (spectra[:, at - 2] + spectra[:, np.minimum(at + width + 1, m - 1)])
        low, high = np.minimum(inside[0], inside[-1]), np.maximum(inside[0], inside[-1])
        side = np.maximum(before, after)
        slope = np.abs(before - after)
        stands = (low - side > limit[:, at] + slope) & (side - far < _SIDE_SHARE * (high - far))
        for k in range(width):
            found[:, at + k] |= stands
    return found
