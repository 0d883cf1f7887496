# SPDX-License-Identifier: BSD-3-Clause
"""The models that were fitted to one spectrum, kept with their odds, compiled."""

import numpy as np

from strain2dos._compiled import njit
from strain2dos.raman._fitting._models.models import clip_to_bounds, pick
from strain2dos.raman._fitting._models.single_model import (
    fit_model,
    jacobian,
    model_size,
    set_bounds,
    write_curve,
)
from strain2dos.raman._fitting._squares.levenberg_marquardt import add_priors
from strain2dos.raman._fitting._squares.normal_equations import OPTIONS, covariance, normal_equations
from strain2dos.raman._fitting.records import (
    COVARIANCE,
    DAMPED,
    HIGH,
    LOW,
    NO_REWEIGHT,
    NORMAL,
    S_CHI2,
    S_COV,
    S_INFO,
    S_KIND,
    S_MASK,
    S_ODDS,
    S_PARAMS,
    S_SECOND,
    S_STATUS,
    SINGLET,
    U_COST,
    WORK,
)
from strain2dos.raman._fitting.status import FitStatus

_OK = int(FitStatus.OK)
_NOT_CONVERGED = int(FitStatus.NOT_CONVERGED)


@njit(**OPTIONS)
def fit_from(problem, family, kind, mask, view, reweight, most, noise2, p, s):
    """Fit one model in place of its start ``p``; returns (chi2, converged)."""
    lines = pick(family, kind, mask)
    lowest = -np.inf if kind == SINGLET else 0.0
    set_bounds(problem, lines, view.offset, lowest, s.params[LOW], s.params[HIGH])
    clip_to_bounds(p, s.params[LOW], s.params[HIGH], model_size(problem, lines))
    return fit_model(problem, lines, view, reweight, most, noise2, p, s)


@njit(**OPTIONS)
def criterion(problem, family, lines, mask, view, chi2, total):
    """Bayesian information criterion, G. Schwarz, Ann. Stat. 6, 461 (1978), with the noise not known.

    Extra lines cost their height and the prior odds against them: where and how wide they are is known.
    """
    m = view.n_used
    odds = m * np.log(max(chi2, 1e-20 * total) / m)
    odds += (model_size(problem, lines) - 3 * (lines.n - lines.n_base)) * np.log(m)
    for unit in range(family.unit.shape[0]):
        if mask >> unit & 1:
            odds += family.unit[unit, U_COST] + np.log(m)
    return odds


@njit(**OPTIONS)
def keep_model(problem, family, kind, mask, chi2, converged, odds, p, slot, s):
    """Write a model that was just fitted into its slot; the scratch holds its products and bounds."""
    lines = pick(family, kind, mask)
    n = model_size(problem, lines)
    low, high, C = s.params[LOW], s.params[HIGH], s.square[COVARIANCE]
    regular = covariance(
        s.square[NORMAL], n, p, low, high, s.square[DAMPED], s.params[WORK], np.int64(0), n, C
    )
    for i in range(n):
        s.slots[slot, S_PARAMS, i] = p[i]
        for j in range(n):
            s.slots[slot, S_COV + i, j] = C[i, j]
    s.slots[slot, S_INFO, S_ODDS], s.slots[slot, S_INFO, S_CHI2] = odds, chi2
    s.ints[S_KIND, slot], s.ints[S_MASK, slot] = kind, mask
    s.ints[S_STATUS, slot] = _OK if regular and converged else _NOT_CONVERGED


@njit(**OPTIONS)
def start_again(problem, family, kind, mask, view, slot, p, s):
    """Start counts from the model of a slot, which had other weights: its parameters; its curve in FITTED.

    False where the slot holds no such model of the spectrum.
    """
    fits = s.ints[S_KIND, slot] == kind and s.ints[S_MASK, slot] == mask and s.ints[S_SECOND, slot] == 0
    if not (view.again and fits and s.ints[S_STATUS, slot] == _OK):
        return False
    lines = pick(family, kind, mask)
    n = model_size(problem, lines)
    for i in range(n):
        p[i] = s.slots[slot, S_PARAMS, i]
    jacobian(problem, lines, view, p, s)
    write_curve(view, n, s)
    return True


@njit(**OPTIONS)
def reweight_rounds(view, again):
    """How often the weights follow the fitted curve: once where they start from one (`start_again`)."""
    return NO_REWEIGHT + ((1 if again else 2) if view.counts else 0)


@njit(**OPTIONS)
def return_to(problem, family, view, noise2, slot, p, s):
    """Parameters, Jacobian, residual and products of a model that was fitted before."""
    lines = pick(family, s.ints[S_KIND, slot], s.ints[S_MASK, slot])
    n = model_size(problem, lines)
    for i in range(n):
        p[i] = s.slots[slot, S_PARAMS, i]
    jacobian(problem, lines, view, p, s)
    normal_equations(s.J, 0, n + 1, view.m, s.square[NORMAL])
    add_priors(lines, view.offset, noise2, n, p, s.square[NORMAL])
    return lines
