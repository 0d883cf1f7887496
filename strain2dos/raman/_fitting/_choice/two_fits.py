# SPDX-License-Identifier: BSD-3-Clause
"""What two fits of one spectrum say together: numbers averaged, what they differ by as an error; compiled."""

import numpy as np

from strain2dos._compiled import njit
from strain2dos.raman._fitting._squares.normal_equations import OPTIONS
from strain2dos.raman._fitting.status import FitStatus

_OK = int(FitStatus.OK)

# A fit of less weight than this is left out.
NEGLIGIBLE = 1e-3
# Lines that only the second fit needs may be what both lack: it loses this share of its weight.
NEW_LINES = 0.5


@njit(**OPTIONS)
def _copy(source, i, target, j):
    for k in range(source.shape[1]):
        target[j, k] = source[i, k]


@njit(**OPTIONS)
def _copy_cube(source, i, target, j):
    for k in range(source.shape[1]):
        for m in range(source.shape[2]):
            target[j, k, m] = source[i, k, m]


@njit(**OPTIONS)
def copy_row(source, i, target, j, problem):
    """Copy what was written of a spectrum into a row of another record."""
    _copy(source.params1, i, target.params1, j)
    _copy(source.params2, i, target.params2, j)
    _copy(source.chi2, i, target.chi2, j)
    _copy(source.extra_weight, i, target.extra_weight, j)
    _copy_cube(source.extra, i, target.extra, j)
    _copy_cube(source.extra_sigma, i, target.extra_sigma, j)
    for k in range(source.status.shape[1]):
        target.status[j, k] = source.status[i, k]
    target.n_points[j], target.weight[j] = source.n_points[i], source.weight[i]
    target.best_model[j], target.second[j] = source.best_model[i], source.second[i]
    if problem.with_covariance:
        _copy_cube(source.cov1, i, target.cov1, j)
        _copy_cube(source.cov2, i, target.cov2, j)
    if problem.with_mask:
        _copy(source.best, i, target.best, j)


@njit(**OPTIONS)
def _average(first, C1, i, second, C2, j, share, keep):
    """Average a row of numbers into the second; what they differ by adds to the covariance there.

    A. E. Raftery, Sociol. Methodol. 25, 111 (1995).
    """
    n = first.shape[1]
    for a in range(n if keep else 0):
        for b in range(n):
            apart = (first[i, a] - second[j, a]) * (first[i, b] - second[j, b])
            C2[j, a, b] = (1.0 - share) * (C1[i, a, b] + share * apart) + share * C2[j, a, b]
    for a in range(n):
        second[j, a] = (1.0 - share) * first[i, a] + share * second[j, a]


@njit(**OPTIONS)
def _average_extras(other, out, row, share):
    """The same for extra lines; the place of a line that one fit lacks is that of the other."""
    for unit in range(out.extra.shape[1]):
        for k in range(3):
            a, b = other.extra[0, unit, k], out.extra[row, unit, k]
            s, t = other.extra_sigma[0, unit, k], out.extra_sigma[row, unit, k]
            if np.isfinite(a) and np.isfinite(b):
                square = (1.0 - share) * (s * s + share * (a - b) ** 2) + share * t * t
                out.extra[row, unit, k], out.extra_sigma[row, unit, k] = a + share * (b - a), np.sqrt(square)
            elif np.isfinite(a):
                out.extra[row, unit, k], out.extra_sigma[row, unit, k] = a, s
        had, has = other.extra_weight[0, unit], out.extra_weight[row, unit]
        out.extra_weight[row, unit] = had + share * (has - had)


@njit(**OPTIONS)
def _new_lines(other, out, row):
    """How surely a row needs a line, or a split, that the first row of ``other`` lacks, 0 to 1."""
    more = max(out.weight[row] - other.weight[0], 0.0)
    for unit in range(out.extra.shape[1]):
        more += max(out.extra_weight[row, unit] - other.extra_weight[0, unit], 0.0)
    return min(more, 1.0)


@njit(**OPTIONS)
def mix_rows(other, out, row, weight, most, problem):
    """Average the fit in the first row of ``other`` into that of a row, which is better by ``weight``.

    ``most``: its most probable share. Of two fits only one of which is OK, the more probable one stays.
    """
    share = weight * most * (1.0 - NEW_LINES * _new_lines(other, out, row))
    had, has = other.status[0, 0] == _OK, out.status[row, 0] == _OK
    if had != has:
        share = 1.0 if (weight if has else share) > 0.5 else 0.0
    if share < NEGLIGIBLE:
        copy_row(other, 0, out, row, problem)
    if share < NEGLIGIBLE or share > 1.0 - NEGLIGIBLE:
        return
    two1, two2 = (1.0 - share) * other.weight[0], share * out.weight[row]
    one1, one2, keep = 1.0 - share - two1, share - two2, problem.with_covariance
    if two1 > 0.0:  # a doublet of no weight was not written
        of_two = two2 / (two1 + two2)
        if two2 == 0.0:
            _copy(other.params2, 0, out.params2, row)
            if keep:
                _copy_cube(other.cov2, 0, out.cov2, row)
        else:
            _average(other.params2, other.cov2, 0, out.params2, out.cov2, row, of_two, keep)
    of_one = one2 / (one1 + one2) if one1 + one2 > 0.0 else share
    _average(other.params1, other.cov1, 0, out.params1, out.cov1, row, of_one, keep)
    _average_extras(other, out, row, share)
    out.weight[row] = two1 + two2
    if share < 0.5:
        _copy(other.chi2, 0, out.chi2, row)
        out.best_model[row], out.second[row] = other.best_model[0], other.second[0]
        if problem.with_mask:
            _copy(other.best, 0, out.best, row)
