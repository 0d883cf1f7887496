# SPDX-License-Identifier: BSD-3-Clause
"""Backgrounds with a step, where windows were stitched, or a kink, where a baseline was cut to pieces."""

import numpy as np
import pytest

from strain2dos.raman import FitStatus, RamanFeaturizer, SpectrumFitDisplay

AXIS = np.arange(345.0, 445.0, 0.6)
N = 1500


def line(center, fwhm, height):
    return height / (1 + 4 * ((AXIS - center) / fwhm) ** 2)


def lines(rng, n):
    e, a = 384.3 + rng.uniform(-0.8, 0.8, (n, 1)), 403.2 + rng.uniform(-0.8, 0.8, (n, 1))
    clean = line(e, 3.2, 1.0) + line(a, 5.0, 1.2) + 0.6
    return clean + rng.normal(0, 0.025, clean.shape), e[:, 0], a[:, 0]


def beyond_five_errors(Y, e, a, **options):
    fit = RamanFeaturizer(AXIS, **options).fit(Y).fit_spectra(Y)
    wrong = np.zeros(len(Y), bool)
    for name, truth in (("E'_center", e), ("A1'_center", a)):
        j = fit.names.index(name)
        wrong |= np.abs(fit.params[:, j] - truth) > 5 * fit.sigma[:, j]
    return np.mean(wrong & (fit.status == FitStatus.OK)), np.mean(fit.status == FitStatus.OK)


@pytest.mark.parametrize("height", [0.1, 0.2, 0.4])
def test_a_step_anywhere_is_within_the_error(height):
    rng = np.random.default_rng(1)
    Y, e, a = lines(rng, N)
    Y += height * rng.choice([-1, 1], (N, 1)) * (rng.uniform(360, 425, (N, 1)) < AXIS)
    wrong, fitted = beyond_five_errors(Y, e, a)
    straight, _ = beyond_five_errors(Y, e, a, baseline_degree=1)
    assert wrong < 0.03  # 0.1 to 0.25 before, and with a straight baseline
    assert wrong < 0.25 * straight
    assert fitted > 0.97


def test_a_kink_is_within_the_error():
    rng = np.random.default_rng(2)
    Y, e, a = lines(rng, N)
    Y += 0.02 * rng.choice([-1, 1], (N, 1)) * np.maximum(AXIS - rng.uniform(365, 420, (N, 1)), 0)
    wrong, fitted = beyond_five_errors(Y, e, a)
    assert wrong < 0.02
    assert fitted > 0.9


def test_the_step_stands_where_it_was_put():
    rng = np.random.default_rng(3)
    Y, _, _ = lines(rng, 1)
    Y += 0.3 * (AXIS > 394.0)
    shown = SpectrumFitDisplay.from_estimator(RamanFeaturizer(AXIS).fit(Y), Y[0])
    rise = np.diff(shown.baseline)
    assert shown.curve_shift[rise.argmax()] == pytest.approx(394.0, abs=0.7)
    assert rise.max() == pytest.approx(0.3, abs=0.03)
    assert np.abs(shown.residual).max() < 5 * 0.025
