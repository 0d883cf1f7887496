# SPDX-License-Identifier: BSD-3-Clause
"""The models that were fitted to one spectrum: kept with their odds, and averaged in the end, compiled."""

import numpy as np

from strain2dos._compiled import njit
from strain2dos.raman._fitting.levenberg_marquardt import add_priors
from strain2dos.raman._fitting.models import (
    base_index,
    base_size,
    clip_to_bounds,
    line_of_unit,
    model_number,
    pick,
)
from strain2dos.raman._fitting.normal_equations import OPTIONS, covariance, normal_equations
from strain2dos.raman._fitting.records import (
    ANY_KIND,
    COVARIANCE,
    DAMPED,
    HIGH,
    KAPPA,
    LOW,
    NO_EXTRAS,
    NORMAL,
    S_CHI2,
    S_COV,
    S_INFO,
    S_KIND,
    S_MASK,
    S_ODDS,
    S_PARAMS,
    S_STATUS,
    SINGLET,
    U_COST,
    WORK,
)
from strain2dos.raman._fitting.single_model import fit_model, jacobian, model_size, set_bounds
from strain2dos.raman._fitting.status import FitStatus

_OK = int(FitStatus.OK)
_NOT_CONVERGED = int(FitStatus.NOT_CONVERGED)


@njit(**OPTIONS)
def fit_from(problem, family, kind, mask, view, reweight, noise2, p, s):
    """Fit one model in place of its start ``p``; returns (chi2, converged)."""
    lines = pick(family, kind, mask)
    set_bounds(
        problem, lines, view.offset, -np.inf if kind == SINGLET else 0.0, s.params[LOW], s.params[HIGH]
    )
    clip_to_bounds(p, s.params[LOW], s.params[HIGH], model_size(problem, lines))
    return fit_model(problem, lines, view, reweight, noise2, p, s)


@njit(**OPTIONS)
def criterion(problem, family, lines, mask, view, chi2, largest, total):
    """Bayesian information criterion, G. Schwarz, Ann. Stat. 6, 461 (1978), with the noise not known.

    Extra lines cost their height and the prior odds against them: where and how wide they are is known.
    ``largest``: factor by which noise that neighbours share makes points fewer.
    """
    m = view.n_used
    odds = m / largest * np.log(max(chi2, 1e-20 * total) / m)
    odds += base_size(problem, lines) * np.log(m)
    for unit in range(family.unit.shape[0]):
        if mask >> unit & 1:
            odds += family.unit[unit, U_COST] + np.log(m)
    return odds


@njit(**OPTIONS)
def keep_model(problem, family, kind, mask, chi2, converged, odds, p, slot, s):
    """Write a model that was just fitted into its slot; the scratch holds its products and bounds."""
    lines = pick(family, kind, mask)
    n, n_lines = model_size(problem, lines), lines.n
    first, last = (0, n) if problem.keep else (n_lines, 2 * n_lines)
    low, high, C = s.params[LOW], s.params[HIGH], s.square[COVARIANCE]
    regular = covariance(s.square[NORMAL], n, p, low, high, s.square[DAMPED], s.params[WORK], first, last, C)
    for i in range(n):
        s.slots[slot, S_PARAMS, i] = p[i]
    for i in range(first, last):
        for j in range(first, last):
            s.slots[slot, S_COV + i, j] = C[i, j]
    s.slots[slot, S_INFO, S_ODDS], s.slots[slot, S_INFO, S_CHI2] = odds, chi2
    s.ints[S_KIND, slot], s.ints[S_MASK, slot] = kind, mask
    s.ints[S_STATUS, slot] = _OK if regular and converged else _NOT_CONVERGED


@njit(**OPTIONS)
def return_to(problem, family, view, noise2, slot, p, s):
    """Parameters, Jacobian, residual and products of a model that was fitted before."""
    lines = pick(family, s.ints[S_KIND, slot], s.ints[S_MASK, slot])
    n = model_size(problem, lines)
    for i in range(n):
        p[i] = s.slots[slot, S_PARAMS, i]
    jacobian(problem, lines, view, p, s)
    normal_equations(s.J, 0, n + 1, view.m, s.square[NORMAL])
    add_priors(lines, view.offset, noise2, n, p, s.square[NORMAL])
    return lines


@njit(**OPTIONS)
def best_slot(n_slots, kind, s):
    """Slot of the most probable model of a kind, -1 where there is none; kind -1: of any."""
    best = -1
    for k in range(n_slots):
        if (kind < 0 or s.ints[S_KIND, k] == kind) and (
            best < 0 or s.slots[k, S_INFO, S_ODDS] < s.slots[best, S_INFO, S_ODDS]
        ):
            best = k
    return best


@njit(**OPTIONS)
def _unit_factor(problem, lines, view, i):
    """What the i-th parameter is multiplied by to be in counts."""
    n_lines, n_shape = lines.n, model_size(problem, lines) - problem.basis.shape[0]
    return view.scale if n_lines <= i < 2 * n_lines or i >= n_shape else 1.0


@njit(**OPTIONS)
def _shared_factor(problem, lines, i, s):
    """Root of the factor by which shared noise raises the variance of the i-th parameter."""
    n, n_base = lines.n, lines.n_base
    if i < n_base:
        return np.sqrt(s.params[KAPPA, i])
    if 2 * n <= i < 2 * n + lines.n_groups:
        for j in range(n_base):
            if lines.group[j] == i - 2 * n:
                return np.sqrt(s.params[KAPPA, j])
    largest = 1.0
    for j in range(n_base):
        if i == n + j:
            return np.sqrt(s.params[KAPPA, n_base + j])
        largest = max(largest, s.params[KAPPA, n_base + j])
    return np.sqrt(largest)


@njit(**OPTIONS)
def average(problem, family, view, kind, n_slots, noise2, s, out_p, out_C):
    """Average of the models of one kind by their odds, for the lines of the material, in counts.

    What the models differ by adds to the covariance (A. E. Raftery, Sociol. Methodol. 25, 111 (1995)).
    """
    best = best_slot(n_slots, kind, s)
    lines = pick(family, kind, NO_EXTRAS)
    n, total, n_shape = base_size(problem, lines), 0.0, base_size(problem, lines) - problem.basis.shape[0]
    for i in range(n):
        out_p[i] = 0.0
        if problem.keep:
            for j in range(n):
                out_C[i, j] = 0.0
    for k in range(n_slots):
        if s.ints[S_KIND, k] == kind:
            total += np.exp(0.5 * (s.slots[best, S_INFO, S_ODDS] - s.slots[k, S_INFO, S_ODDS]))
    for k in range(n_slots):
        weight = np.exp(0.5 * (s.slots[best, S_INFO, S_ODDS] - s.slots[k, S_INFO, S_ODDS])) / total
        if s.ints[S_KIND, k] != kind or weight < 1e-6:
            continue
        full = pick(family, kind, s.ints[S_MASK, k])
        for i in range(n):
            out_p[i] += weight * s.slots[k, S_PARAMS, base_index(problem, full, i)]
    for k in range(n_slots):
        weight = np.exp(0.5 * (s.slots[best, S_INFO, S_ODDS] - s.slots[k, S_INFO, S_ODDS])) / total
        if not problem.keep or s.ints[S_KIND, k] != kind or weight < 1e-6:
            continue
        full = pick(family, kind, s.ints[S_MASK, k])
        for i in range(n):
            a = base_index(problem, full, i)
            fa = _unit_factor(problem, lines, view, i)
            apart = s.slots[k, S_PARAMS, a] - out_p[i]
            e = _shared_factor(problem, full, a, s)
            for j in range(n):
                b = base_index(problem, full, j)
                fb = _unit_factor(problem, lines, view, j)
                noise = s.slots[k, S_COV + a, b] * noise2 * e * _shared_factor(problem, full, b, s)
                spread = apart * (s.slots[k, S_PARAMS, b] - out_p[j])
                out_C[i, j] += weight * (noise + spread) * fa * fb
    for i in range(n):
        out_p[i] *= _unit_factor(problem, lines, view, i)
    out_p[n_shape] += view.level


@njit(**OPTIONS)
def widen(n, at, n_mixings, p, C, keep):
    """Make room for the mixings of Lorentzians, which are 1 and known, before the baseline terms."""
    for i in range(n - 1, -1, -1):
        to = i if i < at else i + n_mixings
        p[to] = p[i]
        if keep:
            for j in range(n - 1, -1, -1):
                C[to, j if j < at else j + n_mixings] = C[i, j]
    for i in range(at, at + n_mixings):
        p[i] = 1.0
        if keep:
            for j in range(n + n_mixings):
                C[i, j] = C[j, i] = 0.0


@njit(**OPTIONS)
def average_extras(problem, family, view, n_slots, noise2, s, out, row):
    """Probability, mean height, and place and width (of the most probable model with it) of each unit."""
    best, total = best_slot(n_slots, ANY_KIND, s), 0.0
    for k in range(n_slots):
        total += np.exp(0.5 * (s.slots[best, S_INFO, S_ODDS] - s.slots[k, S_INFO, S_ODDS]))
    for unit in range(family.unit.shape[0]):
        shown = -1
        height = square = probability = 0.0
        for k in range(n_slots):
            mask, kind = s.ints[S_MASK, k], s.ints[S_KIND, k]
            if not mask >> unit & 1:
                continue
            weight = np.exp(0.5 * (s.slots[best, S_INFO, S_ODDS] - s.slots[k, S_INFO, S_ODDS])) / total
            lines = pick(family, kind, mask)
            line = lines.n + line_of_unit(family, lines.n_base, mask, unit)
            h = s.slots[k, S_PARAMS, line]
            probability += weight
            height += weight * h
            square += weight * (h * h + noise2 * s.slots[k, S_COV + line, line])
            if shown < 0 or s.slots[k, S_INFO, S_ODDS] < s.slots[shown, S_INFO, S_ODDS]:
                shown = k
        out.extra_weight[row, unit] = probability
        out.extra[row, unit, 2] = height * view.scale
        out.extra_sigma[row, unit, 2] = view.scale * np.sqrt(max(square - height * height, 0.0))
        if shown >= 0:
            _show_unit(problem, family, unit, noise2, shown, s, out, row)


@njit(**OPTIONS)
def _show_unit(problem, family, unit, noise2, slot, s, out, row):
    mask, kind = s.ints[S_MASK, slot], s.ints[S_KIND, slot]
    lines = pick(family, kind, mask)
    line = line_of_unit(family, lines.n_base, mask, unit)
    half = 2 * lines.n + lines.group[line]
    out.extra[row, unit, 0] = s.slots[slot, S_PARAMS, line]
    out.extra[row, unit, 1] = 2.0 * s.slots[slot, S_PARAMS, half]
    if problem.keep:
        out.extra_sigma[row, unit, 0] = np.sqrt(noise2 * s.slots[slot, S_COV + line, line])
        out.extra_sigma[row, unit, 1] = 2.0 * np.sqrt(noise2 * s.slots[slot, S_COV + half, half])


@njit(**OPTIONS)
def show_best(problem, family, view, slot, s, out, row):
    """Raw parameters of the most probable model, in counts."""
    kind, mask = s.ints[S_KIND, slot], s.ints[S_MASK, slot]
    out.best_model[row] = model_number(family, kind, mask)
    if not problem.show:
        return
    lines = pick(family, kind, mask)
    n = model_size(problem, lines)
    for i in range(n):
        out.best[row, i] = s.slots[slot, S_PARAMS, i] * _unit_factor(problem, lines, view, i)
    out.best[row, n - problem.basis.shape[0]] += view.level
