# SPDX-License-Identifier: BSD-3-Clause
"""Which further lines, splits and profiles are worth a fit, from what a fit leaves: score tests, compiled."""

import numpy as np

from strain2dos._compiled import njit
from strain2dos.raman._fitting._models.models import own_widths, unit_place
from strain2dos.raman._fitting._models.single_model import model_size
from strain2dos.raman._fitting._squares.normal_equations import OPTIONS, eliminate, normal_equations
from strain2dos.raman._fitting._squares.profiles import GAUSSIAN, LN2, half_maximum_gaussian
from strain2dos.raman._fitting.records import (
    AXIS,
    DAMPED,
    L_HIGH,
    L_LOW,
    NORMAL,
    SCORES,
    U_ANCHOR,
    U_ANYWHERE,
    U_APART,
    U_FWHM,
    U_FWHM2,
    U_LINES,
    U_NEAR,
    U_PLACE2,
    U_RATIO,
    WEIGHTS,
    WORK,
)

# A foreign line is looked for where the residual stands so many standard errors high over its width.
FOREIGN_LIMIT = 4.5
# What the material's own lines may be mistaken for: a direction freed from the others by less than this share
# of itself says nothing.
INDEPENDENT = 1e-6
# Where a line of the substrate would stand so much nearer to the line of the material beside it, or farther
# from it, than it does (cm-1), the axis is off, and it would take the place of that line.
OUT_OF_PLACE = 6.0


@njit(**OPTIONS)
def _split_directions(problem, view, c, h, g, first, s):
    """Second and third derivative of a line by its center (without constant factors) into two rows of J."""
    for k in range(view.m):
        z = (s.points[AXIS, k] - c) / g
        if problem.shape == GAUSSIAN:
            a = 2.0 * LN2
            e = h * s.points[WEIGHTS, k] * half_maximum_gaussian(z)
            s.J[first, k] = e * (a * z * z - 1.0)
            s.J[first + 1, k] = e * z * (a * z * z - 3.0)
        else:
            q = 1.0 / (1.0 + z * z)
            e = h * s.points[WEIGHTS, k] * q * q * q
            s.J[first, k] = e * (3.0 * z * z - 1.0)
            s.J[first + 1, k] = e * q * z * (1.0 - z * z)


@njit(**OPTIONS)
def _gaussian_directions(lines, view, p, first, s):
    """What Lorentzians that are Gaussians lack, into rows of J: one for each width of the material."""
    for row in range(first, first + own_widths(lines)):
        for k in range(view.m):
            s.J[row, k] = 0.0
    for j in range(lines.n_base):
        c, h, g, row = p[j], p[lines.n + j], p[2 * lines.n + lines.group[j]], first + lines.group[j]
        for k in range(view.m):
            z = (s.points[AXIS, k] - c) / g
            s.J[row, k] += h * s.points[WEIGHTS, k] * (half_maximum_gaussian(z) - 1.0 / (1.0 + z * z))


@njit(**OPTIONS)
def _template(family, view, unit, place, row, s):
    """A unit of height 1 at its place, weighted, into a row of J."""
    c, g, ratio = place, 0.5 * family.unit[unit, U_FWHM], 0.0
    c2, g2 = place + family.unit[unit, U_PLACE2], max(0.5 * family.unit[unit, U_FWHM2], 0.1)
    if family.unit_index[unit, U_LINES] == 2:
        ratio = family.unit[unit, U_RATIO]
    for k in range(view.m):
        z, z2 = (s.points[AXIS, k] - c) / g, (s.points[AXIS, k] - c2) / g2
        s.J[row, k] = (1.0 / (1.0 + z * z) + ratio / (1.0 + z2 * z2)) * s.points[WEIGHTS, k]


@njit(**OPTIONS)
def _is_out_of_place(problem, family, lines, unit, place, p):
    """Whether a line of the substrate would not stand where it does beside the nearest line."""
    near = family.unit_index[unit, U_NEAR]
    if family.unit_index[unit, U_ANCHOR] >= 0:
        return False
    near += int(own_widths(lines) < lines.n_base and near > problem.pair)
    return abs(place - p[near] - family.unit[unit, U_APART]) > OUT_OF_PLACE


@njit(**OPTIONS)
def free_products(n, n_rows, view, s):
    """Products of the rows after the parameters, freed from what the parameters can mimic, into DAMPED.

    NORMAL holds those of the parameters and the residual, priors included, and keeps them.
    """
    scale, least = s.params[WORK], s.params[WORK + 1]
    A, M = s.square[NORMAL], s.square[DAMPED]
    for i in range(n + 1):
        for j in range(i, n + 1):
            M[i, j] = A[i, j]
    normal_equations(s.J, n + 1, n_rows, view.m, A)
    for i in range(n + 1):
        for j in range(i, n + 1):
            A[i, j] = M[i, j]
    # Scaled, so that pivots can be compared.
    for i in range(n_rows):
        least[i] = 1e-14
        scale[i] = 1.0 if i >= n or not A[i, i] > 0.0 else 1.0 / np.sqrt(A[i, i])
    for i in range(n_rows):
        for j in range(i, n_rows):
            M[i, j] = A[i, j] * scale[i] * scale[j]
        M[i, i] *= 1.0 + (1e-10 if i < n else 0.0)
    return eliminate(M, n, n_rows, least)


@njit(**OPTIONS)
def _split_score(n, s):
    """Chi-square that a slight split would save, from the two rows after the residual in DAMPED."""
    M = s.square[DAMPED]
    b1, b2, s11, s12, s22 = M[n, n + 1], M[n, n + 2], M[n + 1, n + 1], M[n + 1, n + 2], M[n + 2, n + 2]
    determinant = s11 * s22 - s12 * s12
    if not determinant > 0.0:
        return np.inf
    return (s22 * b1 * b1 - 2.0 * s12 * b1 * b2 + s11 * b2 * b2) / determinant


@njit(**OPTIONS)
def _choose(n, first, n_rows, limit, s):
    """Take directions with positive coefficients as long as one saves ``limit``; the others are freed of it.

    Rows ``first`` to ``n_rows`` of DAMPED; SCORES gets what each direction saved, 0 where it was not taken,
    and behind these the coefficients. Returns whether any was.
    """
    M, A, scores, some, behind = (
        s.square[DAMPED],
        s.square[NORMAL],
        s.params[SCORES],
        False,
        n_rows - first + 1,
    )
    for row in range(first, n_rows):
        scores[row - first + 1] = 0.0
    for _ in range(n_rows - first):
        best, most = -1, limit
        for row in range(first, n_rows):
            taken = scores[row - first + 1] > 0.0
            if taken or not M[n, row] > 0.0 or not M[row, row] > INDEPENDENT * A[row, row]:
                continue
            saved = M[n, row] ** 2 / M[row, row]
            if saved > most:
                best, most = row, saved
        if best < 0:
            return some
        some = True
        scores[best - first + 1], scores[best - first + behind] = most, M[n, best] / M[best, best]
        inverse = 1.0 / M[best, best]
        for i in range(n, n_rows):
            f = M[min(i, best), max(i, best)] * inverse
            for j in range(i, n_rows):
                if i != best and j != best:
                    M[i, j] -= f * M[min(j, best), max(j, best)]
    return some


@njit(**OPTIONS)
def score_models(problem, family, lines, mask, view, profile, limit, p, s):
    """Which further lines, and whether another profile, would save the chi-square ``limit``, to first order.

    The scratch must hold Jacobian, residual and their products at ``p``. Score test (C. R. Rao, Proc. Camb.
    Phil. Soc. 44, 50 (1948)) of the known extra lines at their typical places and widths, of a Gaussian
    ``profile`` for each width of the material's lines and of a slight split of the line that may split (its
    second and third derivative). Row SCORES gets the score of the split, then of units and profiles: 0 for
    those that are not needed.

    Returns
    -------
    some : bool
        Whether anything but a split is needed.
    split_first : bool
        Whether the split alone would save more than any other line alone.
    alone : float
        Chi-square that the split alone would save.
    """
    n, n_lines, n_units = model_size(problem, lines), lines.n, family.unit.shape[0]
    scores, n_rows, pair = s.params[SCORES], n + 1, problem.pair
    single = pair >= 0 and own_widths(lines) == lines.n_base
    if single:
        g = p[2 * n_lines + lines.group[pair]]
        _split_directions(problem, view, p[pair], p[n_lines + pair], g, n + 1, s)
        n_rows = n + 3
    first = n_rows
    for unit in range(n_units):
        place = unit_place(problem, family, lines, unit, view.offset, p)
        if (
            mask >> unit & 1
            or family.unit_index[unit, U_ANYWHERE] == 1
            or _is_out_of_place(problem, family, lines, unit, place, p)
        ):
            for k in range(view.m):
                s.J[n_rows, k] = 0.0
        else:
            _template(family, view, unit, place, n_rows, s)
        n_rows += 1
    others = n_rows
    if profile:
        _gaussian_directions(lines, view, p, n_rows, s)
        n_rows += own_widths(lines)
    scores[1 + n_units] = 0.0
    scores[0] = 0.0
    if n_rows == n + 1:
        return False, False, 0.0
    if not free_products(n, n_rows, view, s):
        for i in range(n_rows - first):
            scores[1 + i] = 0.0
        scores[0] = np.inf
        return False, True, np.inf
    M, alone, most = s.square[DAMPED], 0.0, 0.0
    if single:
        alone = _split_score(n, s)
        for row in range(first, others):
            if M[n, row] > 0.0 and M[row, row] > INDEPENDENT * s.square[NORMAL, row, row]:
                most = max(most, M[n, row] ** 2 / M[row, row])
    some = _choose(n, first, n_rows, limit, s)
    if single:
        scores[0] = _split_score(n, s) if some else alone
    return some, alone > most, alone


@njit(**OPTIONS)
def stands_apart(problem, lines, view, noise, s):
    """Whether the singlets leave a residual of 3.5 standard errors over a width where ``pair`` may lie.

    This sees lines that stand apart, the score of a split those that overlap.
    """
    row = model_size(problem, lines)
    low, high = (
        lines.values[L_LOW, problem.pair] + view.offset,
        lines.values[L_HIGH, problem.pair] + view.offset,
    )
    half = int(problem.narrowest / 1.2)
    width = 2 * half + 1  # points, together about as wide as the line
    limit, total = 3.5 * noise * np.sqrt(width), 0.0
    for k in range(view.n):
        total += s.J[row, k]
        if k >= width:
            total -= s.J[row, k - width]
        if total > limit and k >= half and low <= s.points[AXIS, k - half] <= high:
            return True
    return False


@njit(**OPTIONS)
def find_foreign(problem, lines, view, p, fwhm, noise, s):
    """Strongest narrow line in the residual: place, height (0 for none), chi-square that it saves.

    The last in units of ``noise`` squared. Not on a fitted line, where a wrong profile leaves as much.
    """
    row, n = model_size(problem, lines), lines.n
    step = (s.points[AXIS, view.n - 1] - s.points[AXIS, 0]) / max(view.n - 1, 1)
    half = max(int(0.6 * fwhm / step), 1)
    width = 2 * half + 1
    limit = FOREIGN_LIMIT * noise * np.sqrt(width)
    best, total, place, height = limit, 0.0, 0.0, 0.0
    for k in range(view.n):
        total += s.J[row, k]
        if k >= width:
            total -= s.J[row, k - width]
        if total <= best or k < width:
            continue
        x, free = s.points[AXIS, k - half], True
        for j in range(n):
            free = free and abs(x - p[j]) > 1.6 * min(p[2 * n + lines.group[j]], 6.0)
        top = -np.inf
        for i in range(k - width + 1, k + 1):
            top = max(top, s.J[row, i])
        # one point alone is a cosmic ray
        if free and top < 0.7 * total and s.points[WEIGHTS, k - half] > 0.0:
            best, place = total, x
            height = 1.3 * total / width / s.points[WEIGHTS, k - half]
    return place, height, (best / (noise * np.sqrt(width))) ** 2
