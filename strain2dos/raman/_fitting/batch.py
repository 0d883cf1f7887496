# SPDX-License-Identifier: BSD-3-Clause
"""Fit a block of spectra, one after another, without touching Python: screen, seed, fit, choose, judge."""

import numpy as np

from strain2dos._compiled import njit
from strain2dos.raman._fitting._choice.choice import COUNTS_ODDS
from strain2dos.raman._fitting._lines.outliers import mask_outliers, stands_out
from strain2dos.raman._fitting._lines.spikes import mask_spikes
from strain2dos.raman._fitting._lines.usable import are_counts, usable_points, used_range
from strain2dos.raman._fitting._lines.window import fit_again, prepare_fit_window
from strain2dos.raman._fitting._models.models import (
    fitted_height,
    own_profile,
    pick,
)
from strain2dos.raman._fitting._models.single_model import count_unit, model_size
from strain2dos.raman._fitting._squares.normal_equations import ENTRY, OPTIONS
from strain2dos.raman._fitting.one_fit import fit_once, flag_unexplained
from strain2dos.raman._fitting.records import (
    AUTO_NOISE,
    CURRENT,
    FITTED,
    MASK,
    NO_EXTRAS,
    POISSON_NOISE,
    S_FLOOR,
    S_INFO,
    S_KIND,
    S_MASK,
    SIGNAL,
    SINGLET,
    SMOOTH,
    SPECTRUM,
    WEIGHTS,
)
from strain2dos.raman._fitting.status import FitStatus
from strain2dos.raman._fitting.two_backgrounds import add_background_term

_OK = int(FitStatus.OK)
_TOO_FEW_POINTS = int(FitStatus.TOO_FEW_POINTS)
_NOT_COUNTS = int(FitStatus.NOT_COUNTS)

# 2 ln odds at which weights change back to equal ones where values only look like counts.
COUNTS_BACK = -20.0
# How often points that stand out of the residual are masked and the rest is fitted again.
ROUNDS_OF_MASKS = 3


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
def _usable(problem, least, s):
    """Mask what cannot be used of the spectrum in the scratch.

    Returns
    -------
    status : int
    n_good : int
        Points that are left.
    low, high : float
        Their range.
    whole : bool
        Whether they are weighed as counts from the start.
    """
    size = problem.x.size
    status, n_good, low, high = usable_points(s.points[SPECTRUM], s.points[MASK], size, least)
    whole = problem.noise == POISSON_NOISE
    if status != _OK:
        return status, n_good, low, high, whole
    if whole and low < 0.0 and not are_counts(s.points[SPECTRUM], s.points[MASK], size, False):
        return _NOT_COUNTS, n_good, low, high, whole
    if problem.noise == AUTO_NOISE:
        whole = are_counts(s.points[SPECTRUM], s.points[MASK], size, True)
    masked = 0
    if problem.despike:
        masked = mask_spikes(
            s.points[SPECTRUM], s.points[MASK], size, low, high, problem.narrowest, s.points[SMOOTH],
            s.points[SIGNAL],
        )  # fmt: skip
    if masked > 0:
        n_good -= masked
        low, high = used_range(s.points[SPECTRUM], s.points[MASK], size)
    return status, n_good, low, high, whole


@njit(**OPTIONS)
def _fit_row(offset, straight, bent, family, s, out, spare, row):
    """Fit the spectrum in the scratch; again where the residual shows that points or weights were wrong.

    Once more where its background bends or breaks; ``spare`` holds fits meanwhile.
    """
    first, second = straight
    least = model_size(first, pick(family, SINGLET, NO_EXTRAS))
    status, n_good, low, high, whole = _usable(first, least, s)
    if status != _OK:
        return status
    undecided, rounds = first.noise == AUTO_NOISE, ROUNDS_OF_MASKS if first.despike else 0
    view = prepare_fit_window(first, family, offset, n_good, low, high, whole, s)
    while True:
        if view.n_used < least + 1:
            return _TOO_FEW_POINTS
        fit = fit_once(first, second, family, view, undecided, np.int64(-1), 0.0, s, out, row)
        if fit.best < 0:
            view, undecided = fit_again(first, view, True, s.slots[0, S_INFO, S_FLOOR], s), False
            continue
        problem = own_profile(first, second, fit.best, s)
        lines = pick(family, s.ints[S_KIND, fit.best], s.ints[S_MASK, fit.best])
        if rounds > 0 and stands_out(s.J[model_size(problem, lines)], s.points[WEIGHTS], view.n):
            masked, rounds = _mask_residuals(problem, lines, view, s.params[CURRENT], s), rounds - 1
            if masked > 0:
                n_good -= masked
                low, high = used_range(s.points[SPECTRUM], s.points[MASK], first.x.size)
                view = prepare_fit_window(first, family, offset, n_good, low, high, whole, s)
                undecided = first.noise == AUTO_NOISE
                continue
        flag_unexplained(problem, lines, view, fit.noise2, s, out, row)
        if undecided and fit.better - (fit.zero if view.counts else 0.0) > COUNTS_ODDS:
            view, undecided = fit_again(first, view, True, fit.other, s), False
            continue
        if undecided and view.counts and fit.zero < COUNTS_BACK:
            view = prepare_fit_window(first, family, offset, n_good, low, high, False, s)
            undecided = False
            continue
        add_background_term(straight, bent, family, view, fit, s, out, spare, row)
        return _OK


@njit(**ENTRY)
def fit_rows(spectra, offsets, straight, bent, family, s, out, spare):
    """Fit all rows; each is treated alone, so results do not depend on the block they come in.

    Parameters
    ----------
    spectra : (n, m) ndarray
        On the axis of the problems.
    offsets : (n,) ndarray
        By how much the axis of each spectrum is off: the windows move along.
    straight : (Problem, Problem)
        The second, with another profile, where the first leaves more than noise.
    bent : (Problem, Problem)
        The same with a baseline of one term more, where the spectrum shows that its background bends or
        breaks; the term is overwritten.
    family : ModelFamily
        The models that may be fitted.
    s : Scratch
        Working memory, overwritten.
    out : GroupFit
        Written in place.
    spare : GroupFit
        Of two rows, overwritten.
    """
    problem = straight[0]
    for row in range(spectra.shape[0]):
        for k in range(problem.x.size):
            s.points[SPECTRUM, k] = spectra[row, k]
        status = _fit_row(offsets[row], straight, bent, family, s, out, spare, row)
        if status != _OK:
            out.status[row, 0] = out.status[row, 1] = status
        if problem.with_mask:
            for k in range(problem.x.size):
                out.mask[row, k] = s.points[MASK, k]
