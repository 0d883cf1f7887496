# SPDX-License-Identifier: BSD-3-Clause
"""What hangs on the noise, and what a misfit adds to the errors: E' (or its branches) and A1'."""

from typing import NamedTuple

import numpy as np
import pytest

from strain2dos._compiled import njit
from strain2dos.raman._fitting._judgement import verdict
from strain2dos.raman._fitting._squares.profiles import LORENTZIAN
from strain2dos.raman._fitting.records import AXIS, CURRENT, DOUBLET, KAPPA, S_COV, SINGLET, WEIGHTS

# compiled by themselves: elsewhere they are parts of the fit
ALONE = verdict.OPTIONS | {"part": False, "cache": False}
is_weak = njit(**ALONE)(verdict.is_weak.py_func)
overlap = njit(**ALONE)(verdict._overlap.py_func)
unweighted_square = njit(**ALONE)(verdict.unweighted_square.py_func)
add_misfit = njit(**ALONE)(verdict.add_misfit.py_func)


class Problem(NamedTuple):
    pair: int
    position: np.ndarray
    required: np.ndarray
    basis: np.ndarray
    shape: int


class Lines(NamedTuple):
    n: int
    n_base: int
    n_groups: int
    group: np.ndarray


class View(NamedTuple):
    n: int
    scale: float


class Scratch(NamedTuple):
    params: np.ndarray
    points: np.ndarray
    J: np.ndarray
    slots: np.ndarray


class Out(NamedTuple):
    cov1: np.ndarray
    cov2: np.ndarray


SINGLETS, DOUBLETS = Lines(2, 2, 2, np.array([0, 1])), Lines(3, 3, 2, np.array([0, 0, 1]))
PROBLEM = Problem(0, np.array([385.0, 403.0]), np.ones(2, dtype=np.int64), np.ones((2, 400)), LORENTZIAN)
ROW = 8  # of the residual: 2 centers, 2 heights, 2 widths, 2 terms of the baseline
SLOT = 1


@pytest.fixture
def s():
    made = Scratch(
        np.ones((KAPPA + 3, 16)),
        np.zeros((WEIGHTS + 1, 400)),
        np.zeros((12, 400)),
        np.zeros((3, S_COV + 16, 16)),
    )
    made.points[AXIS], made.points[WEIGHTS] = np.linspace(360.0, 430.0, 400), 1.0
    made.slots[SLOT, S_COV:] = np.eye(16)
    return made


def singlets(h_e, h_a):
    return np.array([385.0, 403.0, h_e, h_a, 1.5, 2.5, 0.0, 0.0])


def weak(p, s, *, lines=SINGLETS, kind=SINGLET, noise2=1.0):
    return is_weak(PROBLEM, lines, p, SLOT, kind, noise2, s)


def test_the_status_hangs_on_the_noise_below_four_times_what_lines_have_to_reach(s):
    # each 8 and all together 18 standard errors (root mean square)
    assert not weak(singlets(73.0, 73.0), s)
    assert weak(singlets(71.0, 71.0), s)
    assert not weak(singlets(33.0, 200.0), s)
    assert weak(singlets(31.0, 200.0), s)
    assert weak(singlets(200.0, 31.0), s)
    assert weak(singlets(73.0, 73.0), s, noise2=1.1)
    s.params[KAPPA, 2:4] = 1.1  # what neighbors share raises the errors of heights
    assert weak(singlets(73.0, 73.0), s)


def test_branches_are_weak_together(s):
    p = np.array([383.0, 387.0, 403.0, 28.0, 28.0, 200.0, 1.5, 2.5, 0.0, 0.0])
    assert not weak(p, s, lines=DOUBLETS, kind=DOUBLET)  # 56 over the root of two: 40 standard errors
    s.slots[SLOT, S_COV + 3, 4] = s.slots[SLOT, S_COV + 4, 3] = 0.9
    assert weak(p, s, lines=DOUBLETS, kind=DOUBLET)  # 29


def test_branches_overlap_within_two_widths():
    p = np.array([380.0, 385.9, 403.0, 50.0, 50.0, 90.0, 1.5, 2.5])
    assert overlap(DOUBLETS, 0, p)
    p[1] = 386.1
    assert not overlap(DOUBLETS, 0, p)


def test_the_sum_of_squares_is_that_of_counts(s):
    rng = np.random.default_rng(0)
    counts = rng.normal(0, 5.0, 400)
    s.points[WEIGHTS] = np.where(rng.random(400) < 0.1, 0.0, rng.uniform(0.5, 2.0, 400))
    s.J[ROW] = counts / 40.0 * s.points[WEIGHTS]  # scaled, and weighted
    used = s.points[WEIGHTS] > 0
    assert unweighted_square(PROBLEM, SINGLETS, View(400, 40.0), s) == pytest.approx(
        np.sum(counts[used] ** 2)
    )


@pytest.mark.parametrize("kind", [SINGLET, DOUBLET])
def test_what_stands_on_one_side_beyond_15_percent_adds_to_the_error_of_the_center(s, kind):
    s.params[CURRENT, :8] = singlets(50.0, 90.0)
    widths = (s.points[AXIS] - 385.0) / 3.0
    for height, share in ((10.0, 0.0), (30.0, 0.15), (60.0, 0.45), (3000.0, 10.0)):
        s.J[ROW] = height * ((widths > 0) & (widths < 2.5))
        out = Out(np.zeros((2, 4, 4)), np.zeros((2, 4, 4)))
        add_misfit(PROBLEM, SINGLETS, View(400, 1.0), kind, 0.0, s, out, 1)
        changed, other = (out.cov2, out.cov1) if kind == DOUBLET else (out.cov1, out.cov2)
        # half of it, over the height of 50, less 0.15: so many half widths
        assert changed[1, 0, 0] == pytest.approx((share * 1.5) ** 2)
        assert not changed[0].any()
        assert not other.any()
