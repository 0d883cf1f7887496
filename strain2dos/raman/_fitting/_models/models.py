# SPDX-License-Identifier: BSD-3-Clause
"""Take one model out of the family of a region, compiled; parameters carried from one model to another."""

import numpy as np

from strain2dos._compiled import njit
from strain2dos.raman._fitting._squares.normal_equations import OPTIONS
from strain2dos.raman._fitting.records import (
    N_BASE,
    N_GROUPS,
    N_LINES,
    N_PRIORS,
    S_MASK,
    S_SECOND,
    U_ANCHOR,
    U_ANYWHERE,
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
def own_profile(first, second, slot, s):
    """The problem with the profile that the model of a slot was fitted with."""
    return second if s.ints[S_SECOND, slot] == 1 else first


@njit(**OPTIONS)
def own_widths(lines):
    """Number of widths of the lines of the material; those of a doublet share one."""
    return lines.n_groups - (lines.n - lines.n_base)


@njit(**OPTIONS)
def anywhere_unit(family):
    """Index of the line that may be anywhere, which is the last unit; -1 where there is none."""
    unit = family.unit.shape[0] - 1
    return unit if unit >= 0 and family.unit_index[unit, U_ANYWHERE] == 1 else -1


@njit(**OPTIONS)
def is_foreign(family, slot, s):
    """Whether the model of a slot has the line that may be anywhere."""
    unit = anywhere_unit(family)
    return unit >= 0 and s.ints[S_MASK, slot] >> unit & 1 == 1


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
def unit_place(problem, family, lines, unit, offset, p):
    """Where the first line of a unit stands beside the lines ``p`` (cm-1)."""
    anchor, pair = family.unit_index[unit, U_ANCHOR], problem.pair
    place = family.unit[unit, U_PLACE]
    if anchor < 0:
        return place + offset
    if pair < 0 or own_widths(lines) == lines.n_base or anchor < pair:
        return place + p[anchor]
    return place + (0.5 * (p[pair] + p[pair + 1]) if anchor == pair else p[anchor + 1])


@njit(**OPTIONS)
def carry_over(family, lines, mask, p, n, more, unit, place, height, q):
    """Start of the model ``more``, which has one unit more than ``lines``: the rest as in ``p`` (n,)."""
    n_more, first = more.n, line_of_unit(family, lines.n_base, mask, unit)
    added, group = more.n - lines.n, first - lines.n_base + own_widths(more)
    for j in range(lines.n):
        i = j if j < first else j + added
        q[i], q[n_more + i] = p[j], p[lines.n + j]
    for i in range(2 * lines.n, n):
        q[i + (2 if i - 2 * lines.n < group else 3) * added] = p[i]
    for i in range(added):
        q[first + i] = place + (family.unit[unit, U_PLACE2] if i else 0.0)
        q[n_more + first + i] = height * (family.unit[unit, U_RATIO] if i else 1.0)
        q[2 * n_more + group + i] = 0.5 * (family.unit[unit, U_FWHM2] if i else family.unit[unit, U_FWHM])


@njit(**OPTIONS)
def leave_out(family, lines, mask, p, n, fewer, unit, q):
    """Start of the model ``fewer``, which lacks a unit of ``lines``: the rest as in ``p`` (n,)."""
    first, gone = line_of_unit(family, lines.n_base, mask, unit), lines.n - fewer.n
    group = 2 * lines.n + first - lines.n_base + own_widths(lines)
    for i in range(fewer.n):
        j = i if i < first else i + gone
        q[i], q[fewer.n + i] = p[j], p[lines.n + j]
    for i in range(2 * lines.n, n - gone):
        q[i - 2 * gone] = p[i if i < group else i + gone]


@njit(**OPTIONS)
def drop_unit(family, kind, mask, unit, n, p, work):
    """Take a unit out of the ``n`` parameters in place; returns the mask and the number that are left."""
    lines, fewer = pick(family, kind, mask), pick(family, kind, mask & ~(1 << unit))
    leave_out(family, lines, mask, p, n, fewer, unit, work)
    n -= 2 * (lines.n - fewer.n) + lines.n_groups - fewer.n_groups
    for i in range(n):
        p[i] = work[i]
    return mask & ~(1 << unit), n


@njit(**OPTIONS)
def base_index(lines, i):
    """Where the i-th center, height or width of the lines of the material alone stands in the model."""
    if i < lines.n_base:
        return i
    return i - lines.n_base + lines.n if i < 2 * lines.n_base else i - 2 * lines.n_base + 2 * lines.n


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
