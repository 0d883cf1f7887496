# SPDX-License-Identifier: BSD-3-Clause
"""The checks that a fit must pass, one at a time: E' at 385 (or its branches) and A1' at 403 cm-1."""

from typing import NamedTuple

import numpy as np
import pytest

from strain2dos._compiled import njit
from strain2dos.raman import FitStatus
from strain2dos.raman._fitting._judgement import gate
from strain2dos.raman._fitting._squares.profiles import LORENTZIAN
from strain2dos.raman._fitting.records import AXIS, HIGH, KAPPA, LOW, WEIGHTS

# compiled by themselves: elsewhere they are parts of the fit
ALONE = gate.OPTIONS | {"part": False, "cache": False}
classify_fit = njit(**ALONE)(gate.classify_fit.py_func)
significance = njit(**ALONE)(gate.significance.py_func)
lopsided = njit(**ALONE)(gate.lopsided.py_func)
misfit = njit(**ALONE)(gate._misfit.py_func)
wanted_significance = njit(**ALONE)(gate.wanted_significance.py_func)


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
    values: np.ndarray


class View(NamedTuple):
    n: int


class Scratch(NamedTuple):
    params: np.ndarray
    points: np.ndarray
    J: np.ndarray


FWHM = np.tile([3.0, 3.0, 5.0], (7, 1))
SINGLETS = Lines(2, 2, 2, np.array([0, 1]), FWHM[:, 1:].copy())
DOUBLETS = Lines(3, 3, 2, np.array([0, 0, 1]), FWHM)
AT_E, AT_A = 385.0, 403.0


def problem(pair=-1, required=(1, 1)):
    return Problem(pair, np.array([AT_E, AT_A]), np.array(required), np.ones((2, 200)), LORENTZIAN)


def scratch(n=200):
    params, points = np.zeros((KAPPA + 3, 16)), np.zeros((WEIGHTS + 1, n))
    params[LOW], params[HIGH] = 0.2, 900.0
    points[AXIS], points[WEIGHTS] = np.linspace(360.0, 430.0, n), 1.0
    return Scratch(params, points, np.zeros((12, n)))


def singlets(e=AT_E, a=AT_A, h_e=50.0, h_a=90.0, w_e=1.5, w_a=2.5):
    return np.array([e, a, h_e, h_a, w_e, w_a, 0.0, 0.0])


def doublets(lower=383.0, upper=387.0, a=AT_A, h1=30.0, h2=20.0, h_a=90.0):
    return np.array([lower, upper, a, h1, h2, h_a, 1.5, 2.5, 0.0, 0.0])


def status(p, *, lines=SINGLETS, pair=-1, required=(1, 1), C=None, noise2=1.0, s=None):
    C = np.eye(16) if C is None else C
    code = classify_fit(problem(pair, required), lines, p, C, noise2, pair, s or scratch())
    return FitStatus(code).name


def test_lines_that_changed_places_did_not_converge():
    assert status(singlets()) == "OK"
    assert status(singlets(e=404.0)) == "NOT_CONVERGED"
    assert status(doublets(lower=388.0), lines=DOUBLETS, pair=0) == "NOT_CONVERGED"


def test_the_upper_branch_may_pass_the_next_line_where_the_doublet_is_torn():
    # A1' is 24 above the lower branch, 6 more than unstrained; then 8 more
    assert status(doublets(379.0, 404.0, 403.0), lines=DOUBLETS, pair=0) == "NOT_CONVERGED"
    assert status(doublets(377.0, 404.0, 403.0), lines=DOUBLETS, pair=0) == "OK"


@pytest.mark.parametrize("noise2", [1.0, 4.0])
def test_a_line_stands_out_of_the_noise_by_three_standard_errors(noise2):
    sigma = 3.0 * np.sqrt(noise2)
    for name in ("h_e", "h_a"):
        assert status(singlets(**{name: 1.01 * sigma}), noise2=noise2) == "OK"
        assert status(singlets(**{name: 0.99 * sigma}), noise2=noise2) == "LOW_SNR"
        assert status(singlets(**{name: -90.0}), noise2=noise2) == "LOW_SNR"
    # a line that need not be there is not asked
    assert status(singlets(h_e=0.1), required=(0, 1), noise2=noise2) == "OK"


def test_branches_stand_out_together_as_their_heights_are_correlated():
    C = np.eye(16)
    C[3, 4] = C[4, 3] = -0.9  # what one branch wins the other loses: the sum has the variance 0.2
    limit = 3.0 * np.sqrt(0.2)
    weak = {"lines": DOUBLETS, "pair": 0, "C": C}
    assert status(doublets(h1=0.99 * limit - 0.2, h2=0.2), **weak) == "LOW_SNR"
    assert status(doublets(h1=1.01 * limit - 0.2, h2=0.2), **weak) == "OK"


@pytest.mark.parametrize("row", [LOW, HIGH])
@pytest.mark.parametrize("i", [0, 1, 4, 5])
def test_centers_and_widths_stay_off_their_bounds(row, i):
    s, p = scratch(), singlets()
    s.params[row, i] = p[i]
    assert status(p, s=s) == "AT_BOUND"
    assert status(p, s=s, required=(int(i % 2), 1 - int(i % 2))) == "OK"


@pytest.mark.parametrize("lines", [SINGLETS, DOUBLETS], ids=["singlets", "doublets"])
def test_significance_is_that_of_sums_of_heights(lines):
    rng = np.random.default_rng(0)
    for _ in range(50):
        root = rng.normal(size=(16, 16))
        C, noise2 = root @ root.T, rng.uniform(0.5, 2)
        pair = 0 if lines is DOUBLETS else -1
        p = rng.uniform(1, 9, 10)
        p[: lines.n] = np.sort(rng.uniform(370, 410, lines.n))
        s = scratch()
        s.params[KAPPA, lines.n :] = rng.uniform(1, 3, 16 - lines.n)
        heights = np.zeros((2, 16))
        heights[0, lines.n : 2 * lines.n - 1] = 1.0
        heights[1, 2 * lines.n - 1] = 1.0
        center = p[: lines.n - 1].mean(), p[lines.n - 1]
        shared = np.array([s.params[KAPPA, lines.n], s.params[KAPPA, 2 * lines.n - 1]])
        for kappa, used in ((0.0, shared), (1.7, 1.7)):
            variance = np.einsum("ij,jk,ik->i", heights, C, heights) * noise2 * used
            ratios = heights[:, :10] @ p / np.sqrt(variance)
            found = significance(problem(pair), lines, p, C, noise2, kappa, pair, s)
            wanted = ratios.min(), np.sqrt(np.mean(ratios**2)), abs(center[1] - center[0] - (AT_A - AT_E))
            np.testing.assert_allclose(found, wanted, rtol=1e-10)


@pytest.mark.parametrize(("j", "center", "fwhm"), [(0, AT_E, 3.0), (1, AT_A, 5.0)])
def test_what_stands_on_one_side_of_a_line_is_lopsided(j, center, fwhm):
    s, p = scratch(1000), singlets(h_e=50.0, h_a=50.0, w_e=1.5, w_a=2.5)
    row, view = 2 * 2 + 2 + 2, View(1000)
    widths = (s.points[AXIS] - center) / fwhm

    def found(residual, noise2=0.0):
        s.J[row] = residual * s.points[WEIGHTS]
        return lopsided(problem(), SINGLETS, view, p, j, noise2, s)

    one_side = 10.0 * ((widths > 0) & (widths < 3))
    assert found(one_side) == pytest.approx(0.5 * 10.0 / 50.0)
    assert found(10.0 * (np.abs(widths) < 3)) == pytest.approx(0.0, abs=1e-12)  # both sides alike
    assert found(10.0 * (np.abs(widths) < 0.74)) == 0.0  # the core is the profile's
    assert found(10.0 * ((widths > 2.51) & (widths < 4))) == 0.0  # far away is another line's
    s.points[WEIGHTS, ::2] = 0.5  # the residual is weighted
    assert found(one_side) == pytest.approx(0.5 * 10.0 / 50.0)
    s.points[WEIGHTS] = 1.0
    near = (np.abs(widths) > 0.75) & (np.abs(widths) < 2.5)
    sides = (near & (widths < 0)).sum(), (near & (widths > 0)).sum()
    error = 0.5 * np.sqrt(1 / sides[0] + 1 / sides[1])  # of half the difference of two means
    assert found(1.99 * error * 2 * (one_side > 0), noise2=1.0) == 0.0
    assert found(3.0 * error * 2 * (one_side > 0), noise2=1.0) == pytest.approx(error * np.sqrt(5.0) / 50.0)
    s.points[WEIGHTS, widths < 0] = 0.0
    assert found(one_side) == 0.0  # nothing to compare with


def test_misfit_is_the_residual_beyond_the_noise():
    rng, s = np.random.default_rng(1), scratch()
    s.points[WEIGHTS] = np.where(rng.random(200) < 0.2, 0.0, rng.uniform(0.5, 2, 200))
    s.J[2 * 2 + 2 + 2] = rng.normal(0, 3, 200) * s.points[WEIGHTS]
    used = s.points[WEIGHTS] > 0
    plain = s.J[8, used] / s.points[WEIGHTS, used]
    wanted = np.sqrt(np.mean(plain**2) - np.mean(0.7 / s.points[WEIGHTS, used] ** 2))
    assert misfit(problem(), SINGLETS, View(200), 0.7, s) == pytest.approx(wanted)
    assert misfit(problem(), SINGLETS, View(200), 1e3, s) == 0.0


def test_rough_residuals_strange_distances_and_broad_lines_ask_for_more():
    p, broad = singlets(), singlets(w_e=1.5 * 2.7, w_a=2.5 * 2.7)

    def wanted(p=p, rough=0.0, shared=0.0, apart=0.0):
        return wanted_significance(SINGLETS, p, rough, shared, apart)

    assert wanted() == 4.0
    assert wanted(rough=1.3) == 11.0
    assert wanted(rough=1.3, apart=7.1) == 18.0
    assert wanted(rough=1.3, p=broad) == pytest.approx(11.0 * 1.5)
    assert wanted(shared=1.0) == pytest.approx((4.0 + 11.0) / 2)
    assert 4.0 < wanted(rough=1.0) < 11.0
