# SPDX-License-Identifier: BSD-3-Clause
"""Linear algebra of one small least-squares problem, compiled: products of rows, Cholesky, covariance."""

import numpy as np

from strain2dos._compiled import njit

# NaN and inf keep their meaning (no "nnan", "ninf"): only the order of sums may change.
FAST = {"reassoc", "contract", "arcp", "nsz"}
# "_nrt": no function here allocates, so references need no counting: each count is an atomic operation,
# and a tuple of arrays that is handed over costs one for each of them.
OPTIONS = {"nogil": True, "error_model": "numpy", "fastmath": FAST, "_nrt": False, "part": True}
# For functions that Python calls.
ENTRY = OPTIONS | {"part": False}
# For functions with one caller: merged into it, as each level of callers would be optimized once more. Never
# for those of `usable`, which recognize NaN: they would take over the caller's fast arithmetic.
MERGED = OPTIONS | {"inline": "always"}

#: Rows of the Jacobian are padded to multiples of this: two vectors of eight, so that no loop has a rest.
LANES = 16
#: Side of the square tiles in which products of rows are summed: nine sums fit the registers twice over.
TILE = 3


@njit(inline="always")
def unsigned(index):
    """Index that cannot be negative: numba checks sums for it, which keeps loops from becoming vectors."""
    return np.uint64(index)


@njit(**OPTIONS)
def _square_tile(J, a, m, A):
    s00, s01, s02, s11, s12, s22 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for k in range(m):
        u0, u1, u2 = J[a, k], J[a + 1, k], J[a + 2, k]
        s00 += u0 * u0
        s01 += u0 * u1
        s02 += u0 * u2
        s11 += u1 * u1
        s12 += u1 * u2
        s22 += u2 * u2
    A[a, a], A[a, a + 1], A[a, a + 2] = s00, s01, s02
    A[a + 1, a + 1], A[a + 1, a + 2], A[a + 2, a + 2] = s11, s12, s22


@njit(**OPTIONS)
def _tile(J, a, b, m, A):
    s00, s01, s02 = 0.0, 0.0, 0.0
    s10, s11, s12 = 0.0, 0.0, 0.0
    s20, s21, s22 = 0.0, 0.0, 0.0
    for k in range(m):
        u0, u1, u2 = J[a, k], J[a + 1, k], J[a + 2, k]
        v0, v1, v2 = J[b, k], J[b + 1, k], J[b + 2, k]
        s00 += u0 * v0
        s01 += u1 * v0
        s02 += u2 * v0
        s10 += u0 * v1
        s11 += u1 * v1
        s12 += u2 * v1
        s20 += u0 * v2
        s21 += u1 * v2
        s22 += u2 * v2
    A[b, a], A[b, a + 1], A[b, a + 2] = s00, s01, s02
    A[b + 1, a], A[b + 1, a + 1], A[b + 1, a + 2] = s10, s11, s12
    A[b + 2, a], A[b + 2, a + 1], A[b + 2, a + 2] = s20, s21, s22


@njit(**OPTIONS)
def normal_equations(J, first, n_rows, m, A):
    """Products of rows ``first`` to ``n_rows`` of J with all before them, in tiles, into A's upper triangle.

    The last tile may reach into the rows after ``n_rows``; what it writes there into A is never read.
    """
    for a in range(first // TILE * TILE, n_rows, TILE):
        for b in range(0, a, TILE):
            _tile(J, a, b, m, A)
        _square_tile(J, a, m, A)


@njit(**OPTIONS)
def eliminate(M, n, n_rows, least):
    """Eliminate the first ``n`` unknowns of a symmetric system, given by its upper triangle, in place.

    Whole rows are subtracted, so that columns after the unknowns (right-hand sides) come along and rows after
    them keep the Schur complement. False where a pivot is not above its entry of ``least``.
    """
    width = -(-(n_rows + 1) // 8) * 8
    for j in range(n):
        pivot = M[j, j]
        if not pivot > least[j]:
            return False
        inverse = 1.0 / pivot
        for i in range(j + 1, n_rows):
            f = M[j, i] * inverse
            for k in range(width):
                M[i, k] -= f * M[j, k]
    return True


@njit(**OPTIONS)
def solve(M, F, n, least, v):
    """Solve a symmetric system, whose upper triangle is given, with the right-hand side in column ``n``.

    The solution lands in ``v``, and M is overwritten. F receives the factors and, in row ``n``, one over the
    pivots. False where a pivot is not above its entry of ``least``.
    """
    width = -(-(n + 1) // 8) * 8
    for j in range(n):
        pivot = M[j, j]
        if not pivot > least[j]:
            return False
        F[n, j] = inverse = 1.0 / pivot
        for i in range(j + 1, n - 1, 2):  # two rows at a time
            F[i, j], F[i + 1, j] = M[j, i] * inverse, M[j, i + 1] * inverse
            f, g = F[i, j], F[i + 1, j]
            for k in range(width):
                M[i, k] -= f * M[j, k]
                M[i + 1, k] -= g * M[j, k]
        if (n - 1 - j) % 2 == 1:
            F[n - 1, j] = f = M[j, n - 1] * inverse
            for k in range(width):
                M[n - 1, k] -= f * M[j, k]
    for i in range(n):
        v[i] = M[i, n] * F[n, i]
    # whole rows of factors are contiguous, unlike columns of M
    for k in range(n - 1, 0, -1):
        known = v[k]
        for i in range(k):
            v[i] -= F[k, i] * known
    return True


@njit(**OPTIONS)
def damped_system(A, n, damping, p, low, high, M, least):
    """Damped normal matrix with the gradient in column ``n``; parameters held by a bound drop out.

    ``least``: smallest pivot to be trusted, 1e-14 of the diagonal; 0 for those that dropped out.
    """
    width = -(-(n + 1) // 8) * 8
    for i in range(n):
        for j in range(width):
            M[i, j] = A[i, j]
        M[i, i] *= 1.0 + damping
        least[i] = 1e-14 * M[i, i]
    for i in range(n):
        gradient = A[i, n]
        held = (p[i] <= low[i] and gradient <= 0.0) or (p[i] >= high[i] and gradient >= 0.0)
        if held or not A[i, i] > 0.0:
            for j in range(width):
                M[i, j] = 0.0
            for j in range(i):
                M[j, i] = 0.0
            M[i, i], least[i] = 1.0, 0.0


@njit(**OPTIONS)
def covariance(A, n, p, low, high, M, least, first, last, C):
    """Inverse of the normal matrix, rows and columns ``first`` to ``last``, into C. False if singular.

    Parameters held by a bound count as known. Elimination gives L D L^T; row i of C first takes column i of
    the inverse of L over the roots of the pivots, whose products are the inverse.
    """
    damped_system(A, n, 1e-13, p, low, high, M, least)
    if not eliminate(M, n, n, least):
        return False
    for i in range(first, last):
        for k in range(n):
            C[i, k] = 0.0
        C[i, i] = 1.0 if least[i] > 0.0 else 0.0
        for j in range(i, n):
            f = C[i, j] / M[j, j]
            for k in range(j + 1, n):
                C[i, k] -= f * M[j, k]
            C[i, j] /= np.sqrt(M[j, j])
    for i in range(first, last):
        for j in range(i, last):
            v = 0.0
            for k in range(j, n):
                v += C[i, k] * C[j, k]
            C[j, i] = v
    for i in range(first, last):
        for j in range(i):
            C[j, i] = C[i, j]
    return True
