# SPDX-License-Identifier: BSD-3-Clause
"""A background that bends: whether it is worth another fit, and what both fits say together; compiled."""

import numpy as np

from strain2dos._compiled import njit
from strain2dos.raman._fitting._choice.background import BEND, term_cost
from strain2dos.raman._fitting._choice.clear_doublet import has_stranger
from strain2dos.raman._fitting._choice.doublet import WEAK_BAND
from strain2dos.raman._fitting._choice.growth import TRY_EXTRA, try_model
from strain2dos.raman._fitting._choice.screen import score_models, stands_apart
from strain2dos.raman._fitting._judgement.noise import probability, residual_noise, smooth_step
from strain2dos.raman._fitting._models.models import line_of_unit, own_profile, pick
from strain2dos.raman._fitting._models.plausible import TORN, torn_by
from strain2dos.raman._fitting._models.single_model import model_size
from strain2dos.raman._fitting._models.slots import reweight_rounds
from strain2dos.raman._fitting._squares.levenberg_marquardt import MAX_TRIALS
from strain2dos.raman._fitting._squares.normal_equations import OPTIONS
from strain2dos.raman._fitting.records import (
    CURRENT,
    DOUBLET,
    NOT_FITTED,
    S_CHI2,
    S_COV,
    S_INFO,
    S_KIND,
    S_MASK,
    S_ODDS,
    S_PARAMS,
    S_SECOND,
    S_SHARED,
    S_STATUS,
    SINGLET,
    U_ANCHOR,
)
from strain2dos.raman._fitting.status import FitStatus

_OK = int(FitStatus.OK)

# A broad band and a bend explain each other's foot: where there is such a band, spectra do not tell what a
# baseline would need to be told, and the straight one keeps this weight.
BESIDE_BAND = 0.5
# A bend that saves less than this share of what the straight baseline leaves beyond the noise (so many times
# that of the steps between points) is not what is missing: lines of another profile have such tails.
EXPLAINED, SLACK = (0.3, 0.6), 1.5
# A step or kink leaves hardly anything, or it stands for lines that no model has.
EXPLAINED_BY_BREAK = (0.7, 0.95)
# A split that saves no more than this (in units of the noise) is no more probable than none.
NO_SPLIT = 8.0


@njit(**OPTIONS)
def same_lines_do(first, second, family, view, slot, noise2, s):
    """Fit the singlets of a slot with a bend, into the first slot, and whether they leave nothing to others.

    Then nothing else is fitted: its bands are certain, and no score test asks for another line or a split.
    Otherwise every model is to be fitted.
    """
    mask, profile, p = s.ints[S_MASK, slot], s.ints[S_SECOND, slot], s.params[CURRENT]
    if s.ints[S_KIND, slot] == DOUBLET or has_stranger(family, mask):
        return False
    problem, lines = own_profile(first, second, slot, s), pick(family, SINGLET, mask)
    n = model_size(problem, lines)
    for i in range(n):
        p[i] = s.slots[slot, S_PARAMS, i] if i < n - 1 else 0.0
    try_model(
        problem, family, SINGLET, mask, profile, view, reweight_rounds(view, True), MAX_TRIALS, noise2, p,
        np.int64(0), s,
    )  # fmt: skip
    s.slots[0, S_INFO, S_SHARED] = 0.0
    noise2, shared, _, steps = residual_noise(problem, lines, view, p, s.slots[0, S_INFO, S_CHI2], s)
    adapts, limit = problem.adaptive and profile == 0, TRY_EXTRA * steps
    some, _, alone = score_models(problem, family, lines, mask, view, adapts, limit, p, s)
    enough = s.ints[S_STATUS, 0] == _OK and shared == 0.0 and not some
    if problem.pair >= 0:
        enough = enough and alone <= NO_SPLIT * noise2 and torn_by(problem, lines, p) <= TORN
        enough = enough and not stands_apart(problem, lines, view, np.sqrt(steps), s)
    for line in range(lines.n_base, lines.n):
        h = lines.n + line
        enough = enough and p[h] ** 2 > WEAK_BAND**2 * noise2 * s.slots[0, S_COV + h, h]
    if not enough:
        s.ints[S_STATUS, 0] = NOT_FITTED
    return enough


@njit(**OPTIONS)
def start_straight(first, family, s):
    """Give the first models, which another fit may start from, a bend of 0."""
    for slot in range(2):
        lines = pick(family, s.ints[S_KIND, slot], s.ints[S_MASK, slot])
        s.slots[slot, S_PARAMS, model_size(first, lines)] = 0.0


@njit(**OPTIONS)
def _band_below(first, second, family, slot, noise2, s):
    """How surely the model of a slot has a band of defects beside the line that may split, 0 to 1."""
    problem, kind, mask = own_profile(first, second, slot, s), s.ints[S_KIND, slot], s.ints[S_MASK, slot]
    lines = pick(family, kind, mask)
    for unit in range(family.unit.shape[0]):
        if mask >> unit & 1 and family.unit_index[unit, U_ANCHOR] == max(problem.pair, 0):
            h = lines.n + line_of_unit(family, lines.n_base, mask, unit)
            square = s.slots[slot, S_PARAMS, h] ** 2
            return square / (square + 4.0 * noise2 * s.slots[slot, S_COV + h, h] + 1e-300)
    return 0.0


@njit(**OPTIONS)
def weight_of_term(kind, bent, family, view, fit, before, s):
    """Weight of a ``fit`` whose baseline bends or breaks, and its most.

    ``before``: odds and chi-square of the best model before.
    """
    (first, second), slot = bent, fit.best
    problem, lines = (
        own_profile(first, second, slot, s),
        pick(family, s.ints[S_KIND, slot], s.ints[S_MASK, slot]),
    )
    odds, chi2 = s.slots[slot, S_INFO, S_ODDS], s.slots[slot, S_INFO, S_CHI2]
    weight = probability((before[0] - odds - term_cost(kind, view)) / fit.kappa)
    left = max(chi2 - SLACK * fit.steps * max(view.n_used - model_size(problem, lines), 1), 0.0)
    saved = max(before[1] - chi2, 1e-300)
    explained = EXPLAINED if kind == BEND else EXPLAINED_BY_BREAK
    weight *= smooth_step(saved / (saved + left), *explained)
    return weight, 1.0 - BESIDE_BAND * _band_below(first, second, family, slot, fit.noise2, s)
