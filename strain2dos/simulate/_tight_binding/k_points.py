# SPDX-License-Identifier: BSD-3-Clause
"""Grids of k-points reduced by the symmetry that a strain leaves, and extrema between the grid's points."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RectBivariateSpline

Array = NDArray[np.float64]

# Acting on (k.a1, k.a2) with a1 = a(1, 0) and a2 = a(-1/2, sqrt 3/2).
_INVERT = ((-1, 0), (0, -1))  # time reversal; without spin-orbit coupling it keeps the spin's bands
_FLIP_Y = ((1, 0), (-1, -1))  # the mirror x -> -x times time reversal keeps the spin
_TURN = ((-1, -1), (1, 0))  # rotation by 120 degrees

_REACH = 4  # grid points on either side that an interpolation uses

# A parabola through a point of k and its eight neighbors, by least squares: value, slopes, curvatures.
_STENCIL = np.array([(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1)], dtype=np.float64)
_X, _Y = _STENCIL.T
_FIT = np.linalg.pinv(np.stack([np.ones(9), _X, _Y, _X**2 / 2, _X * _Y, _Y**2 / 2], axis=1))


def symmetries(strain: Array, *, spin: int) -> tuple[tuple[tuple[int, int], tuple[int, int]], ...]:
    """Name the maps of k that leave the bands of one spin unchanged under this strain, exactly."""
    exx, eyy, exy = strain
    maps = [] if spin else [_INVERT]
    if exy == 0:
        maps.append(_FLIP_Y)
        if exx == eyy:
            maps.append(_TURN)
    return tuple(maps)


@lru_cache(maxsize=16)
def grid(n_k: int, maps: tuple = ()) -> tuple[Array, NDArray[np.intp]]:
    """Give the k-points that differ by symmetry and, for every point of the n_k x n_k grid, which one it is.

    Returns
    -------
    k_reduced : ndarray of shape (n, 2)
        The points to compute; the grid contains Gamma, and K when n_k is a multiple of 3.
    inverse : ndarray of shape (n_k * n_k,)
        ``values[inverse].reshape(n_k, n_k)`` is the whole grid.
    """
    i = np.stack(np.meshgrid(np.arange(n_k), np.arange(n_k), indexing="ij"), axis=-1).reshape(-1, 2)
    images = [np.mod(i @ np.array(m).T, n_k) @ (n_k, 1) for m in maps]
    label = np.arange(n_k * n_k)
    while True:
        lowest = label
        for image in images:
            lowest = np.minimum(lowest, lowest[image])
        if np.array_equal(lowest, label):
            break
        label = lowest
    kept, inverse = np.unique(label, return_inverse=True)
    return i[kept] / n_k, inverse.reshape(-1)


def valley_names(k_reduced: Array) -> NDArray[np.str_]:
    """Name the nearest of Gamma ("G"), K (or K') and Q, the middle of Gamma-K, for k-points (..., 2)."""
    third = np.array([(1, 1), (1, -2), (-2, 1)])
    centers = {
        "G": np.zeros((1, 2)),
        "K": np.array([(2, 2), (4, 4)]) / 6,
        "Q": np.vstack([third, -third]) / 6,
    }
    distance = []
    for points in centers.values():
        k_1, k_2 = np.moveaxis(k_reduced[..., None, :] - points + 0.5, -1, 0) % 1.0 - 0.5
        # |k|^2 up to a factor; taking the nearest image of k_1 and k_2 apart is right for the short distances
        distance.append((k_1**2 + k_1 * k_2 + k_2**2).min(axis=-1))
    return np.array(list(centers))[np.argmin(distance, axis=0)]


def highest_maxima(values: Array, n_best: int) -> Array:
    """Find the highest local maxima of values (n_k, n_k) on a periodic grid, as reduced k (n_best, 2).

    When the grid has fewer maxima, the highest is repeated.
    """
    is_peak = np.ones(values.shape, dtype=bool)
    for shift in ((1, 0), (-1, 0), (0, 1), (0, -1), (1, -1), (-1, 1)):  # the six nearest k-points
        is_peak &= values >= np.roll(values, shift, axis=(0, 1))
    peaks = np.flatnonzero(is_peak)
    best = peaks[np.argsort(-values.flat[peaks], kind="stable")[:n_best]]
    best = np.concatenate([best, np.repeat(best[:1], n_best - len(best))])
    return np.stack(np.unravel_index(best, values.shape), axis=-1) / np.array(values.shape)


def refine_maximum(
    function: Callable[[Array], Array], start: Array, step: float, *, n_iter: int = 8
) -> tuple[Array, Array]:
    """Climb to maxima by quadratic fits on shrinking 3 x 3 stencils.

    The best point ever seen is kept, so the answer is never below the start, also where bands cross and the
    surface has a kink.

    Parameters
    ----------
    function : callable
        Maps k-points (m, p, 2) to values (m, p).
    start : ndarray of shape (m, c, 2)
        For each of m surfaces, c starting points.
    step : float
        Half width of the first stencil; each later one is 0.4 times as wide.
    n_iter : int
        Number of stencils.

    Returns
    -------
    value : ndarray of shape (m,)
        The highest value found from any start.
    k : ndarray of shape (m, 2)
        Where it lies, in [0, 1).
    """
    m, c, _ = start.shape
    center, best, best_k = start, np.full((m, c), -np.inf), start
    for _ in range(n_iter):
        k = center[:, :, None] + step * _STENCIL
        values = function(k.reshape(m, c * 9, 2)).reshape(m, c, 9)
        top = values.argmax(axis=-1)[..., None]
        value = np.take_along_axis(values, top, axis=-1)[..., 0]
        better = value > best
        best = np.where(better, value, best)
        best_k = np.where(better[..., None], np.take_along_axis(k, top[..., None], axis=2)[:, :, 0], best_k)
        move, valid = _newton(values)
        center = np.where(valid[..., None], center + step * move, best_k)
        step *= 0.4
    winner = best.argmax(axis=1)
    rows = np.arange(m)
    return best[rows, winner], np.mod(best_k[rows, winner], 1.0)


def _newton(values: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Step to the top of the fitted parabola in units of the stencil, and whether it has a top near by."""
    _, gx, gy, hxx, hxy, hyy = np.moveaxis(values @ _FIT.T, -1, 0)
    determinant = hxx * hyy - hxy**2
    valid = (determinant > 0) & (hxx < 0)
    scale = np.where(valid, determinant, 1.0)
    move = np.stack([hxy * gy - hyy * gx, hxy * gx - hxx * gy], axis=-1) / scale[..., None]
    valid &= np.abs(move).max(axis=-1) <= 1.5
    return move, valid


def interpolated_maximum(values: Array, start: Array) -> tuple[float, Array]:
    """Climb from a grid point to the maximum of a quartic spline through the points around it.

    Parameters
    ----------
    values : ndarray of shape (n_k, n_k)
        One band on a periodic grid, n_k >= 9.
    start : ndarray of shape (2,)
        Reduced k of a point of the grid.

    Returns
    -------
    value : float
        Never below the value at the start. On tight-binding bands and a 36 x 36 grid it is within 0.03 meV of
        the exact extremum, where the best point of the grid can be 7 meV off.
    k : ndarray of shape (2,)
        Reduced k, in [0, 1).
    """
    n_k, reach = values.shape[0], np.arange(-_REACH, _REACH + 1)
    i, j = np.round(np.asarray(start) * n_k).astype(np.intp)
    patch = values[np.ix_((i + reach) % n_k, (j + reach) % n_k)]
    spline = RectBivariateSpline(reach, reach, patch, kx=4, ky=4)
    value, move = refine_maximum(lambda k: spline.ev(k[..., 0], k[..., 1]), np.zeros((1, 1, 2)), 0.5)
    steps = (move[0] + 0.5) % 1.0 - 0.5  # the climb gives positions modulo one cell
    return float(value[0]), np.mod((np.array([i, j]) + steps) / n_k, 1.0)
