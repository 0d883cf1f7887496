# SPDX-License-Identifier: BSD-3-Clause
"""Maps of valleys, of the gap at K and of their errors; cubes in, maps out."""

import numpy as np
import pytest
import xarray as xr
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline

from strain2dos import SpatialMapper, load_pretrained, make_raman_map
from strain2dos.mapping import propagate_spectra
from strain2dos.mapping._flake.propagation import energies_of
from strain2dos.mapping._pixels.model import FittedModel


@pytest.fixture(scope="module")
def model():
    return load_pretrained()


@pytest.fixture(scope="module")
def cube():
    return make_raman_map((9, 12), random_state=0).intensity


@pytest.fixture(scope="module")
def mapped(model, cube):
    wanted = ("gap", "gap_std", "vbm_std", "gap_direct", "gap_direct_std", "valleys")
    return SpatialMapper(model, quantities=wanted, functional="PBE").predict_map(cube)


def test_the_gap_at_k_is_the_distance_of_its_two_valleys(mapped):
    at_k = mapped.valleys.sel(valley="cbm_K") - mapped.valleys.sel(valley="vbm_K")
    np.testing.assert_array_equal(mapped.gap_direct, at_k)
    assert float((mapped.gap_direct - mapped.gap).min()) >= -1e-12
    assert float((mapped.gap_direct - mapped.gap).max()) > 0.02  # indirect where the flake is stretched


def test_errors_of_edges_are_those_of_the_regressor(model, cube, mapped):
    ok = mapped.status.values == 0
    features = model[0].transform(cube.values[ok])
    std = model[1].predict_edges(features, return_std=True)[1]
    np.testing.assert_allclose(mapped.gap_std.values[ok], std.gap, rtol=1e-9)
    np.testing.assert_allclose(mapped.vbm_std.values[ok], std.vbm, rtol=1e-9)
    spread = model[1].predict_valleys(features, return_std=True)[1]
    names = model[1].valleys_
    low, high = names.index("vbm_K"), names.index("cbm_K")
    factor = model[1].valley_gap_factors_[low, high - model[1].n_valence_]
    both = np.sqrt(factor) * np.hypot(spread[:, low], spread[:, high])
    np.testing.assert_allclose(mapped.gap_direct_std.values[ok], both, rtol=1e-9)
    assert factor < 0.9


def test_the_functional_goes_with_every_energy(mapped):
    for name in ("gap", "gap_direct", "valleys"):
        assert mapped[name].attrs["functional"] == "PBE"
    assert "functional" not in mapped.gap_std.attrs


def test_auto_maps_what_the_model_can_give_and_names_the_rest(model, cube):
    whole = SpatialMapper(model, quantities="auto").predict_map(cube)
    assert {"dos", "vbm", "cbm", "gap", "gap_std", "gap_direct", "gap_direct_std", "domain_score"} <= set(
        whole
    )
    assert "left_out" not in whole.attrs
    plain = make_pipeline(model[0], LinearRegression())
    plain[1].fit(np.eye(4), np.ones((4, 5)))
    few = SpatialMapper(plain, quantities="auto", energies=np.arange(5.0)).predict_map(cube)
    assert set(few.data_vars) == {"dos", "vbm", "cbm", "gap", "status"}
    assert few.attrs["left_out"] == "gap_std, gap_direct, gap_direct_std, domain_score"


@pytest.mark.parametrize(
    ("name", "words"), [("valleys", "a table of valleys"), ("gap_std", "edges learned from eigenvalues")]
)
def test_what_a_model_cannot_give_is_refused_by_name(model, cube, name, words):
    plain = make_pipeline(model[0], LinearRegression().fit(np.eye(4), np.ones((4, 5))))
    with pytest.raises(ValueError, match=f"'{name}'.*{words}"):
        SpatialMapper(plain, quantities=(name,), energies=np.arange(5.0)).predict_map(cube)


def test_chunks_of_a_lazy_cube_give_the_same_valleys(model, cube, mapped):
    pytest.importorskip("dask", reason="dask is an optional dependency")
    lazy = SpatialMapper(model, quantities=("valleys", "gap_direct")).predict_map(cube.chunk(y=4)).compute()
    for name in ("valleys", "gap_direct"):
        np.testing.assert_array_equal(lazy[name], mapped[name])


def test_predict_gives_a_map_for_a_cube(model, cube):
    mapper = SpatialMapper(model)
    dos, std = mapper.predict(cube, return_std=True)
    assert dos.dims == std.dims == ("y", "x", "energy")
    ok = np.isfinite(dos.values).all(axis=-1)
    assert ok.sum() > 50
    np.testing.assert_array_equal(dos["status"] == 0, ok)
    np.testing.assert_allclose(dos.values[ok], mapper.predict(cube.values[ok]), rtol=1e-9, atol=1e-12)


def test_noise_of_a_cube_gives_maps(model, cube):
    part = cube.isel(y=slice(3, 5))
    maps = propagate_spectra(model, part)
    rows = propagate_spectra(model, part.values.reshape(-1, part.sizes["shift"]))
    assert isinstance(maps, xr.Dataset)
    np.testing.assert_allclose(maps.gap_std.values.ravel(), rows.gap_std)
    np.testing.assert_allclose(maps.gap.values.ravel(), rows.edges.gap)
    np.testing.assert_array_equal(maps.x, cube.x)


def test_slopes_of_valleys_carry_noise_as_sigma_points_do(model, cube):
    """Away from crossings of valleys, where differences of one standard deviation meet both sides."""
    rows = cube.values.reshape(-1, cube.shape[-1])[np.isfinite(cube.values).all(axis=-1).ravel()]
    features, covariance = model[0].features_of(model[0].fit_spectra(rows))
    good = np.isfinite(features).all(axis=1)
    found = energies_of(FittedModel.from_estimator(model), features[good])
    other = propagate_spectra(model, rows[good])
    ratio = found.spread(covariance[good])[:, found.names.index("gap")] / other.gap_std
    assert np.median(np.abs(ratio - 1)) < 0.01
    assert np.mean(np.abs(ratio - 1) < 0.1) > 0.9
