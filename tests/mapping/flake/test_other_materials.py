# SPDX-License-Identifier: BSD-3-Clause
"""Flakes of other layers than MoS2, and layers taken for each other."""

import numpy as np
import pytest
import xarray as xr
from sklearn.model_selection import GroupKFold

from strain2dos import DOSRegressor, load_pretrained, map_flake, raman_pipeline, read_raman
from strain2dos.datasets import SampleVariation, load_dft, make_raman_dos
from strain2dos.mapping import recalibrate
from strain2dos.simulate import SpectrumEffects, simulate_spectra

OPTIONS = {"phonons": "dft", "calibration": "offset", "doping": 0.0}
# no rate with temperature is known of the selenides
ONE_TEMPERATURE = SampleVariation(temperature=0.0)
ALIKE = SampleVariation((0, 0), 0, 0, 0)


def whole_error(found, name="gap"):
    return np.hypot(found[f"{name}_std"].values, found[f"{name}_common_std"].values)


def simulated(material, variation, seed):
    data = make_raman_dos(96, material, variation=variation, random_state=seed, **OPTIONS)
    return data, xr.DataArray(data.spectra[None], dims=("y", "x", "shift"), coords={"shift": data.shift})


def check_gaps(data, found):
    ok = found.status.values[0] == 0
    assert ok.mean() > 0.85
    error = (found.gap.values[0] - data.gap)[ok]
    # lines of unstrained samples scatter by 0.5 and 0.7 cm-1, 0.15 % of strain or 30 meV at a constant A1'
    assert np.median(np.abs(error)) < 0.02
    assert (np.abs(error) < 1.645 * whole_error(found)[0][ok]).mean() > 0.8


@pytest.mark.parametrize(("material", "variation"), [("WS2", None), ("MoSe2", ONE_TEMPERATURE)])
def test_gaps_of_simulated_layers_are_those_of_their_states(material, variation):
    data, cube = simulated(material, variation, 7)
    check_gaps(data, map_flake(cube, material=material))


def test_gaps_of_left_out_states_are_inside_their_intervals():
    data, _ = simulated("WS2", None, 3)
    lower, upper, a_mode = data.phonons.T
    # the branches weigh unequally
    share = np.random.default_rng(0).uniform(0.35, 0.65, len(lower))
    X = np.column_stack([share * lower + (1 - share) * upper, lower, upper, a_mode])
    error, std, score = np.empty((3, len(X)))
    for train, test in GroupKFold(6).split(X, groups=data.groups):
        model = DOSRegressor(data.energies, hidden_layer_sizes=(), random_state=0)
        rows = data.edge_targets.iloc[train]
        model.fit(X[train], data.dos[train], groups=data.groups[train], edges=rows)
        edges, spread = model.predict_edges(X[test], return_std=True)
        error[test] = edges.gap - data.gap[test]
        std[test], score[test] = spread.gap, model.domain_score(X[test])
    inside = score < 1
    assert inside.mean() > 0.6
    # 0.5 and 0.7 cm-1 of scatter in both lines are 10 to 20 meV
    assert np.abs(error[inside]).mean() < 0.02
    assert (np.abs(error[inside]) < 1.645 * std[inside]).mean() > 0.75


def test_a_pipeline_that_fits_optional_lines_is_trained_and_maps():
    data, cube = simulated("MoSe2", ONE_TEMPERATURE, 7)
    training, _ = simulated("MoSe2", ONE_TEMPERATURE, 0)
    shared = {"material": "MoSe2", "modes": "all", "hidden_layer_sizes": (), "random_state": 0}
    model = raman_pipeline(training.shift, training.energies, **shared)
    known = {"dosregressor__groups": training.groups, "dosregressor__edges": training.edge_targets}
    with pytest.warns(UserWarning, match="left out of the training"):
        model.fit(training.spectra, training.dos, **known)
    names = ["A1'_center", "E'_center", "E'-_center", "E'+_center"]
    assert model[0].get_feature_names_out().tolist() == names
    check_gaps(data, map_flake(cube, material="MoSe2", model=model))


def test_electrons_that_move_the_a_mode_move_the_gap_by_less_than_its_error():
    states, model = load_dft("WS2"), load_pretrained("WS2")
    neutral = make_raman_dos(len(states), "WS2", variation=ALIKE, random_state=0, **OPTIONS)
    lower, upper, a_mode = neutral.phonons.T
    small = np.abs(states.strain).max(axis=1) <= 0.02
    rows = [np.column_stack([(lower + upper) / 2, lower, upper, a_mode + d])[small] for d in (-2.0, 0.0, 2.0)]
    gaps = np.array([model[1].predict_edges(row).gap for row in rows])
    shift = np.abs(gaps - gaps[1])
    assert shift.max() < 0.04
    assert np.median(shift[[0, 2]]) < 0.01
    assert np.abs(gaps[1] - states.gap[small]).mean() < 0.01


def test_bands_beside_the_lines_are_fitted_where_the_spectra_show_them():
    _, plain = simulated("WS2", ALIKE, 3)
    assert "lines" not in map_flake(plain, material="WS2").attrs
    shift = np.arange(180.0, 560.0, 0.5)
    bands = np.array([(323.4, 13.0, 0.15), (344.2, 15.0, 0.4), (351.4, 8.0, 1.2)])
    lines = np.tile((356.0, 356.0, 418.0), (20, 1))
    spectra = simulate_spectra(lines, shift, effects=SpectrumEffects(bands={"Si": 2.0}), random_state=0)
    height = spectra.max(axis=1, keepdims=True) - np.median(spectra, axis=1, keepdims=True)
    for center, width, share in bands:
        spectra = spectra + 0.3 * share * height / (1 + ((shift - center) / (width / 2)) ** 2)
    cube = xr.DataArray(spectra.reshape(4, 5, -1), dims=("y", "x", "shift"), coords={"shift": shift})
    found = map_flake(cube, material="WS2", reference="Si")
    assert found.attrs["lines"] == "optional ones too"
    ok = found.status.values == 0
    assert ok.mean() > 0.7
    gap = load_dft("WS2").gap[load_dft("WS2").name.index("bi+0")]
    assert np.median(found.gap.values[ok]) == pytest.approx(gap, abs=0.015)


def test_errors_common_to_all_pixels_are_those_of_the_unstrained_position():
    data, cube = simulated("WS2", ALIKE, 5)
    by_table = map_flake(cube, material="WS2")
    known = map_flake(cube, material="WS2", unstrained={"E'": (356.0, 0.05), "A1'": (417.5, 0.05)})
    place = data.name.index("bi+0")
    common = by_table.gap_common_std.values[0, place]
    # 0.5 cm-1 of E' are 0.12 % of strain, at 100 to 130 meV per %
    assert 0.010 < common < 0.025
    assert known.gap_common_std.values[0, place] < 0.5 * common
    np.testing.assert_allclose(known.gap, by_table.gap, atol=1e-6)
    # calculated rates differ from measured ones, and the more so the larger the strain
    far = by_table.gap_common_std.values[0, data.name.index("bi+3")]
    assert far > 1.5 * common


@pytest.mark.reference
def test_a_measured_line_scan_of_ws2_has_the_gap_of_the_unstrained_layer(reference_dir):
    path = reference_dir / "raman" / "wrighttools_WS2_raman_linescan.txt.gz"
    found = map_flake(path, material="WS2", reference="Si")
    flake = np.zeros(100, dtype=bool)
    flake[6:80] = True
    ok = found.status.values.ravel() == 0
    assert (ok & flake).sum() >= 72
    gap = found.gap.values.ravel()[ok & flake]
    records = load_dft("WS2")
    unstrained = records.gap[records.name.index("bi+0")]
    # an exfoliated flake on a rigid substrate: a tenth of a per cent at most, 13 meV
    assert np.median(gap) == pytest.approx(unstrained, abs=0.015)
    assert gap.std() < 2 * found.gap_std.values.ravel()[ok & flake].mean()
    assert (found.domain_score.values.ravel()[ok & flake] < 1).all()


@pytest.mark.reference
def test_a_place_without_strain_is_measured_with_the_bands_beside_the_lines(reference_dir):
    path = reference_dir / "raman" / "wrighttools_WS2_raman_linescan.txt.gz"
    plain = map_flake(path, material="WS2", reference="Si")
    along = plain["x"].values
    place = (float(along[30]), -1.0, float(along[60]), 1.0)
    found = map_flake(path, material="WS2", reference="Si", unstrained_region=place)
    assert found.attrs["unstrained_positions"].startswith("E': 355.9")
    both = found.status.values == 0
    assert both.sum() >= 72
    assert np.nanmedian(found.gap_common_std.values[both]) < 0.5 * np.nanmedian(plain.gap_common_std.values)


@pytest.mark.reference
def test_measured_mos2_is_not_taken_for_ws2(reference_dir):
    with pytest.warns(UserWarning, match="Is this WS2?"):
        found = map_flake(reference_dir / "raman" / "spectrum1_1ML.txt", material="WS2")
    assert np.isnan(found.gap).all()


@pytest.mark.reference
def test_measured_ws2_needs_the_bands_beside_its_lines(reference_dir):
    path = reference_dir / "raman" / "wrighttools_WS2_raman_linescan.txt.gz"
    cube = read_raman(path)
    for modes, least, most in (("auto", 0, 2), ("all", 72, 80)):
        model = recalibrate(load_pretrained("WS2", modes=modes), cube["shift"], reference="Si")
        fitted = (model[0].transform_with_status(cube.values)[1] == 0).sum()
        assert least <= fitted <= most


@pytest.mark.parametrize(
    "lines",
    [(287.2, 287.2, 240.5), (249.5, 249.5, 249.5), (356.0, 356.0, 417.5)],
    ids=["MoSe2", "WSe2", "WS2"],
)
def test_other_layers_are_not_taken_for_mos2(lines):
    shift = np.arange(200.0, 560.0, 0.6)
    effects = SpectrumEffects(bands={"Si": 2.0})
    spectra = simulate_spectra(np.tile(lines, (12, 1)), shift, effects=effects, random_state=0)
    cube = xr.DataArray(spectra.reshape(3, 4, -1), dims=("y", "x", "shift"), coords={"shift": shift})
    with pytest.warns(UserWarning, match="Is this MoS2?"):
        found = map_flake(cube)
    taken = found.status.values == 0
    assert (found.domain_score.values[taken] > 1).all()
