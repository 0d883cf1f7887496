# SPDX-License-Identifier: BSD-3-Clause
import re

import numpy as np
import pytest

from strain2dos import RamanFeaturizer, StrainDopingSeparator
from strain2dos.datasets import SampleVariation, StrainedDOS, load_dft, load_mos2_dft, make_raman_dos
from strain2dos.datasets._raman.line_positions import line_positions
from strain2dos.raman import material_modes
from strain2dos.simulate import polarized_intensities, strained_phonons
from strain2dos.simulate._raman.phonons import doping_and_temperature_shifts, known_parameters

ALIKE = SampleVariation((0.0, 0.0), 0.0, 0.0, 0.0)


def test_every_spectrum_carries_the_dos_of_its_own_strain_state():
    data, records = make_raman_dos(48, random_state=0), load_mos2_dft()
    for i in range(48):
        row = records.name.index(data.name[i])
        np.testing.assert_array_equal(data.dos[i], records.dos[row])
        np.testing.assert_array_equal(data.strain[i], records.strain[row])
        assert data.gap[i] == records.gap[row]


def test_groups_are_one_to_one_with_strain_states():
    data = make_raman_dos(48, random_state=0)
    states = min(48, len(load_mos2_dft()))
    assert len(set(zip(data.groups, data.name, strict=True))) == len(set(data.groups)) == states


def test_the_strongest_point_lies_at_a_true_line():
    data = make_raman_dos(160, random_state=1)
    top = data.shift[data.spectra.argmax(axis=1)]
    # one pixel of the axis plus the flat top of the line
    assert np.abs(top[:, None] - data.phonons).min(axis=1).max() < 1.0


def test_peak_signal_to_noise_is_what_the_documentation_states():
    data = make_raman_dos(320, random_state=2)
    edge = data.spectra[:, :12]
    height = data.spectra.max(axis=1) - edge.mean(axis=1)
    ratio = height / np.sqrt(height + edge.mean(axis=1) + 25)
    assert np.quantile(ratio, 0.02) > 30
    assert np.quantile(ratio, 0.98) < 140


def test_doping_moves_lines_but_not_the_dos():
    plain, doped = (make_raman_dos(16, doping=level, random_state=3) for level in (0.0, 1.0))
    np.testing.assert_array_equal(plain.dos, doped.dos)
    moved = doped.phonons - plain.phonons
    np.testing.assert_allclose(moved[:, 2], -2.2 * doped.doping, atol=1e-12)


def test_gruneisen_lines_follow_from_the_strain_alone():
    options = {"temperature": 320.0, "variation": ALIKE, "random_state": 3}
    data = make_raman_dos(24, phonons="grueneisen", **options)
    expected = strained_phonons(data.strain, doping=data.doping, temperature=320.0)
    np.testing.assert_allclose(data.phonons, expected, rtol=1e-14)
    records = load_mos2_dft()
    bare = StrainedDOS(strain=records.strain, energies=records.energies, dos=records.dos, vbm=records.vbm,
                       cbm=records.cbm, gap=records.gap)  # fmt: skip
    again = make_raman_dos(24, phonons="grueneisen", data=bare, **options)
    np.testing.assert_array_equal(again.spectra, data.spectra)


@pytest.mark.parametrize("calibration", ["offset", "scale"])
def test_calibration_puts_unstrained_lines_at_the_measured_ones_and_is_stated(calibration):
    records = load_mos2_dft()
    data = make_raman_dos(
        len(records), doping=0.0, phonons="dft", calibration=calibration, variation=ALIKE, random_state=0
    )
    zero = np.flatnonzero((data.strain == 0).all(axis=1))[0]
    lines, calculated = data.phonons, records.phonons
    assert [lines[zero, :2].mean(), lines[zero, 2]] == pytest.approx([384.6, 402.7])
    changed = lines - calculated if calibration == "offset" else lines / calculated
    np.testing.assert_allclose(changed, np.broadcast_to(changed[zero], changed.shape), rtol=1e-9)
    key = {"offset": "phonon_offset_cm-1", "scale": "phonon_scale"}[calibration]
    assert data.provenance["calibration"] == calibration
    assert data.provenance[key] == pytest.approx(changed[zero, 1:], rel=1e-9)


def test_temperature_moves_lines_and_leaves_the_dos():
    cold, warm = (make_raman_dos(8, temperature=t, random_state=3) for t in (295.0, 345.0))
    moved = warm.phonons - cold.phonons
    np.testing.assert_allclose(moved, np.tile([-0.66, -0.66, -0.615], (8, 1)), atol=1e-10)
    np.testing.assert_array_equal(warm.dos, cold.dos)
    assert warm.provenance["temperature_K"] == 345.0


def test_instrument_and_polarization_reach_the_spectra():
    records, crossed_angles = load_mos2_dft(), (0.0, np.pi / 2)
    shares = polarized_intensities(records.strain, crossed_angles)
    clear = (np.diff(records.phonons[:, :2]).ravel() > 3.0) & (np.abs(shares[:, 0] - 0.5) > 0.3)
    split = records.subset(clear)
    rows = np.arange(len(split))
    assert rows.size
    # counts this high leave no visible noise
    options = {"data": split, "counts": (1e8, 1e8), "doping": 0.0, "random_state": 3}
    plain, blurred, crossed = (
        make_raman_dos(len(split), **options, **extra)
        for extra in ({}, {"instrument_fwhm": 3.0}, {"polarization": crossed_angles})
    )
    assert (blurred.spectra.max(axis=1) < 0.95 * plain.spectra.max(axis=1)).all()
    lower, upper, a_line = (np.abs(plain.shift[:, None] - line).argmin(axis=0) for line in plain.phonons.T)
    left = crossed.spectra / plain.spectra
    assert (left[rows, a_line] < 0.5).all()
    np.testing.assert_array_equal(left[rows, lower] > 1, shares[clear, 0] > 0.5)
    np.testing.assert_array_equal(left[rows, upper] > 1, shares[clear, 1] > 0.5)


def test_the_seed_fixes_the_spectra():
    first, second = (make_raman_dos(20, cosmic_rays=0.5, random_state=4) for _ in range(2))
    np.testing.assert_array_equal(first.spectra, second.spectra)


def test_own_axis_is_kept():
    axis = np.linspace(350.0, 430.0, 91)
    assert make_raman_dos(3, shift=axis, random_state=0).spectra.shape == (3, 91)


def test_impossible_settings_are_refused():
    with pytest.raises(ValueError, match="n_samples must be at least 1, but is 0"):
        make_raman_dos(0)
    with pytest.raises(ValueError, match=r"material must be .* but is 'graphene'"):
        make_raman_dos(5, material="graphene")
    with pytest.raises(ValueError, match=r"\('dft', 'grueneisen'\), but is 'pbe'"):
        make_raman_dos(5, phonons="pbe")
    with pytest.raises(ValueError, match=r"\('rates', 'offset', 'scale'\), but is 'none'"):
        make_raman_dos(5, calibration="none")
    bare = StrainedDOS(strain=np.zeros((1, 3)), energies=[0.0, 1.0], dos=np.ones((1, 2)))
    with pytest.raises(ValueError, match="its phonons are None; pass phonons='grueneisen'"):
        make_raman_dos(5, phonons="dft", data=bare)


def test_bundled_phonons_answer_to_small_strain_as_the_table_of_lines_does():
    records = load_mos2_dft()
    small = [records.name.index(name) for name in ("bi-1", "bi+1")]
    strain, calculated = records.strain[small], records.phonons[small]
    options = {"doping": 0.0, "phonons": "dft"}
    lines = line_positions(strain, calculated, **options)
    # central difference: what is even in the strain (the calculated curvature) drops out
    rates = 0.5 * (lines[1] - lines[0])
    np.testing.assert_allclose(rates[[0, 2]], [-4.31, -2.50], atol=0.15)
    as_calculated = line_positions(strain, calculated, calibration="offset", **options)
    np.testing.assert_allclose(0.5 * (as_calculated[1] - as_calculated[0])[[0, 2]], [-5.03, -1.49], atol=0.01)


def test_calculated_rates_state_how_they_read_with_the_default_coefficients():
    stated = make_raman_dos(8, phonons="dft", calibration="offset", random_state=0).provenance
    rates = np.array(stated["strain_rates_cm-1_per_percent"])
    read = StrainDopingSeparator().fit([[384.6, 402.7]]).transform(np.add([[384.6, 402.7]], rates))[0]
    found = re.findall(r"as (\S+) % and a doping of (\S+)e13", stated["difference_of_rates"])[0]
    np.testing.assert_allclose([float(number) for number in found], [100 * read[0], read[1]], atol=0.006)
    assert "difference_of_rates" not in make_raman_dos(8, phonons="dft", random_state=0).provenance


def test_unstrained_positions_vary_as_reported_for_natural_monolayers():
    records = load_mos2_dft()
    data = make_raman_dos(4000, data=records.subset(np.array([records.name.index("bi+0")])), random_state=0)
    moved = data.phonons[:, [0, 2]] - [384.6, 402.7] - data.doping[:, None] * [-0.33, -2.2]
    # the table's spreads and 15 K
    expected = np.hypot([0.5, 0.7], 15.0 * np.array([0.0132, 0.0123]))
    np.testing.assert_allclose(moved.std(axis=0), expected, rtol=0.03)
    assert data.doping.std() == pytest.approx(0.5, rel=0.03)
    np.testing.assert_array_equal(data.phonons[:, 0], data.phonons[:, 1])


def test_defects_bring_their_bands_and_widen_the_lines():
    records = load_mos2_dft()
    still = records.subset(np.array([records.name.index("bi+0")]))
    options = {"data": still, "doping": 0.0, "random_state": 0}
    clean, disordered = (
        make_raman_dos(200, variation=SampleVariation((0.0, 0.0), 0.0, share, 0.0), **options)
        for share in (0.0, 1.0)
    )
    near = abs(clean.shift - 372.0) < 3
    height = np.max(clean.spectra, axis=1)
    assert np.mean(disordered.spectra[:, near].mean(1) > clean.spectra[:, near].mean(1) + 0.03 * height) > 0.9


def test_smoothed_spectra_share_their_noise_between_neighbors():
    records = load_mos2_dft()
    still = records.subset(np.array([records.name.index("bi+0")]))
    for share, expected in ((0.0, 0.0), (1.0, 0.5)):
        variation = SampleVariation((0.0, 0.0), 0.0, 0.0, share)
        data = make_raman_dos(300, data=still, doping=0.0, variation=variation, random_state=0)
        flat = data.spectra[:, data.shift < 345]  # far from the lines: background and noise
        noise = flat - np.array(
            [np.polyval(np.polyfit(np.arange(row.size), row, 2), np.arange(row.size)) for row in flat]
        )
        correlation = np.mean(noise[:, 1:] * noise[:, :-1]) / np.mean(noise**2)
        assert correlation == pytest.approx(expected, abs=0.15)


def test_every_spectrum_of_the_default_set_can_be_fitted():
    # a pipeline cannot drop rows: one spectrum without features would keep it from being trained
    for seed in range(3):
        data = make_raman_dos(320, random_state=seed)
        assert np.isfinite(RamanFeaturizer(data.shift).fit_transform(data.spectra)).all(), seed


def test_impossible_variations_are_refused():
    with pytest.raises(ValueError, match="standard deviations, defects and smoothing shares"):
        SampleVariation(defects=1.5)


OF_RECORDS = {"phonons": "dft", "calibration": "offset"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "measured rates of A1' of WS2 with strain .* phonons='dft', calibration='offset'"),
        ({"phonons": "dft"}, "measured rates of A1' of WS2 with strain"),
        (OF_RECORDS, "WS2 with doping are not in the table of lines, so doping must be 0.0"),
        (
            OF_RECORDS | {"doping": 0.0, "variation": SampleVariation(defects=0.3)},
            "bands of defects are known of MoS2 only, but defects is 0.3",
        ),
    ],
)
def test_rates_that_nobody_measured_are_asked_for_with_the_way_out(options, words):
    with pytest.raises(ValueError, match=words):
        make_raman_dos(5, "WS2", **options)


@pytest.mark.parametrize(
    ("material", "lines", "rates"),
    [
        # per cent of biaxial strain, from the records: of E' of WS2 -3.4 is measured, nothing of the others
        ("WS2", [356.0, 417.5], [-4.1, -1.6]),
        ("MoSe2", [287.2, 240.5], [-2.9, -0.65]),
    ],
)
def test_lines_are_the_measured_ones_moved_by_the_strain_of_the_records(material, lines, rates):
    records = load_dft(material)
    data = make_raman_dos(len(records), material, doping=0.0, variation=ALIKE, random_state=0, **OF_RECORDS)
    unstrained = records.name.index("bi+0")
    assert data.name == records.name
    assert data.phonons[unstrained] == pytest.approx([lines[0], *lines], abs=0.02)
    moved = data.phonons - data.phonons[unstrained]
    np.testing.assert_allclose(moved, records.phonons - records.phonons[unstrained], atol=0.02)
    assert "doping_rates_cm-1_per_1e13" not in data.provenance
    assert data.provenance["strain_rates_cm-1_per_percent"] == pytest.approx(rates, abs=0.15)


def test_the_rates_of_the_selenides_with_temperature_are_asked_for_too():
    with pytest.raises(ValueError, match=r"MoSe2 with temperature .*SampleVariation\(temperature=0.0\)"):
        make_raman_dos(5, "MoSe2", doping=0.0, **OF_RECORDS)


def test_the_axis_holds_both_lines_of_mose2_though_one_is_too_weak_to_be_sought_by_default():
    data = make_raman_dos(8, "MoSe2", doping=0.0, variation=ALIKE, random_state=0, **OF_RECORDS)
    assert data.shift[0] + 5 < data.phonons.min()
    assert data.phonons.max() < data.shift[-1] - 5


@pytest.mark.parametrize("material", ["WS2", "MoSe2", "WSe2"])
def test_coefficients_missing_for_a_material_are_nan(material):
    known = known_parameters(material)
    assert np.isnan([known.a_gamma, known.e_doping, known.a_doping]).all()
    modes = {m.name: m.position for m in material_modes(material, optional=True)}
    assert known.e_mode == modes.get("E'", modes.get("E'+A1'"))
    assert known.a_mode == modes.get("A1'", modes.get("E'+A1'"))
    # without a change nothing is added, whatever is known of the rate
    assert np.all(doping_and_temperature_shifts(2, 0.0, 295.0, known) == 0.0)
    assert np.isnan(doping_and_temperature_shifts(2, [0.0, 1.0], 295.0, known)[1]).all()
