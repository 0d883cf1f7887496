# SPDX-License-Identifier: BSD-3-Clause
"""What lines of the material cannot be beside each other: too far away, alone, too tall; compiled."""

from strain2dos._compiled import njit
from strain2dos.raman._fitting._models.models import drop_unit, line_of_unit, own_widths, pick
from strain2dos.raman._fitting._squares.normal_equations import OPTIONS
from strain2dos.raman._fitting.records import DOUBLET, U_ANCHOR, U_LINES, U_RATIO, U_TALL

# A line so much farther below the next one than without strain (cm-1) may be one branch, with the other in
# the next line; bulk takes them 7 apart. Lines of another material are farther away.
TORN, ALONE, ANOTHER = 7.0, 10.0, 24.0
# The next line follows at least by this share of what biaxial strain moves the one: -1.7 and -5.2 cm-1/% of
# MoS2, the least of the published ratios (Lloyd et al., Nano Lett. 16, 5836 (2016)).
FOLLOWS = 0.31
# Share of the two branches below which one of them is rather noise.
LEAST_SHARE = 0.15
# The second line of a substrate is at most so many times as high as it usually is beside the first.
SECOND_LINE = 3.0


@njit(**OPTIONS)
def weaker_share(doublets, pair, p):
    """Share of the weaker branch in the height of both."""
    h1, h2 = p[doublets.n + pair], p[doublets.n + pair + 1]
    return min(h1, h2) / max(h1 + h2, 1e-300)


@njit(**OPTIONS)
def torn_by(problem, lines, p):
    """How much farther the line that may split, or its lower branch, is from the next one than unstrained.

    0 where it is that of another material.
    """
    pair = problem.pair
    after = pair + 1 + int(own_widths(lines) < lines.n_base)
    if pair < 0 or after >= lines.n_base:
        return 0.0
    farther = p[after] - p[pair] - (problem.position[pair + 1] - problem.position[pair])
    return farther if farther < ANOTHER else 0.0


@njit(**OPTIONS)
def alone_by(problem, lines, offset, near, p):
    """How much higher the next line is (cm-1) than one line could have come with; 0 where both are not torn.

    ``near``: branches so near to each other count as one line, and those of which one is too weak to be one.
    """
    pair, after = problem.pair, problem.pair + 1
    if pair < 0 or after >= lines.n_base:
        return 0.0
    center = p[pair]
    if own_widths(lines) < lines.n_base:
        after = pair + 2
        two = weaker_share(lines, pair, p) > LEAST_SHARE and p[pair + 1] - p[pair] > near
        if two or after >= lines.n_base:
            return 0.0
        center = p[pair + 1] if p[lines.n + pair + 1] > p[lines.n + pair] else center
    moved = center - offset - problem.position[pair]
    higher = p[after] - offset - problem.position[pair + 1]
    return higher - FOLLOWS * moved if ALONE < higher - moved < ANOTHER else 0.0


@njit(**OPTIONS)
def too_tall(problem, family, kind, lines, mask, p):
    """By how much extra lines are higher than such lines are beside theirs, over that.

    Bands of defects beside their line, and the second line of a substrate beside its first.
    """
    total, n = 0.0, lines.n
    for unit in range(family.unit.shape[0]):
        anchor = family.unit_index[unit, U_ANCHOR]
        if mask >> unit & 1 and anchor >= 0:
            j = anchor + int(kind == DOUBLET and anchor > problem.pair)
            height = p[n + j] + (p[n + j + 1] if kind == DOUBLET and anchor == problem.pair else 0.0)
            band = p[n + line_of_unit(family, lines.n_base, mask, unit)]
            total += max(band / max(family.unit[unit, U_TALL] * height, 1e-300) - 1.0, 0.0)
        elif mask >> unit & 1 and family.unit_index[unit, U_LINES] == 2:
            total += min(_excess_of_second(family, lines, mask, unit, p), 1e3)
    return total


@njit(**OPTIONS)
def _excess_of_second(family, lines, mask, unit, p):
    """By how much the second line of a unit is higher beside the first than it can be, over that."""
    h = lines.n + line_of_unit(family, lines.n_base, mask, unit)
    most = SECOND_LINE * family.unit[unit, U_RATIO] * p[h]
    return max(p[h + 1] / max(most, 1e-300) - 1.0, 0.0)


@njit(**OPTIONS)
def without_wrong_pairs(family, kind, mask, last, n, p, work):
    """Take pairs of lines out of the ``n`` parameters where the second is a line of the material.

    It is too high beside the first, or that lies beyond the ``last`` point. Returns the mask that is left.
    """
    for unit in range(family.unit.shape[0]):
        lines = pick(family, kind, mask)
        pair = mask >> unit & 1 and family.unit_index[unit, U_LINES] == 2
        beyond = pair and p[line_of_unit(family, lines.n_base, mask, unit)] > last
        if beyond or (pair and _excess_of_second(family, lines, mask, unit, p) > 0.0):
            mask, n = drop_unit(family, kind, mask, unit, n, p, work)
    return mask
