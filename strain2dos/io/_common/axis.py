# SPDX-License-Identifier: BSD-3-Clause
"""The spectral axis: strictly ascending, also where it was rounded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from strain2dos.io._common.memory import warn_caller

#: Points on either side of two equal ones that must show the even axis they belong to.
_BESIDE = 10
_FEWEST = 8
#: Decimals beyond which an axis was not rounded by hand.
_MOST_DECIMALS = 6


def ascending_axis(path: Path, shift: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn a descending axis round; refuse one that is not strictly monotonic.

    Neighbors that are equal because the file rounds its axis are spread, where the points around them show an
    even axis that rounds to what is written.

    Raises
    ------
    ValueError
        When two points of the axis are equal or out of order, or one is not finite.
    """
    if not np.isfinite(shift).all():
        i = int(np.argmin(np.isfinite(shift)))
        raise ValueError(
            f"{path}: the spectral axis must be finite, but point {i + 1} is {shift[i]}; correct it."
        )
    if shift.size > 1 and shift[0] > shift[-1]:
        shift = shift[::-1]
    wrong = np.flatnonzero(shift[1:] <= shift[:-1])
    if wrong.size and (shift[1:] >= shift[:-1]).all():
        repaired = _unrounded(shift)
        if repaired is not None:
            warn_caller(
                f"{path.name}: {wrong.size} points of the spectral axis equal the one before after rounding "
                f"to {_rounding(shift):g}; they were spread by at most {np.abs(repaired - shift).max():.2g}, "
                "as their neighbors lie."
            )
            return np.ascontiguousarray(repaired)
    if wrong.size:
        i = int(wrong[0])
        raise ValueError(
            f"{path}: the spectral axis must be strictly monotonic, but {shift[i + 1]:g} follows "
            f"{shift[i]:g}; drop repeated points, or split the file where the axis starts again."
        )
    return np.ascontiguousarray(shift)


def _rounding(shift: NDArray[np.float64]) -> float | None:
    """Power of ten that all values are multiples of; None for values that were not rounded."""
    for decimals in range(_MOST_DECIMALS + 1):
        if np.allclose(shift, np.round(shift, decimals), rtol=0, atol=1e-9):
            return 10.0**-decimals
    return None


def _unrounded(shift: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Spread equal neighbors by the curve through the points around; None where the file contradicts it."""
    unit = _rounding(shift)
    if unit is None:
        return None
    repaired = shift.copy()
    equal = np.flatnonzero(shift[1:] == shift[:-1])
    for i in equal.tolist():
        window = np.arange(max(i - _BESIDE, 0), min(i + 2 + _BESIDE, shift.size))
        if window.size < _FEWEST:
            return None
        # a repeated row would shift all behind it by a step, which no curve within the rounding follows
        curve = np.polynomial.Polynomial.fit(window, shift[window], 2)
        if np.abs(curve(window) - shift[window]).max() > 0.75 * unit:
            return None
        repaired[i : i + 2] = curve(np.array([i, i + 1]))
    return repaired if (repaired[1:] > repaired[:-1]).all() else None
