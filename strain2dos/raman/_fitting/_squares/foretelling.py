# SPDX-License-Identifier: BSD-3-Clause
"""The end of a slow fit from its last steps, compiled.

Steps of Gauss and Newton leave out how the lines bend. Near the optimum what is left then shrinks by the same
factor each time, slowly where a line is weak, and two steps foretell the rest: D. G. Anderson, J. ACM 12, 547
(1965), depth 2, takes the combination of steps that is shortest by the metric of the normal matrix.
"""

from strain2dos._compiled import njit
from strain2dos.raman._fitting._squares.normal_equations import OPTIONS

# The rest is at most so many times a step.
MOST_STEPS = 8.0
# Two changes more alike than this (their determinant over the product of their squares) count as one.
ALIKE = 1e-3


@njit(**OPTIONS)
def _times(A, n, v, out):
    """Product of a symmetric matrix, given by its upper triangle, and a vector."""
    for i in range(n):
        out[i] = 0.0
    for i in range(n):
        row, own = A[i, i] * v[i], v[i]
        for j in range(i + 1, n):
            row += A[i, j] * v[j]
            out[j] += A[i, j] * own
        out[i] += row


@njit(**OPTIONS)
def _dot(u, v, n):
    total = 0.0
    for i in range(n):
        total += u[i] * v[i]
    return total


@njit(**OPTIONS)
def foretell(A, n, p, known, step, past, out):
    """Where the steps so far lead, from ``p``, into ``out``; returns how many times a step that may be.

    ``known``: changes of the step, this one included. Rows of ``past``: point and step before, then the last
    two changes of the step, then those of where it led.
    """
    before, last, change, earlier, way, way2 = past[0], past[1], past[2], past[3], past[4], past[5]
    for i in range(n):
        earlier[i], way2[i] = change[i], way[i]
        change[i] = step[i] - last[i]
        way[i] = p[i] - before[i] + change[i]
    _times(A, n, change, out)
    b1, s11 = _dot(out, step, n), _dot(out, change, n)
    a, b = b1 / max(s11, 1e-300), 0.0
    if known > 1:
        s12 = _dot(out, earlier, n)
        _times(A, n, earlier, out)
        b2, s22 = _dot(out, step, n), _dot(out, earlier, n)
        det = s11 * s22 - s12 * s12
        if det > ALIKE * s11 * s22:
            a, b = (b1 * s22 - b2 * s12) / det, (b2 * s11 - b1 * s12) / det
    a, b = min(max(a, -MOST_STEPS), 1.0), min(max(b, -MOST_STEPS), 1.0)
    for i in range(n):
        out[i] = step[i] - a * way[i] - b * way2[i]
    return max(1.0 - min(a, 0.0) - min(b, 0.0), 1.0)
