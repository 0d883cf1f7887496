# SPDX-License-Identifier: BSD-3-Clause
"""Lines that are not Lorentzians: their start, and what is known of their profiles beforehand; compiled."""

from strain2dos._compiled import njit
from strain2dos.raman._fitting._judgement.noise import smooth_step
from strain2dos.raman._fitting._models.single_model import model_size, n_mixings
from strain2dos.raman._fitting._squares.normal_equations import OPTIONS
from strain2dos.raman._fitting._squares.profiles import mixing_range

# -2 ln(prior) of a line that may be split with another profile than the other lines have (mixings so far
# apart): a top that a narrow doublet flattens looks Gaussian, and a Gaussian line like a doublet. The
# instrument makes all lines more Gaussian.
UNLIKE_OTHERS, UNLIKE = 8.0, (0.2, 0.5)
# Lines that are not Lorentzians start with no less than this share of it: at its bound a share is held.
LEAST_MIXING = 0.1


@njit(**OPTIONS)
def first_mixing(lines):
    """Index of the first mixing among the parameters."""
    return 2 * lines.n + lines.n_groups


@njit(**OPTIONS)
def to_second(first, second, lines, p, gaussian):
    """Give Lorentzians, ``p`` in place, the mixing of the second profile."""
    n, at = model_size(first, lines), first_mixing(lines)
    more = n_mixings(second, lines)
    for i in range(n - 1, at - 1, -1):
        p[i + more] = p[i]
    for i in range(at, at + more):
        p[i] = max(mixing_range(second.shape)[1] - gaussian, LEAST_MIXING)


@njit(**OPTIONS)
def unlike_mixings(problem, lines, p):
    """-2 ln(prior) of the profiles ``p``: whether the line that may be split differs from the others.

    A line alone is compared with a Lorentzian, and so is every line where that was asked for.
    """
    at, n, own = first_mixing(lines), n_mixings(problem, lines), max(problem.pair, 0)
    if not problem.adaptive:
        return UNLIKE_OTHERS
    other = mixing_range(problem.shape)[1] if n == 1 else 0.0
    for i in range(n):
        other += p[at + i] / (n - 1) if i != own else 0.0
    return UNLIKE_OTHERS * smooth_step(abs(p[at + own] - other), *UNLIKE)


@njit(**OPTIONS)
def cost_of_mixing(problem, lines, i, p):
    """-2 ln(prior odds) against the i-th mixing, the others as in ``p``: over that of a Lorentzian."""
    at = first_mixing(lines) + i
    there, unlike = p[at], unlike_mixings(problem, lines, p)
    p[at] = mixing_range(problem.shape)[1]
    unlike -= unlike_mixings(problem, lines, p)
    p[at] = there
    return unlike
