# SPDX-License-Identifier: BSD-3-Clause
"""Figures of merit of whole curves."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strain2dos.dos._edges.reading import band_edges, check_energies

Array = NDArray[np.float64]


def check_curves(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[Array, Array]:
    """Return both as (n_samples, n_energies), or refuse shapes that differ."""
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
    truth, found = check_curves(y_true, y_pred)
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
    truth, found = check_curves(y_true, y_pred)
    return float(np.mean(np.abs(found - truth).sum(1) / np.maximum(np.abs(truth).sum(1), 1e-300)))


def wasserstein(y_true: ArrayLike, y_pred: ArrayLike, *, energies: ArrayLike) -> float:
    r"""Mean distance by which states are misplaced in energy, in meV.

    .. math:: \frac{1}{n} \sum_i \int |\hat F_i(E) - F_i(E)| \, dE

    with :math:`F` the share of states below an energy: the Wasserstein-1 distance between the curves, each
    normalized to one [Villani, Topics in Optimal Transportation, AMS 2003, section 2.2].

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
    >>> peak = lambda center: np.exp(-0.5 * ((energies - center) / 0.1) ** 2)[None]
    >>> round(wasserstein(peak(0.0), peak(0.02), energies=energies), 3)
    20.0
    """
    truth, found = check_curves(y_true, y_pred)
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
    truth, found = check_curves(y_true, y_pred)
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


def gap_density(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    energies: ArrayLike,
    threshold: float = 0.1,
    reference: float = 0.0,
) -> float:
    r"""Density predicted inside the true gap, relative to the mean density of the true curve.

    .. math:: \frac{1}{n} \sum_i \frac{\langle \hat D_i(E) \rangle_{E_{v,i} < E < E_{c,i}}}
              {\langle D_i(E) \rangle_E}

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples, n_energies)
        Curves on an evenly spaced grid.
    energies : array-like of shape (n_energies,)
        Energies [eV].
    threshold, reference : float
        As in `band_edges`, which finds the gap of the true curves.

    Returns
    -------
    float
        Dimensionless; the true curves themselves have what their broadening puts there. Curves without a gap,
        or with no point of the grid in it, are left out; NaN if all are.

    Examples
    --------
    >>> import numpy as np
    >>> from strain2dos.dos.metrics import gap_density
    >>> energies = np.linspace(-2, 2, 401)
    >>> truth = np.where(np.abs(energies) > 1, 2.0, 0.0)[None]
    >>> round(gap_density(truth, truth + 0.01, energies=energies), 3)
    0.01
    """
    truth, found = check_curves(y_true, y_pred)
    grid = check_energies(energies)
    edges = band_edges(grid, truth, threshold=threshold, reference=reference)
    inside = (grid > edges.vbm[:, np.newaxis]) & (grid < edges.cbm[:, np.newaxis])
    known = inside.any(1)
    if not known.any():
        return float("nan")
    density = np.where(inside, found, 0.0).sum(1)[known] / inside.sum(1)[known]
    return float(np.mean(density / np.maximum(np.abs(truth[known]).mean(1), 1e-300)))
