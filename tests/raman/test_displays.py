# SPDX-License-Identifier: BSD-3-Clause
"""Figures show the fit they were given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from strain2dos.raman import CorrelationDisplay, RamanFeaturizer, SpectrumFitDisplay, StrainDopingSeparator

X_AXIS = np.arange(340.0, 440.0, 0.7)


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def spectrum(split):
    y = 60 / (1 + ((X_AXIS - 384 + split / 2) / 1.5) ** 2) + 60 / (
        1 + ((X_AXIS - 384 - split / 2) / 1.5) ** 2
    )
    y += 120 / (1 + ((X_AXIS - 404) / 2.5) ** 2) + 20
    return y + np.random.default_rng(0).normal(0, 1, y.size)


@pytest.mark.parametrize(("split", "names"), [(0.0, {"E'", "A1'"}), (8.0, {"E'-", "E'+", "A1'"})])
@pytest.mark.parametrize("lineshape", ["lorentzian", "pseudo_voigt"])
def test_spectrum_display_shows_lines_that_add_up_to_the_data(split, names, lineshape):
    y = spectrum(split)
    featurizer = RamanFeaturizer(X_AXIS, lineshape=lineshape).fit(y[None])
    display = SpectrumFitDisplay.from_estimator(featurizer, y)
    assert set(display.components) == names
    assert np.std(display.residual) == pytest.approx(1.0, abs=0.2)
    assert display.residual_ax_ is not None
    assert display.residual_ax_.get_xlabel() == "Raman shift (cm$^{-1}$)"


def test_spectrum_display_draws_into_given_axes_and_names_a_failure():
    featurizer = RamanFeaturizer(X_AXIS).fit(spectrum(0.0)[None])
    _, ax = plt.subplots()
    display = SpectrumFitDisplay.from_estimator(featurizer, np.full(X_AXIS.size, 3.0), ax=ax)
    assert display.ax_ is ax
    assert display.ax_.get_title() == "status: FLAT"
    with pytest.raises(ValueError, match=r"one row of X, but has shape \(1, 143\)"):
        SpectrumFitDisplay.from_estimator(featurizer, spectrum(0.0)[None])


def test_correlation_display_shows_points_and_both_axes():
    separator = StrainDopingSeparator().fit([[0.0, 0.0]])
    centers = np.vstack([separator.inverse_transform([[0.01, 0.0], [0.0, 1.0]]), [[np.nan, 400.0]]])
    display = CorrelationDisplay.from_estimator(separator, centers)
    np.testing.assert_allclose(display.ax_.collections[0].get_offsets(), centers[:2])
    np.testing.assert_allclose(display.ax_.collections[0].get_array(), [1.0, 0.0], atol=1e-9)
    strain_axis = display.ax_.lines[0].get_xydata()
    slope = np.diff(strain_axis[:2], axis=0)[0]
    assert slope[1] / slope[0] == pytest.approx(2.50 / 4.31)
    assert display.colorbar_.ax.get_ylabel() == "Biaxial strain (%)"
