# SPDX-License-Identifier: BSD-3-Clause
"""What speaks against a doublet: a foreign line, a profile, a misfit, branches no one has; compiled."""

import numpy as np

from strain2dos._compiled import njit
from strain2dos.raman._fitting._choice.growth import (
    add_unit,
    try_model,
)
from strain2dos.raman._fitting._choice.mixings import to_second
from strain2dos.raman._fitting._judgement.noise import shared_noise, smooth_step
from strain2dos.raman._fitting._judgement.variance import noise_on_branches
from strain2dos.raman._fitting._models.models import (
    anywhere_unit,
    is_foreign,
    line_of_unit,
    pick,
)
from strain2dos.raman._fitting._models.plausible import weaker_share
from strain2dos.raman._fitting._models.single_model import model_size
from strain2dos.raman._fitting._models.slots import return_to
from strain2dos.raman._fitting._squares.levenberg_marquardt import MAX_TRIALS
from strain2dos.raman._fitting._squares.normal_equations import OPTIONS
from strain2dos.raman._fitting.records import (
    CHOICE,
    CURRENT,
    DOUBLET,
    L_FWHM,
    MAX_SLOTS,
    NO_REWEIGHT,
    S_CHI2,
    S_COV,
    S_INFO,
    S_MASK,
    S_ODDS,
    S_PARAMS,
    S_SECOND,
    SINGLET,
    TRIAL,
)

# Branches known no better than this (cm-1) are no doublet.
VAGUE = 5.0
# Branches are as narrow as an unstrained line, but for the instrument. What is broader than this is a line of
# a disordered sample, which is skewed.
BROADEST_BRANCH = 2.8
# A branch of less than this share, over a full width away from the other, may be a foreign line.
RIVAL_SHARE = 0.42
# A branch this near to another line (full widths of that) may be what its profile lacks; the mixing of a
# profile that is tried in its place.
NEAR_LINE, HALF_GAUSSIAN = 1.5, 0.5


@njit(**OPTIONS)
def add_rival(first, second, family, view, double, noise2, n_slots, s):
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
    fwhm = 2.0 * p[2 * n + doublets.group[pair]]
    if weaker_share(doublets, pair, p) > RIVAL_SHARE or abs(p[weak] - p[strong]) < fwhm:
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
def smooth_misfit(problem, family, view, noise2, shared, slot, single_chi2, s):
    """What a doublet's gain counts less where points share noise, its residual is smooth, or noise is larger.

    Where the residual is smooth the model is wrong, and any line gains. Noise is larger on the branches where
    it grows with the level.
    """
    p = s.params[CURRENT]
    lines = return_to(problem, family, view, noise2, slot, p, s)
    kappa = shared_noise(lines, view, p, model_size(problem, lines), 1.0, s)
    kappa = max(shared, 1.0 + (kappa - 1.0) * smooth_step(kappa, 3.0, 5.0))
    chi2 = s.slots[slot, S_INFO, S_CHI2]
    whole = chi2 / max(view.n_used - model_size(problem, lines), 1)
    larger = noise_on_branches(problem, lines, view, p, slot, whole, s)
    gain = view.n_used * np.log(single_chi2 / max(chi2, 1e-300))
    return max(gain, 0.0) * (1.0 - 1.0 / (kappa * larger))


@njit(**OPTIONS)
def are_branches(problem, lines, noise2, slot, s):
    """Whether the branches of a doublet are known, and not far broader than an unstrained line."""
    pair, C = problem.pair, s.slots[slot, S_COV:]
    if noise2 * max(C[pair, pair], C[pair + 1, pair + 1]) > VAGUE**2:
        return False
    fwhm = 2.0 * s.slots[slot, S_PARAMS, 2 * lines.n + lines.group[pair]]
    return problem.force_doublet or not problem.checked or fwhm < BROADEST_BRANCH * lines.values[L_FWHM, pair]


@njit(**OPTIONS)
def is_profile(first, second, family, view, single, double, noise2, n_slots, s):
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
    if beside > NEAR_LINE or view.n_used <= model_size(second, singlets) + 1:
        return False
    for i in range(model_size(first, singlets)):
        q[i] = s.slots[single, S_PARAMS, i]
    to_second(first, second, singlets, q, HALF_GAUSSIAN)
    try_model(
        second, family, SINGLET, mask, np.int64(1), view, NO_REWEIGHT, MAX_TRIALS, noise2, q, n_slots, s
    )
    return s.slots[n_slots, S_INFO, S_ODDS] < s.slots[double, S_INFO, S_ODDS]
