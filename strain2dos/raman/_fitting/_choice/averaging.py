# SPDX-License-Identifier: BSD-3-Clause
"""From the best models of a spectrum to its numbers: weak lines fade out, units become counts; compiled."""

import numpy as np

from strain2dos._compiled import njit
from strain2dos.raman._fitting._choice.mixings import cost_of_mixing, first_mixing
from strain2dos.raman._fitting._judgement.noise import probability
from strain2dos.raman._fitting._models.models import base_index, line_of_unit, model_number, own_widths, pick
from strain2dos.raman._fitting._models.single_model import model_size, n_mixings
from strain2dos.raman._fitting._squares.normal_equations import OPTIONS
from strain2dos.raman._fitting._squares.profiles import has_mixing, mixing_range
from strain2dos.raman._fitting.records import (
    KAPPA,
    NEXT,
    NORMAL_TRIAL,
    S_INFO,
    S_KIND,
    S_MASK,
    S_ODDS,
    S_PARAMS,
    S_SECOND,
    U_COST,
    WORK,
)


@njit(**OPTIONS)
def _fade(n, h, rest, cost, kappa, p, C, column):
    """Average with the model in which parameter ``h`` is at ``rest``, to first order; returns its evidence.

    Where the parameter is held, its neighbors know nothing of it. ``cost``: -2 ln(prior odds) against it;
    ``kappa``: so many points share their noise. What
    the two models differ by adds to the covariance (A. E. Raftery, Sociol. Methodol. 25, 111 (1995)).

    Returns
    -------
    evidence : float
        2 ln of the odds of both models together over the one with the parameter.
    weight : float
        Probability that the parameter is needed.
    """
    away, variance = p[h] - rest, C[h, h]
    if not variance > 0.0:
        return (cost, 0.0) if away == 0.0 else (0.0, 1.0)
    weight = probability(away * away / (kappa * variance) - cost)
    for i in range(n):
        if i != h:
            p[i] -= (1.0 - weight) * C[i, h] * away / variance
    p[h] -= (1.0 - weight) * away
    factor = (1.0 - weight) * (weight * away * away / variance - 1.0) / variance
    for i in range(n):
        column[i] = C[i, h]
    for i in range(n):
        for j in range(n):
            C[i, j] += factor * column[i] * column[j]
    return -2.0 * np.log(weight), weight


@njit(**OPTIONS)
def faded(problem, family, view, slot, covariance, noise2, kappa, s, extra_weight):
    """Model of a slot with what is weak faded out: parameters in NEXT, covariance in NORMAL_TRIAL.

    ``covariance``: for noise of variance 1. ``extra_weight`` gets the probability of each extra line. Returns
    -2 ln of the odds of the model together with all that lack one or more of these.
    """
    lines, mask = pick(family, s.ints[S_KIND, slot], s.ints[S_MASK, slot]), s.ints[S_MASK, slot]
    n, p, C, odds = (
        model_size(problem, lines),
        s.params[NEXT],
        s.square[NORMAL_TRIAL],
        s.slots[slot, S_INFO, S_ODDS],
    )
    for i in range(n):
        p[i] = s.slots[slot, S_PARAMS, i]
        for j in range(n):
            C[i, j] = noise2 * covariance[i, j]
    points = np.log(view.n_used)
    if s.ints[S_SECOND, slot] == 1:
        first, rest = first_mixing(lines), mixing_range(problem.shape)[1]
        for i in range(n_mixings(problem, lines)):
            cost = points + cost_of_mixing(problem, lines, i, p)
            more, _ = _fade(n, first + i, rest, cost, kappa, p, C, s.params[WORK])
            odds -= more
    for unit in range(family.unit.shape[0]):
        extra_weight[unit] = 0.0
        if mask >> unit & 1:
            h = lines.n + line_of_unit(family, lines.n_base, mask, unit)
            more, weight = _fade(n, h, 0.0, family.unit[unit, U_COST] + points, kappa, p, C, s.params[WORK])
            odds -= more
            extra_weight[unit] = weight
    return odds


@njit(**OPTIONS)
def _source(problem, lines, out_mixings, i):
    """Where the i-th number that is given out stands in the model; -1 for a mixing that the model lacks."""
    groups = own_widths(lines)
    if i < 2 * lines.n_base + groups:
        return base_index(lines, i)
    i -= 2 * lines.n_base + groups
    mixings, first = n_mixings(problem, lines), first_mixing(lines)
    if i < out_mixings:
        return -1 if mixings == 0 else first + i
    return first + mixings + i - out_mixings


@njit(**OPTIONS)
def _factor(view, lines, n_shape, i):
    """What the i-th parameter of a model is multiplied by to be in counts."""
    return view.scale if lines.n <= i < 2 * lines.n or i >= n_shape else 1.0


@njit(**OPTIONS)
def _shared_factor(lines, i, s):
    """Root of the factor by which shared noise raises the variance of the i-th parameter."""
    n, n_base, largest = lines.n, lines.n_base, 1.0
    if i < n_base:
        return np.sqrt(s.params[KAPPA, i])
    for j in range(n_base):
        if i == n + j:
            return np.sqrt(s.params[KAPPA, n_base + j])
        if i == 2 * n + lines.group[j]:
            return np.sqrt(s.params[KAPPA, j])
        largest = max(largest, s.params[KAPPA, n_base + j])
    return np.sqrt(largest)


@njit(**OPTIONS)
def write_model(problem, family, view, out_mixings, kind, mask, s, out_p, out_C):
    """Lines of the material from NEXT and NORMAL_TRIAL, in counts; a mixing that the model lacks is 1."""
    lines = pick(family, kind, mask)
    n, groups = model_size(problem, lines), own_widths(lines)
    n_shape, n_basis = n - problem.basis.shape[0], problem.basis.shape[0]
    n_out = 2 * lines.n_base + groups + out_mixings + n_basis
    for i in range(n_out):
        a = _source(problem, lines, out_mixings, i)
        out_p[i] = 1.0 if a < 0 else s.params[NEXT, a] * _factor(view, lines, n_shape, a)
        if not problem.with_covariance:
            continue
        for j in range(n_out):
            b = _source(problem, lines, out_mixings, j)
            out_C[i, j] = 0.0
            if a >= 0 and b >= 0:
                scale = _factor(view, lines, n_shape, a) * _factor(view, lines, n_shape, b)
                shared = _shared_factor(lines, a, s) * _shared_factor(lines, b, s)
                out_C[i, j] = s.square[NORMAL_TRIAL, a, b] * scale * shared
    out_p[n_out - n_basis] += view.level
    for i in range(n_out, out_p.size):  # a bend that the model lacks
        out_p[i] = 0.0
        for j in range(out_p.size if problem.with_covariance else 0):
            out_C[i, j] = out_C[j, i] = 0.0


@njit(**OPTIONS)
def write_extras(problem, family, view, slot, s, out, row):
    """Center, full width and height of the extra lines of the most probable model, and their errors."""
    mask, kind = s.ints[S_MASK, slot], s.ints[S_KIND, slot]
    lines, C = pick(family, kind, mask), s.square[NORMAL_TRIAL]
    for unit in range(family.unit.shape[0]):
        out.extra[row, unit, 2] = out.extra_sigma[row, unit, 2] = 0.0
        if not mask >> unit & 1:
            continue
        line = line_of_unit(family, lines.n_base, mask, unit)
        half = 2 * lines.n + lines.group[line]
        places = (line, half, lines.n + line)
        scales = (1.0, 2.0, view.scale)
        for k in range(3):
            out.extra[row, unit, k] = scales[k] * s.params[NEXT, places[k]]
            out.extra_sigma[row, unit, k] = scales[k] * np.sqrt(max(C[places[k], places[k]], 0.0))


@njit(**OPTIONS)
def show_best(problem, family, view, slot, s, out, row):
    """Raw parameters of the most probable model, in counts."""
    kind, mask = s.ints[S_KIND, slot], s.ints[S_MASK, slot]
    out.best_model[row] = model_number(family, kind, mask)
    out.second[row] = s.ints[S_SECOND, slot]
    if not problem.with_mask:
        return
    lines = pick(family, kind, mask)
    n, n_basis = model_size(problem, lines), problem.basis.shape[0]
    for i in range(n):
        out.best[row, i] = s.slots[slot, S_PARAMS, i] * _factor(view, lines, n - n_basis, i)
    out.best[row, n - n_basis] += view.level
    out.best[row, n] = 0.0  # a bend that the model lacks


@njit(**OPTIONS)
def output_mixings(problem, lines):
    """Number of mixings that are given out: one for each width where the profile has any."""
    return own_widths(lines) if has_mixing(problem.shape) else 0
