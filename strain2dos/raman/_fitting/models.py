# SPDX-License-Identifier: BSD-3-Clause
"""Take one model out of the family of a region, compiled; parameters carried from one model to another."""

import numpy as np

from strain2dos._compiled import njit
from strain2dos.raman._fitting.normal_equations import OPTIONS
from strain2dos.raman._fitting.profiles import has_mixing, mixing_range
from strain2dos.raman._fitting.records import (
    N_BASE,
    N_GROUPS,
    N_LINES,
    N_PRIORS,
    U_ANCHOR,
    U_FWHM,
    U_FWHM2,
    U_LINES,
    U_PLACE,
    U_PLACE2,
    U_RATIO,
    LineSet,
)


@njit(**OPTIONS)
def model_number(family, kind, mask):
    """Number of the model with lines of this kind and the extra lines of the bits in ``mask``."""
    return (kind << family.unit.shape[0]) + mask


@njit(**OPTIONS)
def pick(family, kind, mask):
    """Lines of one model."""
    k = model_number(family, kind, mask)
    n, priors = family.sizes[k, N_LINES], family.sizes[k, N_PRIORS]
    return LineSet(
        family.values[k],
        family.group[k],
        family.prior_index[k, :priors],
        family.prior[k, :priors],
        n,
        family.sizes[k, N_GROUPS],
        family.sizes[k, N_BASE],
    )


@njit(**OPTIONS)
def line_of_unit(family, n_base, mask, unit):
    """Index of the first line of a unit among the lines of a model."""
    line = n_base
    for u in range(unit):
        if mask >> u & 1:
            line += family.unit_index[u, U_LINES]
    return line


@njit(**OPTIONS)
def unit_place(family, unit, offset, p):
    """Where the first line of a unit stands beside the singlets ``p`` (cm-1)."""
    anchor = family.unit_index[unit, U_ANCHOR]
    return family.unit[unit, U_PLACE] + (p[anchor] if anchor >= 0 else offset)


@njit(**OPTIONS)
def carry_over(problem, family, lines, mask, p, more, unit, place, height, q):
    """Start of the model ``more``, which has one unit more than ``lines``: the rest as in ``p``."""
    n, n_more, n_base = lines.n, more.n, lines.n_base
    first = line_of_unit(family, n_base, mask, unit)
    added = n_more - n
    groups = lines.n_groups
    first_group = first - n_base + groups - (n - n_base)
    for j in range(n):
        i = j if j < first else j + added
        q[i], q[n_more + i] = p[j], p[n + j]
    for g in range(groups):
        i = g if g < first_group else g + added
        q[2 * n_more + i] = p[2 * n + g]
        if has_mixing(problem.shape):
            q[2 * n_more + more.n_groups + i] = p[2 * n + groups + g]
    widths = 2 if has_mixing(problem.shape) else 1
    for b in range(problem.basis.shape[0]):
        q[2 * n_more + widths * more.n_groups + b] = p[2 * n + widths * groups + b]
    for i in range(added):
        line, g = first + i, first_group + i
        q[line] = place + (family.unit[unit, U_PLACE2] if i else 0.0)
        q[n_more + line] = height * (family.unit[unit, U_RATIO] if i else 1.0)
        q[2 * n_more + g] = 0.5 * (family.unit[unit, U_FWHM2] if i else family.unit[unit, U_FWHM])
        if has_mixing(problem.shape):
            q[2 * n_more + more.n_groups + g] = extra_mixing(problem.shape)


@njit(**OPTIONS)
def leave_out(problem, family, lines, mask, p, less, unit, q):
    """Start of the model ``less``, which has one unit fewer than ``lines``: the rest as in ``p``."""
    n, n_less = lines.n, less.n
    first = line_of_unit(family, lines.n_base, mask, unit)
    dropped = n - n_less
    first_group = first - lines.n_base + lines.n_groups - (n - lines.n_base)
    for i in range(n_less):
        j = i if i < first else i + dropped
        q[i], q[n_less + i] = p[j], p[n + j]
    for i in range(less.n_groups):
        g = i if i < first_group else i + dropped
        q[2 * n_less + i] = p[2 * n + g]
        if has_mixing(problem.shape):
            q[2 * n_less + less.n_groups + i] = p[2 * n + lines.n_groups + g]
    widths = 2 if has_mixing(problem.shape) else 1
    for b in range(problem.basis.shape[0]):
        q[2 * n_less + widths * less.n_groups + b] = p[2 * n + widths * lines.n_groups + b]


@njit(**OPTIONS)
def extra_mixing(shape):
    """Mixing of the extra lines, which is not free: Lorentzians."""
    return 0.0 if mixing_range(shape)[0] < 0.0 else 1.0


@njit(**OPTIONS)
def base_index(problem, lines, i):
    """Where the i-th parameter of the lines of the material alone stands among those of the model."""
    n, n_base = lines.n, lines.n_base
    groups = lines.n_groups - (n - n_base)
    if i < n_base:
        return i
    if i < 2 * n_base:
        return i - n_base + n
    i -= 2 * n_base
    if i < groups:
        return 2 * n + i
    if has_mixing(problem.shape) and i < 2 * groups:
        return 2 * n + lines.n_groups + i - groups
    widths = 2 if has_mixing(problem.shape) else 1
    return 2 * n + widths * lines.n_groups + i - widths * groups


@njit(**OPTIONS)
def base_size(problem, lines):
    """Number of parameters of the lines of the material and the baseline."""
    widths = 2 if has_mixing(problem.shape) else 1
    groups = lines.n_groups - (lines.n - lines.n_base)
    return 2 * lines.n_base + widths * groups + problem.basis.shape[0]


@njit(**OPTIONS)
def clip_to_bounds(p, low, high, n):
    """Move the parameters into their box."""
    for i in range(n):
        p[i] = min(max(p[i], low[i]), high[i])


@njit(**OPTIONS)
def fitted_height(p, lines, j):
    """Height of line ``j``; lines of one width (a doublet) count together."""
    total, n = 0.0, lines.n
    for i in range(lines.n_base):
        if lines.group[i] == lines.group[j]:
            total += p[n + i]
    return total


@njit(**OPTIONS)
def lowest_height(p, lines):
    """Height of the lowest line of the material; the two of a doublet count together, as one may be weak."""
    lowest = np.inf
    for j in range(lines.n_base):
        lowest = min(lowest, fitted_height(p, lines, j))
    return lowest
