# SPDX-License-Identifier: BSD-3-Clause
"""Every public estimator comes back from disk with the same predictions, bit for bit."""

import json
import zipfile

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from strain2dos import (
    ConformalDOSRegressor,
    DOSRegressor,
    RamanFeaturizer,
    SpatialMapper,
    StrainDopingSeparator,
    load_model,
    save_model,
)
from strain2dos.datasets import make_raman_dos
from strain2dos.dos.metrics import make_dos_scorer
from strain2dos.io._models.model_file import OWN_TYPES
from strain2dos.raman import RamanMode, material_modes


@pytest.fixture(scope="module")
def training():
    return make_raman_dos(48, random_state=0)


def _regressor(training, **options):
    options = {"hidden_layer_sizes": (16,), "n_members": 2, "max_epochs": 5, "random_state": 0} | options
    return DOSRegressor(training.energies, **options)


@pytest.fixture(scope="module")
def pipeline(training):
    pipeline = make_pipeline(
        RamanFeaturizer(training.shift, features=("center",)), StandardScaler(), _regressor(training)
    )
    known = {"dosregressor__edges": training.edges, "dosregressor__groups": training.groups}
    return pipeline.fit(training.spectra, training.dos, **known)


def _saved(model, tmp_path):
    return load_model(save_model(model, tmp_path / "model.skops"))


def test_a_pipeline_from_spectra_to_curves_and_edges(pipeline, training, tmp_path):
    loaded = _saved(pipeline, tmp_path)
    for ours, theirs in zip(
        loaded.predict(training.spectra, return_std=True),
        pipeline.predict(training.spectra, return_std=True),
        strict=True,
    ):
        assert np.array_equal(ours, theirs)
    Z = pipeline[:-1].transform(training.spectra)
    assert np.array_equal(loaded[:-1].transform(training.spectra), Z)
    for ours, theirs in zip(loaded[-1].predict_edges(Z), pipeline[-1].predict_edges(Z), strict=True):
        assert np.array_equal(ours, theirs)
    assert np.array_equal(loaded[-1].domain_score(Z), pipeline[-1].domain_score(Z))


def test_a_mapper_with_its_fitted_pipeline(pipeline, training, tmp_path):
    cube = training.spectra[:12].reshape(3, 4, -1)
    loaded = _saved(SpatialMapper(pipeline), tmp_path)
    assert loaded.predict_map(cube).identical(SpatialMapper(pipeline).predict_map(cube))


def test_a_conformal_regressor_with_its_intervals(training, tmp_path):
    X = training.phonons
    model = ConformalDOSRegressor(_regressor(training, n_members=1, max_epochs=2))
    model.fit(X, training.dos, groups=training.groups)
    loaded = _saved(model, tmp_path)
    assert np.array_equal(loaded.predict_interval(X), model.predict_interval(X))


def test_a_featurizer_with_lines_of_its_own(training, tmp_path):
    modes = [RamanMode("X", 384.6, (370.0, 395.0), 3.0), material_modes("MoS2")[1]]
    model = RamanFeaturizer(training.shift, modes=modes).fit(training.spectra)
    loaded = _saved(model, tmp_path)
    assert loaded.modes == modes
    np.testing.assert_array_equal(loaded.transform(training.spectra), model.transform(training.spectra))


def test_a_separator_of_strain_and_doping(training, tmp_path):
    X = training.phonons[:, [0, 2]]
    model = StrainDopingSeparator().fit(X)
    assert np.array_equal(_saved(model, tmp_path).transform(X), model.transform(X))


def test_a_regressor_that_was_given_no_seed_and_no_energies(training, tmp_path):
    model = _regressor(training, random_state=None).set_params(energies=None)
    model.fit(training.phonons, training.dos, groups=training.groups)
    loaded = _saved(model, tmp_path)
    assert np.array_equal(loaded.predict(training.phonons), model.predict(training.phonons))


def test_files_name_classes_by_their_public_place(pipeline, tmp_path):
    path = save_model(SpatialMapper(pipeline), tmp_path / "model.skops")
    with zipfile.ZipFile(path) as archive:
        schema = archive.read("schema.json").decode()
        named = set()

        def walk(node):
            if isinstance(node, dict):
                if str(node.get("__module__")).startswith("strain2dos"):
                    named.add(f"{node['__module__']}.{node['__class__']}")
                for child in node.values():
                    walk(child)
            elif isinstance(node, list):
                for child in node:
                    walk(child)

        walk(json.loads(schema))
    assert named == {
        "strain2dos.raman.RamanFeaturizer",
        "strain2dos.dos.DOSRegressor",
        "strain2dos.mapping.SpatialMapper",
    }
    assert "strain2dos.dos._" not in schema


@pytest.mark.parametrize("name", OWN_TYPES)
def test_every_type_on_the_list_of_trust_exists(name):
    import importlib

    package, _, attribute = name.rpartition(".")
    assert isinstance(getattr(importlib.import_module(package), attribute), type)


def _search(training):
    grid = {"edge_threshold": [0.1, 0.2]}
    scorer = make_dos_scorer("gap_mae", threshold=0.1)
    search = GridSearchCV(_regressor(training, max_epochs=2), grid, scoring=scorer, cv=GroupKFold(2))
    return search.fit(training.phonons, training.dos, groups=training.groups)


def _imputing(training):
    pipeline = make_pipeline(SimpleImputer(), StandardScaler(), _regressor(training, max_epochs=2))
    return pipeline.fit(training.phonons, training.dos)


def _energies_as(kind):
    def fit(training):
        model = _regressor(training, max_epochs=2).set_params(energies=kind(training.energies))
        return model.fit(training.phonons, training.dos)

    return fit


def _in_a_pipeline(training):
    model = _regressor(training, max_epochs=2).set_params(energies=pd.Series(training.energies))
    return make_pipeline(StandardScaler(), model).fit(training.phonons, training.dos)


@pytest.mark.parametrize(
    "fit",
    [
        _search,
        _imputing,
        _energies_as(pd.Series),
        _energies_as(pd.Index),
        _energies_as(lambda energies: xr.DataArray(energies, dims="energy")),
        _in_a_pipeline,
    ],
    ids=["search", "imputer", "series", "index", "data array", "series in a pipeline"],
)
def test_what_users_build_around_the_regressor_loads_again(training, tmp_path, fit):
    model = fit(training)
    loaded = _saved(model, tmp_path)
    assert np.array_equal(loaded.predict(training.phonons), model.predict(training.phonons))
    if isinstance(model, GridSearchCV):
        assert loaded.scorer_ == model.scorer_
        assert loaded.score(training.phonons, training.dos) == model.score(training.phonons, training.dos)


def test_saving_changes_nothing_of_the_model(training, tmp_path):
    model = _in_a_pipeline(training)
    energies = model[-1].energies
    save_model(model, tmp_path / "model.skops")
    assert model[-1].energies is energies
