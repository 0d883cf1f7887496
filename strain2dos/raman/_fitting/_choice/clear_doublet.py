# SPDX-License-Identifier: BSD-3-Clause
"""A doublet whose branches stand apart: no singlet has to be tried with all that it would need; compiled."""

import numpy as np

from strain2dos._compiled import njit
from strain2dos.raman._fitting._choice.growth import FIRST_NOISE2, grow, try_model
from strain2dos.raman._fitting._choice.splitting import BRANCH_WIDTH, RACE
from strain2dos.raman._fitting._judgement.noise import residual_noise
from strain2dos.raman._fitting._models.models import own_profile, pick
from strain2dos.raman._fitting._models.single_model import count_weights, model_size, seed_parameters
from strain2dos.raman._fitting._models.slots import reweight_rounds, start_again
from strain2dos.raman._fitting._squares.levenberg_marquardt import MAX_TRIALS
from strain2dos.raman._fitting._squares.normal_equations import OPTIONS
from strain2dos.raman._fitting.records import (
    CHOSEN1,
    CHOSEN2,
    CURRENT,
    DOUBLET,
    L_FWHM,
    NO_EXTRAS,
    NO_REWEIGHT,
    S_CHI2,
    S_COV,
    S_INFO,
    S_MASK,
    S_PARAMS,
    S_STATUS,
    SINGLET,
    U_ANCHOR,
)
from strain2dos.raman._fitting.status import FitStatus

_OK = int(FitStatus.OK)
FIRST, SECOND = np.int64(0), np.int64(1)

# The residual of models that leave only noise has no more than this times the variance of its steps off the
# lines; counts scatter more on the lines.
ONLY_NOISE, ONLY_COUNTS = 1.5, 5.0
# Smaller share of the two branches (a foreign line is lower), and standard errors of each height.
CLEAR_SHARE, CLEAR_HEIGHT = 0.42, 10.0
# 2 ln odds over the singlet at which nothing that goes with a singlet is tried any more.
CLEAR_ODDS = 100.0


@njit(**OPTIONS)
def _is_clear(problem, lines, view, slot, s):
    """Whether the doublet of a slot has two narrow branches, apart and alike, on a residual of noise."""
    p, n, pair = s.slots[slot, S_PARAMS], lines.n, problem.pair
    noise2, _, _, steps = residual_noise(problem, lines, view, p, s.slots[slot, S_INFO, S_CHI2], s)
    fwhm, lower = 2.0 * p[2 * n + lines.group[pair]], min(p[n + pair], p[n + pair + 1])
    most, free = ONLY_NOISE if view.counts else ONLY_COUNTS, max(view.n_used - model_size(problem, lines), 1)
    if s.ints[S_STATUS, slot] != _OK or s.slots[slot, S_INFO, S_CHI2] > most * steps * free:
        return False
    for a in range(n, n + lines.n_base):
        if not p[a] ** 2 > CLEAR_HEIGHT**2 * noise2 * s.slots[slot, S_COV + a, a]:
            return False
    alike = lower >= CLEAR_SHARE * (p[n + pair] + p[n + pair + 1])
    return alike and p[pair + 1] - p[pair] > fwhm and fwhm < BRANCH_WIDTH * lines.values[L_FWHM, pair]


@njit(**OPTIONS)
def has_stranger(family, mask):
    """Whether a model has lines of a substrate or a foreign one."""
    for unit in range(family.unit.shape[0]):
        if mask >> unit & 1 and family.unit_index[unit, U_ANCHOR] < 0:
            return True
    return False


@njit(**OPTIONS)
def _gains(view, slot, s):
    """Whether the doublet of a slot is far more probable than the singlet in the slot `FIRST`."""
    ratio = s.slots[FIRST, S_INFO, S_CHI2] / max(s.slots[slot, S_INFO, S_CHI2], 1e-300)
    return view.n_used * np.log(ratio) > CLEAR_ODDS


@njit(**OPTIONS)
def fit_clear_doublet(first, family, view, s):
    """Fit the doublet from the maxima that are seen, into the slot `SECOND`; returns whether it is clear."""
    doublets, p = pick(family, DOUBLET, NO_EXTRAS), s.params[CURRENT]
    if view.n_used <= model_size(first, doublets) + 1:
        return False
    again = start_again(first, family, DOUBLET, NO_EXTRAS, view, SECOND, p, s)
    if view.counts:
        count_weights(first, view, s)
    if not again:
        seed_parameters(first, doublets, s.ints[CHOSEN2], s, p)
    reweight = reweight_rounds(view, again)
    try_model(
        first, family, DOUBLET, NO_EXTRAS, FIRST, view, reweight, MAX_TRIALS, FIRST_NOISE2, p, SECOND, s
    )
    return _is_clear(first, doublets, view, SECOND, s)


@njit(**OPTIONS)
def complete_clear_doublet(first, second, family, view, s):
    """What else stands beside a clear doublet, whose residual the scratch holds; the singlet to compare with.

    Returns
    -------
    double : int
        Slot of the doublet; -1 where a line of the substrate or a foreign one is there too, or the singlet is
        not far less probable: then every model has to be tried.
    n_slots : int
    noise2, kappa : float
        As `grow` returns them.
    """
    double, n_slots, noise2, kappa = grow(first, second, family, view, SECOND, SECOND + 1, s)
    if has_stranger(family, s.ints[S_MASK, double]):
        return np.int64(-1), n_slots, noise2, kappa
    singlets, p = pick(family, SINGLET, NO_EXTRAS), s.params[CURRENT]
    seed_parameters(first, singlets, s.ints[CHOSEN1], s, p)
    try_model(first, family, SINGLET, NO_EXTRAS, FIRST, view, NO_REWEIGHT, RACE, noise2, p, FIRST, s)
    return double if _gains(view, SECOND, s) else np.int64(-1), n_slots, noise2, kappa


@njit(**OPTIONS)
def is_decisive(first, second, family, view, slot, s):
    """Whether the doublet of a slot, whose residual the scratch holds, leaves nothing to singlets."""
    problem, mask = own_profile(first, second, slot, s), s.ints[S_MASK, slot]
    clear = not has_stranger(family, mask) and _gains(view, slot, s)
    return clear and _is_clear(problem, pick(family, DOUBLET, mask), view, slot, s)
