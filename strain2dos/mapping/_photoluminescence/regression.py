# SPDX-License-Identifier: BSD-3-Clause
"""A line with errors in both quantities, and its error from blocks of pixels left out."""

from __future__ import annotations

import numpy as np


def moments(x: np.ndarray, y: np.ndarray) -> tuple[float, float, float]:
    """Sums of squares and of products of the deviations from the means: xx, xy, yy."""
    dx, dy = x - x.mean(), y - y.mean()
    return float(dx @ dx), float(dx @ dy), float(dy @ dy)


def slope_of(moments: tuple[float, float, float], ratio: float) -> float:
    """Deming slope; an infinite ratio (exact abscissa) is ordinary least squares."""
    s_xx, s_xy, s_yy = moments
    if np.isinf(ratio) or s_xy == 0:
        return s_xy / s_xx
    half = s_yy - ratio * s_xx
    root = float(np.hypot(half, 2 * np.sqrt(ratio) * s_xy))
    # The second form avoids the difference of nearly equal numbers.
    return (half + root) / (2 * s_xy) if half > 0 else 2 * ratio * s_xy / (root - half)


def block_labels(shape: tuple[int, ...], block: int | None) -> np.ndarray:
    """Number of the square block that each pixel belongs to."""
    side = block or max(1, -(-max(shape) // 4))
    rows, columns = np.indices(shape) // side
    return rows * shape[1] + columns


def jackknife(x: np.ndarray, y: np.ndarray, labels: np.ndarray, ratio: float) -> float:
    """Standard error of the slope from leaving out one block at a time."""
    found = np.unique(labels)
    if len(found) < 3:
        return float("nan")
    kept = [labels != label for label in found]
    slopes = np.array([slope_of(moments(x[k], y[k]), ratio) for k in kept if np.ptp(x[k]) > 0])
    return float(np.sqrt((len(slopes) - 1) * slopes.var()))
