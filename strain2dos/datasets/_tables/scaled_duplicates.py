# SPDX-License-Identifier: BSD-3-Clause
"""Find curves that are another curve times a constant."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Factors that published tables were padded with; they identify the original of a family from its copies.
PADDING_FACTORS = (0.99, 1.01, 1.02, 1.03)
# four digits in the file leave 2e-4 of the peak; genuine published curves, the nearest pair, differ by 8e-3
_SHAPE_TOLERANCE = 1e-3
# nearer to one than this, equal shape may just be a fine sampling of strain
_SMALLEST_STEP = 2e-3
_FACTOR_TOLERANCE = 1e-3


@dataclass(frozen=True)
class ScaledCopy:
    """Column ``column`` is ``factor`` times column ``original``."""

    column: int
    original: int
    factor: float


def find_scaled_copies(curves: NDArray[np.float64]) -> list[ScaledCopy]:
    """Find the rows of a table that are another row times a constant.

    Two curves belong to one family when their ratio is constant over the curve: the largest deviation from
    proportionality is below 0.1 % of the peak (rounding in the file allowed), and the factor differs from 1
    by more than 0.2 % or the curves are equal. Within a family the original is the curve that makes the
    others' factors 0.99, 1.01, 1.02 or 1.03 most exactly; when that does not decide, the first.

    Parameters
    ----------
    curves : ndarray of shape (n, m)
        One curve per row.

    Returns
    -------
    list of ScaledCopy
        One entry per copy, in the order of the rows.
    """
    factors = _pairwise_factors(curves)
    left = list(range(len(curves)))
    copies = []
    while left:
        family = [j for j in left if np.isfinite(factors[left[0], j])]
        original = min(family, key=lambda i: _doubt(factors, i, family))
        copies += [ScaledCopy(j, original, float(factors[j, original])) for j in family if j != original]
        left = [j for j in left if j not in family]
    return sorted(copies, key=lambda copy: copy.column)


def _pairwise_factors(curves: NDArray[np.float64]) -> NDArray[np.float64]:
    """factors[i, j] with curve i = factor x curve j, NaN where they are not proportional."""
    n = len(curves)
    peak = np.abs(curves).max(axis=1)
    # each over its own peak: squares of a mistyped value would overflow
    shapes = curves / np.where(peak > 0, peak, 1.0)[:, None]
    factors = np.full((n, n), np.nan)
    for j in range(n):
        equal = (curves == curves[j]).all(axis=1)
        if peak[j] > 0:
            ratio = shapes @ shapes[j] / (shapes[j] @ shapes[j])
            deviation = np.abs(shapes - ratio[:, None] * shapes[j]).max(axis=1)
            with np.errstate(over="ignore"):
                factor = ratio * (peak / peak[j])
            proportional = (
                (deviation <= _SHAPE_TOLERANCE)
                & (peak > 0)
                & np.isfinite(factor)
                & (np.abs(factor - 1) > _SMALLEST_STEP)
            )
            factors[proportional, j] = factor[proportional]
        factors[equal, j] = 1.0
    return factors


def _doubt(factors: NDArray[np.float64], original: int, family: list[int]) -> float:
    """How badly the family's factors against this member fit the padding factors."""
    others = factors[[j for j in family if j != original], original]
    distance = np.abs(others[:, None] - np.array(PADDING_FACTORS)).min(axis=1, initial=1.0)
    # capped: no other factor must decide between candidates; rounded: nor must noise
    return round(
        float(np.nan_to_num(np.minimum(distance, _FACTOR_TOLERANCE), nan=_FACTOR_TOLERANCE).sum()), 6
    )
