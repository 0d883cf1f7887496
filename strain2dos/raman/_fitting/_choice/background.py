# SPDX-License-Identifier: BSD-3-Clause
"""What a background has beyond a straight line: a bend, a step or a kink anywhere; compiled.

Stitched windows of a spectrometer leave steps, baselines that were subtracted piece by piece leave kinks.
"""

import numpy as np

from strain2dos._compiled import njit
from strain2dos.raman._fitting._choice.clear_doublet import CLEAR_ODDS
from strain2dos.raman._fitting._choice.screen import free_products
from strain2dos.raman._fitting._models.models import anywhere_unit
from strain2dos.raman._fitting._models.single_model import model_size
from strain2dos.raman._fitting._models.slots import return_to
from strain2dos.raman._fitting._squares.levenberg_marquardt import add_priors
from strain2dos.raman._fitting._squares.normal_equations import (
    OPTIONS,
    eliminate,
    normal_equations,
    unsigned,
)
from strain2dos.raman._fitting._squares.profiles import FANO
from strain2dos.raman._fitting.records import (
    CURRENT,
    DAMPED,
    DOUBLET,
    NEXT,
    NORMAL,
    S_CHI2,
    S_INFO,
    S_KIND,
    SINGLET,
    TRIAL,
    WEIGHTS,
    WORK,
)

NO_TERM, BEND, STEP, KINK = np.int64(-1), np.int64(0), np.int64(1), np.int64(2)
# -2 ln(prior odds) against a bend, and against a step or kink, beside their number and place.
BEND_COST, BREAK_COST = 4.0, 12.0
# Tried where it may save so much more than that.
TRY_TERM = 5.0
# A break is looked for where this share of its cost is left beyond the noise, which is known to a tenth.
WORTH = 0.5
# Of a term, the share that the other terms of a model must not mimic.
FREE_SHARE = 1e-4
# A step or a kink has at least so many points on either side.
LEAST_POINTS = 4
# A step that saves this share of what a doublet does, to first order, may be what the doublet stands for.
AS_DOUBLET = 0.5


@njit(**OPTIONS)
def _free(n, view, s):
    """Free the rows of J from each other, residual last, so that what they share with a term adds up.

    Row i then is row i of the inverse of L times J, where L D L^T are the products; D lands in WORK.
    """
    M, A, least, pivots = s.square[DAMPED], s.square[NORMAL], s.params[TRIAL], s.params[WORK]
    for i in range(n + 1):
        least[i] = 1e-14 * A[i, i]
        for j in range(i, n + 1):
            M[i, j] = A[i, j]
        M[i, i] *= 1.0 + 1e-10
    if not eliminate(M, n, n + 1, least):
        return False
    for j in range(n):
        pivots[j] = M[j, j]
        for i in range(j + 1, n + 1):
            f = M[j, i] / M[j, j]
            for k in range(view.m):
                s.J[i, k] -= f * s.J[j, k]
    return True


@njit(**OPTIONS)
def _saved(n, own, shared, pivots):
    """Chi-square that a term would save: ``shared``, its products with the freed rows and the residual."""
    free = own
    for j in range(n):
        free -= shared[j] * shared[j] / pivots[j]
    return shared[n] * shared[n] / free if free > FREE_SHARE * own else 0.0


@njit(**OPTIONS)
def _saved_by_bend(u, n, view, s):
    """Chi-square that the square of ``u`` would save; Jacobian and residual stay."""
    for k in range(view.n):
        s.J[n + 1, k] = u[unsigned(view.k0 + k)] ** 2 * s.points[WEIGHTS, k]
    for k in range(view.n, view.m):
        s.J[n + 1, k] = 0.0
    if not free_products(n, n + 2, view, s):
        return 0.0
    gradient, free = s.square[DAMPED, n, n + 1], s.square[DAMPED, n + 1, n + 1]
    return gradient * gradient / free if free > FREE_SHARE * s.square[NORMAL, n + 1, n + 1] else 0.0


@njit(**OPTIONS)
def _best_break(u, n, view, s):
    """Kind, first point and chi-square saved of the step or kink that saves most.

    Products with a term that begins at a point are sums over the points from there on.
    """
    flat, tilted, shared = s.params[WORK + 1], s.params[WORK + 2], s.params[NEXT]
    for j in range(n + 1):
        flat[j] = tilted[j] = 0.0
    w0, w1, w2 = 0.0, 0.0, 0.0
    kind, place, most = STEP, np.int64(0), 0.0
    for k in range(view.n - 1, LEAST_POINTS - 1, -1):
        w, at = s.points[WEIGHTS, k], u[unsigned(view.k0 + k)]
        if w == 0.0:
            continue
        w0, w1, w2 = w0 + w * w, w1 + w * w * at, w2 + w * w * at * at
        for j in range(n + 1):
            flat[j] += w * s.J[j, k]
            tilted[j] += w * at * s.J[j, k]
        if k > view.n - LEAST_POINTS:
            continue
        saved = _saved(n, w0, flat, s.params[WORK])
        if saved > most:
            kind, place, most = STEP, np.int64(k), saved
        for j in range(n + 1):
            shared[j] = tilted[j] - at * flat[j]
        saved = _saved(n, w2 - 2.0 * at * w1 + at * at * w0, shared, s.params[WORK])
        if saved > most:
            kind, place, most = KINK, np.int64(k), saved
    return kind, place, most


@njit(**OPTIONS)
def _best_term(u, n, view, left, bend_first, noise2, s):
    """Kind and place of the term that saves most, less what speaks against it; and that.

    A score test (C. R. Rao, Proc. Camb. Phil. Soc. 44, 50 (1948)). The scratch holds Jacobian, residual and
    products of a model of ``n`` parameters; the Jacobian is overwritten. ``left``: chi-square beyond that of
    the noise, the most that a term can save; ``bend_first``: a break is only looked for where a bend is not
    worth a fit.
    """
    kind, place, net = BEND, np.int64(0), _saved_by_bend(u, n, view, s) - BEND_COST * noise2
    bends, breaks = net > TRY_TERM * noise2, left > WORTH * break_cost(view) * noise2
    if breaks and not (bends and bend_first) and _free(n, view, s):
        broken, first, saved = _best_break(u, n, view, s)
        saved -= break_cost(view) * noise2
        if saved > net:
            kind, place, net = broken, first + view.k0, saved
    return kind, place, net


@njit(**OPTIONS)
def break_cost(view):
    """-2 ln(prior odds) against a step or kink at one of the points."""
    return BREAK_COST + 2.0 * np.log(view.n_used)


@njit(**OPTIONS)
def may_break(problem, family):
    """Whether a step or kink is looked for: beside foreign lines, which look alike, and not under Fano lines.

    Those are as lopsided.
    """
    return problem.shape != FANO and anywhere_unit(family) >= 0


@njit(**OPTIONS)
def term_cost(kind, view):
    """-2 ln(prior odds) against a term of this kind."""
    return BEND_COST if kind == BEND else break_cost(view)


@njit(**OPTIONS)
def further_term(problem, family, lines, view, noise2, left, s):
    """Kind and place of the term that the best model asks for; the kind is -1 where none is worth a fit.

    The scratch holds Jacobian, residual and products of the model; the Jacobian is overwritten. ``noise2``:
    variance that a saving is measured by; ``left``: chi-square beyond that of the noise.
    """
    n = model_size(problem, lines)
    if view.n_used <= n + 2:
        return NO_TERM, np.int64(0)
    left = left if may_break(problem, family) else 0.0
    kind, place, net = _best_term(problem.basis[1], n, view, left, True, noise2, s)
    return (kind if net > TRY_TERM * noise2 else NO_TERM), place


@njit(**OPTIONS)
def instead_of_doublet(first, family, view, double, noise2, s):
    """The term that explains, beside the plain lines, what the doublet of a slot does; as `further_term`."""
    plain, chi2 = np.int64(0), s.slots[double, S_INFO, S_CHI2]
    gain = s.slots[plain, S_INFO, S_CHI2] - chi2
    if s.ints[S_KIND, double] != DOUBLET or s.ints[S_KIND, plain] != SINGLET or first.force_doublet:
        return NO_TERM, plain
    clear = view.n_used * np.log(1.0 + gain / max(chi2, 1e-300)) > CLEAR_ODDS
    if not may_break(first, family) or clear or not gain > TRY_TERM * noise2:
        return NO_TERM, plain
    lines = return_to(first, family, view, noise2, plain, s.params[CURRENT], s)
    kind, place, net = _best_term(first.basis[1], model_size(first, lines), view, gain, False, noise2, s)
    return (kind if net > AS_DOUBLET * gain else NO_TERM), place


@njit(**OPTIONS)
def better_break(problem, lines, view, noise2, p, s):
    """Kind and place of the step or kink that saves most beside the lines of a fit with a term; and how much
    more than that term.

    The scratch holds Jacobian and residual at ``p``; both are overwritten.
    """
    n = model_size(problem, lines) - 1
    own, with_term = s.J[n + 1], 0.0
    for k in range(view.m):
        with_term += own[k] * own[k]
        s.J[n, k] = own[k] + p[n] * s.J[n, k]
    normal_equations(s.J, 0, n + 1, view.m, s.square[NORMAL])
    add_priors(lines, view.offset, noise2, n, p, s.square[NORMAL])
    if not _free(n, view, s):
        return NO_TERM, np.int64(0), 0.0
    without = 0.0
    for k in range(view.m):
        without += s.J[n, k] * s.J[n, k]
    kind, place, saved = _best_break(problem.basis[1], n, view, s)
    return kind, place + view.k0, saved - (without - with_term)


@njit(**OPTIONS)
def write_term(kind, place, u, row):
    """A term of the baseline, ``u`` from -1 to 1 over the axis, into ``row``."""
    for k in range(u.size):
        beyond = k >= place
        if kind == BEND:
            row[k] = u[k] * u[k]
        elif kind == STEP:
            row[k] = 1.0 if beyond else 0.0
        else:
            row[k] = u[k] - u[place] if beyond else 0.0
