# SPDX-License-Identifier: BSD-3-Clause
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from sklearn import config_context
from sklearn.base import BaseEstimator, RegressorMixin, TransformerMixin
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from strain2dos import SpatialMapper
from strain2dos.mapping import PixelStatus
from strain2dos.raman import LineReason

ENERGIES = np.linspace(-7.0, -3.0, 81)


class Centroid(TransformerMixin, BaseEstimator):
    """Stands for a featurizer: centroid and area of a spectrum; a spectrum without signal has no centroid."""

    def __init__(self, shift=None):
        self.shift = shift

    def fit(self, X, y=None):
        self.n_features_in_ = np.shape(X)[1]
        return self

    def transform(self, X):
        area = X.sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.column_stack([(X * self.shift).sum(axis=1) / area, area])

    def get_feature_names_out(self, input_features=None):
        return np.array(["centroid", "area"], dtype=object)


class Step(RegressorMixin, BaseEstimator):
    """A semiconductor whose gap is 1.6 eV + (mean of the features): edges known exactly."""

    def fit(self, X, y, *, groups=None, edges=None):
        self.n_features_in_ = np.shape(X)[1]
        self.energies_ = ENERGIES
        self.feature_range_ = np.stack([np.min(X, axis=0), np.max(X, axis=0)])
        self.groups_, self.edges_ = groups, edges
        return self

    def predict(self, X, return_std=False):
        assert np.isfinite(X).all()
        cbm = -4.4 + np.mean(X, axis=1)[:, np.newaxis]
        dos = np.clip(-6.0 - ENERGIES, 0, None) + np.clip(ENERGIES - cbm, 0, None)
        return (dos, np.full_like(dos, 0.25)) if return_std else dos

    def predict_edges(self, X):
        from types import SimpleNamespace

        cbm = -4.4 + np.mean(X, axis=1)
        return SimpleNamespace(vbm=np.full(len(X), -6.0), cbm=cbm, gap=cbm + 6.0)

    def domain_score(self, X):
        return np.abs(X).max(axis=1)


@pytest.fixture
def spectra(rng):
    shift = np.linspace(375.0, 415.0, 41)
    center = rng.uniform(380, 390, (4, 5, 1))
    cube = np.exp(-((shift - center) ** 2) / 8) + 0.01
    return xr.DataArray(
        cube,
        dims=("y", "x", "shift"),
        coords={
            "y": ("y", np.arange(4) * 0.5, {"units": "um"}),
            "x": ("x", np.arange(5) * 0.5, {"units": "um"}),
            "shift": ("shift", shift, {"units": "cm-1"}),
        },
        name="intensity",
    )


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def pipeline(spectra):
    X = spectra.values.reshape(-1, 41)
    model = make_pipeline(Centroid(spectra["shift"].values), StandardScaler(), Step())
    return model.fit(X, np.zeros((len(X), len(ENERGIES))))


def test_map_equals_predictions_pixel_by_pixel(rng):
    X, y = rng.normal(size=(40, 3)), rng.normal(size=(40, 7))
    model = MLPRegressor(hidden_layer_sizes=(16,), max_iter=2000, tol=1e-2, random_state=0).fit(X, y)
    cube = rng.normal(size=(5, 4, 3))
    flake = SpatialMapper(model, quantities=["dos"], chunks=2).predict_map(cube)
    for row in range(5):
        for column in range(4):
            alone = model.predict(cube[row, column][np.newaxis])[0]
            np.testing.assert_allclose(flake.dos[row, column], alone, rtol=0, atol=1e-12)


def test_chunks_do_not_change_the_map(pipeline, spectra):
    whole = SpatialMapper(pipeline, chunks=None).predict_map(spectra)
    for chunks in (1, 3, "auto"):
        xr.testing.assert_identical(SpatialMapper(pipeline, chunks=chunks).predict_map(spectra), whole)


def test_edges_and_uncertainty_come_from_the_regressor(pipeline, spectra):
    names = ("dos", "dos_std", "vbm", "cbm", "gap", "domain_score", "features")
    flake = SpatialMapper(pipeline, quantities=names).predict_map(spectra)
    scaled = pipeline[:-1].transform(spectra.values.reshape(-1, 41))
    np.testing.assert_allclose(flake.gap.values.ravel(), 1.6 + scaled.mean(axis=1), atol=1e-12)
    np.testing.assert_array_equal(flake.dos_std, 0.25)
    np.testing.assert_allclose(flake.domain_score.values.ravel(), np.abs(scaled).max(axis=1))
    assert flake.features.feature.values.tolist() == ["centroid", "area"]
    assert 379 < float(flake.features.sel(feature="centroid").mean()) < 391
    assert flake.energy.attrs["units"] == flake.gap.attrs["units"] == "eV"
    assert flake.x.attrs["units"] == "um"


def test_a_pixel_for_which_the_regressor_has_no_score_is_outside(pipeline, spectra, monkeypatch):
    monkeypatch.setattr(Step, "domain_score", lambda self, X: np.where(X[:, 0] > 0, np.nan, 0.5))
    flake = SpatialMapper(pipeline, quantities=("gap", "domain_score", "domain_reason")).predict_map(spectra)
    unknown = np.isnan(flake.domain_score)
    assert 0 < unknown.sum() < unknown.size
    assert (flake.status == PixelStatus.OK).all()
    np.testing.assert_array_equal(flake.domain_reason, np.where(unknown, LineReason.TRAINING, 0))


def test_threshold_edges_are_used_when_the_regressor_has_none(rng):
    strain = np.linspace(-1e-6, 1e-6, 9)[:, np.newaxis]
    below, above = -6.0 - 3 * strain - ENERGIES, ENERGIES + 4.4 + 5 * strain
    model = Ridge(alpha=1e-12).fit(strain, 1e3 * (np.clip(below, 0, None) + np.clip(above, 0, None)))
    options = {"threshold": 10.0, "reference": -5.2}
    flake = SpatialMapper(model, energies=ENERGIES, edge_options=options).predict_map(np.zeros((1, 1, 1)))
    # At a slope of 1000 states/eV per eV the curve passes the threshold 10 meV beyond the edge.
    np.testing.assert_allclose([flake.vbm.item(), flake.cbm.item()], [-6.01, -4.39], atol=2e-3)


def test_bad_pixels_are_flagged_and_the_regressor_never_sees_them(pipeline, spectra):
    broken = spectra.copy()
    broken[1, 2, 7] = np.nan
    broken[3, 0] = 0.0
    broken[0, 4, 0] = np.inf
    flake = SpatialMapper(pipeline, quantities=("dos", "gap", "features"), chunks=2).predict_map(broken)
    expected = np.zeros((4, 5), int)
    expected[1, 2], expected[0, 4], expected[3, 0] = 1, 1, 2
    np.testing.assert_array_equal(flake.status, expected)
    np.testing.assert_array_equal(np.isnan(flake.gap), expected > 0)
    np.testing.assert_array_equal(np.isnan(flake.dos).any("energy"), expected > 0)
    good = SpatialMapper(pipeline, quantities=("gap",)).predict_map(spectra)
    np.testing.assert_array_equal(flake.gap.values[expected == 0], good.gap.values[expected == 0])
    assert flake.status.attrs["flag_meanings"].split()[:3] == [
        "ok",
        "input_not_finite",
        "features_not_finite",
    ]


class PatientCentroid(Centroid):
    """A featurizer that leaves NaN points out, as long as they are few."""

    def transform(self, X):
        X = np.where(np.isnan(X).mean(axis=1, keepdims=True) > 0.1, np.nan, X)
        few = np.isnan(X) & ~np.isnan(X).all(axis=1, keepdims=True)
        return super().transform(np.where(few, 0.0, X))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def test_spectra_with_some_points_masked_reach_a_featurizer_that_takes_nan(spectra):
    X = spectra.values.reshape(-1, 41)
    model = make_pipeline(PatientCentroid(spectra["shift"].values), StandardScaler(), Step())
    model.fit(X, np.zeros((len(X), len(ENERGIES))))
    masked = spectra.copy()
    masked[1, 2, :2] = np.nan
    masked[0, 4, 0] = np.inf
    masked[2, 2, :20] = np.nan
    masked[3, 0] = np.nan
    flake = SpatialMapper(model, quantities=("gap", "features")).predict_map(masked)
    expected = np.zeros((4, 5), int)
    expected[2, 2], expected[3, 0] = 2, 1
    np.testing.assert_array_equal(flake.status, expected)
    np.testing.assert_array_equal(np.isnan(flake.gap), expected > 0)
    alone = model[0].transform(masked.values[1, 2][np.newaxis])
    np.testing.assert_allclose(flake.features[1, 2], alone[0])


def test_nan_that_a_scaler_hands_on_is_blamed_on_the_input(rng):
    X = rng.normal(size=(20, 2))
    model = make_pipeline(StandardScaler(), Ridge()).fit(X, X @ rng.normal(size=(2, 4)))
    cube = rng.normal(size=(2, 3, 2))
    cube[0, 1, 0], cube[1, 2, 1] = np.nan, np.inf
    status = SpatialMapper(model, quantities=("dos",)).predict_map(cube).status.values
    assert status.tolist() == [[0, 1, 0], [0, 0, 1]]


def test_map_without_a_valid_pixel_is_nan_with_counts_in_a_warning(pipeline, spectra):
    broken = spectra * np.nan
    broken[0] = 0.0
    with pytest.warns(UserWarning, match="none of the 20 pixels could be evaluated: 15 .* and 5 features"):
        flake = SpatialMapper(pipeline).predict_map(broken)
    assert flake.dos.shape == (4, 5, 81)
    assert np.isnan(flake.dos).all()
    assert np.isnan(flake.gap).all()


@pytest.mark.parametrize("shape", [(0, 5, 41), (4, 0, 41), (4, 5, 0)])
def test_empty_map_is_refused(pipeline, shape):
    with pytest.raises(ValueError, match="holds no pixel"):
        SpatialMapper(pipeline).predict_map(np.zeros(shape))


def test_dims_are_taken_by_name_and_the_axis_by_coordinate(pipeline, spectra):
    mapper = SpatialMapper(pipeline)
    expected = mapper.predict_map(spectra)
    xr.testing.assert_identical(mapper.predict_map(spectra.transpose("shift", "x", "y")), expected)
    xr.testing.assert_identical(mapper.predict_map(spectra.isel(shift=slice(None, None, -1))), expected)
    np.testing.assert_array_equal(mapper.predict_map(spectra.values).gap, expected.gap)


def test_foreign_shift_axis_is_refused_with_both_ranges(pipeline, spectra):
    moved = spectra.assign_coords(shift=spectra["shift"] + 7.6)
    with pytest.raises(ValueError, match=r"382.6 to 422.6 cm-1 in 41 points, .* 375 to 415 cm-1 in 41"):
        SpatialMapper(pipeline).predict_map(moved)
    with pytest.raises(ValueError, match="375 to 414 cm-1 in 40 points"):
        SpatialMapper(pipeline).predict_map(spectra[..., :-1])


def test_named_features_are_ordered_by_name(rng):
    X = pd.DataFrame(rng.normal(size=(20, 2)), columns=["E'_center", "A1'_center"])
    y = X.to_numpy() @ rng.normal(size=(2, 4))
    model = make_pipeline(StandardScaler().set_output(transform="pandas"), Ridge()).fit(X, y)
    cube = xr.DataArray(
        rng.normal(size=(3, 2, 2)),
        dims=("y", "x", "feature"),
        coords={"feature": ["A1'_center", "E'_center"]},
    )
    flake = SpatialMapper(model, quantities=("dos", "features")).predict_map(cube)
    rows = pd.DataFrame(cube.values.reshape(-1, 2), columns=["A1'_center", "E'_center"])[X.columns.tolist()]
    np.testing.assert_array_equal(flake.dos.values.reshape(6, 4), model.predict(rows))
    assert flake.feature.values.tolist() == ["E'_center", "A1'_center"]
    with pytest.raises(ValueError, match="cube has the features"):
        SpatialMapper(model).predict_map(cube.assign_coords(feature=["A1'_center", "2LA"]))


def test_strain_map_in_another_unit_is_said_aloud():
    strain = np.linspace(0, 0.333, 14)[:, np.newaxis]
    model = make_pipeline(StandardScaler(), Step()).fit(strain, np.zeros((14, 81)))
    flake = xr.DataArray(np.linspace(0.0004, 0.0333, 6).reshape(2, 3), dims=("y", "x"), name="strain")
    with pytest.warns(UserWarning, match=r"0.0004 to 0.0333.* trained on 0 to 0.333.*10 times smaller"):
        result = SpatialMapper(model, quantities=("gap",)).predict_map(flake)
    assert result.gap.shape == (2, 3)
    SpatialMapper(model, quantities=("gap",)).predict_map(flake * 10)


def test_groups_and_edges_reach_the_regressor(rng):
    X, groups, edges = rng.normal(size=(6, 2)), np.arange(6), rng.normal(size=(6, 2))
    for model in (Step(), make_pipeline(StandardScaler(), Step())):
        mapper = SpatialMapper(model).fit(X, np.zeros((6, 81)), groups=groups, edges=edges)
        final = mapper.estimator_ if isinstance(model, Step) else mapper.estimator_[-1]
        assert final.groups_ is groups
        assert final.edges_ is edges


def test_searches_are_mapped_with_their_best_estimator(rng):
    X, y = rng.normal(size=(20, 2)), rng.normal(size=(20, 5))
    search = GridSearchCV(make_pipeline(StandardScaler(), Ridge()), {"ridge__alpha": [0.1, 1.0]}, cv=2)
    mapper = SpatialMapper(search, quantities=("dos",)).fit(X, y)
    cube = rng.normal(size=(2, 2, 2))
    np.testing.assert_array_equal(
        mapper.predict_map(cube).dos.values.reshape(4, 5), mapper.predict(cube.reshape(4, 2))
    )


def test_missing_energies_are_said_and_leave_edges_nan(rng):
    model = Ridge().fit(rng.normal(size=(9, 2)), rng.normal(size=(9, 5)))
    with pytest.warns(UserWarning, match="pass energies= to SpatialMapper"):
        flake = SpatialMapper(model).predict_map(np.zeros((2, 2, 2)))
    assert np.isnan(flake.gap).all()
    assert np.isfinite(flake.dos).all()


def test_impossible_quantities_are_refused_by_name(pipeline, spectra):
    with pytest.raises(ValueError, match="but got \\['dos', 'mobility'\\]"):
        SpatialMapper(pipeline, quantities=("dos", "mobility")).predict_map(spectra)
    model = Ridge().fit(np.eye(2), np.eye(2))
    with pytest.raises(ValueError, match="Ridge has no method 'domain_score'"):
        SpatialMapper(model, quantities=("domain_score",)).predict_map(np.zeros((1, 1, 2)))


def test_attributes_are_reproducible_and_name_the_model(pipeline, spectra):
    first, second = (SpatialMapper(pipeline).predict_map(spectra) for _ in range(2))
    assert first.attrs == second.attrs
    assert "Step()" in first.attrs["model"]
    assert SpatialMapper(pipeline, dtype="float32").predict_map(spectra).dos.dtype == np.float32


def test_a_mapper_answers_as_the_estimator_in_it(pipeline, spectra):
    X = spectra.values.reshape(-1, 41)
    Z = pipeline[:-1].transform(X)
    for mapper in (SpatialMapper(pipeline), SpatialMapper(FrozenEstimator(SpatialMapper(pipeline)))):
        np.testing.assert_array_equal(mapper.energies_, ENERGIES)
        np.testing.assert_array_equal(mapper.predict_edges(X).cbm, pipeline[-1].predict_edges(Z).cbm)
        np.testing.assert_array_equal(mapper.domain_score(X), pipeline[-1].domain_score(Z))
        dos, std = mapper.predict(X, return_std=True)
        np.testing.assert_array_equal(dos, pipeline.predict(X))
        np.testing.assert_array_equal(std, 0.25)
    ridge = SpatialMapper(Ridge().fit(np.eye(2), np.eye(2)), energies=[0.0, 1.0])
    assert not hasattr(ridge, "predict_edges")
    assert not hasattr(ridge, "domain_score")
    assert ridge.energies_.tolist() == [0.0, 1.0]
    assert not hasattr(SpatialMapper(ridge.estimator), "energies_")


@pytest.mark.parametrize("routing", [False, True])
def test_scores_weigh_rows(rng, routing):
    X, y, weight = rng.normal(size=(30, 2)), rng.normal(size=(30, 3)), rng.uniform(size=30)
    with config_context(enable_metadata_routing=routing):
        ridge = Ridge().set_score_request(sample_weight=True) if routing else Ridge()
        mapper = SpatialMapper(ridge).fit(X, y)
        found = mapper.score(X, y, sample_weight=weight)
    assert found == r2_score(y, mapper.predict(X), sample_weight=weight)
    assert found != mapper.score(X, y)
