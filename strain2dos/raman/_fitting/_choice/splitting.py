# SPDX-License-Identifier: BSD-3-Clause
"""Starts of the doublet, the best fit from them, and what is known of doublets beforehand, compiled."""

import numpy as np

from strain2dos._compiled import njit
from strain2dos.raman._fitting._judgement.noise import smooth_step
from strain2dos.raman._fitting._lines.unexplained import CERTAIN, STRONG
from strain2dos.raman._fitting._models.models import clip_to_bounds, line_of_unit, pick
from strain2dos.raman._fitting._models.plausible import LEAST_SHARE, TORN, torn_by, weaker_share
from strain2dos.raman._fitting._models.single_model import fit_model, model_size, seed_lines, set_bounds
from strain2dos.raman._fitting._squares.normal_equations import OPTIONS
from strain2dos.raman._fitting.records import (
    AXIS,
    CHOICE,
    CHOSEN2,
    CURRENT,
    DOUBLET,
    HIGH,
    L_FWHM,
    L_REACH,
    LOW,
    NO_REWEIGHT,
    SCALED,
    SINGLET,
    TRIAL,
    U_ANCHOR,
    U_PLACE,
    WEIGHTS,
)

# -2 ln(prior odds) against the doublet: 0.6 to 0.7 % of singlets (40 times the noise, with and without a band
# of defects) look like doublets by chance.
DOUBLET_PENALTY = 1.0
# Branches have the width of an unstrained line; an instrument may add half of it, no more.
BRANCH_WIDTH = 1.4
BRANCH_SPREAD = 0.35
# -2 ln(prior) of a weak branch, by its share, so near to another line, in full widths of that.
ON_FLANK, WEAK, FLANK = 30.0, (0.1, 0.25), (0.5, 1.0)
# The same of a branch of any height so near: few states take it there, and a profile leaves as much.
UNDER_LINE, UNDER = 8.0, (0.15, 0.35)
# Height of a band over that of the branches from which it is there.
BAND = (0.02, 0.08)
# Where the upper branch is looked for in the next line, in half widths of that from its center.
IN_NEXT_LINE = (-1.0, -0.4, 0.0, 0.4, 1.0)
# Trials from each start; the best is then fitted to its end.
RACE = np.int64(5)


@njit(**OPTIONS)
def _seed_from_singlet(problem, singlets, doublets, view, noise, beside, s, p2):
    """Doublet start from the singlet fit.

    ``beside`` False: 0.6 of its height, half a half width to either side. True: the singlet as it is, and a
    second line at the highest residual (three points together) within the reach of a doublet, or a strong one
    anywhere in the window: large strains of opposite sign tear the two so far apart, and noise does not stand
    so high (``noise``: its standard deviation). The scratch must hold that residual.
    """
    pair, n1, n2, p1 = problem.pair, singlets.n, doublets.n, s.params[CURRENT]
    for j in range(n2):
        i = j if j <= pair else j - 1
        p2[j], p2[n2 + j] = p1[i], p1[n1 + i]
    for i in range(2 * n1, model_size(problem, singlets)):
        p2[i + 2] = p1[i]
    c, g = p1[pair], p1[2 * n1 + pair]
    if beside:
        residual = s.J[model_size(problem, singlets)]
        least, certain, top = 3.0 * STRONG * p1[n1 + pair], CERTAIN * np.sqrt(3.0) * noise, -np.inf
        for k in range(1, view.n - 1):
            x = s.points[AXIS, k]
            r = residual[k - 1] + residual[k] + residual[k + 1]
            apart, reach = abs(x - c), doublets.values[L_REACH, pair + 1]
            inside = s.params[LOW, pair] <= x <= s.params[HIGH, pair]
            far = inside and r > max(least * s.points[WEIGHTS, k], certain)
            if r > top and apart > 0.3 * g and (apart <= reach or far):
                top = r
                p2[pair + 1] = x
                p2[n2 + pair + 1] = s.points[SCALED, k] * 0.3
        p2[2 * n2 + pair] = 0.5 * doublets.values[L_FWHM, pair]
    else:
        p2[pair] -= 0.5 * g
        p2[pair + 1] += 0.5 * g
        p2[n2 + pair] *= 0.6
        p2[n2 + pair + 1] *= 0.6
        p2[2 * n2 + pair] *= 0.75
    clip_to_bounds(p2, s.params[LOW], s.params[HIGH], model_size(problem, doublets))


@njit(**OPTIONS)
def unlikely_doublet(problem, doublets, p):
    """-2 ln(prior) of a doublet with a share below `LEAST_SHARE`, branches over a width apart, or broad ones.

    The first two are more likely noise than half of a line. Without it the highest noise among the many
    places for a second line would drag the mean center along; large splittings are rarer, as the square of
    the distance. Strain does not broaden a branch: what is broad is a band of defects. What stands weakly on
    the flank of another line is what its profile lacks, or its noise, which is higher there.
    """
    n, pair = doublets.n, problem.pair
    h1, h2, fwhm = p[n + pair], p[n + pair + 1], 2.0 * p[2 * n + doublets.group[pair]]
    apart = abs(p[pair + 1] - p[pair]) / fwhm
    share, on_flank, under_line = weaker_share(doublets, pair, p), 0.0, 0.0
    weak = pair if h1 < h2 else pair + 1
    for j in range(doublets.n_base):
        if j != pair and j != pair + 1:
            near = abs(p[weak] - p[j]) / (2.0 * p[2 * n + doublets.group[j]])
            on_flank += (1.0 - smooth_step(near, *FLANK)) * (1.0 - smooth_step(share, *WEAK))
            under = min(abs(p[pair] - p[j]), abs(p[pair + 1] - p[j])) / (2.0 * p[2 * n + doublets.group[j]])
            under_line += 1.0 - smooth_step(under, *UNDER)
    broad = 0.0
    if problem.checked:
        broad = max(fwhm / doublets.values[L_FWHM, pair] - BRANCH_WIDTH, 0.0)
    unlike = 2.0 * (max(LEAST_SHARE - share, 0.0) / 0.05) ** 2 + 4.0 * np.log(max(apart, 1.0))
    unlike += 2.0 * (broad / BRANCH_SPREAD) ** 2
    return DOUBLET_PENALTY + unlike + ON_FLANK * on_flank + UNDER_LINE * under_line


@njit(**OPTIONS)
def unlikely_beside_band(problem, family, mask, doublets, p):
    """-2 ln(prior) of a weak lower branch apart from the upper one where a band of defects stands below both.

    The foot of such a band is no Lorentzian, and what is missing there looks like a branch.
    """
    n, pair, band = doublets.n, problem.pair, 0.0
    for unit in range(family.unit.shape[0]):
        below = family.unit_index[unit, U_ANCHOR] == pair and family.unit[unit, U_PLACE] < 0.0
        if mask >> unit & 1 == 1 and below:
            high = p[n + line_of_unit(family, doublets.n_base, mask, unit)]
            band = smooth_step(high / max(p[n + pair] + p[n + pair + 1], 1e-300), *BAND)
    if band == 0.0:
        return 0.0
    share = p[n + pair] / max(p[n + pair] + p[n + pair + 1], 1e-300)
    apart = (p[pair + 1] - p[pair]) / (2.0 * p[2 * n + doublets.group[pair]])
    return band * 800.0 * max(0.42 - share, 0.0) * min(max(2.5 * apart - 1.0, 0.0), 1.0)


@njit(**OPTIONS)
def _seed_in_next_line(problem, singlets, doublets, place, s, p2):
    """Upper branch in the next line, ``place`` of its half widths from its center; the rest of it gives way.

    The branch is as high and as wide as the lower one, which stands alone.
    """
    pair, n1, n2, p1 = problem.pair, singlets.n, doublets.n, s.params[CURRENT]
    height, half, g = p1[n1 + pair], p1[2 * n1 + singlets.group[pair]], p1[2 * n1 + singlets.group[pair + 1]]
    rest = max(p1[n1 + pair + 1] - 0.5 * height, 0.5 * height)
    p2[pair], p2[n2 + pair], p2[n2 + pair + 1], p2[n2 + pair + 2] = p1[pair], height, height, rest
    p2[pair + 1] = p1[pair + 1] + place * g
    p2[pair + 2] = p1[pair + 1] - place * g * (height * half) / (rest * g)
    p2[2 * n2 + doublets.group[pair]] = half
    clip_to_bounds(p2, s.params[LOW], s.params[HIGH], model_size(problem, doublets))


@njit(**OPTIONS)
def best_doublet(problem, family, mask, view, noise2, s):
    """Fit the doublet from each of its starts, a few trials; the best lands in CHOICE, lower line first.

    CURRENT holds the singlets with the same extra lines, J their residual. Returns the chi-square reached.
    """
    singlets, doublets = pick(family, SINGLET, mask), pick(family, DOUBLET, mask)
    set_bounds(problem, doublets, view.offset, 0.0, s.params[LOW], s.params[HIGH])
    n_lines, pair, p2 = doublets.n, problem.pair, s.params[CHOICE]
    chi2 = np.inf
    torn = torn_by(problem, singlets, s.params[CURRENT]) > TORN
    for start in range(3 + len(IN_NEXT_LINE)):
        if (start == 2 and not view.has_pair) or (start > 2 and not torn):
            continue
        p = s.params[TRIAL]
        # the one beside comes first: the residual that it starts from is that of the singlets
        _seed_from_singlet(problem, singlets, doublets, view, np.sqrt(noise2), start == 0, s, p)
        if start == 2:
            seed_lines(problem, doublets, s.ints[CHOSEN2], s, p)
        if start > 2:
            _seed_in_next_line(problem, singlets, doublets, IN_NEXT_LINE[start - 3], s, p)
        chi, _ = fit_model(problem, doublets, view, NO_REWEIGHT, RACE, noise2, p, s)
        if chi < chi2:
            chi2 = chi
            for i in range(model_size(problem, doublets)):
                p2[i] = p[i]
    if p2[pair] > p2[pair + 1]:
        for i in (pair, n_lines + pair):
            p2[i], p2[i + 1] = p2[i + 1], p2[i]
    return chi2
