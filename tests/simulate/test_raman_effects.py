# SPDX-License-Identifier: BSD-3-Clause
"""What measured spectra show besides the lines of a clean monolayer, against SciPy and analytic results."""

import numpy as np
import pytest
from scipy.optimize import curve_fit
from scipy.signal import savgol_filter

from strain2dos.datasets import make_raman_map
from strain2dos.simulate import SpectrumEffects, lorentzian, simulate_spectra

SHIFT = np.arange(340.0, 560.0, 0.25)
CLEAN = {"shot_noise": False, "read_noise": 0.0}
LINES = np.array([[384.6, 384.6, 402.7]])


def added(lines=LINES, shift=SHIFT, **effects):
    """What the effects add to clean spectra."""
    plain = simulate_spectra(lines, shift, **CLEAN)
    return simulate_spectra(lines, shift, effects=SpectrumEffects(**effects), **CLEAN) - plain


@pytest.mark.parametrize(
    ("name", "position", "fwhm"),
    [
        ("LO(M)", 376.0, 16.0),
        ("ZO(M)", 411.0, 8.0),
        ("2LA", 454.0, 22.0),
        ("Si", 520.7, 4.0),
        ("Al2O3", 418.0, 4.0),
        ("Al2O3(378)", 378.0, 5.0),
    ],
)
def test_a_band_is_a_lorentzian_of_the_stated_place_width_and_height(name, position, fwhm):
    found = added(bands={name: 0.4})[0]
    # the default height of E' is 2000 counts
    np.testing.assert_allclose(found, lorentzian(SHIFT, position, fwhm, 800.0), atol=1e-6)


def test_defect_bands_follow_their_line_under_strain_and_substrate_lines_stay():
    strained = LINES - [[9.0, 5.0, 3.0]]
    for name, moved in (("LO(M)", -7.0), ("ZO(M)", -3.0), ("2LA", -7.0), ("Al2O3", 0.0), ("Si", 0.0)):
        tops = [SHIFT[added(lines, bands={name: 1.0})[0].argmax()] for lines in (LINES, strained)]
        assert tops[1] - tops[0] == pytest.approx(moved, abs=0.01), name


def test_defect_bands_vanish_off_the_flake_and_substrate_lines_do_not():
    bare = np.full((1, 3), np.nan)
    assert np.ptp(added(bare, bands={"LO(M)": 1.0, "2LA": 1.0})) == 0.0
    assert np.ptp(added(bare, bands={"Si": 1.0})) > 1900


def test_an_axis_that_is_off_moves_every_line_by_the_same_amount():
    options = {"bands": {"Si": 4.0}, "foreign_lines": ((430.0, 2.0, 0.5),)}
    axis = np.arange(340.0, 560.0, 0.05)
    true, off = (
        simulate_spectra(LINES, axis, effects=SpectrumEffects(axis_offset=offset, **options), **CLEAN)[0]
        for offset in (0.0, 7.5)
    )
    steps = 150
    np.testing.assert_allclose(off[steps:], true[:-steps], atol=1e-6)


def test_a_step_lifts_what_lies_beyond_its_place_and_never_below_zero():
    lines = np.repeat(LINES, 2, axis=0)
    up, down = added(lines, step=[[394.1, 0.3], [450.1, -9.0]])
    np.testing.assert_allclose(up, np.where(SHIFT > 394.1, 600.0, 0.0), atol=1e-6)
    np.testing.assert_allclose(down[SHIFT < 450.1], 0.0, atol=1e-6)
    plain = simulate_spectra(LINES, SHIFT, **CLEAN)[0]
    np.testing.assert_allclose(down[SHIFT > 450.1], -plain[SHIFT > 450.1])


def test_fringes_multiply_the_light_with_their_period():
    effects = SpectrumEffects(fringes=(0.1, 40.0, 0.3))
    spectrum = simulate_spectra(np.full((1, 3), np.nan), SHIFT, baseline=(500.0,), effects=effects, **CLEAN)[
        0
    ]

    def wave(x, level, amplitude, period, phase):
        return level * (1 + amplitude * np.sin(2 * np.pi * x / period + phase))

    found, _ = curve_fit(wave, SHIFT, spectrum, (480.0, 0.12, 39.9, 0.3))
    np.testing.assert_allclose(found, [500.0, 0.1, 40.0, 0.3], rtol=1e-6)


def dark(n=300, read_noise=5.0, **effects):
    """Spectra without any light."""
    lines = np.full((n, 3), np.nan)
    return simulate_spectra(
        lines, SHIFT, baseline=(0.0,), shot_noise=False, read_noise=read_noise, random_state=0,
        effects=SpectrumEffects(**effects),
    )  # fmt: skip


def correlation(noise, lag):
    return np.mean(noise[:, lag:] * noise[:, :-lag]) / np.mean(noise**2)


def test_correlated_noise_keeps_its_size_and_has_the_gaussian_correlation():
    # white noise smoothed by a Gaussian of s points correlates as exp(-lag^2 / 4 s^2)
    noise = dark(noise_correlation=2.0)
    assert noise.std() == pytest.approx(5.0, rel=0.02)
    for lag in (1, 2, 4):
        assert correlation(noise, lag) == pytest.approx(np.exp(-(lag**2) / 16.0), abs=0.02)


def test_pink_noise_falls_as_one_over_f():
    noise = dark(read_noise=0.0, pink_noise=3.0)
    assert noise.std() == pytest.approx(3.0, rel=0.02)
    power = np.square(np.abs(np.fft.rfft(noise, axis=1))).mean(axis=0)
    slope = np.polyfit(np.log(np.arange(3, 300)), np.log(power[3:300]), 1)[0]
    assert slope == pytest.approx(-1.0, abs=0.05)


def test_interpolation_halfway_between_detector_points_halves_the_variance_and_correlates_neighbors():
    native = np.concatenate([SHIFT - 0.125, SHIFT[-1:] + 0.125])
    noise = dark(native_shift=native)
    assert noise.var() == pytest.approx(12.5, rel=0.02)
    assert correlation(noise, 1) == pytest.approx(0.5, abs=0.02)
    assert abs(correlation(noise, 2)) < 0.02


def test_smoothing_is_that_of_scipy():
    raw, smooth = dark(n=3), dark(n=3, smoothing=("savgol", 9, 2))
    np.testing.assert_allclose(smooth, savgol_filter(raw, 9, 2, axis=1), atol=1e-9)
    assert dark(n=200, smoothing=("mean", 5)).std() == pytest.approx(5.0 / np.sqrt(5), rel=0.02)


def test_a_spectrum_without_effects_is_bit_for_bit_what_it_was():
    plain = simulate_spectra(LINES, SHIFT, random_state=3, cosmic_rays=1.0)
    again = simulate_spectra(LINES, SHIFT, random_state=3, cosmic_rays=1.0, effects=SpectrumEffects())
    np.testing.assert_array_equal(again, plain)


def test_a_map_takes_effects_and_states_them():
    drift = np.linspace(0.0, 3.0, 80)
    effects = SpectrumEffects(bands={"LO(M)": 0.5, "Si": 3.0}, axis_offset=drift)
    data = make_raman_map((8, 10), shift=SHIFT, effects=effects, cosmic_rays=0.0, n_dead=0, random_state=0)
    silicon = SHIFT[SHIFT > 500][data.intensity.values[..., SHIFT > 500].argmax(-1)]
    np.testing.assert_allclose(silicon.ravel() - 520.7, drift, atol=0.6)
    assert data.attrs["effect bands LO(M)"] == 0.5
    assert data.attrs["effect axis_offset"] == [0.0, 3.0]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"bands": {"LA(M)": 1.0}}, r"bands names \['LA\(M\)'\], but the table has"),
        ({"foreign_lines": (409.0, 2.0)}, r"rows of position, width and height, but has shape \(2,\)"),
        ({"step": 394.0}, r"step must be a place and a height.*has shape \(\)"),
        ({"fringes": (0.1,)}, r"\(amplitude, period\[, phase\]\), but is \(0.1,\)"),
        ({"pink_noise": -1.0}, "must not be negative"),
        ({"smoothing": ("median", 3)}, "smoothing must be"),
    ],
)
def test_impossible_effects_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        SpectrumEffects(**settings)


def test_effects_need_one_value_per_spectrum():
    with pytest.raises(ValueError, match=r"axis_offset must be one number or one per spectrum \(1\)"):
        simulate_spectra(LINES, SHIFT, effects=SpectrumEffects(axis_offset=[1.0, 2.0]))
