# SPDX-License-Identifier: BSD-3-Clause
"""A flake in one call, against its known truth."""

import numpy as np
import pytest
import xarray as xr
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from strain2dos import DOSRegressor, SpatialMapper, load_pretrained, make_raman_map, map_flake
from strain2dos.mapping import recalibrate
from strain2dos.mapping._flake.shared import SharedError
from strain2dos.mapping._pixels.model import FittedModel
from strain2dos.raman import RamanFeaturizer, StrainDopingSeparator
from strain2dos.simulate import simulate_spectra

UNSTRAINED = (384.6, 402.7)
NINETY = 1.6449


def held(found, truth, name):
    """Share of the pixels whose truth lies in the 90 % interval."""
    error = np.abs(found[name] - truth[name]) <= NINETY * found[f"{name}_std"]
    return float(error.values[found.status.values == 0].mean())


@pytest.mark.parametrize("name", ["strain", "doping"])
def test_ninety_percent_intervals_of_strain_and_doping_hold_85_to_95_percent(mapped, truth, name):
    assert 0.85 <= held(mapped, truth, name) <= 0.95


def test_ninety_percent_intervals_of_the_shear_hold_the_truth_where_lines_split_and_where_not(mapped, truth):
    assert np.isfinite(mapped.shear_std.values[mapped.status.values == 0]).all()
    one_line = mapped.where((mapped.status == 0) & (mapped.shear < 1e-9), drop=False)
    assert 100 < int(np.isfinite(one_line.shear).sum()) < 500
    hidden = np.isfinite(one_line.shear.values)
    error = np.abs(mapped.shear - truth.shear).values
    inside = error <= NINETY * mapped.shear_std.values
    assert inside[hidden].mean() >= 0.9
    assert 0.85 <= inside[(mapped.status.values == 0) & ~hidden].mean() <= 0.95
    # the bound is not a catch-all: the flake is sheared by up to 2.7 %
    assert NINETY * float(one_line.shear_std.max()) < 0.008


@pytest.mark.parametrize("name", ["gap", "gap_direct", "vbm", "cbm"])
def test_gaps_and_edges_lie_within_their_stated_errors(mapped, truth, name):
    """Errors of pixels are stated apart from the one that all share, by which the whole map may be off."""
    ok = mapped.status.values == 0
    error = (mapped[name] - truth[name]).values[ok]
    pixel = mapped[f"{name}_std"].values[ok]
    common = float(np.median(error))
    assert 0.85 <= np.mean(np.abs(error - common) <= NINETY * pixel) <= 0.98
    assert np.abs(common) <= NINETY * np.median(mapped[f"{name}_common_std"].values[ok])
    assert np.abs(error).mean() < 0.004
    assert np.median(pixel) < 0.003


def test_the_error_of_the_model_is_common_where_strain_is_alike():
    model = FittedModel.from_estimator(load_pretrained())
    shared = SharedError.of(model)
    still = np.array([[384.6, 384.6, 384.6, 402.7]])
    places = still + np.array([[0.0] * 4, [-0.5, -0.5, -0.5, -0.3], [-10.0, -12.0, -8.0, -4.0]])
    std = np.full((3, 4), 0.0014)
    own, of_all = shared.split(std, places)
    np.testing.assert_allclose(own**2 + of_all**2, std**2)
    assert own[0, 0] < 1e-5
    # 0.1 % of strain: between the correlations of the gap and of the gap at K that were measured there
    assert 0.6 < of_all[1, 0] / std[1, 0] < 0.93
    assert own[2, 0] > 0.95 * std[2, 0]
    np.testing.assert_allclose(shared.split(std[1:2], places[1:2])[0][0], own[1], rtol=0)


def test_all_errors_of_a_model_on_other_features_count_as_those_of_a_pixel():
    shift = np.arange(350.0, 440.0, 0.5)
    lines = np.array([384.6, 384.6, 402.7]) + np.random.default_rng(0).normal(size=(12, 1))
    model = make_pipeline(
        RamanFeaturizer(shift, features=("center", "fwhm")),
        DOSRegressor(np.linspace(-2.0, 2.0, 21), hidden_layer_sizes=(), random_state=0),
    )
    edges = np.column_stack([-0.8 + 0.01 * lines[:, 0] - 3.846, 0.8 - 0.01 * lines[:, 0] + 3.846])
    curves = np.abs(np.linspace(-2.0, 2.0, 21)) * lines[:, :1]
    model.fit(simulate_spectra(lines, shift, random_state=0), curves, dosregressor__edges=edges)
    assert SharedError.of(FittedModel.from_estimator(model)) is None


def test_every_pixel_of_the_flake_is_mapped_and_no_other(mapped, truth):
    signal = (truth.flake & ~truth.dead).values
    ok = mapped.status.values == 0
    assert ok[signal].mean() > 0.98
    assert not ok[~signal].any()
    assert (mapped.domain_score.values[ok] <= 1).mean() > 0.95
    words = mapped.status_reason.values
    assert (words[ok & (mapped.domain_score.values <= 1)] == "").all()
    assert (words[~ok] != "").all()


def test_the_valleys_of_the_edges_show_where_the_gap_is_indirect(mapped, truth):
    ok = mapped.status.values == 0
    names = mapped.edge_valleys.attrs["flag_meanings"].split()
    found = np.array(names)[mapped.edge_valleys.values[ok].astype(int)]
    direct = np.array([name.split("_")[0] == name.split("_")[1] for name in found])
    clear = np.abs((truth.gap_direct - truth.gap).values[ok] - 0.005) > 0.005
    np.testing.assert_array_equal(direct[clear], ((truth.gap_direct - truth.gap).values[ok] < 0.005)[clear])
    apart = (mapped.gap_direct - mapped.gap).values[ok]
    np.testing.assert_allclose(apart[direct], 0.0, atol=1e-12)
    assert (apart[~direct] > 0).all()


def test_numbers_are_those_of_the_mapper_and_of_the_separator(mapped, truth):
    cube = truth.intensity.isel(y=slice(10, 13))
    model = load_pretrained()
    name, featurizer = model.steps[0]
    model.steps[0] = (name, clone(featurizer).set_params(noise="poisson"))
    model = recalibrate(model, cube["shift"], unstrained={"E'": UNSTRAINED[0], "A1'": UNSTRAINED[1]})
    names = ("dos", "gap", "gap_direct", "valleys", "domain_score")
    other = SpatialMapper(model, quantities=names).predict_map(cube)
    for name in names:
        np.testing.assert_allclose(mapped[name].isel(y=slice(10, 13)), other[name], rtol=1e-9, atol=1e-12)
    fit = model[0].fit_spectra(cube.values.reshape(-1, cube.sizes["shift"]))
    separation = StrainDopingSeparator(output="invariants").separate(fit)
    ok = fit.status == 0
    positions = mapped.features.isel(y=slice(10, 13)).values.reshape(-1, mapped.sizes["feature"])
    np.testing.assert_array_equal(positions, model[0].features_of(fit)[0])
    assert np.isfinite(positions[ok]).all()
    strain = mapped.strain.isel(y=slice(10, 13)).values.ravel()
    np.testing.assert_allclose(strain[ok], 0.5 * separation.values[ok, 0], rtol=1e-12)
    common = mapped.doping_common_std.isel(y=slice(10, 13)).values.ravel()
    np.testing.assert_allclose(common[ok], separation.common_sigma[ok, 2], rtol=1e-12)


def test_the_common_error_covers_samples_whose_unstrained_lines_lie_elsewhere():
    """Each pixel stands for a sample of its own: lines moved as far as literature scatters."""
    rng = np.random.default_rng(0)
    moved = rng.normal(size=(900, 2)) * [0.5, 0.7]
    lines = np.array([384.6, 402.7]) + 0.3 * np.array([-4.31, -2.50]) + moved
    shift = np.arange(350.0, 440.0, 0.5)
    spectra = simulate_spectra(lines[:, [0, 0, 1]], shift, random_state=0).reshape(30, 30, -1)
    cube = xr.DataArray(spectra, dims=("y", "x", "shift"), coords={"shift": shift})
    found = map_flake(cube, quantities=("strain", "strain_std", "strain_common_std", "gap", "gap_common_std"))
    total = np.hypot(found.strain_std, found.strain_common_std)
    inside = np.abs(found.strain - 0.003) <= NINETY * total
    assert 0.85 <= float(inside.mean()) <= 0.95
    centered = found.gap - float(found.gap.mean())
    assert 0.85 <= float((np.abs(centered) <= NINETY * found.gap_common_std).mean()) <= 0.96


def test_the_scissor_moves_the_conduction_band_alone(mapped, truth):
    cube = truth.intensity.isel(y=slice(14, 18))
    options = {"unstrained": UNSTRAINED, "noise": "poisson"}
    moved = map_flake(cube, scissor=1.88, **options)
    plain = mapped.isel(y=slice(14, 18))
    shift = moved.attrs["scissor_shift_eV"]
    assert shift == pytest.approx(1.88 - 1.581, abs=0.01)
    np.testing.assert_allclose(moved.vbm, plain.vbm)
    for name in ("cbm", "gap", "gap_direct"):
        np.testing.assert_allclose(moved[name], plain[name] + shift)
        np.testing.assert_allclose(moved[f"{name}_std"], plain[f"{name}_std"])
    # as many states on either side of the gap, and none in it
    inner = (moved.energy > float(moved.vbm.max()) + 0.15) & (moved.energy < float(moved.cbm.min()) - 0.15)
    assert float(moved.dos.where(inner).max()) < 0.05
    assert moved.gap.attrs["functional"] == "PBE + scissor"
    assert "1.88 eV" in moved.attrs["scissor"]
    assert plain.gap.attrs["functional"] == "PBE"


def test_an_unstrained_place_of_the_map_calibrates_it():
    still = {"doping": 0.0, "random_strain": 0.0, "cosmic_rays": 0.0, "n_dead": 0, "random_state": 0}
    flake = make_raman_map((12, 16), scene="bubble", **still)
    off = flake.intensity.assign_coords(shift=flake["shift"] + 1.0)  # an axis that is off by 1
    found = map_flake(off, unstrained_region=(1.0, 1.0, 2.0, 5.0))
    error = (found.strain - (flake.exx + flake.eyy) / 2).values[found.status.values == 0]
    assert np.abs(np.median(error)) < 2e-4
    assert "E': 385.59" in found.attrs["unstrained_positions"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"material": "WSe2"}, "no model for 'WSe2' comes with the package.*StrainDopingSeparator"),
        ({"unstrained": (384.6,)}, "unstrained must be the positions of E' and A1'"),
        ({"scissor": 1880.0}, "scissor is the gap of the unstrained layer in eV"),
        ({"quantities": ("gap", "color")}, r"\['color'\]"),
    ],
)
def test_wrong_arguments_are_named_with_the_way_out(truth, options, words):
    with pytest.raises(ValueError, match=words):
        map_flake(truth.intensity.isel(y=slice(0, 2)), **options)


def test_a_line_scan_and_a_single_spectrum_are_maps_of_one_row(truth):
    row = truth.intensity.isel(y=15)
    line = map_flake(row, unstrained=UNSTRAINED, noise="poisson", quantities=("strain", "gap"))
    assert dict(line.sizes) == {"y": 1, "x": 32}
    np.testing.assert_array_equal(line.x_position, row.x)
    one = map_flake(row.isel(x=10), unstrained=UNSTRAINED, noise="poisson", quantities=("gap",))
    np.testing.assert_allclose(one.gap.values.ravel(), line.gap.values[0, 10])


def test_nothing_but_noise_gives_a_warning_with_the_likely_cause():
    noise = np.random.default_rng(0).normal(100, 10, (3, 4, 184))
    cube = xr.DataArray(noise, dims=("y", "x", "shift"), coords={"shift": np.arange(330.0, 440.0, 0.6)})
    with pytest.warns(UserWarning, match="Is this MoS2"):
        found = map_flake(cube)
    assert "Is this MoS2" in found.attrs["refusal"]
    assert np.isnan(found.gap).all()


def test_a_flat_map_says_that_its_contrast_is_below_its_error():
    spectra = simulate_spectra([[384.6, 384.6, 402.7]] * 30, np.arange(350.0, 440.0, 0.5), random_state=0)
    cube = xr.DataArray(
        spectra.reshape(5, 6, -1), dims=("y", "x", "shift"), coords={"shift": np.arange(350.0, 440.0, 0.5)}
    )
    found = map_flake(cube, unstrained=UNSTRAINED)
    for name in ("gap", "strain", "doping"):
        assert "varies hardly more than by its errors" in found[name].attrs["remark"]


def test_a_map_with_contrast_has_no_such_remark(mapped):
    assert not any("remark" in mapped[name].attrs for name in ("gap", "gap_direct", "strain", "doping"))
