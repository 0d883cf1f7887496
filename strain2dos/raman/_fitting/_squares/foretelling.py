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
def _metric(A, n, u, v):
    """Product of two vectors by the upper triangle of A."""
    total = 0.0
    for i in range(n):
        row = A[i, i] * v[i]
        for j in range(i + 1, n):
            row += A[i, j] * v[j]
            total += A[i, j] * u[j] * v[i]
        total += row * u[i]
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
    b1, s11 = _metric(A, n, change, step), _metric(A, n, change, change)
    a, b = b1 / max(s11, 1e-300), 0.0
    if known > 1:
        b2, s12 = _metric(A, n, earlier, step), _metric(A, n, change, earlier)
        s22 = _metric(A, n, earlier, earlier)
        det = s11 * s22 - s12 * s12
        if det > ALIKE * s11 * s22:
            a, b = (b1 * s22 - b2 * s12) / det, (b2 * s11 - b1 * s12) / det
    a, b = min(max(a, -MOST_STEPS), 1.0), min(max(b, -MOST_STEPS), 1.0)
    for i in range(n):
        out[i] = step[i] - a * way[i] - b * way2[i]
    return max(1.0 - min(a, 0.0) - min(b, 0.0), 1.0)
