# SPDX-License-Identifier: BSD-3-Clause
"""The status of a fit, and what its misfit adds to the errors; compiled."""

import numpy as np

from strain2dos._compiled import njit
from strain2dos.raman._fitting._judgement.gate import (
    BROAD_FACTOR,
    MIN_SHARED_SNR,
    MIN_SNR,
    MIN_STRANGE_LINE,
    MIN_STRANGE_SNR,
    USUAL_SHIFT,
    gate,
    lopsided,
    roughness,
    significance,
    wanted_significance,
)
from strain2dos.raman._fitting._lines.unexplained import CERTAIN, STRONG
from strain2dos.raman._fitting._models.models import (
    anywhere_unit,
    is_foreign,
    line_of_unit,
    lowest_height,
    own_profile,
    pick,
)
from strain2dos.raman._fitting._models.single_model import model_size
from strain2dos.raman._fitting._models.slots import return_to
from strain2dos.raman._fitting._squares.normal_equations import OPTIONS
from strain2dos.raman._fitting.records import (
    CHOICE,
    CURRENT,
    DOUBLET,
    S_COV,
    S_INFO,
    S_KIND,
    S_MASK,
    S_ODDS,
    S_PARAMS,
    S_STATUS,
    SINGLET,
    WEIGHTS,
)
from strain2dos.raman._fitting.status import FitStatus

_OK = int(FitStatus.OK)
_UNEXPLAINED_LINE = int(FitStatus.UNEXPLAINED_LINE)
_LOW_SNR = int(FitStatus.LOW_SNR)
_MISFIT = int(FitStatus.MISFIT)

# A foreign line of this share of the lowest line of the material could as well be the line itself.
RIVAL = 2.0 * STRONG
# 2 ln odds of a doublet over the singlet that leave no doubt.
SURE_ODDS = 20.0
# Lines that stand so many times as far out of the noise as they have to are above it, however it grows.
WEAK = 4.0
# Asymmetry of a line that the instrument may make; what is more counts as a misfit.
LOPSIDED = 0.15


@njit(**OPTIONS)
def _overlap(lines, pair, p):
    """Whether the branches of a doublet are less than two widths apart."""
    return p[pair + 1] - p[pair] < 4.0 * p[2 * lines.n + lines.group[pair]]


@njit(**OPTIONS)
def is_weak(problem, lines, p, slot, kind, noise2, s):
    """Whether a line stands so little out of the noise that the status hangs on how the noise grows."""
    pair = problem.pair if kind == DOUBLET else -1
    least, total, _ = significance(problem, lines, p, s.slots[slot, S_COV:], noise2, 0.0, pair, s)
    return least < WEAK * MIN_STRANGE_LINE or total < WEAK * MIN_STRANGE_SNR


@njit(**OPTIONS)
def judge(first, second, family, view, best, single, C, noise2, shared, kappa, s):
    """Status of the most probable model, whose residual stands in J and whose covariance is ``C``."""
    kind, mask, p = s.ints[S_KIND, best], s.ints[S_MASK, best], s.params[CURRENT]
    lines, problem = pick(family, kind, mask), own_profile(first, second, best, s)
    status, pair = s.ints[S_STATUS, best], problem.pair if kind == DOUBLET else -1
    if status != _OK:
        return status
    gain = s.slots[single, S_INFO, S_ODDS] - s.slots[best, S_INFO, S_ODDS]
    status = gate(problem, lines, view, p, noise2, pair, pair >= 0 and gain > SURE_ODDS, s)
    if status == _OK and problem.checked:
        least, certain, apart = significance(problem, lines, p, C, noise2, 0.0, pair, s)
        if pair >= 0 and s.ints[S_STATUS, single] == _OK and _overlap(lines, pair, p):
            # heights of branches that overlap are known badly, that of both together is not
            one = own_profile(first, second, single, s)
            singlets = pick(family, SINGLET, s.ints[S_MASK, single])
            least1, certain1, _ = significance(
                one, singlets, s.slots[single, S_PARAMS], s.slots[single, S_COV:], noise2, kappa, -1, s
            )
            least, certain = max(least, least1), max(certain, certain1)
        if least < (
            MIN_SNR + (MIN_SHARED_SNR - MIN_SNR) * shared if apart < USUAL_SHIFT else MIN_STRANGE_LINE
        ):
            return _LOW_SNR
        if certain < MIN_STRANGE_SNR * (1.0 + BROAD_FACTOR):
            plain = return_to(first, family, view, noise2, np.int64(0), s.params[CHOICE], s)
            rough = roughness(first, plain, view, s)
            return_to(problem, family, view, noise2, best, p, s)
            if certain < wanted_significance(lines, p, rough, shared, apart):
                return _LOW_SNR
    if status in (_OK, _LOW_SNR, _MISFIT) and is_foreign(family, best, s):
        h = lines.n + line_of_unit(family, lines.n_base, mask, anywhere_unit(family))
        certain = p[h] ** 2 > CERTAIN**2 * noise2 * C[h, h]
        if certain and p[h] > RIVAL * lowest_height(p, lines):
            status = _UNEXPLAINED_LINE
    return status


@njit(**OPTIONS)
def unweighted_square(problem, lines, view, s):
    """Sum of the squared residuals in J, in counts squared."""
    row, total = model_size(problem, lines), 0.0
    for k in range(view.n):
        if s.points[WEIGHTS, k] > 0.0:
            total += (s.J[row, k] / s.points[WEIGHTS, k]) ** 2
    return total * view.scale**2


@njit(**OPTIONS)
def add_misfit(problem, lines, view, kind, noise2, s, out, row):
    """What stands on one side of a line in the residual (J) adds to the variance of its center."""
    p = s.params[CURRENT]
    for j in range(lines.n_base):
        more = min(max(lopsided(problem, lines, view, p, j, noise2, s) - LOPSIDED, 0.0), 10.0)
        move = more * p[2 * lines.n + lines.group[j]]
        if kind == DOUBLET:
            out.cov2[row, j, j] += move * move
        else:
            out.cov1[row, j, j] += move * move
