# SPDX-License-Identifier: BSD-3-Clause
"""Which models of a family are fitted to a spectrum, compiled: one for a plain spectrum, else more."""

import numpy as np

from strain2dos._compiled import njit
from strain2dos.raman._fitting.levenberg_marquardt import weighted_square
from strain2dos.raman._fitting.models import carry_over, leave_out, line_of_unit, pick, unit_place
from strain2dos.raman._fitting.noise import residual_noise, shared_noise, smooth_step
from strain2dos.raman._fitting.normal_equations import OPTIONS
from strain2dos.raman._fitting.records import (
    ANY_KIND,
    CHOICE,
    CHOSEN1,
    CURRENT,
    DOUBLET,
    FIRST_SLOT,
    MAX_SLOTS,
    NO_EXTRAS,
    NO_REWEIGHT,
    S_CHI2,
    S_COV,
    S_INFO,
    S_KIND,
    S_MASK,
    S_ODDS,
    SCALED,
    SCORES,
    SINGLET,
    TRIAL,
    U_ANYWHERE,
    U_FWHM,
    WEIGHTS,
)
from strain2dos.raman._fitting.screen import find_foreign, score_models, stands_apart
from strain2dos.raman._fitting.single_model import count_weights, model_size, seed_parameters
from strain2dos.raman._fitting.slots import best_slot, criterion, fit_from, keep_model, return_to
from strain2dos.raman._fitting.splitting import (
    DOUBLET_PENALTY,
    NEGLIGIBLE_ODDS,
    TRY_DOUBLET,
    best_doublet,
    shoulder_odds,
    unlikely_beside_band,
    unlikely_doublet,
)

# An extra line is fitted where it may save this much chi-square; to be probable it needs about 9.
TRY_EXTRA = 6.0
# Priors of the first fit count against noise of 1 % of the spectrum's span.
FIRST_NOISE2 = 1e-4
# -2 ln(prior) of a foreign line as wide as the line of the material.
WIDE_FOREIGN = 20.0
# An extra line that stays below so many standard errors beside a doublet is also left out of it.
WEAK_EXTRA = 3.0


@njit(**OPTIONS)
def _total(view, s):
    return weighted_square(s.points[SCALED], s.points[WEIGHTS], view.m)


@njit(**OPTIONS)
def _try(problem, family, kind, mask, view, noise2, largest, penalty, p, slot, s):
    """Fit a model from its start ``p`` and keep it; returns the number of slots in use."""
    if slot >= MAX_SLOTS:
        return slot
    lines = pick(family, kind, mask)
    if view.n_used <= model_size(problem, lines):
        return slot
    chi2, converged = fit_from(problem, family, kind, mask, view, NO_REWEIGHT, noise2, p, s)
    odds = criterion(problem, family, lines, mask, view, chi2, largest, _total(view, s)) + penalty
    odds += unlike_foreign(problem, family, lines, mask, p)
    if kind == DOUBLET:
        odds += unlikely_doublet(problem, lines, p) + unlikely_beside_band(problem, family, mask, lines, p)
    keep_model(problem, family, kind, mask, chi2, converged, odds, p, slot, s)
    return slot + 1


@njit(**OPTIONS)
def unlike_foreign(problem, family, lines, mask, p):
    """-2 ln(prior) of a foreign line as wide as a phonon: it has the width of the instrument alone."""
    unit = family.unit.shape[0] - 1
    if unit < 0 or family.unit_index[unit, U_ANYWHERE] == 0 or not mask >> unit & 1:
        return 0.0
    first = max(problem.pair, 0)
    line = line_of_unit(family, lines.n_base, mask, unit)
    ratio = p[2 * lines.n + lines.group[line]] / p[2 * lines.n + lines.group[first]]
    return WIDE_FOREIGN * smooth_step(ratio, 0.75, 1.0)


@njit(**OPTIONS)
def fit_plain(problem, family, view, s):
    """Fit the singlets, with lines of the substrate that were stepped over, into the first slot.

    Returns what `residual_noise` does.
    """
    lines, p, mask = pick(family, SINGLET, NO_EXTRAS), s.params[CURRENT], NO_EXTRAS
    if view.counts:
        count_weights(problem, view, s)
    seed_parameters(problem, lines, s.ints[CHOSEN1], s, p)
    for unit in range(family.unit.shape[0]):
        if view.start >> unit & 1:
            more = pick(family, SINGLET, 1 << unit)
            place = unit_place(family, unit, view.offset, p)
            carry_over(problem, family, lines, mask, p, more, unit, place, 0.5, s.params[TRIAL])
            lines, mask = more, 1 << unit
            for i in range(model_size(problem, lines)):
                p[i] = s.params[TRIAL, i]
    reweight = NO_REWEIGHT + (2 if view.counts else 0)
    chi2, converged = fit_from(problem, family, SINGLET, mask, view, reweight, FIRST_NOISE2, p, s)
    noise2, shared, _, beyond = residual_noise(problem, lines, view, p, chi2, s)
    # evidence for more lines is not weakened by what these lines leave in this residual
    largest = 1.0
    odds = criterion(problem, family, lines, mask, view, chi2, largest, _total(view, s))
    keep_model(problem, family, SINGLET, mask, chi2, converged, odds, p, FIRST_SLOT, s)
    return noise2, shared, largest, beyond


@njit(**OPTIONS)
def add_known_lines(problem, family, view, noise2, largest, n_slots, s):
    """Add known extra lines as long as one pays; CURRENT and J end on the best model with its scores."""
    slot = FIRST_SLOT
    while True:
        mask = s.ints[S_MASK, slot]
        lines, p = pick(family, SINGLET, mask), s.params[CURRENT]
        unit = score_models(problem, family, lines, mask, view, p, s)
        if unit < 0 or s.params[SCORES, 1 + unit] < TRY_EXTRA * noise2 or n_slots >= MAX_SLOTS - 5:
            return slot, n_slots
        more = pick(family, SINGLET, mask | 1 << unit)
        height = s.params[SCORES, 1 + family.unit.shape[0] + unit]
        place = unit_place(family, unit, view.offset, p)
        carry_over(problem, family, lines, mask, p, more, unit, place, height, s.params[TRIAL])
        before = n_slots
        n_slots = _try(
            problem,
            family,
            SINGLET,
            mask | 1 << unit,
            view,
            noise2,
            largest,
            0.0,
            s.params[TRIAL],
            n_slots,
            s,
        )
        if n_slots > before and s.slots[before, S_INFO, S_ODDS] < s.slots[slot, S_INFO, S_ODDS]:
            slot = before
            for i in range(model_size(problem, more)):
                p[i] = s.params[TRIAL, i]
            continue
        return_to(problem, family, view, noise2, slot, p, s)
        score_models(problem, family, lines, mask, view, p, s)
        return slot, n_slots


@njit(**OPTIONS)
def add_doublets(problem, family, view, noise2, largest, slot, n_slots, s):
    """Fit the doublet beside the best singlet model, where it may pay.

    Returns the number of slots, and exp(-odds / 2) of the singlet with a shoulder relative to the best
    singlet model.
    """
    mask = s.ints[S_MASK, slot]
    singlets = pick(family, SINGLET, mask)
    if not problem.always:
        worth = s.params[SCORES, 0] > TRY_DOUBLET * noise2
        if not worth and not stands_apart(problem, singlets, view, np.sqrt(noise2), s):
            return n_slots, 0.0
    doublets, p = pick(family, DOUBLET, mask), s.params[CHOICE]
    if view.n_used <= model_size(problem, doublets) + 1:
        return n_slots, 0.0
    chi2 = best_doublet(problem, family, mask, view, noise2, s)
    odds1 = s.slots[slot, S_INFO, S_ODDS]
    odds2 = criterion(problem, family, doublets, mask, view, chi2, largest, _total(view, s)) + DOUBLET_PENALTY
    if not problem.always and odds2 > odds1 + NEGLIGIBLE_ODDS:
        return n_slots, 0.0
    weight = 0.0
    if not problem.always and odds2 + unlikely_doublet(problem, doublets, p) < odds1 + 10.0:
        odds3, counted = shoulder_odds(problem, family, mask, view, largest, noise2, s)
        weight = counted * np.exp(min(0.5 * (odds1 - odds3), 300.0))
    slot2 = n_slots
    n_slots = _try(problem, family, DOUBLET, mask, view, noise2, largest, DOUBLET_PENALTY, p, n_slots, s)
    # What a doublet gains counts less where its residual is smooth: the model is wrong, and any line gains.
    kappa = shared_noise(doublets, view, p, model_size(problem, doublets), 1.0, s)
    kappa = max(largest, 1.0 + (kappa - 1.0) * smooth_step(kappa, 3.0, 5.0))
    gain = view.n_used * np.log(s.slots[slot, S_INFO, S_CHI2] / max(s.slots[slot2, S_INFO, S_CHI2], 1e-300))
    s.slots[slot2, S_INFO, S_ODDS] += max(gain, 0.0) * (1.0 / largest - 1.0 / kappa)
    return drop_weak_lines(problem, family, view, noise2, largest, n_slots, s), weight


@njit(**OPTIONS)
def drop_weak_lines(problem, family, view, noise2, largest, n_slots, s):
    """The last model again without each of its known lines that is weak there."""
    slot = n_slots - 1
    mask, p, kind = s.ints[S_MASK, slot], s.params[CHOICE], s.ints[S_KIND, slot]
    for unit in range(family.unit.shape[0]):
        if not mask >> unit & 1 or family.unit_index[unit, U_ANYWHERE] == 1:
            continue
        lines = pick(family, kind, mask)
        line = lines.n + line_of_unit(family, lines.n_base, mask, unit)
        if p[line] ** 2 > WEAK_EXTRA**2 * noise2 * largest * s.slots[slot, S_COV + line, line]:
            continue
        less = mask & ~(1 << unit)
        leave_out(problem, family, lines, mask, p, pick(family, kind, less), unit, s.params[TRIAL])
        before = n_slots
        n_slots = _try(
            problem, family, kind, less, view, noise2, largest, DOUBLET_PENALTY, s.params[TRIAL], n_slots, s
        )
        if n_slots > before:
            slot, mask = before, less
            for i in range(model_size(problem, pick(family, kind, mask))):
                p[i] = s.params[TRIAL, i]
    return n_slots


@njit(**OPTIONS)
def add_foreign_line(problem, family, view, noise2, largest, n_slots, s):
    """Add a narrow line to the best models where the residual of the best of all holds one."""
    unit = family.unit.shape[0] - 1
    if unit < 0 or family.unit_index[unit, U_ANYWHERE] == 0 or n_slots + 2 > MAX_SLOTS:
        return n_slots
    best, p = best_slot(n_slots, ANY_KIND, s), s.params[CURRENT]
    lines = return_to(problem, family, view, noise2, best, p, s)
    whole = s.slots[best, S_INFO, S_CHI2] / max(view.n_used - model_size(problem, lines), 1)
    noise = np.sqrt(max(noise2, whole) * largest)
    place, height = find_foreign(problem, lines, view, p, family.unit[unit, U_FWHM], noise, s)
    single = best_slot(n_slots, SINGLET, s)
    if height == 0.0 and s.ints[S_KIND, best] == DOUBLET and not problem.always:
        place, height = _lonely_branch(problem, lines, p)
        if height == 0.0:
            return n_slots
        return _with_foreign(problem, family, view, noise2, largest, single, place, height, n_slots, s)
    if height == 0.0:
        return n_slots
    n_slots = _with_foreign(problem, family, view, noise2, largest, best, place, height, n_slots, s)
    if best != single and not problem.always:
        n_slots = _with_foreign(problem, family, view, noise2, largest, single, place, height, n_slots, s)
    return n_slots


@njit(**OPTIONS)
def _lonely_branch(problem, doublets, p):
    """Place and height of the weaker branch where it stands over two widths apart: a foreign line?"""
    n, pair = doublets.n, problem.pair
    weak = pair if p[n + pair] < p[n + pair + 1] else pair + 1
    strong = 2 * pair + 1 - weak
    apart = abs(p[weak] - p[strong]) > 4.0 * p[2 * n + doublets.group[pair]]
    return p[weak], p[n + weak] if apart and p[n + weak] < 0.6 * p[n + strong] else 0.0


@njit(**OPTIONS)
def _with_foreign(problem, family, view, noise2, largest, slot, place, height, n_slots, s):
    """The model of a slot with a foreign line, which is the last unit."""
    unit = family.unit.shape[0] - 1
    kind, mask, p = s.ints[S_KIND, slot], s.ints[S_MASK, slot], s.params[CURRENT]
    lines, more = return_to(problem, family, view, noise2, slot, p, s), pick(family, kind, mask | 1 << unit)
    carry_over(problem, family, lines, mask, p, more, unit, place, height, s.params[TRIAL])
    penalty = DOUBLET_PENALTY if kind == DOUBLET else 0.0
    return _try(
        problem, family, kind, mask | 1 << unit, view, noise2, largest, penalty, s.params[TRIAL], n_slots, s
    )
