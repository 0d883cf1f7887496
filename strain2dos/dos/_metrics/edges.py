# SPDX-License-Identifier: BSD-3-Clause
"""Figures of merit of band edges."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strain2dos.dos._edges.reading import band_edges
from strain2dos.dos._metrics.curves import check_curves

Array = NDArray[np.float64]


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
    y_true, y_pred, energies, threshold, reference
        As in `gap_mae`.

    Returns
    -------
    float
        Error [meV], with missing edges treated as in `gap_mae`.

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
    y_true, y_pred, energies, threshold, reference
        As in `gap_mae`.

    Returns
    -------
    float
        Error [meV], with missing edges treated as in `gap_mae`.

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
        Error [meV]. Curves whose true edge does not exist are left out; a predicted curve without the edge
        that the true one has makes the error infinite, so that it cannot be overlooked.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.metrics import make_scorer
    >>> from strain2dos.dos.metrics import gap_mae
    >>> energies = np.linspace(-2, 2, 401)
    >>> curve = lambda half: np.clip(np.abs(energies) - half, 0, None)[None]
    >>> round(gap_mae(curve(0.80), curve(0.81), energies=energies), 3)
    20.0
    >>> scorer = make_scorer(
    ...     gap_mae, greater_is_better=False, energies=energies, threshold=0.1
    ... )
    """
    return _edge_mae("gap", y_true, y_pred, energies, threshold, reference)


def edge_mae(edges_true: ArrayLike, edges_pred: ArrayLike) -> dict[str, float]:
    """Mean absolute errors of band edges that are given as such, in meV.

    Parameters
    ----------
    edges_true : array-like of shape (n_samples, 2), or BandEdges
        Valence band maximum and conduction band minimum [eV], for instance from eigenvalues.
    edges_pred : array-like of shape (n_samples, 2), or BandEdges
        The same as predicted, for instance by `DOSRegressor.predict_edges`.

    Returns
    -------
    dict
        ``{"vbm": ..., "cbm": ..., "gap": ...}``, errors [meV], with missing edges treated as in `gap_mae`.

    Raises
    ------
    ValueError
        If the edges are not of the same samples.

    Examples
    --------
    >>> from strain2dos.dos.metrics import edge_mae
    >>> {
    ...     name: round(error, 1)
    ...     for name, error in edge_mae([[-5.9, -4.3]], [[-5.91, -4.28]]).items()
    ... }
    {'vbm': 10.0, 'cbm': 20.0, 'gap': 30.0}
    """
    truth, found = _columns(edges_true), _columns(edges_pred)
    if truth["vbm"].shape != found["vbm"].shape:
        raise ValueError(
            f"edges_true holds {truth['vbm'].size} samples and edges_pred {found['vbm'].size}; pass edges of "
            "the same samples."
        )
    return {name: _mean_miss(truth[name], found[name]) for name in truth}


def _columns(edges: ArrayLike) -> dict[str, Array]:
    if hasattr(edges, "gap"):
        return {name: np.atleast_1d(getattr(edges, name)) for name in ("vbm", "cbm", "gap")}
    pairs = np.asarray(edges, dtype=np.float64)
    if pairs.ndim != 2 or pairs.shape[1] != 2:
        raise ValueError(
            f"edges must have shape (n_samples, 2), valence maximum and conduction minimum, but the shape is "
            f"{pairs.shape}; for instance np.column_stack([vbm, cbm])."
        )
    return {"vbm": pairs[:, 0], "cbm": pairs[:, 1], "gap": pairs[:, 1] - pairs[:, 0]}


def _edge_mae(
    which: str, y_true: ArrayLike, y_pred: ArrayLike, energies: ArrayLike, threshold: float, reference: float
) -> float:
    truth, found = check_curves(y_true, y_pred)
    edges = [
        getattr(band_edges(energies, curves, threshold=threshold, reference=reference), which)
        for curves in (truth, found)
    ]
    return _mean_miss(*edges)


def _mean_miss(truth: Array, found: Array) -> float:
    known = np.isfinite(truth)
    miss = np.abs(found - truth)[known]
    return float(1e3 * np.mean(np.where(np.isnan(miss), np.inf, miss))) if miss.size else float("nan")
