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
from strain2dos.raman._fitting._choice.doublet import TRY_DOUBLET, add_doublet
from strain2dos.raman._fitting._choice.growth import (
    FIRST_NOISE2,
    TRY_EXTRA,
    WIDE_FOREIGN,
    fit_plain,
    grow,
    strongest_foreign,
    unlike_foreign,
)
from strain2dos.raman._fitting._choice.rivals import add_rival, are_branches, is_profile, smooth_misfit
from strain2dos.raman._fitting._choice.screen import score_models, stands_apart
from strain2dos.raman._fitting._judgement.counts import FLOOR_PENALTY, RISES, best_floor, residual_levels
from strain2dos.raman._fitting._judgement.gate import classify_fit
from strain2dos.raman._fitting._judgement.noise import probability, residual_noise, smooth_step
from strain2dos.raman._fitting._models.models import (
    anywhere_unit,
    is_foreign,
    line_of_unit,
    own_profile,
    pick,
)
from strain2dos.raman._fitting._models.plausible import TORN, torn_by, weaker_share
from strain2dos.raman._fitting._models.single_model import model_size, set_bounds
from strain2dos.raman._fitting._models.slots import return_to
from strain2dos.raman._fitting._squares.normal_equations import OPTIONS
from strain2dos.raman._fitting.records import (
    CURRENT,
    DOUBLET,
    HIGH,
    LOW,
    NO_EXTRAS,
    S_CHI2,
    S_COV,
    S_FLOOR,
    S_INFO,
    S_KIND,
    S_MASK,
    S_ODDS,
    S_PARAMS,
    S_SHARED,
    S_STATUS,
    SINGLET,
)
from strain2dos.raman._fitting.status import FitStatus

_OK = int(FitStatus.OK)
_NOT_CONVERGED = int(FitStatus.NOT_CONVERGED)

# 2 ln odds at which weights change from equal to 1 / counts. Early on, points within so many half widths of a
# line that may be split do not count.
COUNTS_ODDS, BESIDE = 10.0, 4.0
# A doublet that is no less probable than this (2 ln odds against the singlet) may have a foreign line for a
# branch.
RIVAL_ODDS = 10.0
# Whether it has, prior odds do not decide: where chi-square does not, 2 ln odds stay within this, and the
# error bar holds both.
UNDECIDED = 6.0
# A branch of so small a share may as well be what a curved background leaves, however far it stands out of
# the noise: 2 ln odds stay within this, and the error bar holds both.
FAINT, FAINT_ODDS = (0.06, 0.12), 1.0
# Standard errors by which the foreign line may be narrower than it was fitted.
WIDTH_ERRORS = 0.5


@njit(**OPTIONS)
def _look(first, family, view, steps, s):
    """What the residual of the plain lines, which the scratch holds, asks for.

    ``steps``: variance of the steps between points. Returns whether nothing at all, and whether a split of
    the line, before any other line.
    """
    mask, p, slot = s.ints[S_MASK, 0], s.params[CURRENT], np.int64(0)
    lines = pick(family, SINGLET, mask)
    adapts, limit = first.adaptive, TRY_EXTRA * steps
    some, before, alone = score_models(first, family, lines, mask, view, adapts, limit, p, s)
    splits = first.pair >= 0 and alone > TRY_DOUBLET * steps
    if torn_by(first, lines, p) > TORN:
        return False, True
    if some or splits or mask != NO_EXTRAS:
        return False, splits and before
    if first.pair >= 0 and stands_apart(first, lines, view, np.sqrt(steps), s):
        return False, False
    foreign = strongest_foreign(first, family, lines, view, slot, steps, 1.0, False, p, s)[1]
    return foreign == 0.0, False


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
    n, rises, square = residual_levels(view, model_size(problem, lines), slot, center, reach, RISES, s)
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
            if pair >= 0 and not are_branches(problem, lines, noise2, k, s):
                s.ints[S_STATUS, k] = _NOT_CONVERGED
        if s.ints[S_STATUS, k] != _OK and k > 0 and not (problem.force_doublet and kind == DOUBLET):
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
    if view.apart and not first.force_doublet and fit_clear_doublet(first, family, view, s):
        if ask and _are_counts(first, family, view, SECOND, _steps(first, family, view, SECOND, s), s):
            return np.int64(0), 0.0, 1.0
        double, n_slots, noise2, kappa = complete_clear_doublet(first, second, family, view, s)
        if double >= 0:
            return n_slots, noise2, kappa
    fit_plain(first, family, view, s)
    n_slots, p = np.int64(1), s.params[CURRENT]
    lines = pick(family, SINGLET, s.ints[S_MASK, 0])
    noise2, shared, _, steps = residual_noise(first, lines, view, p, s.slots[0, S_INFO, S_CHI2], s)
    s.slots[0, S_INFO, S_SHARED] = shared
    if ask and _are_counts(first, family, view, FIRST, steps, s):
        return np.int64(0), 0.0, 1.0
    plain, splits = _look(first, family, view, steps, s)
    if plain and not first.force_doublet:
        return n_slots, noise2, 1.0
    if splits and not first.force_doublet:
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
        n_slots = add_rival(first, second, family, view, double, noise2, n_slots, s)
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
    if first.force_doublet:
        return single, double, 1.0
    one = own_profile(first, second, single, s)
    two = own_profile(first, second, double, s)
    if is_profile(first, second, family, view, single, double, noise2, n_slots, s):
        return single, double, 0.0
    odds = faded(one, family, view, single, s.slots[single, S_COV:], noise2, kappa, s, weights)
    odds -= faded(two, family, view, double, s.slots[double, S_COV:], noise2, kappa, s, weights)
    chi1, chi2 = s.slots[single, S_INFO, S_CHI2], s.slots[double, S_INFO, S_CHI2]
    most = least = 200.0
    if np.isfinite(odds):
        odds -= smooth_misfit(two, family, view, noise2, kappa, double, chi1, s)
        if is_foreign(family, single, s) and not is_foreign(family, double, s):
            lines, mask = pick(family, SINGLET, s.ints[S_MASK, single]), s.ints[S_MASK, single]
            half = 2 * lines.n + lines.group[line_of_unit(family, lines.n_base, mask, anywhere_unit(family))]
            spread = WIDTH_ERRORS * np.sqrt(noise2 * kappa * s.slots[single, S_COV + half, half])
            unlike = unlike_foreign(one, family, lines, mask, s.slots[single, S_PARAMS], spread)
            most = UNDECIDED + unlike * smooth_step(unlike / WIDE_FOREIGN, 0.5, 0.9)
            if mask & ~(1 << anywhere_unit(family)) == s.ints[S_MASK, double]:
                most = max(most, abs(chi1 - chi2) / (noise2 * kappa))
            # a line that is unlike a foreign one may be a branch
            least = max(UNDECIDED, (chi2 - chi1) / (noise2 * kappa))
    lines, p = pick(family, DOUBLET, s.ints[S_MASK, double]), s.slots[double, S_PARAMS]
    strong = smooth_step(weaker_share(lines, first.pair, p), *FAINT)
    odds = min(odds, FAINT_ODDS + (most - FAINT_ODDS) * strong)
    return single, double, probability(min(max(odds, -least), most))
