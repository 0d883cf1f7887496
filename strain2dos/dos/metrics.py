# SPDX-License-Identifier: BSD-3-Clause
"""Figures of merit for curves of the density of states and their band edges.

All functions take ``(y_true, y_pred)`` with one row per curve, so they serve
:func:`sklearn.metrics.make_scorer` with ``greater_is_better=False`` (:func:`r2_per_curve`: True).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strain2dos.dos._edges import band_edges, check_energies

__all__ = [
    "cbm_mae",
    "dos_mae",
    "gap_mae",
    "interval_coverage",
    "negative_share",
    "r2_per_curve",
    "relative_l1",
    "vbm_mae",
    "wasserstein",
]

Array = NDArray[np.float64]


def _curves(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[Array, Array]:
    truth, found = (np.atleast_2d(np.asarray(y, dtype=np.float64)) for y in (y_true, y_pred))
    if truth.shape != found.shape:
        raise ValueError(
            f"y_true has shape {truth.shape} and y_pred {found.shape}; pass curves of the same samples on "
            "the same grid."
        )
    return truth, found


def dos_mae(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    r"""Mean absolute error of the curves, in their unit.

    .. math:: \frac{1}{n m} \sum_{ij} |\hat D_i(E_j) - D_i(E_j)|

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples, n_energies)
        Curves [states/eV/cell].

    Returns
    -------
    float
        Error [states/eV/cell].

    Examples
    --------
    >>> from strain2dos.dos.metrics import dos_mae
    >>> dos_mae([[0.0, 1.0, 2.0]], [[0.0, 1.5, 2.0]])
    0.16666666666666666
    """
    truth, found = _curves(y_true, y_pred)
    return float(np.abs(found - truth).mean())


def relative_l1(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    r"""Mean over curves of the absolute error against the number of states.

    .. math:: \frac{1}{n} \sum_i \frac{\sum_j |\hat D_i(E_j) - D_i(E_j)|}{\sum_j |D_i(E_j)|}

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples, n_energies)
        Curves on an evenly spaced grid.

    Returns
    -------
    float
        Dimensionless error; 0.02 is 2 %.

    Examples
    --------
    >>> from strain2dos.dos.metrics import relative_l1
    >>> relative_l1([[0.0, 1.0, 1.0]], [[0.0, 1.5, 1.0]])
    0.25
    """
    truth, found = _curves(y_true, y_pred)
    return float(np.mean(np.abs(found - truth).sum(1) / np.maximum(np.abs(truth).sum(1), 1e-300)))


def wasserstein(y_true: ArrayLike, y_pred: ArrayLike, *, energies: ArrayLike) -> float:
    r"""Mean distance by which states are misplaced in energy, in meV.

    .. math:: \frac{1}{n} \sum_i \int |\hat F_i(E) - F_i(E)| \, dE

    with :math:`F` the share of states below an energy: the Wasserstein-1 distance between the curves, each
    normalised to one [Villani, Topics in Optimal Transportation, AMS 2003, section 2.2].

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples, n_energies)
        Curves; negative values count as zero.
    energies : array-like of shape (n_energies,)
        Energies [eV], ascending.

    Returns
    -------
    float
        Distance [meV].

    Examples
    --------
    >>> import numpy as np
    >>> from strain2dos.dos.metrics import wasserstein
    >>> energies = np.linspace(-1, 1, 401)
    >>> peak = lambda centre: np.exp(-0.5 * ((energies - centre) / 0.1) ** 2)[None]
    >>> round(wasserstein(peak(0.0), peak(0.02), energies=energies), 3)
    20.0
    """
    truth, found = _curves(y_true, y_pred)
    grid = check_energies(energies)
    steps = np.diff(grid)
    shares = []
    for curves in (truth, found):
        clipped = np.maximum(curves, 0.0)
        below = np.cumsum(0.5 * (clipped[:, 1:] + clipped[:, :-1]) * steps, axis=1)
        shares.append(np.c_[np.zeros(len(below)), below / np.maximum(below[:, -1:], 1e-300)])
    apart = np.abs(shares[0] - shares[1])
    return float(1e3 * np.mean((0.5 * (apart[:, 1:] + apart[:, :-1]) * steps).sum(1)))


def r2_per_curve(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    r"""Mean over curves of the coefficient of determination along energy.

    .. math:: \frac{1}{n} \sum_i \left(1 - \frac{\sum_j (\hat D_{ij} - D_{ij})^2}
              {\sum_j (D_{ij} - \bar D_i)^2}\right)

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples, n_energies)
        Curves.

    Returns
    -------
    float
        1 for perfect curves. High for any curve of roughly the right shape: read it with the others.

    Examples
    --------
    >>> from strain2dos.dos.metrics import r2_per_curve
    >>> r2_per_curve([[0.0, 1.0, 2.0]], [[0.0, 1.5, 2.0]])
    0.875
    """
    truth, found = _curves(y_true, y_pred)
    spread = np.square(truth - truth.mean(1, keepdims=True)).sum(1)
    return float(np.mean(1.0 - np.square(found - truth).sum(1) / np.maximum(spread, 1e-300)))


def negative_share(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Share of predicted densities that are negative, which no density of states can be.

    Parameters
    ----------
    y_true : array-like of shape (n_samples, n_energies)
        Not used; there so that the function can be made a scorer.
    y_pred : array-like of shape (n_samples, n_energies)
        Predicted curves.

    Returns
    -------
    float
        Between 0 and 1.

    Examples
    --------
    >>> from strain2dos.dos.metrics import negative_share
    >>> negative_share([[0.0, 0.0, 1.0, 2.0]], [[-0.1, 0.0, 1.0, 2.0]])
    0.25
    """
    return float(np.mean(np.asarray(y_pred) < 0))


def vbm_mae(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    energies: ArrayLike,
    threshold: float = 0.1,
    reference: float = 0.0,
) -> float:
    """Mean absolute error of the valence band maximum read from the curves, in meV.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples, n_energies)
        Curves.
    energies : array-like of shape (n_energies,)
        Energies [eV].
    threshold, reference : float
        As in `band_edges`.

    Returns
    -------
    float
        Error [meV]. Curves whose true edge does not exist are left out; a predicted curve without the edge
        that the true one has makes the error infinite, so that it cannot be overlooked.

    Examples
    --------
    See `gap_mae`.
    """
    return _edge_mae("vbm", y_true, y_pred, energies, threshold, reference)


def cbm_mae(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    energies: ArrayLike,
    threshold: float = 0.1,
    reference: float = 0.0,
) -> float:
    """Mean absolute error of the conduction band minimum read from the curves, in meV.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples, n_energies)
        Curves.
    energies : array-like of shape (n_energies,)
        Energies [eV].
    threshold, reference : float
        As in `band_edges`.

    Returns
    -------
    float
        Error [meV], with missing edges treated as in `vbm_mae`.

    Examples
    --------
    See `gap_mae`.
    """
    return _edge_mae("cbm", y_true, y_pred, energies, threshold, reference)


def gap_mae(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    energies: ArrayLike,
    threshold: float = 0.1,
    reference: float = 0.0,
) -> float:
    """Mean absolute error of the band gap read from the curves, in meV.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples, n_energies)
        Curves.
    energies : array-like of shape (n_energies,)
        Energies [eV].
    threshold, reference : float
        As in `band_edges`.

    Returns
    -------
    float
        Error [meV], with missing edges treated as in `vbm_mae`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.metrics import make_scorer
    >>> from strain2dos.dos.metrics import gap_mae
    >>> energies = np.linspace(-2, 2, 401)
    >>> curve = lambda half: np.clip(np.abs(energies) - half, 0, None)[None]
    >>> round(gap_mae(curve(0.80), curve(0.81), energies=energies), 3)
    20.0
    >>> scorer = make_scorer(gap_mae, greater_is_better=False, energies=energies, threshold=0.1)
    """
    return _edge_mae("gap", y_true, y_pred, energies, threshold, reference)


def _edge_mae(
    which: str, y_true: ArrayLike, y_pred: ArrayLike, energies: ArrayLike, threshold: float, reference: float
) -> float:
    truth, found = _curves(y_true, y_pred)
    edges = [
        getattr(band_edges(energies, curves, threshold=threshold, reference=reference), which)
        for curves in (truth, found)
    ]
    known = np.isfinite(edges[0])
    miss = np.abs(edges[1] - edges[0])[known]
    return float(1e3 * np.mean(np.where(np.isnan(miss), np.inf, miss))) if miss.size else float("nan")


def interval_coverage(y_true: ArrayLike, interval: ArrayLike) -> float:
    """Share of curves that lie inside their band at every energy.

    Parameters
    ----------
    y_true : array-like of shape (n_samples, n_energies)
        True curves.
    interval : array-like of shape (n_samples, n_energies, 2)
        Lower and upper bounds, as from `ConformalDOSRegressor.predict_interval`.

    Returns
    -------
    float
        Between 0 and 1; to be compared with the level that was asked for.

    Examples
    --------
    >>> from strain2dos.dos.metrics import interval_coverage
    >>> interval_coverage([[0.0, 1.0], [0.0, 3.0]], [[[0.0, 0.1], [0.5, 1.5]], [[0.0, 0.1], [1.0, 2.0]]])
    0.5
    """
    truth, bounds = np.asarray(y_true, dtype=np.float64), np.asarray(interval, dtype=np.float64)
    if bounds.shape != (*truth.shape, 2):
        raise ValueError(
            f"interval must have shape {(*truth.shape, 2)}, lower and upper bound of every value of y_true, "
            f"but its shape is {bounds.shape}."
        )
    inside = (truth >= bounds[..., 0]) & (truth <= bounds[..., 1])
    return float(inside.all(1).mean())
