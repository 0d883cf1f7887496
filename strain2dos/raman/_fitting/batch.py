# SPDX-License-Identifier: BSD-3-Clause
"""Fit a block of spectra, one after another, without touching Python: screen, seed, fit, choose, judge."""

import numpy as np

from strain2dos._compiled import njit
from strain2dos.raman._fitting.gate import classify_fit, gate, lopsided
from strain2dos.raman._fitting.initial_guess import MAX_CANDIDATES
from strain2dos.raman._fitting.models import base_size, fitted_height, line_of_unit, lowest_height, pick
from strain2dos.raman._fitting.noise import count_covariance, counts_odds, residual_noise
from strain2dos.raman._fitting.normal_equations import LANES, OPTIONS, TILE
from strain2dos.raman._fitting.records import (
    ANY_KIND,
    AUTO_NOISE,
    COVARIANCE,
    CURRENT,
    DOUBLET,
    FIRST_SLOT,
    FITTED,
    GAUSSIAN_NOISE,
    HIGH,
    LOW,
    MASK,
    MAX_SLOTS,
    N_LINES,
    N_WORK,
    NO_EXTRAS,
    ORIGIN,
    POISSON_NOISE,
    S_CHI2,
    S_COV,
    S_INFO,
    S_KIND,
    S_MASK,
    S_ODDS,
    S_PARAMS,
    S_STATUS,
    SHOULDER,
    SIGNAL,
    SINGLET,
    SMOOTH,
    SPECTRUM,
    U_ANYWHERE,
    WEIGHTS,
    WORK,
    Scratch,
)
from strain2dos.raman._fitting.screen import score_models
from strain2dos.raman._fitting.selection import add_doublets, add_foreign_line, add_known_lines, fit_plain
from strain2dos.raman._fitting.single_model import model_size, set_bounds
from strain2dos.raman._fitting.slots import average, average_extras, best_slot, return_to, show_best, widen
from strain2dos.raman._fitting.spikes import (
    are_counts,
    mask_outliers,
    mask_spikes,
    stands_out,
    usable_points,
    used_range,
)
from strain2dos.raman._fitting.status import FitStatus
from strain2dos.raman._fitting.unexplained import STRONG, leaves_strong_line
from strain2dos.raman._fitting.window import prepare_fit_window

_OK = int(FitStatus.OK)
_TOO_FEW_POINTS = int(FitStatus.TOO_FEW_POINTS)
_UNEXPLAINED_LINE = int(FitStatus.UNEXPLAINED_LINE)
_LOW_SNR = int(FitStatus.LOW_SNR)
_MISFIT = int(FitStatus.MISFIT)
_NOT_COUNTS = int(FitStatus.NOT_COUNTS)

# 2 ln odds at which weights change from equal to 1 / counts, and back where values only look like counts.
COUNTS_ODDS = 10.0
# A foreign line of this share of the lowest line of the material could as well be the line itself.
RIVAL = 2.0 * STRONG
# Another profile is tried where the residual is so many standard deviations more than noise.
BEYOND_NOISE = 3.0
# -2 ln(prior odds) against it: a top that a narrow doublet flattens looks Gaussian.
SECOND_PENALTY = 12.0
# Asymmetry of a line that the instrument may make; what is more counts as a misfit.
LOPSIDED = 0.15


@njit(**OPTIONS)
def _allocate(problem, family):
    # after the parameters come residual, directions of a split, templates of units, and the rest of a tile
    largest = 0
    for k in range(family.sizes.shape[0]):
        n = family.sizes[k, N_LINES]
        largest = max(largest, 4 * n + problem.basis.shape[0])
    n_units = family.unit.shape[0]
    size = -(-(largest + 3 + n_units + TILE) // 8) * 8
    m = -(-problem.x.size // LANES) * LANES
    lines = pick(family, DOUBLET if problem.pair >= 0 else SINGLET, NO_EXTRAS).n + 1
    return Scratch(
        J=np.zeros((size, m)),
        points=np.zeros((FITTED + 1, m + problem.taps.size)),
        params=np.zeros((WORK + N_WORK, size)),
        square=np.zeros((COVARIANCE + 1, size, size)),
        ints=np.zeros((ORIGIN + lines, MAX_CANDIDATES), np.int64),
        score=np.zeros((lines, MAX_CANDIDATES)),
        slots=np.zeros((MAX_SLOTS, S_COV + size, size)),
    )


@njit(**OPTIONS)
def _drop_failed(problem, family, view, noise2, n_slots, s):
    """Models that failed cannot be the better ones: infinite odds, unless nothing else is left."""
    for k in range(n_slots):
        kind, mask = s.ints[S_KIND, k], s.ints[S_MASK, k]
        lines = pick(family, kind, mask)
        pair = problem.pair if kind == DOUBLET else -1
        low = 0.0 if kind == DOUBLET else -np.inf
        set_bounds(problem, lines, view.offset, low, s.params[LOW], s.params[HIGH])
        if s.ints[S_STATUS, k] == _OK:
            found = classify_fit(problem, lines, s.slots[k, S_PARAMS], s.slots[k, S_COV:], noise2, pair, s)
            s.ints[S_STATUS, k] = found
        if s.ints[S_STATUS, k] != _OK and k > 0 and not (problem.always and kind == DOUBLET):
            s.slots[k, S_INFO, S_ODDS] = np.inf


@njit(**OPTIONS)
def _doublet_weight(problem, n_slots, shoulder, s):
    """Probability of the doublet; ``shoulder``: weight of the singlet with a shoulder, relative to slot."""
    if problem.always:
        return 1.0
    best, singlet = best_slot(n_slots, ANY_KIND, s), best_slot(n_slots, SINGLET, s)
    two = whole = 0.0
    for k in range(n_slots):
        e = np.exp(0.5 * (s.slots[best, S_INFO, S_ODDS] - s.slots[k, S_INFO, S_ODDS]))
        whole += e
        two += e if s.ints[S_KIND, k] == DOUBLET else 0.0
    whole += shoulder * np.exp(0.5 * (s.slots[best, S_INFO, S_ODDS] - s.slots[singlet, S_INFO, S_ODDS]))
    return two / max(whole, 1e-300)


@njit(**OPTIONS)
def _judge(problem, family, view, best, noise2, shared, s):
    """Status of the most probable model; its residual is left in J."""
    kind, mask, p = s.ints[S_KIND, best], s.ints[S_MASK, best], s.params[CURRENT]
    lines = return_to(problem, family, view, noise2, best, p, s)
    status, pair = s.ints[S_STATUS, best], problem.pair if kind == DOUBLET else -1
    if status == _OK:
        chi2 = s.slots[best, S_INFO, S_CHI2]
        status = gate(problem, lines, view, p, s.slots[best, S_COV:], chi2, noise2, shared, pair, s)
    if status in (_OK, _LOW_SNR, _MISFIT) and s.ints[S_STATUS, best] == _OK:
        for unit in range(family.unit.shape[0]):
            if mask >> unit & 1 and family.unit_index[unit, U_ANYWHERE] == 1:
                height = p[lines.n + line_of_unit(family, lines.n_base, mask, unit)]
                if height > RIVAL * lowest_height(p, lines):
                    status = _UNEXPLAINED_LINE
    return status


@njit(**OPTIONS)
def _widen(problem, family, kind, p, C):
    lines = pick(family, kind, NO_EXTRAS)
    n = base_size(problem, lines)
    if n < p.size:
        widen(n, n - problem.basis.shape[0], p.size - n, p, C, problem.keep)


@njit(**OPTIONS)
def _square(problem, family, view, best, s):
    """Sum of the squared residuals in J, in counts squared."""
    row, total = model_size(problem, pick(family, s.ints[S_KIND, best], s.ints[S_MASK, best])), 0.0
    for k in range(view.n):
        if s.points[WEIGHTS, k] > 0.0:
            total += (s.J[row, k] / s.points[WEIGHTS, k]) ** 2
    return total * view.scale**2


@njit(**OPTIONS)
def _write(problem, family, view, best, weight, noise2, n_slots, s, out, row):
    """Averages of singlets and doublets, chi-square, extra lines."""
    kept = row if problem.keep else 0
    chi2 = s.slots[best, S_INFO, S_CHI2]
    if problem.noise != POISSON_NOISE:
        chi2 = _square(problem, family, view, best, s)
    double = best_slot(n_slots, DOUBLET, s)
    average(problem, family, view, SINGLET, n_slots, noise2, s, out.params1[row], out.cov1[kept])
    _widen(problem, family, SINGLET, out.params1[row], out.cov1[kept])
    out.chi2[row, 0] = out.chi2[row, 1] = chi2
    out.weight[row] = 0.0
    if double >= 0 and weight > 0.0:
        average(problem, family, view, DOUBLET, n_slots, noise2, s, out.params2[row], out.cov2[kept])
        _widen(problem, family, DOUBLET, out.params2[row], out.cov2[kept])
        out.weight[row] = weight
    out.n_points[row] = view.n_used
    average_extras(problem, family, view, n_slots, noise2, s, out, row)
    show_best(problem, family, view, best, s, out, row)


@njit(**OPTIONS)
def _add_misfit(problem, family, view, best, noise2, s, out, row):
    """What stands on one side of a line in the residual (J) adds to the variance of its center."""
    kind, mask, p = s.ints[S_KIND, best], s.ints[S_MASK, best], s.params[CURRENT]
    lines = pick(family, kind, mask)
    for j in range(lines.n_base):
        more = min(max(lopsided(problem, lines, view, p, j, noise2, s) - LOPSIDED, 0.0), 10.0)
        move = more * p[2 * lines.n + lines.group[j]]
        if kind == DOUBLET:
            out.cov2[row, j, j] += move * move
        else:
            out.cov1[row, j, j] += move * move


@njit(**OPTIONS)
def _fit_once(problem, family, view, limit, s, out, row):
    """Fit what the spectrum asks for and write the averages, if the best model has odds below ``limit``.

    Returns its slot, the noise, by how much the residual is more than noise, the odds and whether it splits.
    """
    noise2, shared, largest, beyond = fit_plain(problem, family, view, s)
    slot, n_slots = add_known_lines(problem, family, view, noise2, largest, FIRST_SLOT + 1, s)
    shoulder = 0.0
    if problem.pair >= 0 and view.n_used > model_size(problem, pick(family, SHOULDER, NO_EXTRAS)):
        n_slots, shoulder = add_doublets(problem, family, view, noise2, largest, slot, n_slots, s)
        if slot != FIRST_SLOT and not problem.always:
            # a band may have taken the place of a branch
            slot, p = FIRST_SLOT, s.params[CURRENT]
            lines = return_to(problem, family, view, noise2, slot, p, s)
            score_models(problem, family, lines, s.ints[S_MASK, slot], view, p, s)
            n_slots, _ = add_doublets(problem, family, view, noise2, largest, slot, n_slots, s)
    n_slots = add_foreign_line(problem, family, view, noise2, largest, n_slots, s)
    _drop_failed(problem, family, view, noise2, n_slots, s)
    weight = _doublet_weight(problem, n_slots, shoulder, s)
    best = best_slot(n_slots, DOUBLET if weight > 0.5 else SINGLET, s)
    if best < 0:
        best, weight = best_slot(n_slots, ANY_KIND, s), 0.0
    if n_slots > 1:
        lines = return_to(problem, family, view, noise2, best, s.params[CURRENT], s)
        noise2, shared, _, beyond = residual_noise(
            problem, lines, view, s.params[CURRENT], s.slots[best, S_INFO, S_CHI2], s
        )
    odds = s.slots[best, S_INFO, S_ODDS]
    if odds >= limit:
        return best, noise2, 0.0, odds, False
    if problem.keep and problem.noise == GAUSSIAN_NOISE and view.level >= 0.0:
        lines = return_to(problem, family, view, noise2, best, s.params[CURRENT], s)
        if counts_odds(problem, view, model_size(problem, lines), s) > COUNTS_ODDS:
            count_covariance(problem, lines, view, s.params[CURRENT], noise2, best, s)
    status = _judge(problem, family, view, best, noise2, shared, s)
    _write(problem, family, view, best, weight, noise2, n_slots, s, out, row)
    if problem.keep and problem.adaptive:
        _add_misfit(problem, family, view, best, noise2, s, out, row)
    out.status[row, 0] = out.status[row, 1] = status
    return best, noise2, beyond, odds, weight > 0.1


@njit(**OPTIONS)
def _mask_residuals(problem, lines, view, p, s):
    """Mask cosmic rays that stand out of the residual in J; returns their number."""
    n, height = model_size(problem, lines), 0.0
    for j in range(lines.n_base):
        height = max(height, fitted_height(p, lines, j))
    if view.counts:
        height *= view.scale / np.sqrt(max(view.level + view.scale, 1.0))
    mask = s.points[MASK, view.k0 : view.k0 + view.n]
    return mask_outliers(s.J[n], mask, view.n, height, problem.narrowest, s.points[FITTED])


@njit(**OPTIONS)
def _fit_row(offset, first, second, family, s, out, row):
    """Fit the spectrum in the scratch; again, up to twice, where the residual shows cosmic rays."""
    problem = first
    size, least = problem.x.size, model_size(problem, pick(family, SINGLET, NO_EXTRAS))
    status, n_good, low, high = usable_points(s.points[SPECTRUM], s.points[MASK], size, least)
    if status != _OK:
        return status
    counts = problem.noise == POISSON_NOISE
    if counts and low < 0.0 and not are_counts(s.points[SPECTRUM], s.points[MASK], size, False):
        return _NOT_COUNTS
    if problem.noise == AUTO_NOISE:
        counts = are_counts(s.points[SPECTRUM], s.points[MASK], size, True)
    limit = np.inf
    masked, undecided = 0, problem.noise == AUTO_NOISE
    if problem.despike:
        masked = mask_spikes(
            s.points[SPECTRUM], s.points[MASK], size, low, high, problem.narrowest, s.points[SMOOTH],
            s.points[SIGNAL],
        )  # fmt: skip
    for _attempt in range(5):
        if masked > 0:
            n_good -= masked
            low, high = used_range(s.points[SPECTRUM], s.points[MASK], size)
        view = prepare_fit_window(problem, family, offset, n_good, low, high, counts, s)
        if view.n_used < least + 1:
            return _TOO_FEW_POINTS
        best, noise2, beyond, odds, splits = _fit_once(problem, family, view, limit, s, out, row)
        if odds >= limit:
            break
        out.second[row] = 1 if problem.shape != first.shape else 0
        lines = pick(family, s.ints[S_KIND, best], s.ints[S_MASK, best])
        n = model_size(problem, lines)
        masked = 0
        if stands_out(s.J[n], s.points[WEIGHTS], view.n):
            masked = _mask_residuals(problem, lines, view, s.params[CURRENT], s) if problem.despike else 0
            if masked == 0 and out.status[row, 0] in (_OK, _LOW_SNR, _MISFIT):
                noise = np.sqrt(noise2)
                if leaves_strong_line(problem, lines, view, s.params[CURRENT], n, noise, s):
                    out.status[row, 0] = out.status[row, 1] = _UNEXPLAINED_LINE
        if masked == 0 and undecided:
            undecided = False
            better = counts_odds(problem, view, n, s) if low >= 0.0 else -np.inf
            if (not counts and better > COUNTS_ODDS) or (counts and better < -2.0 * COUNTS_ODDS):
                counts = not counts
                continue
        if masked == 0 and problem.shape == second.shape:
            break
        if masked == 0:
            if beyond < BEYOND_NOISE and not splits:
                break
            problem, limit = second, odds - SECOND_PENALTY
    return _OK


@njit(**OPTIONS)
def fit_rows(spectra, offsets, problem, second, family, out):
    """Fit all rows; each is treated alone, so results do not depend on the block they come in.

    Parameters
    ----------
    spectra : (n, m) ndarray
        On ``problem.x``.
    offsets : (n,) ndarray
        By how much the axis of each spectrum is off: the windows move along.
    problem, second : Problem
        The second, with another profile, where the first leaves more than noise.
    family : ModelFamily
        The models that may be fitted.
    out : GroupFit
        Written in place.
    """
    s = _allocate(second, family)
    for row in range(spectra.shape[0]):
        for k in range(problem.x.size):
            s.points[SPECTRUM, k] = spectra[row, k]
        status = _fit_row(offsets[row], problem, second, family, s, out, row)
        if status != _OK:
            out.status[row, 0] = out.status[row, 1] = status
        if problem.show:
            for k in range(problem.x.size):
                out.mask[row, k] = s.points[MASK, k]
