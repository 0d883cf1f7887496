# SPDX-License-Identifier: BSD-3-Clause
"""The noise that is read from a residual, against noise of known size and correlation."""

from typing import NamedTuple

import numpy as np
import pytest
from scipy.interpolate import CubicHermiteSpline
from scipy.special import expit

from strain2dos._compiled import njit
from strain2dos.raman._fitting._judgement import noise
from strain2dos.raman._fitting.records import AXIS, PADDED, WEIGHTS

# compiled by themselves: elsewhere they are parts of the fit
ALONE = noise.OPTIONS | {"part": False, "cache": False}
probability = njit(**ALONE)(noise.probability.py_func)
smooth_step = njit(**ALONE)(noise.smooth_step.py_func)
mark_quiet = njit(**ALONE)(noise.mark_quiet.py_func)
differences = njit(**ALONE)(noise._differences.py_func)
autocorrelation = njit(**ALONE)(noise.autocorrelation.py_func)
SIGMA = 3.0


class View(NamedTuple):
    n: int


class Scratch(NamedTuple):
    J: np.ndarray
    points: np.ndarray


class Lines(NamedTuple):
    n: int
    n_base: int
    group: np.ndarray


def scratch(residual, *, quiet=None):
    points = np.zeros((WEIGHTS + 1, residual.size))
    points[PADDED] = 1.0 if quiet is None else quiet
    points[WEIGHTS] = 1.0
    points[AXIS] = np.arange(residual.size)
    return View(residual.size), Scratch(residual[None].copy(), points)


def read(residual, *, quiet=None, whole=None):
    view, s = scratch(residual, quiet=quiet)
    return differences(0, view, residual.var() if whole is None else whole, s)


def test_probability_is_the_logistic_function_of_half_the_odds():
    for odds in (-900.0, -201.0, -3.0, 0.0, 5.0, 150.0, 900.0):
        assert probability(odds) == pytest.approx(expit(0.5 * np.clip(odds, -200, 200)))


def test_smooth_step_is_the_cubic_that_is_flat_at_both_ends():
    cubic = CubicHermiteSpline([1.0, 4.0], [0.0, 1.0], [0.0, 0.0])
    for value in np.linspace(-1, 6, 29):
        assert smooth_step(value, 1.0, 4.0) == pytest.approx(float(cubic(np.clip(value, 1, 4))))


def test_independent_noise_is_read_as_it_is_and_none_of_it_as_shared():
    rng = np.random.default_rng(0)
    found = np.array([read(rng.normal(0, SIGMA, 300)) for _ in range(300)])
    np.testing.assert_allclose(found[:, 0].mean(), SIGMA**2, rtol=0.03)
    np.testing.assert_allclose(found[:, 3].mean(), SIGMA**2, rtol=0.03)
    assert found[:, 1].mean() < 0.03
    assert (found[:, 2] == 297).all()


@pytest.mark.parametrize("width", [2, 3])
def test_smoothed_noise_is_seen_as_shared_and_its_size_is_that_of_the_points(width):
    rng = np.random.default_rng(1)
    kernel = np.ones(width) / np.sqrt(width)
    rows = [np.convolve(rng.normal(0, SIGMA, 400), kernel, "valid") for _ in range(200)]
    found = np.array([read(row) for row in rows])
    assert found[:, 1].mean() > 0.95
    np.testing.assert_allclose(found[:, 3].mean(), SIGMA**2, rtol=0.03)
    # second differences alone would take it for less
    assert found[:, 0].mean() < 0.7 * SIGMA**2


def test_a_straight_background_adds_nothing():
    residual = np.random.default_rng(2).normal(0, SIGMA, 120)
    tilted = residual + 5.0 * np.arange(120) - 40.0
    assert read(tilted, whole=1.0)[0] == pytest.approx(read(residual, whole=1.0)[0])


def test_points_that_are_not_quiet_do_not_count():
    rng = np.random.default_rng(3)
    residual, quiet = rng.normal(0, SIGMA, 150), np.ones(150)
    quiet[60:75] = 0.0
    spoilt = residual + 1e4 * (1 - quiet) * rng.normal(size=150)
    np.testing.assert_allclose(read(spoilt, quiet=quiet, whole=9.0), read(residual, quiet=quiet, whole=9.0))
    assert (
        read(residual, quiet=quiet, whole=9.0)[2] == (60 - 2) + (75 - 2) - 1
    )  # the last triple has no fourth


def test_too_few_points_tell_nothing():
    residual = np.random.default_rng(4).normal(0, SIGMA, 11)
    assert read(residual)[2] == 9 - 1
    assert read(residual[:10]) == (0.0, 0.0, 0.0, 0.0)


def test_misfit_counts_as_misfit_and_not_as_shared_noise():
    rng = np.random.default_rng(5)
    wave = 4 * SIGMA * np.sin(np.arange(300) / 6)
    rows = [rng.normal(0, SIGMA, 300) + wave for _ in range(100)]
    # neighbors have the wave in common; second differences show that the noise itself is independent, and
    # that decides where the lines leave far more than what lies off them
    alike = np.array([read(row) for row in rows])
    misfit = np.array([read(row, whole=5 * row.var()) for row in rows])
    assert misfit[:, 1].mean() < 0.5 * alike[:, 1].mean()
    np.testing.assert_allclose(misfit[:, 0].mean(), SIGMA**2, rtol=0.1)


def test_correlation_is_that_of_numpy():
    residual = np.random.default_rng(6).normal(0, SIGMA, 80)
    view, s = scratch(residual)
    total = residual @ residual
    for lag in (1, 2, 7):
        wanted = np.correlate(residual, residual, "full")[79 + lag] / total
        assert autocorrelation(0, view, total, lag, s) == pytest.approx(wanted)


def test_points_within_so_many_widths_of_a_line_are_not_quiet():
    view, s = scratch(np.zeros(100))
    s.points[WEIGHTS, 3] = 0.0
    # two lines of the material of one half width, a narrow extra line and a broad band
    lines = Lines(4, 2, np.array([0, 0, 1, 2]))
    p = np.array([20.0, 40.0, 60.0, 80.0, 0, 0, 0, 0, 2.0, 1.5, 4.0])
    for widths in (1.0, 2.0):
        n = mark_quiet(lines, view, p, widths, s)
        axis = s.points[AXIS]
        near = [(20, 2.0), (40, 2.0), (60, 1.5)]
        wanted = s.points[WEIGHTS] > 0
        for center, half in near:
            wanted &= np.abs(axis - center) > 2 * widths * half
        np.testing.assert_array_equal(s.points[PADDED], wanted)
        assert n == wanted.sum()
