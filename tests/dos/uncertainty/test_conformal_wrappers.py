# SPDX-License-Identifier: BSD-3-Clause
"""Bands around pipelines, searches and frozen models: what reaches the estimator, and what is refused."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.frozen import FrozenEstimator
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.impute import SimpleImputer
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from strain2dos import ConformalDOSRegressor, DOSRegressor
from strain2dos.dos import BandEdges

ENERGIES = np.linspace(-2, 2, 41)
QUICK = {"hidden_layer_sizes": (4,), "n_members": 1, "max_epochs": 3, "random_state": 0}


class Recorder(RegressorMixin, BaseEstimator):
    """A ridge that keeps what its fit was given."""

    def fit(self, X, y, *, groups=None, edges=None, sample_weight=None):
        self.ridge_ = Ridge(1e-3).fit(X, y, sample_weight)
        self.given_ = {"groups": groups, "edges": edges, "sample_weight": sample_weight}
        self.rows_ = len(y)
        self.edges_learned_ = edges is not None
        return self

    def predict(self, X):
        return self.ridge_.predict(X)

    def predict_edges(self, X):
        return BandEdges(np.zeros(len(X)), np.ones(len(X)), np.ones(len(X)))


@pytest.fixture(scope="module")
def data():
    random = np.random.RandomState(0)
    strain = np.repeat(random.uniform(0, 1, 12), 2)
    waves = np.repeat(random.normal(size=(12, 3)), 2, axis=0) @ [np.sin(k * ENERGIES) for k in (1, 2, 3)]
    X = np.column_stack([strain, strain**2]) + 0.01 * random.normal(size=(24, 2))
    return X, 5 + strain[:, None] * ENERGIES + 0.1 * waves, np.repeat(np.arange(12), 2)


def test_metadata_reaches_a_pipeline_by_routing(data):
    X, y, groups = data
    edges, weight = np.tile([-0.5, 0.5], (24, 1)), np.linspace(1, 2, 24)
    with config_context(enable_metadata_routing=True):
        inner = Recorder().set_fit_request(groups=True, edges=True, sample_weight=True)
        model = ConformalDOSRegressor(make_pipeline(StandardScaler(), inner), cv=3, level=0.5)
        model.estimator.steps[0][1].set_fit_request(sample_weight=False)
        model.fit(X, y, groups=groups, edges=edges, sample_weight=weight)
        given = model.estimator_[-1].given_
        np.testing.assert_array_equal(given["groups"], groups)
        np.testing.assert_array_equal(given["edges"], edges)
        np.testing.assert_array_equal(given["sample_weight"], weight)
        # without labels from the caller the groups are those of equal curves
        assert len(np.unique(model.fit(X, y).estimator_[-1].given_["groups"])) == 12
        silent = make_pipeline(StandardScaler(), Recorder())
        with pytest.raises(UnsetMetadataPassedError, match="set_fit_request"):
            ConformalDOSRegressor(silent, cv=3, level=0.5).fit(X, y, groups=groups)
        ConformalDOSRegressor(silent, cv=3, level=0.5).fit(X, y)
        outer = make_pipeline(StandardScaler(), model.set_fit_request(groups=True, edges=True))
        outer.fit(X, y, groups=groups, edges=edges)
        np.testing.assert_array_equal(outer[-1].estimator_[-1].given_["edges"], edges)


def test_without_routing_the_same_arguments_reach_the_last_step(data):
    X, y, groups = data
    weight = np.linspace(1, 2, 24)
    model = ConformalDOSRegressor(make_pipeline(StandardScaler(), Recorder()), cv=3, level=0.5)
    model.fit(X, y, groups=groups, recorder__sample_weight=weight)
    np.testing.assert_array_equal(model.estimator_[-1].given_["groups"], groups)
    np.testing.assert_array_equal(model.estimator_[-1].given_["sample_weight"], weight)


def test_channels_without_a_value_are_left_to_the_pipeline(data):
    X, y, groups = data
    holes = X.copy()
    holes[3, 0], holes[10, 1] = np.nan, np.nan
    inner = make_pipeline(SimpleImputer(), StandardScaler(), Ridge(1e-3))
    model = ConformalDOSRegressor(inner, cv=3, level=0.5).fit(holes, y, groups=groups)
    np.testing.assert_array_equal(model.predict(holes), inner.fit(holes, y).predict(holes))
    assert np.isfinite(model.predict_interval(holes)).all()
    with pytest.raises(ValueError, match="NaN"):
        ConformalDOSRegressor(Ridge(), cv=3, level=0.5).fit(holes, y, groups=groups)


@pytest.mark.parametrize("routing", [False, True])
def test_a_search_inside_splits_by_the_same_groups(data, routing):
    X, y, groups = data
    shared = []

    class Spy(GroupKFold):
        def split(self, X, y=None, groups=None):
            for train, test in super().split(X, y, groups):
                shared.append(len(set(groups[train]) & set(groups[test])))
                yield train, test

    with config_context(enable_metadata_routing=routing):
        last = Recorder()
        last = last.set_fit_request(groups=True, edges=True) if routing else last
        inner = make_pipeline(StandardScaler(), last)
        search = GridSearchCV(inner, {"standardscaler__with_mean": [True, False]}, cv=Spy(2))
        model = ConformalDOSRegressor(search, cv=3, level=0.5)
        model.fit(X, y, groups=groups, edges=np.tile([-0.5, 0.5], (24, 1)))
    # two splits in each of three folds and in the final fit
    assert shared == [0] * 8
    final = model.estimator_.best_estimator_[-1]
    np.testing.assert_array_equal(final.given_["groups"], groups)
    assert final.edges_learned_
    assert model.edge_scores_.shape == (12, 3)
    np.testing.assert_array_equal(model.edge_scores_[:, 0], 0.5)


@pytest.mark.parametrize(
    "regressor", [GaussianProcessRegressor(optimizer=None), KernelRidge(alpha=1e-9), KNeighborsRegressor(1)]
)
def test_a_frozen_model_is_refused_on_rows_that_it_was_fitted_on(data, regressor):
    X, y, groups = data
    fitted = make_pipeline(StandardScaler(), regressor).fit(X, y)
    for frozen in (FrozenEstimator(fitted), make_pipeline(fitted[0], FrozenEstimator(fitted[-1]))):
        model = ConformalDOSRegressor(frozen, cv=3, level=0.5)
        with pytest.raises(ValueError, match=r"fitted on 24 of these 24 rows.*too narrow"):
            model.fit(X, y, groups=groups)
    half = make_pipeline(StandardScaler(), regressor).fit(X[:12], y[:12])
    model = ConformalDOSRegressor(FrozenEstimator(half), cv=3, level=0.5)
    model.fit(X[12:], y[12:], groups=groups[12:])
    assert model.estimator_.estimator is half


def test_a_frozen_model_without_memory_is_suspected_by_its_tiny_errors():
    random = np.random.RandomState(0)
    X, y = random.normal(size=(12, 12)), random.normal(size=(12, 5))
    exact = FrozenEstimator(LinearRegression().fit(X, y))
    with pytest.warns(UserWarning, match="so little as if it had been fitted on them"):
        ConformalDOSRegressor(exact, cv=3, level=0.5).fit(X, y)
    other, truth = random.normal(size=(12, 12)), random.normal(size=(12, 5))
    ConformalDOSRegressor(exact, cv=3, level=0.5).fit(other, truth)


def test_a_frozen_dos_regressor_is_refused_on_its_training_rows_behind_a_scaler(data):
    X, y, groups = data
    fitted = make_pipeline(StandardScaler(), DOSRegressor(ENERGIES, representation="grid", **QUICK)).fit(X, y)
    with pytest.raises(ValueError, match="DOSRegressor was fitted on 24 of these 24 rows"):
        ConformalDOSRegressor(FrozenEstimator(fitted), cv=3, level=0.5).fit(X, y, groups=groups)
    model = ConformalDOSRegressor(FrozenEstimator(fitted), cv=3, level=0.5).fit(X + 0.02, y, groups=groups)
    # the true curves miss the model by waves of this size
    assert np.median(np.ptp(model.predict_interval(X), axis=-1)) > 0.01


def test_another_level_changes_the_factor_at_once(data):
    X, y, groups = data
    model = ConformalDOSRegressor(Ridge(), level=0.5).fit(X, y, groups=groups)
    half = model.quantile_
    assert half == np.sort(model.scores_)[6]
    band = model.predict_interval(X)
    model.set_params(level=0.9)
    assert model.quantile_ == model.scores_.max() > half
    assert (np.ptp(model.predict_interval(X), axis=-1) > np.ptp(band, axis=-1)).all()
    model.set_params(level=0.99)
    with pytest.raises(ValueError, match="needs at least 99 groups"):
        model.predict_interval(X)
    assert not hasattr(ConformalDOSRegressor(Ridge()), "quantile_")
