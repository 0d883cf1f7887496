# SPDX-License-Identifier: BSD-3-Clause
"""Points of a spectrum that stand out from all spectra beside it."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from strain2dos.raman._cosmic_rays.expectation import HALF_WINDOW, Expectation, expect
from strain2dos.raman._cosmic_rays.prepared import Prepared

Floats = NDArray[np.float64]

# Spectra that are held against their neighbors at once: some megabytes.
_BATCH = 256
# What the points beside a hit may still show: a share of its height and standard deviations of the noise.
_FLANK_SHARE, _FLANK_NOISE = 0.15, 1.0
# The same for candidates on lines which the neighbors foretell badly, and how far beyond the threshold these
# have to be: the foretold line is uncertain over its width, not from one point to the next.
_SHARP_SHARE, _SHARP_NOISE, _SHARP_FACTOR = 0.1, 0.5, 2.0


class HitSearch(NamedTuple):
    """What counts as a hit."""

    threshold: float
    max_width: int
    max_line_shift: int


def find_hits(
    ready: Prepared, rows: NDArray[np.int64], beside: NDArray[np.int64], search: HitSearch
) -> NDArray[np.bool_]:
    """Hits (len(rows), m) in some spectra.

    Parameters
    ----------
    ready : Prepared
    rows : (r,) ndarray of int
        Spectra to judge.
    beside : (r, k) ndarray of int
        Their neighbors; -1 where there is none.
    search : HitSearch
    """
    hits = np.zeros((len(rows), ready.filled.shape[1]), dtype=bool)
    beside = np.where((beside >= 0) & (ready.noise[beside] > 0.0), beside, -1)
    judged = np.flatnonzero((ready.noise[rows] > 0.0) & (beside >= 0).any(axis=1))
    if not judged.size:
        return hits
    score = _excess(ready, rows[judged], beside[judged])
    run_row, start, stop, peak = _runs(score, 0.6 * search.threshold)
    for first in range(0, len(peak), _BATCH):
        part = slice(first, first + _BATCH)
        at = judged[run_row[part]]
        for k, low, high in _confirm(
            ready, rows[at], beside[at], (start[part], stop[part], peak[part]), search
        ):
            hits[at[k], low:high] |= ready.valid[rows[at[k]], low:high]
    return hits


def _excess(ready: Prepared, rows: NDArray[np.int64], beside: NDArray[np.int64]) -> Floats:
    """By how many standard deviations (r, m) each point exceeds the median of its scaled neighbors."""
    own = ready.smooth[rows]
    own_mean = own.mean(axis=1)
    scaled = np.full((beside.shape[1], *own.shape), np.inf)
    for k, index in enumerate(beside.T):
        there = index >= 0
        other = ready.smooth[index[there]]
        middle = other.mean(axis=1)
        centered = other - middle[:, None]
        power = np.einsum("ij,ij->i", centered, centered)
        common = np.einsum("ij,ij->i", centered, own[there])
        scale = np.maximum(common, 0.0) / np.where(power > 0.0, power, 1.0)
        raw = ready.filled[index[there]] - middle[:, None]
        scaled[k, there] = scale[:, None] * raw + own_mean[there, None]
    scaled.sort(axis=0)
    lower_median = ((beside >= 0).sum(axis=1) - 1) // 2
    expected = np.take_along_axis(scaled, lower_median[None, :, None], axis=0)[0]
    envelope = maximum_filter1d(expected, 3, axis=1, mode="nearest")
    score = (ready.filled[rows] - envelope) / np.sqrt(ready.variance[rows])
    return np.where(ready.valid[rows], score, -np.inf)


def _runs(score: Floats, limit: float) -> tuple[NDArray[np.int64], ...]:
    """Runs of neighboring points above the limit: row, start, stop (exclusive) and highest point of each."""
    above = np.zeros((score.shape[0], score.shape[1] + 2), dtype=np.int8)
    above[:, 1:-1] = score > limit
    edge = np.diff(above, axis=1)
    row, start = np.nonzero(edge == 1)
    stop = np.nonzero(edge == -1)[1]
    lengths = stop - start
    run = np.repeat(np.arange(len(row)), lengths)
    point = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths) + start[run]
    order = np.lexsort((-score[row[run], point], run))
    first = np.cumsum(lengths) - lengths
    peak = point[order][first] if len(row) else start
    return row, start, stop, peak


def _confirm(
    ready: Prepared,
    rows: NDArray[np.int64],
    beside: NDArray[np.int64],
    runs: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]],
    search: HitSearch,
) -> Iterator[tuple[int, int, int]]:
    """Compare candidates with what their neighbors let expect; yield index, start and stop of the hits."""
    start, stop, peak = runs
    center, half = HALF_WINDOW, 0.5 * search.threshold
    run = (start - peak, stop - peak)
    found = expect(ready, rows, beside, peak, run, search.max_width, search.max_line_shift)
    kept = np.flatnonzero(found.residual[:, center] >= half * found.noise[:, center])
    if not kept.size:
        return
    # A candidate may be only the tip of a hit, the rest of which was still in the fit.
    left, right = _extent((found.residual > found.noise)[kept], search.max_width)
    run = (np.minimum(run[0][kept], -left), np.maximum(run[1][kept], right + 1))
    peak = peak[kept]
    found = expect(ready, rows[kept], beside[kept], peak, run, search.max_width, search.max_line_shift)
    share = _FLANK_SHARE * found.residual[:, center, None]
    above = (found.residual >= np.maximum(half * found.fit_sigma, share)) & (found.upper > 0.0)
    left, right = _extent(above, search.max_width)
    is_hit = left + right + 1 <= search.max_width
    is_hit &= found.upper[:, center] >= half * found.fit_sigma[:, center]
    is_hit &= _stands_out(found, left, right, search.threshold, ready.gain[rows[kept]])
    for k in np.flatnonzero(is_hit):
        yield kept[k], max(peak[k] - left[k], 0), peak[k] + right[k] + 1


def _stands_out(
    found: Expectation,
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    threshold: float,
    gain: Floats,
) -> NDArray[np.bool_]:
    """Whether candidates exceed the neighbors beyond doubt, and end abruptly on both sides."""
    center = HALF_WINDOW
    each = np.arange(len(left))
    top, noise = found.residual[:, center], found.noise[:, center]
    flank = np.maximum(*(np.abs(found.residual[each, k]) for k in (center - left - 1, center + right + 1)))
    offset = np.arange(found.residual.shape[1]) - center
    inside = (offset >= -left[:, None]) & (offset <= right[:, None])
    n = inside.sum(axis=1)
    mean = (inside * found.residual).sum(axis=1) / n
    chance = np.where(inside, found.fit_sigma**2, 0.0).sum(axis=1) / n**2
    shape = np.where(inside, found.shape_sigma**2, 0.0).sum(axis=1) / n
    # Few counts scatter farther upwards than a normal distribution of the same variance (Cornish and Fisher,
    # Rev. Int. Stat. Inst. 5, 307 (1938), first term, for the skewness of Poisson counts).
    mean = mean - gain * (threshold**2 - 1.0) / (6.0 * n)
    plain = (mean >= threshold * np.sqrt(chance + shape)) & (
        flank <= _FLANK_SHARE * top + _FLANK_NOISE * noise
    )
    sharp = (mean >= _SHARP_FACTOR * threshold * np.sqrt(chance)) & (
        flank <= _SHARP_SHARE * top + _SHARP_NOISE * noise
    )
    return plain | sharp


def _extent(above: NDArray[np.bool_], reach: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How many columns on the left and right of the middle, at most ``reach``, are True without a break."""
    left = above[:, HALF_WINDOW - reach : HALF_WINDOW][:, ::-1]
    right = above[:, HALF_WINDOW + 1 : HALF_WINDOW + reach + 1]
    return np.cumprod(left, axis=1).sum(axis=1), np.cumprod(right, axis=1).sum(axis=1)
