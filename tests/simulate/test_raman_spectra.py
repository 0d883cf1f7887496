# SPDX-License-Identifier: BSD-3-Clause
import numpy as np
import pytest
from scipy.integrate import trapezoid

from strain2dos.simulate import lorentzian, simulate_spectra, voigt

SHIFT = np.arange(340.0, 440.0, 0.5)
LINES = np.array([[383.0, 387.0, 404.0]])


def test_lorentzian_has_its_height_width_and_area():
    axis = np.linspace(-4e4, 4e4, 4_000_001)
    line = lorentzian(axis, 0.0, 3.0, 7.0)
    above = axis[line >= 3.5]
    assert line.max() == 7.0
    assert np.ptp(above) == pytest.approx(3.0, abs=0.05)
    assert trapezoid(line, axis) == pytest.approx(np.pi / 2 * 7.0 * 3.0, rel=1e-4)


def test_voigt_is_the_lorentzian_convolved_with_a_gaussian_of_the_stated_width():
    axis = 0.02 * np.arange(-20_000, 20_001)
    response = np.exp(-4 * np.log(2) * (axis / 1.8) ** 2)
    expected = np.convolve(lorentzian(axis, 0.0, 2.5, 100.0), response / response.sum(), mode="same")
    near = np.abs(axis) < 30
    np.testing.assert_allclose(voigt(axis, 0.0, 2.5, 100.0, 1.8)[near], expected[near], rtol=1e-8)


def test_instrument_widens_lines_but_keeps_their_area():
    wide = np.arange(-20000.0, 21000.0, 0.25)
    options = {"shot_noise": False, "read_noise": 0.0, "baseline": (0.0, 0.0)}
    sharp, blurred = (simulate_spectra(LINES, wide, instrument_fwhm=w, **options)[0] for w in (0.0, 2.0))
    assert blurred.sum() == pytest.approx(sharp.sum(), rel=1e-9)
    assert blurred.max() < 0.95 * sharp.max()


def test_further_baseline_terms_are_legendre_polynomials_of_the_scaled_axis():
    options = {"shot_noise": False, "read_noise": 0.0, "height": (0.0, 0.0)}
    terms = [[300.0, 0.8, 40.0, -15.0], [500.0, 0.0, 0.0, 90.0]]
    found = simulate_spectra(np.repeat(LINES, 2, axis=0), SHIFT, baseline=terms, **options)
    t = np.linspace(-1, 1, SHIFT.size)
    p2, p3 = (3 * t**2 - 1) / 2, (5 * t**3 - 3 * t) / 2
    slope = 0.8 * (SHIFT - SHIFT[[0, -1]].mean())
    np.testing.assert_allclose(found, [300 + slope + 40 * p2 - 15 * p3, 500 + 90 * p3], atol=1e-9)


def test_one_baseline_term_is_a_flat_background_and_it_never_falls_below_zero():
    options = {"shot_noise": False, "read_noise": 0.0, "height": (0.0, 0.0)}
    np.testing.assert_array_equal(simulate_spectra(LINES, SHIFT, baseline=[70.0], **options), 70.0)
    dipped = simulate_spectra(LINES, SHIFT, baseline=[0.0, 0.0, 50.0], **options)[0]
    assert dipped.min() == 0
    assert dipped[[0, -1]] == pytest.approx([50.0, 50.0])


def test_both_branches_together_carry_the_area_of_the_unsplit_line():
    wide = np.arange(-20000.0, 21000.0, 0.25)
    options = {"shot_noise": False, "read_noise": 0.0, "baseline": (0.0, 0.0), "height": (1000.0, 0.0)}
    split, single = simulate_spectra([[383, 387, 404], [385, 385, 404]], wide, **options)
    assert split.sum() == pytest.approx(single.sum(), rel=1e-5)
    assert single.max() == pytest.approx(1000.0)


def test_noise_has_poisson_and_read_variance():
    spectra = simulate_spectra(np.repeat(LINES, 4000, axis=0), SHIFT, read_noise=10.0, random_state=1)
    clean = simulate_spectra(LINES, SHIFT, shot_noise=False, read_noise=0.0)[0]
    # chi-square with 4000 x 200 samples: the mean ratio is known to 0.16 %
    ratio = (spectra.var(axis=0) / (clean + 100.0)).mean()
    assert ratio == pytest.approx(1.0, abs=0.006)
    assert np.abs((spectra.mean(axis=0) - clean) / np.sqrt((clean + 100) / 4000)).max() < 5


def test_baseline_has_its_level_and_slope():
    options = {"shot_noise": False, "read_noise": 0.0, "height": (0.0, 0.0), "baseline": (300.0, 0.8)}
    level = simulate_spectra(LINES, SHIFT, **options)[0]
    slope, middle = np.polyfit(SHIFT - SHIFT[[0, -1]].mean(), level, 1)
    assert (slope, middle) == pytest.approx((0.8, 300.0))


def test_rows_without_a_flake_carry_background_only():
    spectra = simulate_spectra([[np.nan] * 3], SHIFT, shot_noise=False, read_noise=0.0, baseline=(50.0, 0.0))
    np.testing.assert_array_equal(spectra, 50.0)


def test_cosmic_rays_hit_the_stated_share_of_spectra():
    many = np.repeat(LINES, 2000, axis=0)
    options = {"shot_noise": False, "read_noise": 0.0, "random_state": 3}
    hit = (
        simulate_spectra(many, SHIFT, cosmic_rays=0.1, **options) != simulate_spectra(many, SHIFT, **options)
    ).any(axis=1)
    assert hit.mean() == pytest.approx(0.1, abs=4 * np.sqrt(0.09 / 2000))


def test_one_seed_gives_one_set_of_spectra():
    first, second = (simulate_spectra(LINES, SHIFT, cosmic_rays=1.0, random_state=5) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fwhm": (0.0, 4.0)}, "fwhm must be positive"),
        ({"height": (1.0, 2.0, 3.0)}, r"height must have shape \(2,\) or \(1, 2\)"),
        ({"cosmic_rays": 1.5}, r"cosmic_rays must be a probability .* 1.5"),
        ({"read_noise": -1.0}, "read_noise >= 0"),
        ({"instrument_fwhm": -0.5}, r"instrument_fwhm must be a width in cm-1.*-0\.5"),
        ({"baseline": np.zeros((2, 2))}, r"baseline must have shape \(k,\) or \(1, k\).*\(2, 2\)"),
        ({"baseline": 200.0}, r"baseline must have shape .*\(\)"),
    ],
)
def test_impossible_settings_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        simulate_spectra(LINES, SHIFT, **changes)
