# SPDX-License-Identifier: BSD-3-Clause
"""Lines that cannot stand beside each other: E' and A1' of MoS2, 18 cm-1 apart without strain."""

from itertools import product
from typing import NamedTuple

import numpy as np
import pytest

from strain2dos._compiled import njit
from strain2dos.raman._fitting._models import models, plausible
from strain2dos.raman._fitting.records import DOUBLET, SINGLET

# compiled by themselves: elsewhere they are parts of the fit
ALONE = plausible.OPTIONS | {"part": False, "cache": False}
torn_by = njit(**ALONE)(plausible.torn_by.py_func)
alone_by = njit(**ALONE)(plausible.alone_by.py_func)
weaker_share = njit(**ALONE)(plausible.weaker_share.py_func)
too_tall = njit(**ALONE)(plausible.too_tall.py_func)
without_wrong_pairs = njit(**ALONE)(plausible.without_wrong_pairs.py_func)
# views of arrays come back to Python by counted references alone
pick = njit(cache=False)(models.pick.py_func)
POSITION = np.array([385.0, 403.0])


class Problem(NamedTuple):
    pair: int
    position: np.ndarray


class Lines(NamedTuple):
    n: int
    n_base: int
    n_groups: int


SINGLETS, DOUBLETS = Lines(2, 2, 2), Lines(3, 3, 2)
MOS2 = Problem(0, POSITION)


def singlets(e, a):
    return np.array([e, a, 50.0, 90.0, 1.5, 2.5])


def doublets(lower, upper, a, heights=(50.0, 50.0)):
    return np.array([lower, upper, a, *heights, 90.0, 1.5, 2.5])


@pytest.mark.parametrize("farther", [-3.0, 0.0, 6.0, 23.0])
def test_lines_are_torn_by_what_they_are_farther_apart_than_unstrained(farther):
    assert torn_by(MOS2, SINGLETS, singlets(380.0, 398.0 + farther)) == pytest.approx(farther)
    # of a doublet the lower branch counts
    assert torn_by(MOS2, DOUBLETS, doublets(380.0, 389.0, 398.0 + farther)) == pytest.approx(farther)


def test_lines_of_another_material_are_not_torn():
    assert torn_by(MOS2, SINGLETS, singlets(380.0, 398.0 + 24.5)) == 0.0
    assert torn_by(Problem(-1, POSITION), SINGLETS, singlets(380.0, 410.0)) == 0.0
    assert torn_by(Problem(1, POSITION), SINGLETS, singlets(380.0, 410.0)) == 0.0


@pytest.mark.parametrize("offset", [0.0, -7.5])
@pytest.mark.parametrize(
    ("moved", "higher", "wanted"),
    [
        (-20.0, -8.0, -8.0 + 0.31 * 20),
        (-12.0, 0.0, 3.72),
        (-9.0, 0.0, 0.0),
        (-20.0, 4.5, 0.0),
        (0.0, 0.0, 0.0),
    ],
)
def test_a_line_that_leaves_the_next_behind_is_alone(offset, moved, higher, wanted):
    p = singlets(385.0 + offset + moved, 403.0 + offset + higher)
    assert alone_by(MOS2, SINGLETS, offset, 3.0, p) == pytest.approx(wanted)


def test_two_branches_explain_each_other_unless_they_are_one_line_or_one_is_noise():
    far = 403.0, 0.0  # A1' stays while E' moves by 12: 12 apart more than without strain
    assert alone_by(MOS2, DOUBLETS, 0.0, 3.0, doublets(373.0, 380.0, far[0])) == 0.0
    # nearer to each other than `near`: one line, at the higher branch
    together = doublets(372.0, 374.0, far[0], (60.0, 50.0))
    assert alone_by(MOS2, DOUBLETS, 0.0, 3.0, together) == pytest.approx(0.31 * 13.0)
    # one branch has less than 0.15 of both heights: noise
    one = doublets(373.0, 380.0, far[0], (60.0, 10.0))
    assert weaker_share(DOUBLETS, 0, one) == pytest.approx(1 / 7)
    assert alone_by(MOS2, DOUBLETS, 0.0, 3.0, one) == pytest.approx(0.31 * 12.0)
    other = doublets(366.0, 373.0, far[0], (10.0, 60.0))
    assert alone_by(MOS2, DOUBLETS, 0.0, 3.0, other) == pytest.approx(0.31 * 12.0)


def test_a_pair_without_a_line_after_it_is_not_alone():
    last = Problem(1, POSITION)
    assert alone_by(last, SINGLETS, 0.0, 3.0, singlets(360.0, 403.0)) == 0.0
    assert alone_by(Problem(-1, POSITION), SINGLETS, 0.0, 3.0, singlets(360.0, 403.0)) == 0.0


def all_models(group):
    """Kind, mask and lines of every model, with the number of its first line of each unit."""
    for kind, mask in product((SINGLET, DOUBLET), range(2 ** len(group.units))):
        lines, first, at = pick(group.family, kind, mask), {}, len(group.modes) + (kind == DOUBLET)
        for u, unit in enumerate(group.units):
            if mask >> u & 1:
                first[u], at = at, at + len(unit.modes)
        yield kind, mask, lines, first


def test_extra_lines_are_too_tall_beyond_the_largest_that_is_known_beside_theirs(group):
    rng, found = np.random.default_rng(0), 0
    problem = Problem(group.pair, POSITION)
    for kind, mask, lines, first in all_models(group):
        p = 10.0 ** rng.uniform(-2, 2, 3 * lines.n)
        heights, wanted = p[lines.n : 2 * lines.n], 0.0
        split = kind == DOUBLET
        material = [heights[0] + heights[1], *heights[2:]] if split else list(heights)
        for u, line in first.items():
            unit = group.units[u]
            if unit.anchor >= 0:
                most = unit.modes[0].height_range[1] * material[unit.anchor]
                wanted += max(heights[line] / most - 1, 0)
            elif len(unit.modes) == 2:
                usual = 0.5 * sum(unit.modes[1].height_range)
                wanted += min(max(heights[line + 1] / (3 * usual * heights[line]) - 1, 0), 1e3)
        assert too_tall(problem, group.family, kind, lines, mask, p) == pytest.approx(wanted)
        found += wanted > 0
    assert found >= 10


def test_pairs_whose_second_line_is_too_high_or_whose_first_is_off_the_axis_are_taken_out(group):
    u, unit = next((u, unit) for u, unit in enumerate(group.units) if len(unit.modes) == 2)
    ratio = 0.5 * sum(unit.modes[1].height_range)
    for kind, mask, lines, first in all_models(group):
        n = 2 * lines.n + lines.n_groups + 2
        for second, last, stays in ((2.9, 430.0, True), (3.1, 430.0, False), (2.9, 417.0, False)):
            p = np.full(n, 1.0)
            if u in first:
                p[first[u]] = 418.0
                p[lines.n + first[u] : lines.n + first[u] + 2] = 10.0, 10.0 * second * ratio
            left = without_wrong_pairs(group.family, kind, mask, last, n, p, np.empty(n))
            assert left == (mask if stays else mask & ~(1 << u))
