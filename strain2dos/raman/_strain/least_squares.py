# SPDX-License-Identifier: BSD-3-Clause
"""Least squares from line shifts to strain and doping, row by row."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

# Directions whose variance is this much smaller than the largest are ties between lines (both branches of a
# doublet that is not split): they hold exactly; where all unknowns move both alike they are uninformative.
TIED = 1e-10


def matmul_in_fixed_order(rows: Floats, matrix: Floats) -> Floats:
    """``rows @ matrix.T``, summed in one order: a matrix product may sum otherwise for other batch sizes."""
    found = np.empty((len(rows), len(matrix)))
    for column, weights in zip(found.T, matrix, strict=True):
        column[:] = rows[:, 0] * weights[0]
        for j in range(1, weights.size):
            column += rows[:, j] * weights[j]
    return found


def fixed_inverse(matrix: Floats, sigma: Floats | None) -> Floats:
    """Least-squares inverse (k, m) of a matrix (m, k), the same for all rows."""
    if matrix.shape[0] == matrix.shape[1]:
        return np.asarray(np.linalg.inv(matrix), dtype=np.float64)
    sigma = np.ones(matrix.shape[0]) if sigma is None else sigma
    return np.linalg.pinv(matrix / sigma[:, None]) / sigma


def generalized_least_squares(
    matrix: Floats, shift: Floats, covariance: Floats
) -> tuple[Floats, Floats, Floats, NDArray[np.int64]]:
    """Generalized least squares of each row with its own covariance.

    A. C. Aitken, Proc. R. Soc. Edinburgh 55, 42 (1936). Ties between lines (directions without variance)
    are kept to; a tie that no unknown could break is not a degree of freedom.

    Parameters
    ----------
    matrix : (m, k) ndarray
    shift : (n, m) ndarray
    covariance : (n, m, m) ndarray

    Returns
    -------
    values : (n, k) ndarray
        NaN where shift or covariance are not finite or do not determine the unknowns.
    covariance : (n, k, k) ndarray
    chi2 : (n,) ndarray
    dof : (n,) ndarray of int
    """
    n, (m, k) = shift.shape[0], matrix.shape
    values, chi2 = np.full((n, k), np.nan), np.full(n, np.nan)
    spread, dof = np.full((n, k, k), np.nan), np.zeros(n, dtype=np.int64)
    good = np.flatnonzero(np.isfinite(shift).all(axis=1) & np.isfinite(covariance).all(axis=(1, 2)))
    if not good.size:
        return values, spread, chi2, dof
    variance, axes = np.linalg.eigh(covariance[good])
    floor = TIED * np.maximum(variance[:, -1:], 1e-300)
    # Whitened along the axes of the covariance, one direction per row.
    whitener = axes.transpose(0, 2, 1) / np.sqrt(np.maximum(variance, floor))[:, :, None]
    design = whitener @ matrix
    target = (whitener @ shift[good][:, :, None])[:, :, 0]
    scale = np.linalg.norm(matrix, axis=0)
    moved = np.abs(axes.transpose(0, 2, 1) @ (matrix / scale)).max(axis=2)
    uninformative = (variance <= floor) & (moved < 1e-6)
    u, s, vt = np.linalg.svd(design / scale, full_matrices=False)
    known = s[:, -1] > TIED * s[:, 0]
    inverse = (vt.transpose(0, 2, 1) / np.where(known[:, None], s, 1.0)[:, None, :]) @ u.transpose(0, 2, 1)
    inverse = inverse / scale[:, None]
    found = (inverse @ target[:, :, None])[:, :, 0]
    residual = target - (design @ found[:, :, None])[:, :, 0]
    rows = good[known]
    values[rows] = found[known]
    spread[rows] = (inverse @ inverse.transpose(0, 2, 1))[known]
    dof[rows] = (m - k - uninformative.sum(axis=1))[known]
    tested = dof > 0
    total = np.full(n, np.nan)
    total[good] = (residual**2).sum(axis=1)
    chi2[tested] = total[tested]
    return values, spread, chi2, dof


def full_covariance(covariance: ArrayLike, n: int, m: int) -> Floats:
    """Covariance (n, m, m) of the positions, from itself or from standard deviations (n, m).

    Raises
    ------
    ValueError
        For another shape.
    """
    covariance = np.asarray(covariance, dtype=float)
    if covariance.shape == (n, m):
        return covariance[:, :, None] ** 2 * np.eye(m)
    if covariance.shape != (n, m, m):
        raise ValueError(
            f"covariance must have shape ({n}, {m}, {m}), or ({n}, {m}) for standard deviations, but has "
            f"{covariance.shape}; take the rows and columns of the {m} centers."
        )
    return covariance


def solve_shifts(
    matrix: Floats, inverse: Floats, shift: Floats, covariance: Floats
) -> tuple[Floats, Floats, Floats, NDArray[np.int64]]:
    """Values, covariance, chi-square, degrees of freedom: exact, or weighed by each row's own errors.

    Shapes as for `generalized_least_squares`.
    """
    if matrix.shape[0] > matrix.shape[1]:
        return generalized_least_squares(matrix, shift, covariance)
    n = shift.shape[0]
    spread = inverse @ covariance @ inverse.T
    return matmul_in_fixed_order(shift, inverse), spread, np.full(n, np.nan), np.zeros(n, dtype=np.int64)


def standard_deviations(spread: Floats, inverse: Floats, covariance: Floats) -> Floats:
    """Root of the diagonal; NaN where ties between the lines leave no variance."""
    variance = np.diagonal(spread, axis1=1, axis2=2)
    untied = matmul_in_fixed_order(np.diagonal(covariance, axis1=1, axis2=2), inverse**2)
    return np.sqrt(np.where(variance > 100.0 * TIED * untied, variance, np.nan))
