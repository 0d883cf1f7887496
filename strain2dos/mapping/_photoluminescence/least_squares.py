# SPDX-License-Identifier: BSD-3-Clause
"""Least squares within bounds for many spectra side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strain2dos.mapping._photoluminescence.lines import LineModel

Array = NDArray[np.float64]

# Steps at most; a spectrum that is not done by then counts as not converged.
_MOST_STEPS = 200
# A step that lowers chi-square by less than this share ends the fit, and so does damping beyond the last
# figure: then no direction leads down.
_SMALL = 1e-10
_DAMPING, _MOST_DAMPING = 1e-3, 1e12


@dataclass(frozen=True)
class BatchFit:
    """Fits of n spectra with k parameters.

    Attributes
    ----------
    p : (n, k) ndarray
    normal : (n, k, k) ndarray
        Product of the weighted Jacobian with itself at ``p``.
    residual : (n, n_points) ndarray
        Model minus spectrum over the error of a point; 0 where a point has no weight.
    converged : (n,) ndarray of bool
    """

    p: Array
    normal: Array
    residual: Array
    converged: NDArray[np.bool_]


def fit_batch(model: LineModel, x: Array, y: Array, weight: Array, start: Array, bounds: Array) -> BatchFit:
    """Fit all rows of ``y``, each on its own, by damped steps that end at the bounds.

    Steps are those of Levenberg and Marquardt (J. Soc. Indust. Appl. Math. 11, 431 (1963)) in the parameters
    that no bound holds.

    Parameters
    ----------
    model : LineModel
    x : (n_points,) ndarray
    y : (n, n_points) ndarray
        Finite.
    weight : (n, n_points) ndarray
        One over the error of a point; 0 leaves it out.
    start : (n, k) ndarray
    bounds : (2, n, k) ndarray
        Lower and upper.
    """
    low, high = bounds
    p = np.clip(start, low, high)
    residual, gradient, normal = _system(model, x, y, weight, p)
    cost = (residual**2).sum(axis=1)
    damping = np.full(len(p), _DAMPING)
    converged = np.zeros(len(p), dtype=bool)
    for _ in range(_MOST_STEPS):
        rows = np.flatnonzero(~converged)
        if not rows.size:
            break
        step = _step(p[rows], gradient[rows], normal[rows], damping[rows], low[rows], high[rows])
        trial = np.clip(p[rows] + step, low[rows], high[rows])
        new = _system(model, x, y[rows], weight[rows], trial)
        new_cost = (new[0] ** 2).sum(axis=1)
        better = new_cost < cost[rows]
        gain = cost[rows] - new_cost
        done = (np.abs(gain) <= _SMALL * cost[rows]) | (damping[rows] > _MOST_DAMPING)
        damping[rows] *= np.where(better, 0.1, 10.0)
        np.maximum(damping, 1e-12, out=damping)
        kept = rows[better]
        p[kept], cost[kept] = trial[better], new_cost[better]
        residual[kept], gradient[kept], normal[kept] = (part[better] for part in new)
        converged[rows] = done
    return BatchFit(p, normal, residual, converged)


def _system(model: LineModel, x: Array, y: Array, weight: Array, p: Array) -> tuple[Array, Array, Array]:
    """Weighted residual (n, n_points), gradient (n, k) of half its square, normal matrix (n, k, k)."""
    value, jac = model.values_and_jacobian(x, p)
    residual = (value - y) * weight
    by_row = np.swapaxes(jac, 1, 2) * weight[:, np.newaxis, :]
    return residual, (by_row @ residual[:, :, np.newaxis])[:, :, 0], by_row @ np.swapaxes(by_row, 1, 2)


def _step(p: Array, gradient: Array, normal: Array, damping: Array, low: Array, high: Array) -> Array:
    """Damped step of the parameters that are free; the others stay where the bound holds them."""
    held = ((p <= low) & (gradient > 0)) | ((p >= high) & (gradient < 0))
    size = np.sqrt(np.diagonal(normal, axis1=1, axis2=2))
    size = np.where(size > 0, size, 1.0)
    scaled = normal / (size[:, :, np.newaxis] * size[:, np.newaxis, :])
    free = np.where(held, 0.0, 1.0)
    scaled = scaled * free[:, :, np.newaxis] * free[:, np.newaxis, :]
    k = p.shape[1]
    scaled[:, np.arange(k), np.arange(k)] = np.where(held, 1.0, 1.0 + damping[:, np.newaxis])
    target = np.where(held, 0.0, gradient / size)
    return -np.linalg.solve(scaled, target[:, :, np.newaxis])[:, :, 0] / size
