# SPDX-License-Identifier: BSD-3-Clause
"""Fit a block of spectra, one after another, without touching Python: screen, seed, fit, decide, judge."""

from typing import NamedTuple

import numpy as np
from numba import njit

from strain2dos.raman._doublet import TRY_DOUBLET, fit_doublet, split_score
from strain2dos.raman._kernel import OPTIONS, covariance
from strain2dos.raman._models import (
    _NOT_CONVERGED,
    _OK,
    count_weights,
    fit_model,
    jacobian,
    judge,
    model_size,
    seed_parameters,
    set_bounds,
    store,
)
from strain2dos.raman._screen import mask_outliers, mask_spikes, usable_points
from strain2dos.raman._seeds import (
    MAX_CANDIDATES,
    assign_lines,
    highest_points,
    smooth,
    subtract_floor,
)
from strain2dos.raman._status import FitStatus
from strain2dos.raman._types import (
    CHOSEN1,
    CHOSEN2,
    FITTED,
    HIGH,
    LOW,
    MASK,
    N_WORK,
    ORIGIN,
    P1,
    P2,
    POSITION,
    SCALED,
    SIGNAL,
    SMOOTH,
    WEIGHTS,
    WORK,
    A,
    C,
    M,
    Scratch,
    Y,
)  # fmt: skip

_TOO_FEW_POINTS = int(FitStatus.TOO_FEW_POINTS)


class View(NamedTuple):
    """The part of a spectrum that is fitted: points k0 to k0 + m, scaled to (counts - level) / scale."""

    k0: int
    m: int
    n_used: int
    level: float
    scale: float
    offset: float
    has_pair: bool


@njit(**OPTIONS)
def _allocate(problem, doublets, shoulders):
    m, size = problem.x.size, model_size(problem, shoulders) + 8
    lines = doublets.low.size + 1
    return Scratch(
        J=np.zeros((size, m)),
        points=np.zeros((FITTED + 1, m)),
        params=np.zeros((WORK + N_WORK, size)),
        square=np.zeros((C + 1, size, size)),
        ints=np.zeros((ORIGIN + lines, MAX_CANDIDATES), np.int64),
        score=np.zeros((lines, MAX_CANDIDATES)),
    )


@njit(**OPTIONS)
def _assign(problem, lines, offset, chosen, s):
    return assign_lines(
        problem.x, s.points[SIGNAL], lines.low, lines.high, lines.gap, lines.reach, offset, s.ints[POSITION],
        s.score, s.ints[ORIGIN:], chosen,
    )  # fmt: skip


@njit(**OPTIONS)
def _look(problem, singlets, doublets, offset, s):
    """Scale the spectrum, find the lines and cut the range to fit; everything lands in the scratch."""
    x = problem.x
    level, top = np.inf, -np.inf
    for k in range(x.size):
        if s.points[MASK, k] > 0.0:
            level, top = min(level, s.points[Y, k]), max(top, s.points[Y, k])
    scale = top - level if top > level else 1.0
    for k in range(x.size):
        s.points[SCALED, k] = (s.points[Y, k] - level) / scale
    smooth(
        s.points[SCALED],
        s.points[MASK],
        problem.taps,
        s.points[SMOOTH],
        s.points[FITTED],
    )
    subtract_floor(s.points[SMOOTH], s.points[SIGNAL])
    if not _assign(problem, singlets, offset, s.ints[CHOSEN1], s):
        highest_points(x, s.points[SIGNAL], singlets.low, singlets.high, offset, s.ints[CHOSEN1])
    first, last = x[s.ints[CHOSEN1, 0]], x[s.ints[CHOSEN1, singlets.low.size - 1]]
    has_pair = False
    if problem.pair >= 0 and _assign(problem, doublets, offset, s.ints[CHOSEN2], s):
        # Three maxima that are together lower than the two of the singlets leave out one of these: noise.
        gain = 0.0
        for j in range(doublets.low.size):
            gain += s.points[SIGNAL, s.ints[CHOSEN2, j]]
        for j in range(singlets.low.size):
            gain -= s.points[SIGNAL, s.ints[CHOSEN1, j]]
        has_pair = gain > 0.0
    if has_pair:
        last = max(last, x[s.ints[CHOSEN2, doublets.low.size - 1]])
    k0, k1 = 0, x.size
    while k0 < x.size - 1 and x[k0] < first - problem.margin:
        k0 += 1
    while k1 > k0 + 1 and x[k1 - 1] > last + problem.margin:
        k1 -= 1
    n_used = 0
    for k in range(k1 - k0):
        s.points[SCALED, k] = s.points[SCALED, k0 + k]
        s.points[WEIGHTS, k] = s.points[MASK, k0 + k]
        s.points[FITTED, k] = s.points[SMOOTH, k0 + k]
        n_used += 1 if s.points[MASK, k0 + k] > 0.0 else 0
    return View(k0, k1 - k0, n_used, level, scale, offset, has_pair)


@njit(**OPTIONS)
def _third_line(problem, singlets, view, noise, s):
    """Whether the singlets leave a residual of 3.5 standard errors at one of the doublet's maxima.

    The row of the residual in J must be that of the singlet fit. This sees lines that stand apart,
    `split_score` those that overlap.
    """
    if not view.has_pair:
        return False
    residual = s.J[model_size(problem, singlets)]
    half = problem.taps.size // 4  # together about as wide as the line
    for j in range(problem.pair, problem.pair + 2):
        middle = s.ints[CHOSEN2, j] - view.k0
        total, n = 0.0, 0
        for k in range(max(0, middle - half), min(view.m, middle + half + 1)):
            total += residual[k]
            n += 1
        if n > 0 and total > 3.5 * noise * np.sqrt(n):
            return True
    return False


@njit(**OPTIONS)
def _fit_once(problem, singlets, doublets, shoulders, view, s, out, row):
    """Fit the singlet model and, where it may pay, the doublet; returns which is the better one."""
    n = model_size(problem, singlets)
    kept = row if problem.keep else 0
    if problem.poisson:
        count_weights(view, s)
    seed_parameters(problem, singlets, s.ints[CHOSEN1], s, s.params[P1])
    set_bounds(problem, singlets, view.offset, -np.inf, s.params[LOW], s.params[HIGH])
    chi2, converged = fit_model(problem, singlets, view, 2 if problem.poisson else 0, s.params[P1], s)
    noise2 = 1.0 if problem.poisson else chi2 / max(view.n_used - n, 1)
    status = _NOT_CONVERGED
    low, high, work = s.params[LOW], s.params[HIGH], s.params[WORK:]
    if covariance(s.square[A], n, s.params[P1], low, high, s.square[M], work, s.square[C]) and converged:
        status = judge(singlets, s.params[P1], noise2, -1, s)
    store(problem, singlets, view, s.params[P1], noise2, s, out.params1[row], out.cov1[kept])
    out.chi2[row, 0] = chi2 * (1.0 if problem.poisson else view.scale**2)
    out.n_points[row] = view.n_used
    out.status[row, 0] = out.status[row, 1] = status
    out.weight[row] = 0.0
    if problem.pair < 0 or view.n_used <= model_size(problem, shoulders):
        return 1
    if (
        problem.always
        or split_score(problem, singlets, view, s.params[P1], s) > TRY_DOUBLET * noise2
        or _third_line(problem, singlets, view, np.sqrt(noise2), s)
    ):
        fit_doublet(problem, singlets, doublets, shoulders, view, chi2, s, out, row, out.cov2[kept])
    return 2 if out.weight[row] > 0.5 else 1


@njit(**OPTIONS)
def _mask_residuals(problem, lines, view, p, s):
    """Mask cosmic rays that stand out of the fit; returns their number."""
    n, n_lines = model_size(problem, lines), lines.low.size
    jacobian(problem, lines, view, p, s)
    height = 0.0
    for j in range(n_lines):
        height = max(height, p[n_lines + j])
    if problem.poisson:
        height *= view.scale / np.sqrt(max(view.level + view.scale, 1.0))
    mask = s.points[MASK, view.k0 : view.k0 + view.m]
    return mask_outliers(s.J[n, : view.m], mask, height, problem.narrowest, s.points[FITTED])


@njit(**OPTIONS)
def fit_rows(spectra, offsets, problem, singlets, doublets, shoulders, out):
    """Fit all rows; each is treated alone, so results do not depend on the block they come in.

    Parameters
    ----------
    spectra : (n, m) ndarray
        On ``problem.x``.
    offsets : (n,) ndarray
        By how much the axis of each spectrum is off: the windows move along.
    problem : Problem
    singlets, doublets, shoulders : LineSet
        The three models; the last two are used where ``problem.pair`` >= 0.
    out : GroupFit
        Written in place.
    """
    s = _allocate(problem, doublets, shoulders)
    for row in range(spectra.shape[0]):
        for k in range(problem.x.size):
            s.points[Y, k] = spectra[row, k]
        status = usable_points(s.points[Y], s.points[MASK], model_size(problem, singlets))
        if status != _OK:
            out.status[row, 0] = out.status[row, 1] = status
            continue
        if problem.despike:
            mask_spikes(
                s.points[Y],
                s.points[MASK],
                problem.narrowest,
                s.points[SMOOTH],
                s.points[SIGNAL],
            )
        for _attempt in range(3):
            view = _look(problem, singlets, doublets, offsets[row], s)
            if view.n_used < model_size(problem, singlets) + 1:
                out.status[row, 0] = out.status[row, 1] = _TOO_FEW_POINTS
                break
            best = _fit_once(problem, singlets, doublets, shoulders, view, s, out, row)
            if not problem.despike:
                break
            if best == 2:
                masked = _mask_residuals(problem, doublets, view, s.params[P2], s)
            else:
                masked = _mask_residuals(problem, singlets, view, s.params[P1], s)
            if masked == 0:
                break
