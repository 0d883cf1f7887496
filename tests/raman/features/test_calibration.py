# SPDX-License-Identifier: BSD-3-Clause
"""Unstrained positions: given, measured on a spectrum or a region, or from literature."""

import numpy as np
import pytest

from strain2dos.datasets import make_raman_map
from strain2dos.raman import LineCalibration, RamanFeaturizer, material_modes, measure_unstrained
from strain2dos.simulate import SpectrumEffects, simulate_spectra

SHIFT = np.arange(340.0, 560.0, 0.5)


def flake(e, a, n=200, *, seed=0, **effects):
    options = {"height": (3000.0, 3500.0), "effects": SpectrumEffects(**effects), "random_state": seed}
    return simulate_spectra([[e, e, a]] * n, SHIFT, **options)


def centers(fit):
    return np.array(
        [np.nanmean(fit.params[fit.status == 0, fit.names.index(f"{n}_center")]) for n in ("E'", "A1'")]
    )


def fitted(spectra, **options):
    featurizer = RamanFeaturizer(SHIFT, split=False, **options)
    return featurizer.fit(spectra[:2]).fit_spectra(spectra)


def test_given_positions_move_the_unstrained_lines_to_those_of_the_table():
    fit = fitted(flake(383.9, 403.3), unstrained={"E'": 383.9, "A1'": (403.3, 0.1)})
    np.testing.assert_allclose(centers(fit), [384.6, 402.7], atol=0.02)
    # the distance, a measure of the number of layers, stays as measured
    assert np.nanmean(fit.params[:, fit.names.index("A1'-E'")]) == pytest.approx(19.4, abs=0.02)


def test_every_kind_of_column_of_a_line_moves_with_it_and_nothing_else_does():
    calibration = LineCalibration.from_unstrained({"E'": 384.0}, material_modes("MoS2"))
    columns = ("E'_center", "E'-_center", "E'+_center", "E'_fwhm", "E'_area", "A1'_center", "A1'-E'")
    shift, _ = calibration.of(columns)
    np.testing.assert_allclose(shift, [0.6, 0.6, 0.6, 0.0, 0.0, 0.0, 0.0], atol=1e-12)


def test_without_calibration_the_common_error_is_the_spread_of_literature():
    fit = fitted(flake(384.6, 402.7, n=3))
    shared = dict(zip(fit.names, fit.common_sigma, strict=True))
    assert (shared["E'_center"], shared["A1'_center"]) == (0.5, 0.7)
    assert shared["E'_fwhm"] == shared["A1'-E'"] == 0.0
    assert "literature" in fit.calibration.source


def test_positions_measured_on_a_spectrum_agree_with_the_truth_within_their_error():
    truth, pulls = np.array([384.1, 403.4]), []
    for seed in range(30):
        found = measure_unstrained(flake(*truth, n=20, seed=seed), SHIFT, split=False)
        pulls.append([(found[n][0] - t) / found[n][1] for n, t in zip(("E'", "A1'"), truth, strict=True)])
    pulls = np.array(pulls)
    assert np.all(np.abs(pulls.mean(axis=0)) < 3 / np.sqrt(30))
    np.testing.assert_allclose(pulls.std(axis=0), 1.0, atol=0.35)


def test_positions_of_a_region_of_a_map_are_those_of_its_spectra():
    data = make_raman_map(
        (12, 16), scene="bubble", doping=0.0, random_strain=0.0, cosmic_rays=0.0, random_state=0
    )
    # the corner of the flake beside the bubble is unstrained
    found = measure_unstrained(data.intensity, region=(1.0, 1.0, 2.0, 5.0), split=False)
    assert found["E'"][0] == pytest.approx(384.6, abs=4 * found["E'"][1] + 0.01)
    assert found["A1'"][0] == pytest.approx(402.7, abs=4 * found["A1'"][1] + 0.01)
    with pytest.raises(
        ValueError, match=r"region \(90.0, 90.0, 99.0, 99.0\) holds no spectrum: x runs from 0"
    ):
        measure_unstrained(data.intensity, region=(90.0, 90.0, 99.0, 99.0))


@pytest.mark.parametrize("offset", [-15.0, -7.7, 3.0, 7.7, 15.0])
def test_silicon_corrects_an_axis_that_is_off_by_up_to_15(offset):
    spectra = flake(383.2, 402.1, bands={"Si": 3.0}, axis_offset=offset)
    fit = fitted(spectra, reference="Si")
    assert np.mean(fit.status == 0) == 1.0
    np.testing.assert_allclose(centers(fit), [383.2, 402.1], atol=0.05)


def test_silicon_corrects_every_spectrum_of_an_axis_that_drifts():
    drift = np.linspace(-14.0, 14.0, 200)
    fit = fitted(flake(384.6, 402.7, bands={"Si": 3.0}, axis_offset=drift), reference="Si", noise="poisson")
    for name, truth in (("E'", 384.6), ("A1'", 402.7)):
        j = fit.names.index(f"{name}_center")
        pulls = (fit.params[:, j] - truth) / fit.sigma[:, j]
        assert pulls.std() == pytest.approx(1.0, abs=0.2), name
        assert abs(np.polyfit(drift, pulls, 1)[0]) < 0.03, name


@pytest.mark.parametrize(
    ("unstrained", "message"),
    [
        ({"E": 384.0}, r"unstrained names 'E', but the lines are"),
        ({"E'": 350.0}, r"unstrained\[\"E'\"\] is 350.0, but unstrained E' lies near 384.6"),
        ({"E'": (384.0, -1.0)}, r"must be a position or \(position, error\) in cm-1"),
    ],
)
def test_impossible_positions_are_refused(unstrained, message):
    with pytest.raises(ValueError, match=message):
        RamanFeaturizer(SHIFT, unstrained=unstrained).fit(flake(384.6, 402.7, n=2))


def test_an_unstrained_place_needs_lines_and_a_region_needs_positions():
    with pytest.raises(ValueError, match=r"none of the 3 spectra .* could be fitted \(FLAT\)"):
        measure_unstrained(np.ones((3, SHIFT.size)), SHIFT)
    with pytest.raises(ValueError, match="region needs a labeled map"):
        measure_unstrained(flake(384.6, 402.7, n=2), SHIFT, region=(0.0, 0.0, 1.0, 1.0))
