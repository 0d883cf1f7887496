# SPDX-License-Identifier: BSD-3-Clause
"""Other profiles than the Lorentzian, through the whole fit: values, errors, names, bounds."""

import numpy as np
import pytest
from scipy.integrate import trapezoid
from scipy.special import voigt_profile

from strain2dos.raman import RamanFeaturizer, RamanMode

AXIS = np.arange(360.0, 430.0, 0.5)
MODES = (RamanMode("P", 384.0, (375.0, 393.0), 3.0), RamanMode("Q", 404.0, (395.0, 415.0), 5.0))


def lorentz(z):
    return 1 / (1 + z**2)


def half_width(profile):
    z = np.linspace(0, 30, 300_001)
    return z[np.argmax(profile(z) < 0.5 * profile(0.0))]


def voigt_line(center, lorentz_half, sigma, height, x=AXIS):
    return height * voigt_profile(x - center, sigma, lorentz_half) / voigt_profile(0, sigma, lorentz_half)


def fit(Y, lineshape, **options):
    return RamanFeaturizer(AXIS, modes=MODES, lineshape=lineshape, **options).fit(Y).fit_spectra(Y)


def pull(fit, name, truth):
    j = fit.names.index(name)
    return (fit.params[:, j] - truth) / fit.sigma[:, j]


def noisy(clean, noise, n, seed=0):
    return clean + np.random.default_rng(seed).normal(0, noise, (n, clean.size))


def test_voigt_lines_of_scipy_come_back_with_calibrated_errors():
    clean = voigt_line(384.0, 1.0, 0.8, 1000.0) + voigt_line(404.0, 2.0, 1.2, 1200.0) + 100
    found = fit(noisy(clean, 5.0, 1500), "voigt")
    assert np.all(found.status == 0)
    assert found.names[:4] == ("P_center", "P_fwhm", "P_area", "P_mixing")
    x = np.linspace(-4000, 4000, 800_001)
    for mode, lorentz_half, sigma, center, height in (
        ("P", 1.0, 0.8, 384.0, 1000.0),
        ("Q", 2.0, 1.2, 404.0, 1200.0),
    ):
        half = half_width(lambda z, a=lorentz_half, s=sigma: voigt_profile(z, s, a))
        area = trapezoid(voigt_line(0.0, lorentz_half, sigma, height, x), x)
        truths = {"center": center, "fwhm": 2 * half, "area": area, "mixing": lorentz_half / half}
        for kind, truth in truths.items():
            z = pull(found, f"{mode}_{kind}", truth)
            assert abs(z.mean()) < 0.15, (mode, kind)
            assert 0.92 < z.std() < 1.08, (mode, kind)


@pytest.mark.parametrize(("lorentz_half", "sigma"), [(1.5, 0.0), (0.0, 1.2)])
def test_voigt_fit_reaches_its_limits_without_losing_the_line(lorentz_half, sigma):
    z = AXIS[:, None] - np.array([384.0, 404.0])
    line = lorentz(z / lorentz_half) if lorentz_half else np.exp(-0.5 * (z / sigma) ** 2)
    found = fit(noisy(1000 * line.sum(axis=1) + 100, 5.0, 200), "voigt")
    assert np.all(found.status == 0)
    expected = 2 * (lorentz_half or sigma * np.sqrt(2 * np.log(2)))
    j = found.names.index("P_fwhm")
    assert np.mean(found.params[:, j]) == pytest.approx(expected, rel=0.005)
    assert np.mean(found.params[:, found.names.index("P_mixing")]) == pytest.approx(
        1.0 if lorentz_half else 0.0, abs=0.04
    )


def test_fano_lines_come_back_with_calibrated_errors():
    def line(center, g, height, b):
        e = (AXIS - center) / g
        return height * (1 + b * e) ** 2 / (1 + e**2)

    clean = line(384.0, 1.5, 1000.0, -0.2) + line(404.0, 2.5, 1200.0, 0.15) + 100
    found = fit(noisy(clean, 5.0, 1500), "fano")
    assert np.all(found.status == 0)
    truths = {"P_center": 384.0, "P_fwhm": 3.0, "P_mixing": -0.2, "Q_center": 404.0, "Q_mixing": 0.15}
    truths["P_area"] = np.pi * 1.5 * 1000.0 * (1 - 0.2**2)
    for name, truth in truths.items():
        z = pull(found, name, truth)
        assert abs(z.mean()) < 0.12, name
        assert 0.94 < z.std() < 1.06, name


def test_a_fano_line_fitted_as_a_lorentzian_is_off_and_as_a_fano_line_is_not():
    e = (AXIS - 384.0) / 1.5
    clean = 1000 * (1 + 0.3 * e) ** 2 / (1 + e**2) + 1200 * lorentz((AXIS - 404.0) / 2.5) + 100
    center = {shape: fit(clean[None], shape).params[0, 0] for shape in ("lorentzian", "fano")}
    assert center["fano"] == pytest.approx(384.0, abs=1e-3)
    assert center["lorentzian"] > 384.2


@pytest.mark.parametrize("lineshape", ["pseudo_voigt", "voigt", "fano"])
def test_doublets_share_width_and_mixing(lineshape):
    x = np.arange(340.0, 440.0, 0.5)
    z = lambda c, g: (x - c) / g  # noqa: E731
    Y = 600 * lorentz(z(380, 1.5)) + 500 * lorentz(z(386, 1.5)) + 1200 * lorentz(z(404, 2.5)) + 100
    Y = noisy(Y, 4.0, 50)
    found = RamanFeaturizer(x, lineshape=lineshape, split=True).fit(Y).fit_spectra(Y)
    assert np.all(found.status == 0)
    for name, truth in (("E'-_center", 380.0), ("E'+_center", 386.0), ("E'_fwhm", 3.0)):
        z = pull(found, name, truth)
        assert abs(z.mean()) < 0.7, name


def test_mixing_is_a_column_only_where_asked_for_and_where_there_is_one():
    Y = noisy(1000 * lorentz((AXIS - 384) / 1.5) + 900 * lorentz((AXIS - 404) / 2.5), 4.0, 3)
    plain = RamanFeaturizer(AXIS, modes=MODES, lineshape="voigt").fit(Y)
    assert not any("mixing" in name for name in plain.get_feature_names_out())
    asked = RamanFeaturizer(AXIS, modes=MODES, lineshape="voigt", features=("center", "mixing")).fit(Y)
    assert list(asked.get_feature_names_out()) == ["P_center", "P_mixing", "Q_center", "Q_mixing"]
    with pytest.raises(
        ValueError, match=r"features must be some of .* for lorentzian lines, but is .*mixing"
    ):
        RamanFeaturizer(AXIS, modes=MODES, lineshape="lorentzian", features=("mixing",)).fit(Y)


def mixed_line(x, center, fwhm, height, share):
    """Sum of a Lorentzian of this share and a Gaussian."""
    z = 2 * (x - np.asarray(center)[..., None]) / fwhm
    return height * (share * lorentz(z) + (1 - share) * np.exp(-np.log(2) * z**2))


@pytest.mark.parametrize("shares", [(1, 0), (0, 1), (0, 0), (1, 1), (0.5, 0.5)])
@pytest.mark.parametrize("widths", [(3, 5), (5, 6)])
def test_auto_finds_the_profile_of_each_line_and_no_doublet(shares, widths):
    rng, n, x = np.random.default_rng(21), 400, np.arange(345.0, 445.0, 0.6)
    e, a = 384.3 + rng.uniform(-0.8, 0.8, n), 403.2 + rng.uniform(-0.8, 0.8, n)
    Y = mixed_line(x, e, widths[0], 80, shares[0]) + mixed_line(x, a, widths[1], 100, shares[1])
    Y += 60 + rng.normal(0, 2, Y.shape)
    found = RamanFeaturizer(x, lineshape="auto").fit(Y).fit_spectra(Y)
    assert np.all(found.status == 0)
    for name, truth in (("E'_center", e), ("A1'_center", a)):
        z = pull(found, name, truth)
        assert abs(z.mean()) < 0.2, name
        assert 0.88 < z.std() < 1.12, name
        assert np.abs(z).max() < 5, name
    assert np.mean(found.split_probability > 0.5) <= 0.025  # 0.2 to 1.1 % in 1,500 spectra


def test_auto_finds_a_doublet_of_lorentzians():
    rng, n, x = np.random.default_rng(22), 400, np.arange(345.0, 445.0, 0.6)
    e = 384.3 + rng.uniform(-0.8, 0.8, n)
    Y = (
        mixed_line(x, e - 1, 3, 40, 1)
        + mixed_line(x, e + 1, 3, 40, 1)
        + mixed_line(x, e * 0 + 403.2, 5, 100, 1)
    )
    Y += 60 + rng.normal(0, 2, Y.shape)
    found = RamanFeaturizer(x, lineshape="auto").fit(Y).fit_spectra(Y)
    assert np.mean(found.split_probability > 0.5) >= 0.99
    assert 0.9 < pull(found, "E'_center", e).std() < 1.1
