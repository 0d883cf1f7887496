# SPDX-License-Identifier: BSD-3-Clause
"""Singlet or doublet, compiled: the best model of each kind, and the odds between them."""

import numpy as np

from strain2dos._compiled import njit
from strain2dos.raman._fitting._choice.averaging import faded
from strain2dos.raman._fitting._choice.clear_doublet import (
    FIRST,
    ONLY_COUNTS,
    SECOND,
    complete_clear_doublet,
    fit_clear_doublet,
    is_decisive,
)
from strain2dos.raman._fitting._choice.growth import (
    FIRST_NOISE2,
    TRY_EXTRA,
    WIDE_FOREIGN,
    add_unit,
    fit_plain,
    grow,
    strongest_foreign,
    to_second,
    try_model,
    unlike_foreign,
)
from strain2dos.raman._fitting._choice.screen import score_models, stands_apart
from strain2dos.raman._fitting._choice.splitting import best_doublet
from strain2dos.raman._fitting._judgement.counts import FLOOR_PENALTY, best_floor, residual_levels
from strain2dos.raman._fitting._judgement.gate import classify_fit
from strain2dos.raman._fitting._judgement.noise import residual_noise, shared_noise, smooth_step
from strain2dos.raman._fitting._models.models import (
    anywhere_unit,
    is_foreign,
    leave_out,
    line_of_unit,
    own_profile,
    pick,
)
from strain2dos.raman._fitting._models.single_model import model_size, set_bounds
from strain2dos.raman._fitting._models.slots import return_to
from strain2dos.raman._fitting._squares.levenberg_marquardt import MAX_TRIALS
from strain2dos.raman._fitting._squares.normal_equations import OPTIONS
from strain2dos.raman._fitting.records import (
    CHOICE,
    CURRENT,
    DOUBLET,
    HIGH,
    L_FWHM,
    LOW,
    MAX_SLOTS,
    NO_EXTRAS,
    NO_REWEIGHT,
    S_CHI2,
    S_COV,
    S_FLOOR,
    S_INFO,
    S_KIND,
    S_MASK,
    S_ODDS,
    S_PARAMS,
    S_SECOND,
    S_SHARED,
    S_STATUS,
    SCORES,
    SINGLET,
    TRIAL,
    U_ANCHOR,
)
from strain2dos.raman._fitting.status import FitStatus

_OK = int(FitStatus.OK)
_NOT_CONVERGED = int(FitStatus.NOT_CONVERGED)

# 2 ln odds at which weights change from equal to 1 / counts. Early on, points within so many half widths of a
# line that may be split do not count.
COUNTS_ODDS, BESIDE = 10.0, 4.0
# A doublet is tried where it may save this much chi-square; it needs over 8 to be more probable than a
# singlet.
TRY_DOUBLET = 6.0
# A band of defects of fewer standard errors than this beside a doublet: the doublet is fitted without it as
# well.
WEAK_BAND = 4.0
# Lines of so few points (of their full width, times 0.6) leave steps that pass for noise: there, the doublet
# starts from the plain lines.
COARSE = 2.0
# Branches known no better than this (cm-1) are no doublet.
VAGUE = 5.0
# Branches are as narrow as an unstrained line, but for the instrument. What is broader than this is a line of
# a disordered sample, which is skewed.
BROADEST_BRANCH = 2.8
# A branch of less than this share, over a full width away from the other, may be a foreign line; looked at
# where the doublet is not far less probable than the singlet (2 ln odds).
RIVAL_SHARE = 0.42
RIVAL_ODDS = 10.0
# Whether it is, prior odds do not decide: where chi-square does not, 2 ln odds stay within this, and the
# error bar holds both.
UNDECIDED = 6.0
# A branch this near to another line (full widths of that) may be what its profile lacks; the mixing of a
# profile that is tried in its place.
ON_FLANK, HALF_GAUSSIAN = 1.5, 0.5
# Standard errors by which the foreign line may be narrower than it was fitted.
WIDTH_ERRORS = 0.5


@njit(**OPTIONS)
def _without_strangers(first, second, family, view, noise2, slot, n_slots, s):
    """The singlet model of a slot less the lines that are not the material's.

    These may have taken the place of a branch. Returns its slot and the number of slots.
    """
    mask, profile = s.ints[S_MASK, slot], s.ints[S_SECOND, slot]
    problem, p, q = second if profile == 1 else first, s.params[CHOICE], s.params[TRIAL]
    for i in range(model_size(problem, pick(family, SINGLET, mask))):
        p[i] = s.slots[slot, S_PARAMS, i]
    for unit in range(family.unit.shape[0]):
        if mask >> unit & 1 and family.unit_index[unit, U_ANCHOR] < 0:
            lines, fewer = pick(family, SINGLET, mask), pick(family, SINGLET, mask & ~(1 << unit))
            leave_out(family, lines, mask, p, model_size(problem, lines), fewer, unit, q)
            for i in range(model_size(problem, fewer)):
                p[i] = q[i]
            mask &= ~(1 << unit)
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
def _fit_doublet(problem, family, view, start, noise2, slot, s):
    """Fit the doublet that goes with a singlet model, whose parameters and residual the scratch holds.

    Returns its slot, and the number of slots: one more than ``slot``, unless it was fitted before.
    """
    mask, profile = s.ints[S_MASK, start], s.ints[S_SECOND, start]
    if start == 0 and slot > 1 and s.ints[S_KIND, 1] == DOUBLET and s.ints[S_MASK, 1] == mask:
        return np.int64(1), slot  # that of the plain lines was fitted first
    best_doublet(problem, family, mask, view, noise2, s)
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
def add_doublet(first, second, family, view, single, noise2, kappa, n_slots, s):
    """Fit the doublet beside the best singlet model where it may pay.

    Returns its slot or -1, the number of slots, and noise as `grow` does.
    """
    start, n_slots = _without_strangers(first, second, family, view, noise2, single, n_slots, s)
    half = 2 * pick(family, SINGLET, s.ints[S_MASK, start]).n + first.pair
    if 2.0 * s.slots[start, S_PARAMS, half] > first.fwhm_limit[first.pair]:
        for k in range(n_slots):  # broader than any line: a band is part of it
            start = k if s.ints[S_KIND, k] == SINGLET else start
    if first.narrowest < COARSE and s.ints[S_MASK, start] != NO_EXTRAS:
        start = np.int64(0)
    mask, profile, p = s.ints[S_MASK, start], s.ints[S_SECOND, start], s.params[CURRENT]
    problem, doublets = second if profile == 1 else first, pick(family, DOUBLET, mask)
    if view.n_used <= model_size(problem, doublets) + 1 or n_slots >= MAX_SLOTS:
        return np.int64(-1), n_slots, noise2, kappa
    singlets = return_to(problem, family, view, noise2, start, p, s)
    if not problem.always and start == single:
        steps = residual_noise(problem, singlets, view, p, s.slots[start, S_INFO, S_CHI2], s)[3]
        score_models(problem, family, singlets, mask, view, False, np.inf, p, s)
        worth = s.params[SCORES, 0] > TRY_DOUBLET * steps
        if not worth and not stands_apart(problem, singlets, view, np.sqrt(steps), s):
            return np.int64(-1), n_slots, noise2, kappa
    slot, n_slots = _fit_doublet(problem, family, view, start, noise2, n_slots, s)
    if mask != NO_EXTRAS and n_slots < MAX_SLOTS and _has_weak_band(problem, family, slot, noise2, s):
        # the band was needed by the singlet alone
        plain = own_profile(first, second, 0, s)
        return_to(plain, family, view, noise2, np.int64(0), p, s)
        other, n_slots = _fit_doublet(plain, family, view, np.int64(0), noise2, n_slots, s)
        if s.slots[other, S_INFO, S_ODDS] < s.slots[slot, S_INFO, S_ODDS]:
            slot = other
    problem = own_profile(first, second, slot, s)
    return_to(problem, family, view, noise2, slot, p, s)
    return grow(first, second, family, view, slot, n_slots, s)


@njit(**OPTIONS)
def add_rival(first, second, family, view, double, noise2, kappa, n_slots, s):
    """Fit the weaker branch of a doublet as a foreign line, where it stands apart; returns the slots."""
    unit, pair = anywhere_unit(family), first.pair
    if unit < 0 or n_slots >= MAX_SLOTS or is_foreign(family, double, s):
        return n_slots
    mask, profile = s.ints[S_MASK, double], s.ints[S_SECOND, double]
    problem, doublets, singlets = (
        second if profile == 1 else first,
        pick(family, DOUBLET, mask),
        pick(family, SINGLET, mask),
    )
    p, q, n = s.slots[double, S_PARAMS], s.params[CHOICE], doublets.n
    weak = pair if p[n + pair] < p[n + pair + 1] else pair + 1
    strong = 2 * pair + 1 - weak
    fwhm, share = (
        2.0 * p[2 * n + doublets.group[pair]],
        p[n + weak] / max(p[n + pair] + p[n + pair + 1], 1e-300),
    )
    if share > RIVAL_SHARE or abs(p[weak] - p[strong]) < fwhm:
        return n_slots
    for j in range(singlets.n):
        i = strong if j == pair else j + int(j > pair)
        q[j], q[singlets.n + j] = p[i], p[n + i]
    for i in range(2 * singlets.n, model_size(problem, singlets)):
        q[i] = p[i + 2]
    mask = add_unit(problem, family, SINGLET, mask, unit, view, p[n + weak], q, s.params[TRIAL])
    q[line_of_unit(family, singlets.n_base, mask, unit)] = p[weak]
    lines = pick(family, SINGLET, mask)
    if view.n_used > model_size(problem, lines) + 1:
        try_model(
            problem, family, SINGLET, mask, profile, view, NO_REWEIGHT, MAX_TRIALS, noise2, q, n_slots, s
        )
        n_slots += 1
    return n_slots


@njit(**OPTIONS)
def _smooth_misfit(problem, family, view, noise2, shared, slot, single_chi2, s):
    """What a doublet's gain counts less where points share noise, or its residual is smooth.

    Then the model is wrong, and any line gains.
    """
    p = s.params[CURRENT]
    lines = return_to(problem, family, view, noise2, slot, p, s)
    kappa = shared_noise(lines, view, p, model_size(problem, lines), 1.0, s)
    kappa = max(shared, 1.0 + (kappa - 1.0) * smooth_step(kappa, 3.0, 5.0))
    gain = view.n_used * np.log(single_chi2 / max(s.slots[slot, S_INFO, S_CHI2], 1e-300))
    return max(gain, 0.0) * (1.0 - 1.0 / kappa)


@njit(**OPTIONS)
def _look(first, second, family, view, s):
    """What the residual of the plain lines, which the scratch holds, asks for.

    Returns
    -------
    plain, splits : bool
        Nothing at all; a split of the line, before any other line.
    noise2, steps : float
        Variance of a weighted point, and that of the steps between points alone.
    """
    mask, p, slot = s.ints[S_MASK, 0], s.params[CURRENT], np.int64(0)
    lines = pick(family, SINGLET, mask)
    noise2, shared, _, steps = residual_noise(first, lines, view, p, s.slots[0, S_INFO, S_CHI2], s)
    s.slots[0, S_INFO, S_SHARED] = shared
    adapts, limit = first.adaptive, TRY_EXTRA * steps
    some, before, alone = score_models(first, family, lines, mask, view, adapts, limit, p, s)
    splits = first.pair >= 0 and alone > TRY_DOUBLET * steps
    if some or splits or mask != NO_EXTRAS:
        return False, splits and before, noise2, steps
    if first.pair >= 0 and stands_apart(first, lines, view, np.sqrt(steps), s):
        return False, False, noise2, steps
    foreign = strongest_foreign(first, family, lines, view, slot, steps, 1.0, False, p, s)[1]
    return foreign == 0.0, False, noise2, steps


@njit(**OPTIONS)
def _steps(problem, family, view, slot, s):
    """Variance of the steps between points off the lines, from what the model of a slot leaves in J."""
    lines, p = pick(family, s.ints[S_KIND, slot], s.ints[S_MASK, slot]), s.slots[slot, S_PARAMS]
    return residual_noise(problem, lines, view, p, s.slots[slot, S_INFO, S_CHI2], s)[3]


@njit(**OPTIONS)
def _are_counts(problem, family, view, slot, steps, s):
    """Whether what the model of a slot leaves in J is noise, and grows like that of counts.

    ``steps``: variance of the steps off the lines. Beside a line that may be split, a singlet may leave more.
    """
    kind, p = s.ints[S_KIND, slot], s.slots[slot, S_PARAMS]
    lines, center, reach = pick(family, kind, s.ints[S_MASK, slot]), 0.0, 0.0
    if kind == SINGLET and problem.pair >= 0:
        center, reach = p[problem.pair], BESIDE * p[2 * lines.n + lines.group[problem.pair]]
    if s.slots[FIRST, S_INFO, S_SHARED] > 0.0:
        return False  # the odds are for points that share no noise
    n, rises, square = residual_levels(view, model_size(problem, lines), slot, center, reach, s)
    odds, floor, _ = best_floor(view, n, rises, FLOOR_PENALTY, s)
    s.slots[FIRST, S_INFO, S_FLOOR] = floor
    return square <= ONLY_COUNTS * steps and odds > COUNTS_ODDS


@njit(**OPTIONS)
def best_slot(n_slots, kind, s):
    """Slot of the most probable model of a kind, -1 where there is none."""
    best = -1
    for k in range(n_slots):
        if s.ints[S_KIND, k] == kind and (
            best < 0 or s.slots[k, S_INFO, S_ODDS] < s.slots[best, S_INFO, S_ODDS]
        ):
            best = k
    return best


@njit(**OPTIONS)
def _are_branches(problem, lines, noise2, slot, s):
    """Whether the branches of a doublet are known, and not far broader than an unstrained line."""
    pair, C = problem.pair, s.slots[slot, S_COV:]
    if noise2 * max(C[pair, pair], C[pair + 1, pair + 1]) > VAGUE**2:
        return False
    fwhm = 2.0 * s.slots[slot, S_PARAMS, 2 * lines.n + lines.group[pair]]
    return problem.always or not problem.checked or fwhm < BROADEST_BRANCH * lines.values[L_FWHM, pair]


@njit(**OPTIONS)
def _is_profile(first, second, family, view, single, double, noise2, n_slots, s):
    """Whether lines that are no Lorentzians explain better what a branch on the flank of another line does.

    An instrument makes the lines more Gaussian, and fitted as a Lorentzian such a line leaves what looks like
    a branch beside its top.
    """
    doublets, mask = pick(family, DOUBLET, s.ints[S_MASK, double]), s.ints[S_MASK, single]
    if first.adaptive or first.shape == second.shape or n_slots >= MAX_SLOTS:
        return False
    p, pair, beside = s.slots[double, S_PARAMS], first.pair, np.inf
    for j in range(doublets.n_base):
        if j != pair and j != pair + 1:
            for i in (pair, pair + 1):
                beside = min(beside, abs(p[i] - p[j]) / (2.0 * p[2 * doublets.n + doublets.group[j]]))
    singlets, q = pick(family, SINGLET, mask), s.params[CHOICE]
    if beside > ON_FLANK or view.n_used <= model_size(second, singlets) + 1:
        return False
    for i in range(model_size(first, singlets)):
        q[i] = s.slots[single, S_PARAMS, i]
    to_second(first, second, singlets, q, HALF_GAUSSIAN)
    try_model(
        second, family, SINGLET, mask, np.int64(1), view, NO_REWEIGHT, MAX_TRIALS, noise2, q, n_slots, s
    )
    return s.slots[n_slots, S_INFO, S_ODDS] < s.slots[double, S_INFO, S_ODDS]


@njit(**OPTIONS)
def _drop_failed(first, second, family, view, noise2, n_slots, s):
    """Models that failed cannot be the better ones: infinite odds, unless nothing else is left."""
    for k in range(n_slots):
        problem, kind = own_profile(first, second, k, s), s.ints[S_KIND, k]
        lines = pick(family, kind, s.ints[S_MASK, k])
        if s.ints[S_STATUS, k] == _OK:
            set_bounds(
                problem,
                lines,
                view.offset,
                0.0 if kind == DOUBLET else -np.inf,
                s.params[LOW],
                s.params[HIGH],
            )
            pair = problem.pair if kind == DOUBLET else -1
            s.ints[S_STATUS, k] = classify_fit(
                problem, lines, s.slots[k, S_PARAMS], s.slots[k, S_COV:], noise2, pair, s
            )
            if pair >= 0 and not _are_branches(problem, lines, noise2, k, s):
                s.ints[S_STATUS, k] = _NOT_CONVERGED
        if s.ints[S_STATUS, k] != _OK and k > 0 and not (problem.always and kind == DOUBLET):
            s.slots[k, S_INFO, S_ODDS] = np.inf


@njit(**OPTIONS)
def _fit_models(first, second, family, view, undecided, s):
    """Fit the models that a spectrum asks for.

    Returns
    -------
    n_slots : int
        Models that were fitted; 0 where points have to be weighed as counts.
    noise2, kappa : float
        As `grow` returns them.
    """
    ask = undecided and not view.counts
    s.slots[0, S_INFO, S_SHARED] = 0.0
    if view.apart and not first.always and fit_clear_doublet(first, family, view, s):
        if ask and _are_counts(first, family, view, SECOND, _steps(first, family, view, SECOND, s), s):
            return np.int64(0), 0.0, 1.0
        double, n_slots, noise2, kappa = complete_clear_doublet(first, second, family, view, s)
        if double >= 0:
            return n_slots, noise2, kappa
    fit_plain(first, family, view, s)
    n_slots, p = np.int64(1), s.params[CURRENT]
    plain, splits, noise2, steps = _look(first, second, family, view, s)
    if ask and _are_counts(first, family, view, FIRST, steps, s):
        return np.int64(0), 0.0, 1.0
    if plain and not first.always:
        return n_slots, noise2, 1.0
    if splits and not first.always:
        double, n_slots, noise2, kappa = add_doublet(
            first, second, family, view, FIRST, steps, 1.0, n_slots, s
        )
        if double >= 0:
            problem = own_profile(first, second, double, s)
            return_to(problem, family, view, FIRST_NOISE2, double, p, s)
            if ask and _are_counts(problem, family, view, double, steps, s):
                return np.int64(0), 0.0, 1.0
            if is_decisive(first, second, family, view, double, s):
                return n_slots, noise2, kappa
        return_to(first, family, view, FIRST_NOISE2, FIRST, p, s)
    single, n_slots, noise2, kappa = grow(first, second, family, view, FIRST, n_slots, s)
    if first.pair < 0:
        return n_slots, noise2, kappa
    double, n_slots, noise3, kappa3 = add_doublet(
        first, second, family, view, single, noise2, kappa, n_slots, s
    )
    if double >= 0 and s.slots[double, S_INFO, S_CHI2] < s.slots[single, S_INFO, S_CHI2]:
        noise2, kappa = noise3, kappa3
    double = best_slot(n_slots, DOUBLET, s)
    if double >= 0 and s.slots[double, S_INFO, S_ODDS] < s.slots[single, S_INFO, S_ODDS] + RIVAL_ODDS:
        n_slots = add_rival(first, second, family, view, double, noise2, kappa, n_slots, s)
    return n_slots, noise2, kappa


@njit(**OPTIONS)
def choose_model(first, second, family, view, undecided, s, weights):
    """Fit the models that a spectrum asks for, and weigh the best of either kind.

    ``undecided``: whether values are counts; the residual of lines that leave only noise may show that they
    are, and nothing more is fitted then.

    Returns
    -------
    single, double : int
        Slots of the best model of each kind; -1 where no doublet was fitted, and for both where points have
        to be weighed as counts.
    weight : float
        Probability of the doublet.
    """
    n_slots, noise2, kappa = _fit_models(first, second, family, view, undecided, s)
    if n_slots == 0:
        return np.int64(-1), np.int64(-1), 0.0
    _drop_failed(first, second, family, view, noise2, n_slots, s)
    single, double = best_slot(n_slots, SINGLET, s), best_slot(n_slots, DOUBLET, s)
    if double < 0:
        return single, double, 0.0
    if first.always:
        return single, double, 1.0
    one = own_profile(first, second, single, s)
    two = own_profile(first, second, double, s)
    if _is_profile(first, second, family, view, single, double, noise2, n_slots, s):
        return single, double, 0.0
    odds = faded(one, family, view, single, noise2, kappa, s, weights)
    odds -= faded(two, family, view, double, noise2, kappa, s, weights)
    chi1, chi2 = s.slots[single, S_INFO, S_CHI2], s.slots[double, S_INFO, S_CHI2]
    most = 200.0
    if np.isfinite(odds):
        odds -= _smooth_misfit(two, family, view, noise2, kappa, double, chi1, s)
        if is_foreign(family, single, s) and not is_foreign(family, double, s):
            lines, mask = pick(family, SINGLET, s.ints[S_MASK, single]), s.ints[S_MASK, single]
            half = 2 * lines.n + lines.group[line_of_unit(family, lines.n_base, mask, anywhere_unit(family))]
            spread = WIDTH_ERRORS * np.sqrt(noise2 * kappa * s.slots[single, S_COV + half, half])
            unlike = unlike_foreign(one, family, lines, mask, s.slots[single, S_PARAMS], spread)
            most = UNDECIDED + unlike * smooth_step(unlike / WIDE_FOREIGN, 0.5, 0.9)
            if mask & ~(1 << anywhere_unit(family)) == s.ints[S_MASK, double]:
                most = max(most, abs(chi1 - chi2) / (noise2 * kappa))
    return single, double, 1.0 / (1.0 + np.exp(-0.5 * min(max(odds, -most), most)))
