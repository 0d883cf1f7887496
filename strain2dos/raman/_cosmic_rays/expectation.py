# SPDX-License-Identifier: BSD-3-Clause
"""What the neighbors of a spectrum let expect around a point of it."""

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from strain2dos.raman._cosmic_rays.prepared import Prepared

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Points on each side: wide enough for the line that a candidate may sit on, narrow enough for one line.
HALF_WINDOW = 14
_N_TERMS = 4  # scale, shift, broadening, offset
_FEWEST_POINTS = 2 * _N_TERMS
# F distribution with 22 and 22 degrees of freedom: 5 % of equally good fits differ by more.
_AS_GOOD = 2.0
# Share of a line's height that no neighbor foretells.
_LINE_SHARE = 0.05


class Expectation(NamedTuple):
    """Candidates (c, w) against their neighbors; the middle column is the top of the candidate.

    ``residual`` and ``upper`` are the spectrum minus the median, and minus nearly the highest, of what the
    neighbors give; ``fit_sigma`` is the standard deviation of ``residual`` by chance (infinite where no
    neighbor fits), ``shape_sigma`` what comes on top because the neighbors disagree on the shape of a line,
    and ``noise`` the standard deviation of the spectrum alone.
    """

    residual: Floats
    upper: Floats
    fit_sigma: Floats
    shape_sigma: Floats
    noise: Floats


def expect(
    ready: Prepared,
    rows: Integers,
    beside: Integers,
    peak: Integers,
    run: tuple[Integers, Integers],
    max_width: int,
    max_line_shift: int,
) -> Expectation:
    """Fit the neighbors to spectra around candidates, which stay out of the fit.

    Parameters
    ----------
    ready : Prepared
    rows, peak : (c,) ndarray of int
        Spectrum and point of each candidate.
    beside : (c, k) ndarray of int
        Neighbors; -1 where there is none.
    run : pair of (c,) ndarray of int
        First and last (exclusive) point of the candidate against ``peak``.
    max_width, max_line_shift : int

    Returns
    -------
    Expectation
    """
    offsets = np.arange(-HALF_WINDOW, HALF_WINDOW + 1)
    m = ready.filled.shape[1]
    index = peak[:, None] + offsets
    inside = (index >= 0) & (index < m)
    index = np.clip(index, 0, m - 1)
    own = ready.filled[rows[:, None], index] - ready.level[rows, None]
    variance = ready.variance[rows[:, None], index]
    weight = (inside & ready.valid[rows[:, None], index]) / variance
    weight[_left_out(offsets, run, max_width)] = 0.0
    terms = _aligned(ready, beside, peak, own, weight, max_line_shift)
    expected, misfit, leverage = _fit_terms(terms, own, weight)
    misfit = np.where(beside >= 0, misfit, np.inf)
    middle, upper, fit2, shape2 = _combine(expected, misfit, leverage, variance)
    # Outside of the spectrum nothing stands out.
    residual = np.where(inside, own - middle, 0.0)
    upper = np.where(inside, own - upper, 0.0)
    return Expectation(residual, upper, np.sqrt(fit2), np.sqrt(shape2), np.sqrt(variance))


def _left_out(offsets: Integers, run: tuple[Integers, Integers], max_width: int) -> NDArray[np.bool_]:
    """The candidate with a point on each side; of one too long for a hit only the surroundings of its top,
    for the rest is a line that differs.
    """
    start, stop = run
    long = stop - start > max_width + 1
    low = np.where(long, -(max_width - 1), start - 1)
    high = np.where(long, max_width - 1, stop)
    return (offsets >= low[:, None]) & (offsets <= high[:, None])


def _aligned(
    ready: Prepared, beside: Integers, peak: Integers, own: Floats, weight: Floats, max_line_shift: int
) -> Floats:
    """Neighbors (c, k, w, 4) moved to where they fit best, with two derivatives and a constant."""
    m = ready.filled.shape[1]
    reach = HALF_WINDOW + max_line_shift + 2
    index = np.clip(peak[:, None] + np.arange(-reach, reach + 1), 0, m - 1)
    other = ready.filled[beside[:, :, None], index[:, None, :]] - ready.level[beside][:, :, None]
    # Derivatives of a parabola through five points (Savitzky and Golay, Anal. Chem. 36, 1627 (1964)).
    o = [other[..., k : other.shape[-1] - 4 + k] for k in range(5)]
    slope = (2.0 * (o[4] - o[0]) + o[3] - o[1]) / 10.0
    curvature = (2.0 * (o[0] + o[4]) - o[1] - o[3] - 2.0 * o[2]) / 7.0
    width = own.shape[1]
    moved = [sliding_window_view(values, width, axis=-1) for values in (o[2], slope, curvature)]
    best = _best_move(moved[0], moved[1], own, weight)
    c, k = np.ogrid[: best.shape[0], : best.shape[1]]
    chosen = [values[c, k, best] for values in moved]
    return np.stack([*chosen, np.ones_like(chosen[0])], axis=-1)


def _best_move(value: Floats, slope: Floats, own: Floats, weight: Floats) -> Integers:
    """Index (c, k) of the move after which scale, offset and first order in the move leave the least."""
    total = weight.sum(axis=1)
    total = np.where(total > 0.0, total, 1.0)
    own = own - (np.einsum("cw,cw->c", weight, own) / total)[:, None]
    weighted = weight * own

    def mean(values: Floats) -> Floats:
        return np.einsum("cw,ckmw->ckm", weight, values) / total[:, None, None]

    def product(first: Floats, second: Floats) -> Floats:
        return np.einsum("cw,ckmw,ckmw->ckm", weight, first, second)

    mean_v, mean_s = mean(value), mean(slope)
    norm = total[:, None, None]
    vv = product(value, value) - norm * mean_v**2
    ss = product(slope, slope) - norm * mean_s**2
    vs = product(value, slope) - norm * mean_v * mean_s
    vy = np.einsum("cw,ckmw->ckm", weighted, value)
    sy = np.einsum("cw,ckmw->ckm", weighted, slope)
    determinant = vv * ss - vs**2
    solvable = determinant > 1e-9 * vv * ss
    explained = (ss * vy**2 - 2.0 * vs * vy * sy + vv * sy**2) / np.where(solvable, determinant, 1.0)
    scale = ss * vy - vs * sy  # a neighbor turned upside down is not a model
    return np.where(solvable & (scale > 0.0), explained, 0.0).argmax(axis=2)


def _fit_terms(terms: Floats, own: Floats, weight: Floats) -> tuple[Floats, Floats, Floats]:
    """Expectation (c, k, w), misfit (c, k) as reduced chi-square, and variance of the expectation."""
    weighted = terms * weight[:, None, :, None]
    normal = weighted.swapaxes(-1, -2) @ terms
    scale = np.sqrt(np.diagonal(normal, axis1=-2, axis2=-1))
    scale = np.where(scale > 0.0, scale, 1.0)  # a flat neighbor has no slope
    normal = normal / (scale[..., :, None] * scale[..., None, :]) + 1e-9 * np.eye(_N_TERMS)
    inverse = np.linalg.inv(normal) / (scale[..., :, None] * scale[..., None, :])
    right = np.einsum("ckwp,cw->ckp", weighted, own)
    found = np.einsum("ckpq,ckq->ckp", inverse, right)
    upside_down = found[..., 0] <= 0.0
    total = weight.sum(axis=1)
    flat = np.einsum("cw,cw->c", weight, own) / np.where(total > 0.0, total, 1.0)
    found[upside_down] = 0.0
    found[..., -1] = np.where(upside_down, flat[:, None], found[..., -1])
    expected = np.einsum("ckwp,ckp->ckw", terms, found)
    used = (weight > 0.0).sum(axis=1)
    rest = np.einsum("cw,ckw->ck", weight, (own[:, None, :] - expected) ** 2)
    misfit = rest / np.maximum(used - _N_TERMS, 1)[:, None]
    misfit = np.where((used >= _FEWEST_POINTS)[:, None], misfit, np.inf)
    leverage = np.einsum("ckwp,ckpq,ckwq->ckw", terms, inverse, terms)
    return expected, misfit, leverage


def _combine(
    expected: Floats, misfit: Floats, leverage: Floats, variance: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """Median and (nearly) highest (c, w) of the neighbors that fit about as well as the best, and the
    variance of the difference to the median: by chance, and by the neighbors' disagreement.
    """
    best = misfit.min(axis=1)
    taken = misfit <= (_AS_GOOD * np.maximum(best, 1.0))[:, None]
    taken &= np.isfinite(misfit)
    n = taken.sum(axis=1)
    nobody = ~taken.any(axis=1)[:, None, None]
    ordered = np.sort(np.where(taken[:, :, None], expected, np.where(nobody, 0.0, np.inf)), axis=1)
    last = np.maximum(n - 1, 0)

    def rank(position: Integers) -> Floats:
        return np.take_along_axis(ordered, position[:, None, None], axis=1)[:, 0]

    middle = 0.5 * (rank(last // 2) + rank((last + 1) // 2))
    # Of five and more neighbors one may be hit in the same place.
    upper = rank(np.where(n >= 5, last - 1, last))
    spread = np.where(taken[:, :, None], leverage, 0.0).sum(axis=1) / np.maximum(n, 1)[:, None]
    # 1.5: variance of a median against that of a mean.
    own = variance * (1.0 + 1.5 / np.maximum(n, 1))[:, None]
    # Without a fit there is no expectation: an infinite error keeps the candidate from being a hit.
    fit2 = np.where(n > 0, np.maximum(best, 1.0), np.inf)[:, None] * (own + spread)
    # Lines of another width or splitting than the neighbors' are not foretold better than the neighbors
    # agree, and never to better than a share of their height.
    apart = np.where(taken[:, :, None], expected - middle[:, None, :], 0.0)
    shape2 = (apart**2).sum(axis=1) / np.maximum(n, 1)[:, None] + (_LINE_SHARE * middle) ** 2
    return middle, upper, fit2, shape2
