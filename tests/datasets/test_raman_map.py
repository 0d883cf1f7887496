# SPDX-License-Identifier: BSD-3-Clause
import numpy as np
import pytest
from scipy.optimize import curve_fit

from strain2dos.datasets import load_mos2_dft, make_raman_map
from strain2dos.datasets._raman.interpolation import interpolate_states
from strain2dos.datasets._raman.line_positions import line_positions, unstrained_row
from strain2dos.simulate import lorentzian, strain_invariants, strained_phonons, voigt


@pytest.fixture(scope="module")
def flat():
    return make_raman_map(max_strain=0.0, random_strain=0.0, pl_noise=0.0, cosmic_rays=0.0, random_state=0)


@pytest.fixture(scope="module")
def blistered():
    return make_raman_map(scene="bubble", random_strain=0.0, pl_noise=0.0, random_state=0)


@pytest.fixture(scope="module")
def wrinkled():
    return make_raman_map(random_state=0)


def test_interpolation_returns_the_records_at_their_own_strain():
    data = load_mos2_dft()
    state = interpolate_states(data.strain)
    for key in ("vbm", "cbm", "gap"):
        np.testing.assert_allclose(state[key], getattr(data, key), atol=1e-5)
    np.testing.assert_allclose(state["phonons"], data.phonons, atol=1e-6)


def test_interpolation_is_equal_for_strains_that_a_threefold_rotation_joins():
    strain = np.random.default_rng(1).uniform(-0.02, 0.02, (50, 3))
    c, s = np.cos(2 * np.pi / 3), np.sin(2 * np.pi / 3)
    turn = np.array([[c, -s], [s, c]])
    full = turn @ strain[:, [0, 2, 2, 1]].reshape(-1, 2, 2) @ turn.T
    rotated = np.column_stack([full[:, 0, 0], full[:, 1, 1], full[:, 0, 1]])
    np.testing.assert_allclose(strain_invariants(rotated), strain_invariants(strain), atol=1e-15)
    assert interpolate_states(rotated)["gap"] == pytest.approx(interpolate_states(strain)["gap"], abs=1e-9)


def test_gap_has_its_kink_where_the_valence_top_moves_from_k_to_gamma():
    biaxial = np.linspace(0, 0.01, 201)
    state = interpolate_states(np.column_stack([biaxial, biaxial, 0 * biaxial]))
    crossing = np.flatnonzero(state["VB_G"] > state["VB_K"])[0]
    slopes = np.diff(state["gap"]) / np.diff(biaxial)
    assert 0.003 < biaxial[crossing] < 0.006
    # the slope steps within one interval and is flat to 10 % on either side
    assert slopes[crossing + 1] / slopes[crossing - 2] > 1.5
    assert np.ptp(slopes[: crossing - 1]) < 0.1 * abs(slopes.mean())


def test_unstrained_flake_has_the_gap_of_the_unstrained_record(flat):
    gap = load_mos2_dft().gap[unstrained_row()]
    np.testing.assert_allclose(flat.gap.values[flat.flake], gap, atol=1e-9)
    np.testing.assert_allclose(flat.pl_energy.values[flat.flake], 1.87, atol=1e-9)


def test_lines_of_an_unstrained_undoped_spectrum_sit_at_the_measured_positions(flat):
    spectrum = flat.intensity.values[flat.flake & ~flat.dead & (abs(flat.doping) < 0.02)].mean(axis=0)

    def model(x, e, we, he, a, wa, ha, b0, b1):
        return lorentzian(x, e, we, he) + lorentzian(x, a, wa, ha) + b0 + b1 * (x - 390)

    start = (384, 3, 3000, 405, 5, 3000, 300, 0)
    fit, _ = curve_fit(model, flat["shift"].values, spectrum, start)
    assert fit[[0, 3]] == pytest.approx([384.6, 402.7], abs=0.05)


def test_offset_is_the_constant_that_the_documentation_states():
    data = load_mos2_dft()
    flat = make_raman_map((8, 8), phonons="dft", calibration="offset", random_state=0)
    lower, upper, a_line = data.phonons[unstrained_row()]
    offset = [384.6 - (lower + upper) / 2, 402.7 - a_line]
    assert flat.attrs["phonon_offset_cm-1"] == pytest.approx(offset, abs=1e-9)
    assert offset == pytest.approx([12.0, 6.0], abs=0.5)
    lines = line_positions(data.strain, data.phonons, doping=0.0, phonons="dft", calibration="offset")
    np.testing.assert_allclose(lines[unstrained_row()], [384.6, 384.6, 402.7], atol=0.002)


def test_wrinkle_reaches_the_stated_strain_and_lowers_the_gap(wrinkled):
    exx = wrinkled.exx.values
    assert np.nanmax(exx + wrinkled.eyy.values) == pytest.approx(0.025, abs=0.004)
    flake = wrinkled.flake.values
    assert np.corrcoef(exx[flake], wrinkled.gap.values[flake])[0, 1] < -0.95
    assert np.nanmin(wrinkled.gap) < 1.36


def test_bubble_is_biaxial_at_its_apex_and_reddest_there(blistered):
    middle = blistered.isel(y=16, x=16)
    assert middle.height == blistered.height.max()
    assert [middle.exx, middle.eyy, middle.exy] == pytest.approx([0.025, 0.025, 0.0], abs=1e-12)
    assert middle.pl_energy == blistered.pl_energy.min()
    assert middle.gap == blistered.gap.min()
    # unstrained outside
    rim = blistered.where(blistered.flake & (blistered.height == 0))
    np.testing.assert_allclose(rim.pl_energy.values[np.isfinite(rim.pl_energy)], 1.87, atol=1e-9)
    # -99 meV/% (Lloyd 2016) and -110 (Steinhoff 2014), biaxial
    assert -0.12 < float(middle.pl_energy - 1.87) / 2.5 < -0.09


def test_random_scene_is_flat_reaches_the_stated_strain_and_has_both_signs():
    data = make_raman_map(scene="random", max_strain=0.012, random_strain=0.0, random_state=0)
    exx, eyy, exy = (data[key].values[data.flake] for key in ("exx", "eyy", "exy"))
    tensors = np.moveaxis(np.array([[exx, exy], [exy, eyy]]), -1, 0)
    assert np.abs(np.linalg.eigvalsh(tensors)).max() == pytest.approx(0.012, rel=1e-12)
    assert (exx + eyy).min() < 0 < (exx + eyy).max()
    assert np.nanmax(np.abs(data.height)) == 0


def test_neighbors_share_widths_heights_and_background():
    data = make_raman_map((40, 40), cosmic_rays=0.0, n_dead=0, counts=(1e6, 4e6), random_state=0)
    level = data.intensity.values[..., :10].mean(axis=-1)
    height = data.intensity.max("shift").values
    for field in (np.log(level), np.log(height)[8:-8, 8:-8]):
        step = np.sqrt(np.mean(np.diff(field, axis=0) ** 2))
        # independent pixels would give sqrt(2) times the spread
        assert step < 0.35 * field.std()


def test_gruneisen_lines_instrument_and_temperature_reach_the_map():
    data = make_raman_map(
        (9, 9), scene="bubble", random_strain=0.0, doping=0.0, counts=(1e7, 1e7), cosmic_rays=0.0, n_dead=0,
        phonons="grueneisen", temperature=345.0, instrument_fwhm=2.5, random_state=0,
    )  # fmt: skip
    apex = data.isel(y=4, x=4)

    def model(x, e, we, he, a, wa, ha, b0, b1):
        lines = voigt(x, e, we, he, 2.5) + voigt(x, a, wa, ha, 2.5)
        return lines + b0 + b1 * (x - data["shift"].values.mean())

    start = (372, 2.5, 1e7, 400, 5, 1e7, 1e6, 0)
    fit, _ = curve_fit(model, data["shift"].values, apex.intensity.values, start)
    expected = strained_phonons([[0.025, 0.025, 0.0]], temperature=345.0)[0]
    assert fit[[0, 3]] == pytest.approx(expected[1:], abs=0.005)
    # the Lorentzian part keeps the widths of the sample
    assert 1.95 < fit[1] < 3.05
    assert 3.95 < fit[4] < 5.55
    assert data.attrs["phonons"] == "grueneisen"
    assert "calibration" not in data.attrs
    assert data.attrs["temperature_K"] == 345.0


def test_photoluminescence_follows_the_direct_gap_within_its_noise(wrinkled):
    flake = wrinkled.flake.values
    rest = (wrinkled.pl_energy - wrinkled.gap_direct).values[flake]
    assert rest.std() == pytest.approx(0.002, rel=0.1)
    rate = np.polyfit((wrinkled.exx + wrinkled.eyy).values[flake], wrinkled.pl_energy.values[flake], 1)[0]
    # uniaxial -45 to -54 meV/% (Conley 2013; the records)
    assert -0.056 < rate / 100 < -0.045


def test_substrate_has_no_lines_and_no_truth(wrinkled):
    off = ~wrinkled.flake.values
    assert off.mean() > 0.1
    assert np.isnan(wrinkled.gap.values[off]).all()
    margin = wrinkled.intensity.values[0, 0]
    assert margin.max() < margin.mean() + 6 * np.sqrt(margin.mean() + 25)


def test_dead_pixels_are_zero_or_nan_and_marked(wrinkled):
    spectra = wrinkled.intensity.values[wrinkled.dead.values]
    assert len(spectra) == 4
    assert np.isnan(spectra).all(axis=1).sum() == 2
    assert (spectra == 0).all(axis=1).sum() == 2
    alive = wrinkled.intensity.values[~wrinkled.dead.values]
    assert np.isfinite(alive).all()


def test_the_seed_fixes_the_map_and_attributes_state_the_parameters():
    first, second = (make_raman_map((10, 12), random_state=7) for _ in range(2))
    assert first.identical(second)
    assert first.attrs["max_strain"] == 0.025
    assert not first.intensity.equals(make_raman_map((10, 12), random_state=8).intensity)


def test_maps_survive_a_file(tmp_path):
    import xarray as xr

    settings = ({}, {"calibration": "scale", "polarization": (0.0, 0.1)}, {"phonons": "grueneisen"})
    for i, extra in enumerate(settings):
        data = make_raman_map((8, 8), random_state=0, **extra)
        data.to_netcdf(tmp_path / f"{i}.nc", engine="scipy")
        with xr.open_dataset(tmp_path / f"{i}.nc", engine="scipy") as back:
            np.testing.assert_array_equal(back.intensity, data.intensity)
            assert set(back.attrs) == set(data.attrs)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"material": "WS2"}, "'WS2'"),
        ({"shape": (4, 20)}, r"at least 8 pixels each, but is \(4, 20\)"),
        ({"max_strain": 2.5}, r"max_strain .* but is 2.5; give it as a fraction"),
        ({"max_strain": 0.03, "scene": "random"}, r"between 0 and 0\.025 for the scene 'random'.* is 0\.03"),
        ({"n_dead": -1}, "n_dead"),
        ({"scene": "fold"}, r"\('wrinkle', 'bubble', 'random'\), but is 'fold'"),
        ({"phonons": "pbe"}, "'pbe'"),
        ({"calibration": "none"}, "'none'"),
        ({"counts": (0.0, 5.0)}, "positive peak heights"),
    ],
)
def test_impossible_maps_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        make_raman_map(**changes)
