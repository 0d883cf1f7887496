# SPDX-License-Identifier: BSD-3-Clause
"""Fit what a spectrum asks for, compiled: the lines of the material, then others as long as they pay."""

import numpy as np

from strain2dos._compiled import njit
from strain2dos.raman._fitting._choice.mixings import LEAST_MIXING, first_mixing, to_second, unlike_mixings
from strain2dos.raman._fitting._choice.screen import find_foreign, score_models
from strain2dos.raman._fitting._choice.splitting import (
    unlikely_beside_band,
    unlikely_doublet,
)
from strain2dos.raman._fitting._judgement.noise import residual_noise, smooth_step
from strain2dos.raman._fitting._models.models import (
    anywhere_unit,
    carry_over,
    is_foreign,
    line_of_unit,
    own_profile,
    own_widths,
    pick,
    unit_place,
)
from strain2dos.raman._fitting._models.plausible import TORN, alone_by, too_tall, without_wrong_pairs
from strain2dos.raman._fitting._models.single_model import count_weights, model_size, seed_parameters
from strain2dos.raman._fitting._models.slots import (
    criterion,
    fit_from,
    keep_model,
    reweight_rounds,
    start_again,
)
from strain2dos.raman._fitting._squares.levenberg_marquardt import MAX_TRIALS, weighted_square
from strain2dos.raman._fitting._squares.normal_equations import OPTIONS
from strain2dos.raman._fitting.records import (
    AXIS,
    CHOSEN1,
    CURRENT,
    DOUBLET,
    L_FWHM,
    MAX_SLOTS,
    NEXT,
    NO_EXTRAS,
    NO_REWEIGHT,
    S_CHI2,
    S_INFO,
    S_KIND,
    S_MASK,
    S_ODDS,
    S_PARAMS,
    S_SECOND,
    SCALED,
    SCORES,
    SIGNAL,
    SINGLET,
    TRIAL,
    U_FWHM,
    WEIGHTS,
)

# An extra line is fitted where it may save this much chi-square; to be probable it needs about 9.
TRY_EXTRA = 5.0
# Priors of the first fit count against noise of 1 % of the spectrum's span.
FIRST_NOISE2 = 1e-4
# -2 ln(prior) of a foreign line as wide, or as high, as the line of the material.
WIDE_FOREIGN = 20.0
# The same of one whose center lies within half a width of a line of the material.
FOREIGN_ON_LINE = 1e4
# The same of bands of defects twice as high, over their line, as is known of such bands.
TOO_TALL = 100.0
# The same of one line where the next stands so much higher (cm-1) than biaxial strain would leave it: it is a
# branch, and the other stands on the next line. Doping and the unstrained positions leave about 2 open.
LONE_BRANCH, LONE = 30.0, (2.0, 4.0)
# Rounds of further lines: known ones and the profile together, then what these uncover, then a foreign one.
ROUNDS = 4


@njit(**OPTIONS)
def unlike_foreign(problem, family, lines, mask, p, spread):
    """-2 ln(prior) of a foreign line as wide as a phonon, about as high as the split line, or on a line.

    It has the width of the instrument alone; what is as high is rather a branch; what stands on a line of
    the material is what its profile lacks. ``spread``: its half width may be so much smaller.
    """
    unit = anywhere_unit(family)
    if unit < 0 or not mask >> unit & 1:
        return 0.0
    line, own = line_of_unit(family, lines.n_base, mask, unit), max(problem.pair, 0)
    wide = (p[2 * lines.n + lines.group[line]] - spread) / p[2 * lines.n + lines.group[own]]
    high, near = p[lines.n + line] / max(p[lines.n + own], 1e-300), np.inf
    for j in range(lines.n_base):
        near = min(near, abs(p[line] - p[j]) / (2.0 * p[2 * lines.n + lines.group[j]]))
    unlike = WIDE_FOREIGN * (smooth_step(wide, 0.75, 1.0) + smooth_step(high, 0.6, 0.8))
    return unlike + FOREIGN_ON_LINE * (1.0 - smooth_step(near, 0.4, 0.7))


@njit(**OPTIONS)
def try_model(problem, family, kind, mask, second, view, reweight, most, noise2, p, slot, s):
    """Fit a model from its start ``p``, with ``most`` trials, and keep it in a slot with its odds."""
    lines = pick(family, kind, mask)
    chi2, converged = fit_from(problem, family, kind, mask, view, reweight, most, noise2, p, s)
    total = weighted_square(s.points[SCALED], s.points[WEIGHTS], view.m)
    odds = criterion(problem, family, lines, mask, view, chi2, total)
    odds += unlike_foreign(problem, family, lines, mask, p, 0.0)
    odds += TOO_TALL * too_tall(problem, family, kind, lines, mask, p)
    odds += LONE_BRANCH * smooth_step(alone_by(problem, lines, view.offset, TORN, p), *LONE)
    if second == 1:
        odds += unlike_mixings(problem, lines, p)
    if kind == DOUBLET:
        odds += unlikely_doublet(problem, lines, p)
        odds += unlikely_beside_band(problem, family, mask, lines, p)
    keep_model(problem, family, kind, mask, chi2, converged, odds, p, slot, s)
    s.ints[S_SECOND, slot] = second


@njit(**OPTIONS)
def fit_plain(problem, family, view, s):
    """Fit the singlets, with lines of the substrate that were stepped over, into the first slot."""
    lines, p, mask = pick(family, SINGLET, NO_EXTRAS), s.params[CURRENT], NO_EXTRAS | view.start
    again = start_again(problem, family, SINGLET, mask, view, np.int64(0), p, s)
    if view.counts:
        count_weights(problem, view, s)
    if not again:
        seed_parameters(problem, lines, s.ints[CHOSEN1], s, p)
        mask = NO_EXTRAS
        for unit in range(family.unit.shape[0]):
            if view.start >> unit & 1:
                mask = add_unit(problem, family, SINGLET, mask, unit, view, 0.5, p, s.params[TRIAL])
    try_model(
        problem, family, SINGLET, mask, np.int64(0), view, reweight_rounds(view, again),
        MAX_TRIALS, FIRST_NOISE2, p, np.int64(0), s,
    )  # fmt: skip


@njit(**OPTIONS)
def add_unit(problem, family, kind, mask, unit, view, height, p, work):
    """Start of the model with one unit more in place of ``p``; returns its mask."""
    lines, more = pick(family, kind, mask), pick(family, kind, mask | 1 << unit)
    place = unit_place(problem, family, lines, unit, view.offset, p)
    carry_over(family, lines, mask, p, model_size(problem, lines), more, unit, place, height, work)
    for i in range(model_size(problem, more)):
        p[i] = work[i]
    return mask | 1 << unit


@njit(**OPTIONS)
def _seed_broad_lines(problem, lines, s, p):
    """Start lines again that were fitted broader than a line can be: they took in a band beside them."""
    for j in range(lines.n_base):
        half = 2 * lines.n + lines.group[j]
        if own_widths(lines) == lines.n_base and 2.0 * p[half] > problem.fwhm_limit[j]:
            k = s.ints[CHOSEN1, j]
            p[j], p[half] = problem.bins[k], 0.5 * lines.values[L_FWHM, j]
            p[lines.n + j] = max(s.points[SIGNAL, k], 0.01)


@njit(**OPTIONS)
def strongest_foreign(problem, family, lines, view, slot, noise2, kappa, some, p, s):
    """Place, height (0 for none) and gain in chi-square of a foreign line in the residual of a slot's model.

    ``some``: other lines are missing, so that what is left is no noise.
    """
    unit = anywhere_unit(family)
    if unit < 0 or is_foreign(family, slot, s):
        return 0.0, 0.0, 0.0
    whole = s.slots[slot, S_INFO, S_CHI2] / max(view.n_used - model_size(problem, lines), 1)
    noise = np.sqrt((noise2 if some else max(noise2, whole)) * kappa)
    place, height, gain = find_foreign(problem, lines, view, p, family.unit[unit, U_FWHM], noise, s)
    return place, height, gain * noise * noise


@njit(**OPTIONS)
def _next_model(first, second, family, view, slot, noise2, kappa, s):
    """Start of the model that the screen asks for, in NEXT; returns (whether there is one, mask, profile)."""
    kind, mask, profile = s.ints[S_KIND, slot], s.ints[S_MASK, slot], s.ints[S_SECOND, slot]
    problem = second if profile == 1 else first
    lines, p, q = pick(family, kind, mask), s.params[CURRENT], s.params[NEXT]
    n_units, scores = family.unit.shape[0], s.params[SCORES]
    adapts = first.adaptive and profile == 0
    profiles = own_widths(lines) if adapts else 0
    some, _, _ = score_models(problem, family, lines, mask, view, adapts, TRY_EXTRA * noise2 * kappa, p, s)
    for i in range(model_size(problem, lines)):
        q[i] = p[i]
    most, unit = 0.0, n_units - 1
    # where no profile is asked for, the place behind holds the height of the first band, which comes before
    # a foreign line
    for i in range(n_units + max(profiles, 1)):
        most = max(most, scores[1 + i])
    place, height, gain = strongest_foreign(problem, family, lines, view, slot, noise2, kappa, some, p, s)
    if height > 0.0 and gain > most:
        mask = add_unit(problem, family, kind, mask, unit, view, height, q, s.params[TRIAL])
        q[line_of_unit(family, lines.n_base, mask, unit)] = place
        return True, mask, profile
    if not some:
        return False, mask, profile
    _seed_broad_lines(problem, lines, s, q)
    behind = 1 + n_units + profiles
    for unit in range(n_units):
        if scores[1 + unit] > 0.0:
            mask = add_unit(
                problem, family, kind, mask, unit, view, scores[behind + unit], q, s.params[TRIAL]
            )
    more = pick(family, kind, mask)
    for i in range(profiles):
        if scores[1 + n_units + i] > 0.0:
            if profile == 0:
                to_second(first, second, more, q, 0.0)
                profile = np.int64(1)
            at = first_mixing(more) + i
            q[at] = max(q[at] - scores[behind + n_units + i], LEAST_MIXING)
    return True, mask, profile


@njit(**OPTIONS)
def grow(first, second, family, view, slot, n_slots, s):
    """Add extra lines to the model of a slot, whose fit was the last, as long as they pay.

    Returns
    -------
    slot : int
        Of the best model that came of it; CURRENT holds its parameters.
    n_slots : int
        Slots in use.
    noise2, kappa : float
        Variance of a weighted point, and how many points share their noise.
    """
    p, kind = s.params[CURRENT], s.ints[S_KIND, slot]
    problem = own_profile(first, second, slot, s)
    lines = pick(family, kind, s.ints[S_MASK, slot])
    noise2, _, kappa, steps = residual_noise(problem, lines, view, p, s.slots[slot, S_INFO, S_CHI2], s)
    for i in range(ROUNDS):
        if n_slots >= MAX_SLOTS:
            break
        # what lines leave that are not fitted yet is no noise that neighbors share
        known, noise = (kappa, noise2) if i > 0 else (1.0, steps)
        some, mask, profile = _next_model(first, second, family, view, slot, noise, known, s)
        problem, lines = second if profile == 1 else first, pick(family, kind, mask)
        if not some or view.n_used <= model_size(problem, lines) + 1:
            break
        q = s.params[NEXT]
        try_model(problem, family, kind, mask, profile, view, NO_REWEIGHT, MAX_TRIALS, noise, q, n_slots, s)
        n = model_size(problem, lines)
        last = s.points[AXIS, view.n - 1]
        less = without_wrong_pairs(family, kind, mask, last, n, q, s.params[TRIAL])
        if less != mask and less != s.ints[S_MASK, slot]:
            lines = pick(family, kind, less)
            try_model(
                problem, family, kind, less, profile, view, NO_REWEIGHT, MAX_TRIALS, noise, q, n_slots, s
            )
        n_slots += 1
        if not s.slots[n_slots - 1, S_INFO, S_ODDS] < s.slots[slot, S_INFO, S_ODDS]:
            break
        slot = n_slots - 1
        for j in range(model_size(problem, lines)):
            p[j] = s.slots[slot, S_PARAMS, j]
        noise2, _, kappa, _ = residual_noise(problem, lines, view, p, s.slots[slot, S_INFO, S_CHI2], s)
    return slot, n_slots, noise2, kappa
