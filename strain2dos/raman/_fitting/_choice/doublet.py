# SPDX-License-Identifier: BSD-3-Clause
"""The doublet that goes with the best model of single lines, compiled."""

import numpy as np

from strain2dos._compiled import njit
from strain2dos.raman._fitting._choice.growth import (
    grow,
    try_model,
)
from strain2dos.raman._fitting._choice.screen import score_models, stands_apart
from strain2dos.raman._fitting._choice.splitting import (
    best_doublet,
    unlikely_beside_band,
    unlikely_doublet,
)
from strain2dos.raman._fitting._judgement.noise import residual_noise
from strain2dos.raman._fitting._models.models import (
    drop_unit,
    line_of_unit,
    own_profile,
    pick,
)
from strain2dos.raman._fitting._models.plausible import TORN, torn_by
from strain2dos.raman._fitting._models.single_model import model_size
from strain2dos.raman._fitting._models.slots import criterion, return_to
from strain2dos.raman._fitting._squares.levenberg_marquardt import MAX_TRIALS
from strain2dos.raman._fitting._squares.normal_equations import OPTIONS
from strain2dos.raman._fitting.records import (
    CHOICE,
    CURRENT,
    DOUBLET,
    MAX_SLOTS,
    NO_EXTRAS,
    NO_REWEIGHT,
    S_CHI2,
    S_COV,
    S_INFO,
    S_KIND,
    S_MASK,
    S_ODDS,
    S_PARAMS,
    S_SECOND,
    S_SHARED,
    SCORES,
    SINGLET,
    TRIAL,
    U_ANCHOR,
)

# A doublet is tried where it may save this much chi-square; it needs over 8 to be more probable than a
# singlet.
TRY_DOUBLET = 6.0
# A band of defects of fewer standard errors than this beside a doublet: the doublet is fitted without it as
# well.
WEAK_BAND = 4.0
# A doublet whose first trials leave it so much less probable than the singlet (2 ln odds), were it to lose a
# tenth of its chi-square yet, is not fitted to its end.
NEGLIGIBLE_ODDS, STILL_GAINS = 16.0, 0.9
# 2 ln odds, from chi-square alone, at which there are two branches even where neighbors share their noise.
SURE_GAIN = 50.0
# Lines of so few points (of their full width, times 0.6) leave steps that pass for noise: there, the doublet
# starts from the plain lines.
COARSE = 2.0


@njit(**OPTIONS)
def _without_strangers(first, second, family, view, noise2, slot, n_slots, s):
    """The singlet model of a slot less the lines that are not the material's.

    These may have taken the place of a branch. Returns its slot and the number of slots.
    """
    mask, profile = s.ints[S_MASK, slot], s.ints[S_SECOND, slot]
    problem, p, q = second if profile == 1 else first, s.params[CHOICE], s.params[TRIAL]
    n = model_size(problem, pick(family, SINGLET, mask))
    for i in range(n):
        p[i] = s.slots[slot, S_PARAMS, i]
    for unit in range(family.unit.shape[0]):
        if mask >> unit & 1 and family.unit_index[unit, U_ANCHOR] < 0:
            mask, n = drop_unit(family, SINGLET, mask, unit, n, p, q)
    if mask == s.ints[S_MASK, slot]:
        return slot, n_slots
    for k in range(n_slots):
        if s.ints[S_KIND, k] == SINGLET and s.ints[S_MASK, k] == mask and s.ints[S_SECOND, k] == profile:
            return np.int64(k), n_slots
    if n_slots >= MAX_SLOTS:
        return np.int64(0), n_slots
    try_model(problem, family, SINGLET, mask, profile, view, NO_REWEIGHT, MAX_TRIALS, noise2, p, n_slots, s)
    return n_slots, n_slots + 1


@njit(**OPTIONS)
def _is_hopeless(problem, family, view, start, chi2, s):
    """Whether the doublet that won the race, in CHOICE, is far less probable than the singlet of a slot.

    The rest of its fit may still gain a share of chi-square. A band of defects that it has half given up
    does not count against its branches.
    """
    mask, p = s.ints[S_MASK, start], s.params[CHOICE]
    doublets, singlets = pick(family, DOUBLET, mask), pick(family, SINGLET, mask)
    odds = criterion(problem, family, doublets, mask, view, STILL_GAINS * chi2, 0.0)
    odds += unlikely_doublet(problem, doublets, p)
    kept = True
    for line in range(doublets.n_base, doublets.n):
        kept = kept and p[doublets.n + line] > 0.5 * s.slots[start, S_PARAMS, singlets.n + line - 1]
    if kept:
        odds += unlikely_beside_band(problem, family, mask, doublets, p)
    return odds > s.slots[start, S_INFO, S_ODDS] + NEGLIGIBLE_ODDS


@njit(**OPTIONS)
def _fit_doublet(problem, family, view, start, noise2, slot, s):
    """Fit the doublet that goes with a singlet model, whose parameters and residual the scratch holds.

    Returns its slot, and the number of slots: one more than ``slot``, unless it was fitted before. The slot
    is -1 where it cannot become as probable as the singlet.
    """
    mask, profile = s.ints[S_MASK, start], s.ints[S_SECOND, start]
    if start == 0 and slot > 1 and s.ints[S_KIND, 1] == DOUBLET and s.ints[S_MASK, 1] == mask:
        return np.int64(1), slot  # that of the plain lines was fitted first
    chi2 = best_doublet(problem, family, mask, view, noise2, s)
    if not problem.force_doublet and _is_hopeless(problem, family, view, start, chi2, s):
        return np.int64(-1), slot
    try_model(
        problem,
        family,
        DOUBLET,
        mask,
        profile,
        view,
        NO_REWEIGHT,
        MAX_TRIALS,
        noise2,
        s.params[CHOICE],
        slot,
        s,
    )
    return slot, slot + 1


@njit(**OPTIONS)
def _has_weak_band(problem, family, slot, noise2, s):
    """Whether a band of defects below the doublet is not certain."""
    mask = s.ints[S_MASK, slot]
    lines = pick(family, DOUBLET, mask)
    for unit in range(family.unit.shape[0]):
        if mask >> unit & 1 and family.unit_index[unit, U_ANCHOR] == problem.pair:
            h = lines.n + line_of_unit(family, lines.n_base, mask, unit)
            if s.slots[slot, S_PARAMS, h] ** 2 <= WEAK_BAND**2 * noise2 * s.slots[slot, S_COV + h, h]:
                return True
    return False


@njit(**OPTIONS)
def _forget_shared_noise(problem, family, view, start, slot, s):
    """Where a doublet, whose residual J holds, is sure, its singlet leaves no noise that neighbors share.

    A branch that stands apart leaves a residual as smooth.
    """
    shared, chi2 = s.slots[0, S_INFO, S_SHARED], s.slots[slot, S_INFO, S_CHI2]
    gain = view.n_used * np.log(s.slots[start, S_INFO, S_CHI2] / max(chi2, 1e-300))
    if shared > 0.0 and gain > SURE_GAIN:
        lines = pick(family, DOUBLET, s.ints[S_MASK, slot])
        s.slots[0, S_INFO, S_SHARED] = 0.0
        own = residual_noise(problem, lines, view, s.params[CURRENT], chi2, s)[1]
        s.slots[0, S_INFO, S_SHARED] = min(shared, own)


@njit(**OPTIONS)
def _start_of_doublet(first, second, family, view, noise2, single, n_slots, s):
    """Slot of the singlet model that the doublet starts from, number of slots, and whether it surely pays."""
    start, n_slots = _without_strangers(first, second, family, view, noise2, single, n_slots, s)
    half = 2 * pick(family, SINGLET, s.ints[S_MASK, start]).n + first.pair
    if 2.0 * s.slots[start, S_PARAMS, half] > first.fwhm_limit[first.pair]:
        for k in range(n_slots):  # broader than any line: a band is part of it
            start = k if s.ints[S_KIND, k] == SINGLET else start
    # a band may stand for the next line, and that for a branch
    plain = pick(family, SINGLET, s.ints[S_MASK, 0])
    torn = torn_by(first, plain, s.slots[0, S_PARAMS]) > TORN
    if (torn or first.narrowest < COARSE) and s.ints[S_MASK, start] != NO_EXTRAS:
        start = np.int64(0)
    return start, n_slots, torn or start != single or first.force_doublet


@njit(**OPTIONS)
def _may_pay(problem, family, view, slot, s):
    """Whether the residual of a singlet model, which the scratch holds, shows a split or a line apart."""
    lines, p, chi2 = (
        pick(family, SINGLET, s.ints[S_MASK, slot]),
        s.params[CURRENT],
        s.slots[slot, S_INFO, S_CHI2],
    )
    steps = residual_noise(problem, lines, view, p, chi2, s)[3]
    score_models(problem, family, lines, s.ints[S_MASK, slot], view, False, np.inf, p, s)
    worth = s.params[SCORES, 0] > TRY_DOUBLET * steps
    return worth or stands_apart(problem, lines, view, np.sqrt(steps), s)


@njit(**OPTIONS)
def add_doublet(first, second, family, view, single, noise2, kappa, n_slots, s):
    """Fit the doublet beside the best singlet model where it may pay.

    Returns its slot or -1, the number of slots, and noise as `grow` does.
    """
    start, n_slots, pays = _start_of_doublet(first, second, family, view, noise2, single, n_slots, s)
    mask, p, slot = s.ints[S_MASK, start], s.params[CURRENT], np.int64(-1)
    problem = own_profile(first, second, start, s)
    if view.n_used <= model_size(problem, pick(family, DOUBLET, mask)) + 1 or n_slots >= MAX_SLOTS:
        return slot, n_slots, noise2, kappa
    return_to(problem, family, view, noise2, start, p, s)
    if pays or _may_pay(problem, family, view, start, s):
        slot, n_slots = _fit_doublet(problem, family, view, start, noise2, n_slots, s)
    again = _has_weak_band(problem, family, slot, noise2, s) if slot >= 0 else view.apart
    if again and mask != NO_EXTRAS and n_slots < MAX_SLOTS:
        # the band was needed by the singlet alone, or stands for a branch that is seen
        problem = own_profile(first, second, 0, s)
        return_to(problem, family, view, noise2, np.int64(0), p, s)
        other, n_slots = _fit_doublet(problem, family, view, np.int64(0), noise2, n_slots, s)
        if slot < 0 or (other >= 0 and s.slots[other, S_INFO, S_ODDS] < s.slots[slot, S_INFO, S_ODDS]):
            slot, start = other, np.int64(0)
    if slot < 0:
        return slot, n_slots, noise2, kappa
    problem = own_profile(first, second, slot, s)
    return_to(problem, family, view, noise2, slot, p, s)
    _forget_shared_noise(problem, family, view, start, slot, s)
    return grow(first, second, family, view, slot, n_slots, s)
