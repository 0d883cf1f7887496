# SPDX-License-Identifier: BSD-3-Clause
"""One fit of a spectrum with given points and weights, compiled: choose, judge, write."""

from typing import NamedTuple

import numpy as np

from strain2dos._compiled import njit
from strain2dos.raman._fitting._choice.averaging import (
    faded,
    output_mixings,
    show_best,
    write_extras,
    write_model,
)
from strain2dos.raman._fitting._choice.bend import (
    same_lines_do,
)
from strain2dos.raman._fitting._choice.choice import choose_model
from strain2dos.raman._fitting._choice.clear_doublet import ONLY_COUNTS
from strain2dos.raman._fitting._judgement.counts import (
    FLOOR_PENALTY,
    RISES,
    best_floor,
    residual_levels,
)
from strain2dos.raman._fitting._judgement.noise import residual_noise
from strain2dos.raman._fitting._judgement.variance import count_covariance
from strain2dos.raman._fitting._judgement.verdict import add_misfit, is_weak, judge, unweighted_square
from strain2dos.raman._fitting._lines.outliers import stands_out
from strain2dos.raman._fitting._lines.unexplained import has_unexplained_line
from strain2dos.raman._fitting._models.models import (
    own_profile,
    pick,
)
from strain2dos.raman._fitting._models.single_model import model_size
from strain2dos.raman._fitting._models.slots import return_to
from strain2dos.raman._fitting._squares.normal_equations import OPTIONS
from strain2dos.raman._fitting.records import (
    COUNTED,
    CURRENT,
    DOUBLET,
    NEXT,
    POISSON_NOISE,
    S_CHI2,
    S_COV,
    S_INFO,
    S_KIND,
    S_MASK,
    SCORES,
    SINGLET,
    TRIAL,
    WEIGHTS,
    ZERO_COUNTS,
)
from strain2dos.raman._fitting.status import FitStatus

_OK = int(FitStatus.OK)
_UNEXPLAINED_LINE = int(FitStatus.UNEXPLAINED_LINE)
_LOW_SNR = int(FitStatus.LOW_SNR)
_MISFIT = int(FitStatus.MISFIT)

# The status follows noise that grows otherwise than the weights say where these are less probable than this.
UNLIKELY = 0.1


class OneFit(NamedTuple):
    """What one fit says of a spectrum beside what it writes.

    Attributes
    ----------
    best : int
        Slot of the best model; -1 where points have to be weighed as counts.
    noise2, steps, kappa : float
        Variance of a weighted point, that of the steps between points, and how many share their noise.
    better, other, zero : float
        Odds, floor and odds of zero counts (`best_floor`), where the fit was asked for them.
    """

    best: int
    noise2: float
    steps: float
    kappa: float
    better: float
    other: float
    zero: float


@njit(**OPTIONS)
def _count_errors(problem, family, lines, view, noise2, kappa, slot, s):
    """Covariance in NORMAL_TRIAL for noise that grows with the level; the numbers in NEXT stay.

    These do not depend on whether errors are asked for.
    """
    n = model_size(problem, lines)
    for i in range(n):
        s.params[TRIAL, i] = s.params[NEXT, i]
    faded(problem, family, view, slot, s.square[COUNTED], noise2, kappa, s, s.params[SCORES])
    for i in range(n):
        s.params[NEXT, i] = s.params[TRIAL, i]


@njit(**OPTIONS)
def _other_floor(problem, lines, view, slot, steps, s):
    """How noise grows with the level, from the residual in J: odds, floor and odds of zero counts."""
    n, rises, square = residual_levels(view, model_size(problem, lines), slot, 0.0, 0.0, RISES, s)
    better, other, zero = best_floor(view, n, rises, FLOOR_PENALTY, s)
    if other == ZERO_COUNTS and square > ONLY_COUNTS * steps:
        better = -np.inf  # a misfit, which says nothing of how the noise grows
    return better, other, zero


@njit(**OPTIONS)
def fit_once(first, second, family, view, undecided, before, noise2, s, out, row):
    """Fit what the spectrum asks for, write it, and return a `OneFit`.

    ``before``: slot of the model with a straight baseline where this one bends, else -1; ``noise2``: the
    noise that it left; ``undecided``: whether to ask if noise grows otherwise than the weights say.
    """
    weights, kept = out.extra_weight[row], row if first.with_covariance else 0
    single, double, weight = np.int64(0), np.int64(-1), 0.0
    if before < 0 or not same_lines_do(first, second, family, view, before, noise2, s):
        single, double, weight = choose_model(first, second, family, view, undecided, s, weights)
    if single < 0:
        return OneFit(single, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0)
    best = double if weight > 0.5 else single
    problem = own_profile(first, second, best, s)
    p, kind = s.params[CURRENT], s.ints[S_KIND, best]
    lines = return_to(problem, family, view, 1.0, best, p, s)
    chi2 = s.slots[best, S_INFO, S_CHI2]
    noise2, shared, kappa, steps = residual_noise(problem, lines, view, p, chi2, s)
    better, other, zero = -np.inf, ZERO_COUNTS, -np.inf
    if undecided:
        better, other, zero = _other_floor(problem, lines, view, best, steps, s)
    weak = is_weak(problem, lines, p, best, kind, noise2, s)
    share = 1.0
    if problem.noise != POISSON_NOISE and (problem.with_covariance or weak):
        share = count_covariance(problem, lines, view, p, noise2, shared, best, s)
    C = s.square[COUNTED] if weak and share < UNLIKELY else s.slots[best, S_COV:]
    status = judge(first, second, family, view, best, single, C, noise2, shared, kappa, s)
    out.status[row, 0] = out.status[row, 1] = status
    out.chi2[row, 0] = out.chi2[row, 1] = (
        chi2 if problem.noise == POISSON_NOISE else unweighted_square(problem, lines, view, s)
    )
    out.weight[row], out.n_points[row] = weight, view.n_used
    for slot in (double, single) if best == single else (single, double):
        if slot < 0 or (slot == double and weight == 0.0):
            continue
        own = own_profile(first, second, slot, s)
        faded(own, family, view, slot, s.slots[slot, S_COV:], noise2, kappa, s, weights)
        if slot == best and share < 1.0 and problem.with_covariance:
            _count_errors(own, family, lines, view, noise2, kappa, slot, s)
        widest = second if first.adaptive else first
        mixings = output_mixings(widest, pick(family, s.ints[S_KIND, slot], s.ints[S_MASK, slot]))
        if slot == double:
            write_model(
                own, family, view, mixings, DOUBLET, s.ints[S_MASK, slot], s, out.params2[row], out.cov2[kept]
            )
        else:
            write_model(
                own, family, view, mixings, SINGLET, s.ints[S_MASK, slot], s, out.params1[row], out.cov1[kept]
            )
    write_extras(problem, family, view, best, s, out, row)
    show_best(problem, family, view, best, s, out, row)
    if problem.with_covariance and problem.adaptive:
        add_misfit(problem, lines, view, kind, noise2, s, out, row)
    return OneFit(best, noise2, steps, kappa, better, other, zero)


@njit(**OPTIONS)
def flag_unexplained(problem, lines, view, noise2, s, out, row):
    """Set the status where the residual of the best model, which the scratch holds, has a line of its own."""
    n = model_size(problem, lines)
    judged = out.status[row, 0] in (_OK, _LOW_SNR, _MISFIT)
    if not judged or not stands_out(s.J[n], s.points[WEIGHTS], view.n):
        return
    if has_unexplained_line(problem, lines, view, s.params[CURRENT], n, np.sqrt(noise2), s):
        out.status[row, 0] = out.status[row, 1] = _UNEXPLAINED_LINE
