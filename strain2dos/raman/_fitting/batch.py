# SPDX-License-Identifier: BSD-3-Clause
"""Fit a block of spectra, one after another, without touching Python: screen, seed, fit, decide, judge."""

import numpy as np

from strain2dos._compiled import njit
from strain2dos.raman._fitting.initial_guess import MAX_CANDIDATES
from strain2dos.raman._fitting.normal_equations import LANES, MERGED, OPTIONS, TILE, covariance
from strain2dos.raman._fitting.records import (
    CHOSEN1,
    FITTED,
    HIGH,
    LOW,
    MASK,
    N_WORK,
    ORIGIN,
    P1,
    P2,
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
from strain2dos.raman._fitting.single_model import (
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
from strain2dos.raman._fitting.spikes import mask_outliers, mask_spikes, stands_out, usable_points, used_range
from strain2dos.raman._fitting.splitting import fit_doublet, may_be_doublet
from strain2dos.raman._fitting.status import FitStatus
from strain2dos.raman._fitting.unexplained import leaves_strong_line
from strain2dos.raman._fitting.window import look

_TOO_FEW_POINTS = int(FitStatus.TOO_FEW_POINTS)
_UNEXPLAINED_LINE = int(FitStatus.UNEXPLAINED_LINE)


@njit(**OPTIONS)
def _allocate(problem, doublets, shoulders):
    # after the parameters come residual, two directions or scratch rows, and the rest of a tile
    size = -(-(model_size(problem, shoulders) + 3 + TILE) // 8) * 8
    m = -(-problem.x.size // LANES) * LANES
    lines = doublets.low.size + 1
    return Scratch(
        J=np.zeros((size, m)),
        points=np.zeros((FITTED + 1, m + problem.taps.size)),
        params=np.zeros((WORK + N_WORK, size)),
        square=np.zeros((C + 1, size, size)),
        ints=np.zeros((ORIGIN + lines, MAX_CANDIDATES), np.int64),
        score=np.zeros((lines, MAX_CANDIDATES)),
    )


@njit(**MERGED)
def _fit_once(problem, singlets, doublets, shoulders, view, s, out, row):
    """Fit the singlet model and, where it may pay, the doublet; returns whether that is the better one.

    The residual of the singlets is left in J, unless doublets were fitted (second value returned).
    """
    n = model_size(problem, singlets)
    kept = row if problem.keep else 0
    if problem.poisson:
        count_weights(view, s)
    seed_parameters(problem, singlets, s.ints[CHOSEN1], s, s.params[P1])
    set_bounds(problem, singlets, view.offset, -np.inf, s.params[LOW], s.params[HIGH])
    chi2, converged = fit_model(problem, singlets, view, 2 if problem.poisson else 0, s.params[P1], s)
    noise2 = 1.0 if problem.poisson else chi2 / max(view.n_used - n, 1)
    status = _NOT_CONVERGED
    low, high, work = s.params[LOW], s.params[HIGH], s.params[WORK]
    first, last = (0, n) if problem.keep else (singlets.low.size, 2 * singlets.low.size)
    if (
        covariance(s.square[A], n, s.params[P1], low, high, s.square[M], work, first, last, s.square[C])
        and converged
    ):
        status = judge(singlets, s.params[P1], noise2, -1, s)
    store(problem, singlets, view, s.params[P1], noise2, s, out.params1[row], out.cov1[kept])
    out.chi2[row, 0] = chi2 * (1.0 if problem.poisson else view.scale**2)
    out.n_points[row] = view.n_used
    out.status[row, 0] = out.status[row, 1] = status
    out.weight[row] = 0.0
    if problem.pair < 0 or view.n_used <= model_size(problem, shoulders):
        return False, False
    if problem.always or may_be_doublet(problem, singlets, doublets, view, noise2, s):
        fit_doublet(problem, singlets, doublets, shoulders, view, chi2, s, out, row, out.cov2[kept])
        return out.weight[row] > 0.5, True
    return False, False


@njit(**OPTIONS)
def _mask_residuals(problem, lines, view, p, s):
    """Mask cosmic rays that stand out of the residual in J; returns their number."""
    n, n_lines = model_size(problem, lines), lines.low.size
    height = 0.0
    for j in range(n_lines):
        height = max(height, p[n_lines + j])
    if problem.poisson:
        height *= view.scale / np.sqrt(max(view.level + view.scale, 1.0))
    mask = s.points[MASK, view.k0 : view.k0 + view.n]
    return mask_outliers(s.J[n], mask, view.n, height, problem.narrowest, s.points[FITTED])


@njit(**OPTIONS)
def _flag_strong_line(problem, lines, view, p, chosen, s, out, row):
    """Status of the chosen model where its residual in J still holds a strong line."""
    if out.status[row, chosen] != _OK:
        return
    n = model_size(problem, lines)
    noise2 = 1.0 if problem.poisson else out.chi2[row, chosen] / (view.scale**2 * max(view.n_used - n, 1))
    if leaves_strong_line(problem, lines, view, p, n, np.sqrt(noise2), s):
        out.status[row, chosen] = _UNEXPLAINED_LINE


@njit(**MERGED)
def _fit_row(offset, problem, singlets, doublets, shoulders, s, out, row):
    """Fit the spectrum in the scratch row Y; again, up to twice, where the residual shows cosmic rays."""
    size = problem.x.size
    status, n_good, low, high = usable_points(
        s.points[Y], s.points[MASK], size, model_size(problem, singlets)
    )
    if status != _OK:
        return status
    masked = 0
    if problem.despike:
        masked = mask_spikes(
            s.points[Y],
            s.points[MASK],
            size,
            low,
            high,
            problem.narrowest,
            s.points[SMOOTH],
            s.points[SIGNAL],
        )
    for _attempt in range(3):
        if masked > 0:
            n_good -= masked
            low, high = used_range(s.points[Y], s.points[MASK], size)
        view = look(problem, singlets, doublets, offset, n_good, low, high, s)
        if view.n_used < model_size(problem, singlets) + 1:
            return _TOO_FEW_POINTS
        split, refitted = _fit_once(problem, singlets, doublets, shoulders, view, s, out, row)
        lines, p = (doublets, s.params[P2]) if split else (singlets, s.params[P1])
        if refitted:
            jacobian(problem, lines, view, p, s)
        if not stands_out(s.J[model_size(problem, lines)], s.points[WEIGHTS], view.n):
            break
        masked = _mask_residuals(problem, lines, view, p, s) if problem.despike else 0
        if masked == 0:
            _flag_strong_line(problem, lines, view, p, 1 if split else 0, s, out, row)
            break
    return _OK


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
        status = _fit_row(offsets[row], problem, singlets, doublets, shoulders, s, out, row)
        if status != _OK:
            out.status[row, 0] = out.status[row, 1] = status
        if problem.show:
            for k in range(problem.x.size):
                out.mask[row, k] = s.points[MASK, k]
