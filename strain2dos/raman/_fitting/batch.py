# SPDX-License-Identifier: BSD-3-Clause
"""Fit a block of spectra, one after another, without touching Python: screen, seed, fit, choose, judge."""

import numpy as np

from strain2dos._compiled import njit
from strain2dos.raman._fitting._choice.averaging import (
    faded,
    output_mixings,
    show_best,
    write_extras,
    write_model,
)
from strain2dos.raman._fitting._choice.choice import COUNTS_ODDS, choose_model
from strain2dos.raman._fitting._choice.clear_doublet import ONLY_COUNTS
from strain2dos.raman._fitting._judgement.counts import (
    FLOOR_PENALTY,
    RISES,
    best_floor,
    residual_levels,
)
from strain2dos.raman._fitting._judgement.noise import residual_noise
from strain2dos.raman._fitting._judgement.variance import count_covariance
from strain2dos.raman._fitting._judgement.verdict import add_misfit, is_weak, judge, unweighted_square
from strain2dos.raman._fitting._lines.outliers import mask_outliers, stands_out
from strain2dos.raman._fitting._lines.spikes import mask_spikes
from strain2dos.raman._fitting._lines.unexplained import leaves_strong_line
from strain2dos.raman._fitting._lines.usable import are_counts, usable_points, used_range
from strain2dos.raman._fitting._lines.window import prepare_fit_window, weigh_again
from strain2dos.raman._fitting._models.models import (
    fitted_height,
    own_profile,
    pick,
)
from strain2dos.raman._fitting._models.single_model import count_unit, model_size
from strain2dos.raman._fitting._models.slots import return_to
from strain2dos.raman._fitting._squares.normal_equations import ENTRY, OPTIONS
from strain2dos.raman._fitting.records import (
    AUTO_NOISE,
    COUNTED,
    CURRENT,
    DOUBLET,
    FITTED,
    MASK,
    NEXT,
    NO_EXTRAS,
    POISSON_NOISE,
    S_CHI2,
    S_COV,
    S_FLOOR,
    S_INFO,
    S_KIND,
    S_MASK,
    SCORES,
    SIGNAL,
    SINGLET,
    SMOOTH,
    SPECTRUM,
    TRIAL,
    WEIGHTS,
    ZERO_COUNTS,
)
from strain2dos.raman._fitting.status import FitStatus

_OK = int(FitStatus.OK)
_TOO_FEW_POINTS = int(FitStatus.TOO_FEW_POINTS)
_UNEXPLAINED_LINE = int(FitStatus.UNEXPLAINED_LINE)
_LOW_SNR = int(FitStatus.LOW_SNR)
_MISFIT = int(FitStatus.MISFIT)
_NOT_COUNTS = int(FitStatus.NOT_COUNTS)

# 2 ln odds at which weights change back to equal ones where values only look like counts.
COUNTS_BACK = -20.0
# The status follows noise that grows otherwise than the weights say where these are less probable than this.
UNLIKELY = 0.1
# How often points that stand out of the residual are masked and the rest is fitted again.
ROUNDS_OF_MASKS = 3


@njit(**OPTIONS)
def _count_errors(problem, family, lines, view, noise2, kappa, slot, s):
    """Covariance in NORMAL_TRIAL for noise that grows with the level; the numbers in NEXT stay.

    These do not depend on whether errors are asked for.
    """
    n = model_size(problem, lines)
    for i in range(n):
        s.params[TRIAL, i] = s.params[NEXT, i]
    faded(problem, family, view, slot, s.square[COUNTED], noise2, kappa, s, s.params[SCORES])
    for i in range(n):
        s.params[NEXT, i] = s.params[TRIAL, i]


@njit(**OPTIONS)
def _other_floor(problem, lines, view, slot, steps, s):
    """How noise grows with the level, from the residual in J: odds, floor and odds of zero counts."""
    n, rises, square = residual_levels(view, model_size(problem, lines), slot, 0.0, 0.0, RISES, s)
    better, other, zero = best_floor(view, n, rises, FLOOR_PENALTY, s)
    if other == ZERO_COUNTS and square > ONLY_COUNTS * steps:
        better = -np.inf  # a misfit, which says nothing of how the noise grows
    return better, other, zero


@njit(**OPTIONS)
def _fit_once(first, second, family, view, undecided, s, out, row):
    """Fit what the spectrum asks for and write it.

    Returns
    -------
    best : int
        Slot of the best model; -1 where points have to be weighed as counts.
    noise2 : float
        Variance of a weighted point.
    better, other, zero : float
        Odds, floor and odds of zero counts (`best_floor`), where ``undecided``.
    """
    weights, kept = out.extra_weight[row], row if first.keep else 0
    single, double, weight = choose_model(first, second, family, view, undecided, s, weights)
    if single < 0:
        return single, 0.0, 0.0, 0.0, 0.0
    best = double if weight > 0.5 else single
    problem = own_profile(first, second, best, s)
    p, kind = s.params[CURRENT], s.ints[S_KIND, best]
    lines = return_to(problem, family, view, 1.0, best, p, s)
    chi2 = s.slots[best, S_INFO, S_CHI2]
    noise2, shared, kappa, steps = residual_noise(problem, lines, view, p, chi2, s)
    better, other, zero = -np.inf, ZERO_COUNTS, -np.inf
    if undecided:
        better, other, zero = _other_floor(problem, lines, view, best, steps, s)
    weak = is_weak(problem, lines, p, best, kind, noise2, s)
    share = 1.0
    if problem.noise != POISSON_NOISE and (problem.keep or weak):
        share = count_covariance(problem, lines, view, p, noise2, shared, best, s)
    C = s.square[COUNTED] if weak and share < UNLIKELY else s.slots[best, S_COV:]
    status = judge(first, second, family, view, best, single, C, noise2, shared, kappa, s)
    out.status[row, 0] = out.status[row, 1] = status
    out.chi2[row, 0] = out.chi2[row, 1] = (
        chi2 if problem.noise == POISSON_NOISE else unweighted_square(problem, lines, view, s)
    )
    out.weight[row], out.n_points[row] = weight, view.n_used
    for slot in (double, single) if best == single else (single, double):
        if slot < 0 or (slot == double and weight == 0.0):
            continue
        own = own_profile(first, second, slot, s)
        faded(own, family, view, slot, s.slots[slot, S_COV:], noise2, kappa, s, weights)
        if slot == best and share < 1.0 and problem.keep:
            _count_errors(own, family, lines, view, noise2, kappa, slot, s)
        widest = second if first.adaptive else first
        mixings = output_mixings(widest, pick(family, s.ints[S_KIND, slot], s.ints[S_MASK, slot]))
        if slot == double:
            write_model(
                own, family, view, mixings, DOUBLET, s.ints[S_MASK, slot], s, out.params2[row], out.cov2[kept]
            )
        else:
            write_model(
                own, family, view, mixings, SINGLET, s.ints[S_MASK, slot], s, out.params1[row], out.cov1[kept]
            )
    write_extras(problem, family, view, best, s, out, row)
    show_best(problem, family, view, best, s, out, row)
    if problem.keep and problem.adaptive:
        add_misfit(problem, lines, view, kind, noise2, s, out, row)
    return best, noise2, better, other, zero


@njit(**OPTIONS)
def _mask_residuals(problem, lines, view, p, s):
    """Mask cosmic rays that stand out of the residual in J; returns their number."""
    n, height = model_size(problem, lines), 0.0
    for j in range(lines.n_base):
        height = max(height, fitted_height(p, lines, j))
    if view.counts:
        height *= count_unit(view) / np.sqrt(max(view.floor + view.scale, 0.0 if view.floats else 1.0))
    mask = s.points[MASK, view.k0 : view.k0 + view.n]
    return mask_outliers(s.J[n], mask, view.n, height, problem.narrowest, s.points[FITTED])


@njit(**OPTIONS)
def _fit_row(offset, first, second, family, s, out, row):
    """Fit the spectrum in the scratch; again where the residual shows that points or weights were wrong."""
    problem = first
    size, least = problem.x.size, model_size(problem, pick(family, SINGLET, NO_EXTRAS))
    status, n_good, low, high = usable_points(s.points[SPECTRUM], s.points[MASK], size, least)
    if status != _OK:
        return status
    auto, whole = problem.noise == AUTO_NOISE, problem.noise == POISSON_NOISE
    if whole and low < 0.0 and not are_counts(s.points[SPECTRUM], s.points[MASK], size, False):
        return _NOT_COUNTS
    if auto:
        whole = are_counts(s.points[SPECTRUM], s.points[MASK], size, True)
    masked, rounds = 0, ROUNDS_OF_MASKS
    if problem.despike:
        masked = mask_spikes(
            s.points[SPECTRUM], s.points[MASK], size, low, high, problem.narrowest, s.points[SMOOTH],
            s.points[SIGNAL],
        )  # fmt: skip
    if masked > 0:
        n_good -= masked
        low, high = used_range(s.points[SPECTRUM], s.points[MASK], size)
    undecided = auto
    view = prepare_fit_window(first, family, offset, n_good, low, high, whole, s)
    while True:
        if view.n_used < least + 1:
            return _TOO_FEW_POINTS
        best, noise2, better, other, zero = _fit_once(first, second, family, view, undecided, s, out, row)
        masked = 0
        if best < 0:
            view, undecided = weigh_again(first, view, s.slots[0, S_INFO, S_FLOOR], s), False
            continue
        problem = own_profile(first, second, best, s)
        lines = pick(family, s.ints[S_KIND, best], s.ints[S_MASK, best])
        n = model_size(problem, lines)
        if stands_out(s.J[n], s.points[WEIGHTS], view.n):
            if problem.despike and rounds > 0:
                masked, rounds = _mask_residuals(problem, lines, view, s.params[CURRENT], s), rounds - 1
            if masked == 0 and out.status[row, 0] in (_OK, _LOW_SNR, _MISFIT):
                noise = np.sqrt(noise2)
                if leaves_strong_line(problem, lines, view, s.params[CURRENT], n, noise, s):
                    out.status[row, 0] = out.status[row, 1] = _UNEXPLAINED_LINE
        if masked > 0:
            n_good -= masked
            low, high = used_range(s.points[SPECTRUM], s.points[MASK], size)
            view, undecided = prepare_fit_window(first, family, offset, n_good, low, high, whole, s), auto
            continue
        if undecided:
            undecided = False
            if better - (zero if view.counts else 0.0) > COUNTS_ODDS:
                view = weigh_again(first, view, other, s)
                continue
            if view.counts and zero < COUNTS_BACK:
                view = prepare_fit_window(first, family, offset, n_good, low, high, False, s)
                continue
        return _OK


@njit(**ENTRY)
def fit_rows(spectra, offsets, problem, second, family, s, out):
    """Fit all rows; each is treated alone, so results do not depend on the block they come in.

    Parameters
    ----------
    spectra : (n, m) ndarray
        On ``problem.x``.
    offsets : (n,) ndarray
        By how much the axis of each spectrum is off: the windows move along.
    problem, second : Problem
        The second, with another profile, where the first leaves more than noise.
    family : ModelFamily
        The models that may be fitted.
    s : Scratch
        Working memory, overwritten.
    out : GroupFit
        Written in place.
    """
    for row in range(spectra.shape[0]):
        for k in range(problem.x.size):
            s.points[SPECTRUM, k] = spectra[row, k]
        status = _fit_row(offsets[row], problem, second, family, s, out, row)
        if status != _OK:
            out.status[row, 0] = out.status[row, 1] = status
        if problem.show:
            for k in range(problem.x.size):
                out.mask[row, k] = s.points[MASK, k]
