# SPDX-License-Identifier: BSD-3-Clause
"""A pipeline of spectra predicts a cube as a map: places, units, axis, and why a pixel has no curve."""

import pickle

import numpy as np
import pytest
import xarray as xr
from sklearn import config_context
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from strain2dos import RamanFeaturizer, RamanPipeline, raman_pipeline
from strain2dos.datasets import make_raman_dos
from strain2dos.io import load_model, save_model
from strain2dos.mapping import SpatialMapper, recalibrate
from strain2dos.raman import FitStatus


@pytest.fixture(scope="module")
def data():
    return make_raman_dos(61, random_state=0)


@pytest.fixture(scope="module")
def model(data):
    pipeline = raman_pipeline(data.shift, data.energies, n_members=1, max_epochs=3, random_state=0)
    return pipeline.fit(data.spectra, data.dos, dosregressor__groups=data.groups)


@pytest.fixture(scope="module")
def ridge(data):
    steps = [("lines", RamanFeaturizer(data.shift)), ("scale", StandardScaler()), ("curves", Ridge())]
    return RamanPipeline(steps).fit(data.spectra, data.dos)


@pytest.fixture(scope="module")
def cube(data):
    """Two rows of three spectra in micrometers, one of them flat."""
    spectra = data.spectra[:6].reshape(2, 3, -1).copy()
    spectra[1, 2] = 7.0
    return xr.DataArray(
        spectra,
        {
            "y": ("y", [0.0, 0.5], {"units": "um"}),
            "x": ("x", [1.0, 1.5, 2.0], {"units": "um"}),
            "shift": ("shift", data.shift, {"units": "cm-1"}),
        },
        ("y", "x", "shift"),
        attrs={"laser_nm": 532.0},
    )


def test_a_cube_gives_a_map_of_the_curves_that_its_rows_give(model, cube, data):
    dos = model.predict(cube)
    assert dos.dims == ("y", "x", "energy")
    assert (dos["x"].attrs["units"], dos["energy"].attrs["units"], dos.attrs["units"]) == (
        "um", "eV", "states/eV/cell",
    )  # fmt: skip
    np.testing.assert_array_equal(dos["energy"], data.energies)
    rows = model.predict(cube.values.reshape(6, -1))
    np.testing.assert_allclose(dos.values.reshape(6, -1), rows, rtol=1e-9, atol=1e-12)
    assert np.isfinite(rows[:5]).all()


def test_a_pixel_without_features_is_nan_and_its_status_names_the_reason(model, cube):
    dos = model.predict(cube)
    assert dos["status"].values.tolist() == [[0, 0, 0], [0, 0, FitStatus.FLAT]]
    np.testing.assert_array_equal(np.isnan(dos.values).all(axis=2), dos["status"] != 0)
    assert dos["status"].attrs["flag_meanings"].split()[FitStatus.FLAT] == "flat"
    dead = model.predict(cube * 0)
    assert dead.shape == dos.shape
    assert np.isnan(dead.values).all()
    assert (dead["status"] != 0).all()


def test_dims_in_any_order_a_falling_axis_and_an_axis_in_nm_are_brought_to_that_of_the_fit(ridge, cube):
    plain = ridge.predict(cube)
    xr.testing.assert_equal(ridge.predict(cube.transpose("shift", "x", "y")).transpose(*plain.dims), plain)
    xr.testing.assert_equal(ridge.predict(cube[..., ::-1]), plain)
    in_nm = cube.assign_coords(shift=("shift", 1e7 / (1e7 / 532.0 - cube["shift"].values), {"units": "nm"}))
    np.testing.assert_allclose(ridge.predict(in_nm), plain, rtol=1e-6, atol=1e-6)


def test_an_axis_of_other_numbers_or_another_unit_is_refused(ridge, cube):
    with pytest.raises(ValueError, match="is not the axis that the featurizer was fitted on"):
        ridge.predict(cube.assign_coords(shift=cube["shift"] + 1.0))
    in_nm = cube.assign_coords(shift=("shift", 540 + 0.01 * np.arange(184), {"units": "nm"}))
    with pytest.raises(ValueError, match="laser line is not stated"):
        ridge.predict(in_nm.drop_attrs(deep=False))


def test_line_scans_sites_and_single_spectra_keep_their_dims(ridge, cube):
    sites = cube.stack(site=("y", "x")).reset_index("site").transpose("site", "shift")
    assert ridge.predict(sites).dims == ("site", "energy")
    one = ridge.predict(cube[0, 1])
    assert one.dims == ("energy",)
    assert one["status"].item() == 0
    np.testing.assert_allclose(one, ridge.predict(cube)[0, 1], rtol=1e-9)


def test_the_standard_deviation_is_a_second_map(model, cube):
    dos, std = model.predict(cube, return_std=True)
    _, rows = model.predict(cube.values.reshape(6, -1), return_std=True)
    np.testing.assert_allclose(std.values.reshape(6, -1), rows, rtol=1e-9, atol=1e-12)
    assert std.dims == dos.dims


def test_rows_of_an_array_give_the_bits_of_a_plain_pipeline(model, data):
    rows = data.spectra[:9]
    np.testing.assert_array_equal(model.predict(rows), Pipeline(model.steps).predict(rows))


def test_a_plain_pipeline_names_the_way_and_it_works(ridge, cube, data):
    plain = make_pipeline(RamanFeaturizer(data.shift), Ridge()).fit(data.spectra, data.dos)
    with pytest.raises(ValueError, match=r"RamanPipeline\(model.steps\).predict\(cube\)"):
        plain.predict(cube)
    expected = SpatialMapper(plain, quantities=("dos",)).predict_map(cube).dos
    np.testing.assert_allclose(RamanPipeline(plain.steps).predict(cube), expected, rtol=1e-9)
    gap = make_pipeline(RamanFeaturizer(data.shift), Ridge()).fit(data.spectra, data.gap)
    moved = recalibrate(gap, cube["shift"]).predict(cube)
    assert moved.dims == ("y", "x")
    np.testing.assert_allclose(moved.values[0], gap.predict(cube.values[0]), rtol=1e-9)


def test_copies_and_saved_models_predict_the_same_map(model, cube, tmp_path):
    expected = model.predict(cube)
    assert type(clone(model)) is RamanPipeline
    xr.testing.assert_equal(pickle.loads(pickle.dumps(model)).predict(cube), expected)
    loaded = load_model(save_model(model, tmp_path / "model.skops"))
    assert type(loaded) is RamanPipeline
    xr.testing.assert_equal(loaded.predict(cube), expected)
    old = load_model(save_model(Pipeline(model.steps), tmp_path / "old.skops"))
    assert type(old) is Pipeline
    xr.testing.assert_equal(RamanPipeline(old.steps).predict(cube), expected)


def test_a_search_over_it_predicts_cubes_too(ridge, cube, data):
    search = GridSearchCV(clone(ridge), {"curves__alpha": [1e-3, 1.0]}, cv=2, n_jobs=2)
    found = search.fit(data.spectra, data.dos).predict(cube)
    assert found.dims == ("y", "x", "energy")
    xr.testing.assert_equal(found, search.best_estimator_.predict(cube))


def test_metadata_is_routed_with_a_cube_as_with_rows(cube, data):
    class Shifted(Ridge):
        def predict(self, X, offset=0.0):
            return super().predict(X) + offset

    with config_context(enable_metadata_routing=True):
        last = Shifted().set_predict_request(offset=True)
        steps = [("lines", RamanFeaturizer(data.shift)), ("curves", last)]
        model = RamanPipeline(steps).fit(data.spectra, data.dos)
        moved = model.predict(cube, offset=2.0) - model.predict(cube)
    np.testing.assert_allclose(moved.values[0], 2.0, rtol=1e-9)


def test_a_pipeline_that_begins_with_no_axis_refuses_cubes(cube, data):
    without = RamanPipeline([("lines", RamanFeaturizer()), ("gap", Ridge())]).fit(data.spectra, data.gap)
    scaled = RamanPipeline([("scale", StandardScaler()), ("gap", Ridge())]).fit(data.spectra, data.gap)
    for model, first in ((without, "RamanFeaturizer"), (scaled, "StandardScaler")):
        with pytest.raises(ValueError, match=rf"this one begins with {first}\(\)"):
            model.predict(cube)
    assert not hasattr(scaled[:1], "predict")
