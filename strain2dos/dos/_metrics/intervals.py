# SPDX-License-Identifier: BSD-3-Clause
"""Figures of merit of bands and intervals."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strain2dos.dos._uncertainty.ranks import check_level

Array = NDArray[np.float64]


def interval_coverage(y_true: ArrayLike, interval: ArrayLike) -> float:
    """Share of curves that lie inside their band at every energy.

    Parameters
    ----------
    y_true : array-like of shape (n_samples, n_energies) or (n_samples,)
        True curves, or true edges.
    interval : array-like of shape (n_samples, n_energies, 2) or (n_samples, 2)
        Lower and upper bounds, as from `ConformalDOSRegressor.predict_interval`.

    Returns
    -------
    float
        Between 0 and 1; to be compared with the level that was asked for.

    Examples
    --------
    >>> from strain2dos.dos.metrics import interval_coverage
    >>> interval_coverage(
    ...     [[0.0, 1.0], [0.0, 3.0]], [[[0.0, 0.1], [0.5, 1.5]], [[0.0, 0.1], [1.0, 2.0]]]
    ... )
    0.5
    """
    truth, lower, upper = _bounds(y_true, interval)
    return float(((truth >= lower) & (truth <= upper)).all(1).mean())


def interval_width(interval: ArrayLike) -> float:
    """Mean width of bands or intervals, in their unit.

    Parameters
    ----------
    interval : array-like of shape (..., 2)
        Lower and upper bounds.

    Returns
    -------
    float
        Mean over all samples and energies; to be read beside `interval_coverage`.

    Examples
    --------
    >>> from strain2dos.dos.metrics import interval_width
    >>> interval_width([[[0.0, 0.1], [0.5, 1.5]]])
    0.55
    """
    bounds = np.asarray(interval, dtype=np.float64)
    if bounds.ndim < 2 or bounds.shape[-1] != 2:
        raise ValueError(
            f"interval must hold lower and upper bounds along its last axis, but its shape is {bounds.shape}."
        )
    return float(np.mean(bounds[..., 1] - bounds[..., 0]))


def interval_score(y_true: ArrayLike, interval: ArrayLike, *, level: float = 0.9) -> float:
    r"""Interval score: width plus a penalty for what lies outside, averaged over samples and energies.

    .. math:: S = (u - l) + \frac{2}{\alpha} (l - y)_+ + \frac{2}{\alpha} (y - u)_+, \quad
              \alpha = 1 - \mathrm{level}

    It is smallest, in the mean, for the true quantiles at :math:`\alpha/2` and :math:`1 - \alpha/2` of each
    energy [T. Gneiting and A. E. Raftery, J. Am. Stat. Assoc. 102, 359-378 (2007), section 6.2]. Bands that
    hold whole curves are wider than that, so compare it only among bands of one kind.

    Parameters
    ----------
    y_true : array-like of shape (n_samples, n_energies) or (n_samples,)
        True curves, or true edges.
    interval : array-like of shape (n_samples, n_energies, 2) or (n_samples, 2)
        Lower and upper bounds.
    level : float, default=0.9
        Level at which the bounds were asked for.

    Returns
    -------
    float
        Score in the unit of the values; smaller is better.

    Raises
    ------
    ValueError
        If the shapes do not match, or `level` is not between 0 and 1.

    Examples
    --------
    >>> from strain2dos.dos.metrics import interval_score
    >>> round(interval_score([[0.5, 2.0]], [[[0.0, 1.0], [0.0, 1.0]]], level=0.8), 3)
    6.0
    """
    truth, lower, upper = _bounds(y_true, interval)
    outside = np.maximum(lower - truth, 0.0) + np.maximum(truth - upper, 0.0)
    return float(np.mean(upper - lower + 2.0 / (1.0 - check_level(level)) * outside))


def _bounds(y_true: ArrayLike, interval: ArrayLike) -> tuple[Array, Array, Array]:
    truth, bounds = np.asarray(y_true, dtype=np.float64), np.asarray(interval, dtype=np.float64)
    if bounds.shape != (*truth.shape, 2):
        raise ValueError(
            f"interval must have shape {(*truth.shape, 2)}, lower and upper bound of every value of y_true, "
            f"but its shape is {bounds.shape}."
        )
    n = len(truth)
    return truth.reshape(n, -1), bounds[..., 0].reshape(n, -1), bounds[..., 1].reshape(n, -1)
