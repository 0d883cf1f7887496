# SPDX-License-Identifier: BSD-3-Clause
"""Fit a spectrum again with a background that bends or breaks, and average both fits; compiled."""

from typing import NamedTuple

from strain2dos._compiled import njit
from strain2dos.raman._fitting._choice.background import (
    BEND,
    BEND_COST,
    NO_TERM,
    better_break,
    break_cost,
    further_term,
    instead_of_doublet,
    may_break,
    term_cost,
    write_term,
)
from strain2dos.raman._fitting._choice.bend import start_straight, weight_of_term
from strain2dos.raman._fitting._choice.two_fits import copy_row, mix_rows
from strain2dos.raman._fitting._lines.window import fit_again
from strain2dos.raman._fitting._models.models import own_profile, pick
from strain2dos.raman._fitting._models.single_model import model_size
from strain2dos.raman._fitting._squares.normal_equations import OPTIONS
from strain2dos.raman._fitting.one_fit import OneFit, fit_once, flag_unexplained
from strain2dos.raman._fitting.records import CURRENT, S_CHI2, S_INFO, S_KIND, S_MASK, S_ODDS, ZERO_COUNTS
from strain2dos.raman._fitting.status import FitStatus

_OK = int(FitStatus.OK)
_LOW_SNR = int(FitStatus.LOW_SNR)
_UNEXPLAINED_LINE = int(FitStatus.UNEXPLAINED_LINE)
_MISFIT = int(FitStatus.MISFIT)

# How often a step or kink moves to where it is better, beside the lines that were fitted with it.
MOVES = 4


class TermFit(NamedTuple):
    """A fit with a term of the background: kind and place of the term, and of a break that may do instead."""

    fit: OneFit
    kind: int
    place: int
    other_kind: int
    other_place: int


@njit(**OPTIONS)
def _fit_with_term(kind, place, bent, family, view, fit, s, out, row):
    """Fit with a term of the background after another ``fit``; a break moves to where it is better."""
    first, second = bent
    term = first.basis.shape[0] - 1
    for move in range(MOVES):
        write_term(kind, place, first.basis[1], first.basis[term])
        view = fit_again(first, view, view.counts, view.floor if view.floats else ZERO_COUNTS, s)
        fit = fit_once(first, second, family, view, False, fit.best, fit.noise2, s, out, row)
        problem = own_profile(first, second, fit.best, s)
        lines = pick(family, s.ints[S_KIND, fit.best], s.ints[S_MASK, fit.best])
        flag_unexplained(problem, lines, view, fit.noise2, s, out, row)
        if kind == BEND and not may_break(problem, family):
            break
        kind2, place2, more = better_break(problem, lines, view, fit.noise2, s.params[CURRENT], s)
        if kind == BEND:
            if not more > (break_cost(view) - BEND_COST) * fit.noise2:
                kind2 = NO_TERM
            return TermFit(fit, kind, place, kind2, place2)
        if kind2 == NO_TERM or (kind2 == kind and place2 == place) or move == MOVES - 1:
            break
        kind, place = kind2, place2
    return TermFit(fit, kind, place, NO_TERM, place)


@njit(**OPTIONS)
def _odds_of_term(made, view, s):
    """Odds of the model of a fit with a term, that of the term included."""
    return s.slots[made.fit.best, S_INFO, S_ODDS] + term_cost(made.kind, view)


@njit(**OPTIONS)
def add_background_term(straight, bent, family, view, fit, s, out, spare, row):
    """Fit once more where a bend, a step or a kink is missing in the background of the model of a fit.

    The scratch holds this fit, whose results stand in ``out``; averaged with those of the other one they
    replace them.
    """
    first, second = straight
    if bent[0].basis.shape[0] == first.basis.shape[0]:
        return
    best = fit.best
    problem = own_profile(first, second, best, s)
    lines = pick(family, s.ints[S_KIND, best], s.ints[S_MASK, best])
    left = s.slots[best, S_INFO, S_CHI2] - fit.steps * max(view.n_used - model_size(problem, lines), 1)
    kind, place = further_term(problem, family, lines, view, fit.noise2, left, s)
    if kind == NO_TERM:
        kind, place = instead_of_doublet(first, family, view, best, fit.noise2, s)
    if kind == NO_TERM:
        return
    before = (s.slots[best, S_INFO, S_ODDS], s.slots[best, S_INFO, S_CHI2])
    copy_row(out, row, spare, 0, problem)
    start_straight(first, family, s)
    made = _fit_with_term(kind, place, bent, family, view, fit, s, out, row)
    weight, most = weight_of_term(made.kind, bent, family, view, made.fit, before, s)
    if made.other_kind != NO_TERM:
        odds = _odds_of_term(made, view, s)
        copy_row(out, row, spare, 1, problem)
        other = _fit_with_term(made.other_kind, made.other_place, bent, family, view, made.fit, s, out, row)
        if _odds_of_term(other, view, s) < odds:
            weight, most = weight_of_term(other.kind, bent, family, view, other.fit, before, s)
            made = other
        else:
            copy_row(spare, 1, out, row, problem)
    if made.kind != BEND and spare.status[0, 0] not in (_OK, _LOW_SNR, _UNEXPLAINED_LINE, _MISFIT):
        weight = 0.0  # what is no line does not become one by a step
    out.term[row, 0], out.term[row, 1] = made.kind, first.x[made.place]
    mix_rows(spare, out, row, weight, most, problem)
