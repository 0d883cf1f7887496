# SPDX-License-Identifier: BSD-3-Clause
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import LinearRegression, Ridge

from strain2dos import DOSExplainer

ENERGIES = np.linspace(-7.0, -3.0, 41)


class Semiconductor(RegressorMixin, BaseEstimator):
    """Edges are given functions of two features; metal wherever the second feature exceeds `metal_above`."""

    def __init__(self, metal_above=np.inf):
        self.metal_above = metal_above

    def fit(self, X, y=None):
        self.energies_ = ENERGIES
        self.n_features_in_ = 2
        return self

    def predict(self, X):
        edges = self.predict_edges(X)
        below, above = edges.vbm[:, np.newaxis] - ENERGIES, ENERGIES - edges.cbm[:, np.newaxis]
        return np.nan_to_num(np.clip(below, 0, None) + np.clip(above, 0, None), nan=1.0)

    def predict_edges(self, X):
        metal = X[:, 1] > self.metal_above
        vbm = np.where(metal, np.nan, -6.0 + 0.1 * X[:, 0])
        cbm = np.where(metal, np.nan, -4.4 + 0.1 * X[:, 0] * X[:, 1])
        return SimpleNamespace(vbm=vbm, cbm=cbm, gap=cbm - vbm)


def brute_force(function, x, background):
    """Shapley values by their definition: mean gain over all orders in which features may join."""
    k = len(x)
    values = 0.0
    orders = list(permutations(range(k)))
    for order in orders:
        rows = background.copy()
        gains = [None] * k
        last = function(rows).mean(axis=0)
        for feature in order:
            rows[:, feature] = x[feature]
            now = function(rows).mean(axis=0)
            gains[feature], last = now - last, now
        values = values + np.stack(gains)
    return values / len(orders)


def test_linear_model_has_its_analytic_shapley_values(rng):
    X, background = rng.normal(size=(6, 5)), rng.normal(size=(30, 5))
    model = Ridge().fit(background, background @ rng.normal(size=(5, 12)))
    explanation = DOSExplainer(model, background).explain(X)
    deviation = X - background.mean(axis=0)
    np.testing.assert_allclose(explanation.values, deviation[:, :, np.newaxis] * model.coef_.T, atol=1e-12)
    np.testing.assert_allclose(explanation.base_values, model.predict(background).mean(axis=0), atol=1e-12)


def test_values_equal_their_definition(net, rng):
    X, background = rng.normal(size=(3, 4)), rng.normal(size=(7, 4))
    explanation = DOSExplainer(net, background).explain(X)
    assert explanation.method == "exact"
    for x, values in zip(X, explanation.values, strict=True):
        np.testing.assert_allclose(values, brute_force(net.predict, x, background), atol=1e-12)


def test_values_equal_the_shap_library(net, rng):
    shap = pytest.importorskip("shap")
    X, background = rng.normal(size=(3, 4)), rng.normal(size=(20, 4))
    exact = shap.ExactExplainer(net.predict, shap.maskers.Independent(background, max_samples=20))(X)
    explanation = DOSExplainer(net, background).explain(X)
    np.testing.assert_allclose(explanation.values, exact.values, atol=1e-10)
    np.testing.assert_allclose(explanation.base_values, exact.base_values[0], atol=1e-10)


def test_shares_add_up_to_every_point_of_the_curve(net, rng):
    X, background = rng.normal(size=(5, 4)), rng.normal(size=(40, 4))
    explanation = DOSExplainer(net, background).explain(X)
    np.testing.assert_allclose(explanation.predictions, net.predict(X), atol=1e-9)


def test_small_chunks_change_nothing(net, rng, monkeypatch):
    X, background = rng.normal(size=(2, 4)), rng.normal(size=(33, 4))
    expected = DOSExplainer(net, background).explain(X).values
    monkeypatch.setattr("strain2dos.explain._values.run._CHUNK_BYTES", 1)
    np.testing.assert_allclose(DOSExplainer(net, background).explain(X).values, expected, atol=1e-13)


def test_edges_are_explained_as_functions_of_their_own(rng):
    model = Semiconductor().fit(None)
    X, background = rng.normal(size=(4, 2)), rng.normal(size=(25, 2))
    explanation = DOSExplainer(model, background).explain(X)

    def cbm(rows):
        return model.predict_edges(rows).cbm[:, np.newaxis]

    for x, values in zip(X, explanation.edge_values["cbm"], strict=True):
        np.testing.assert_allclose(values, brute_force(cbm, x, background)[:, 0], atol=1e-12)
    np.testing.assert_allclose(
        explanation.edge_values["vbm"][:, 0], 0.1 * (X[:, 0] - background[:, 0].mean()), atol=1e-12
    )
    np.testing.assert_allclose(explanation.edge_values["vbm"][:, 1], 0.0, atol=1e-12)
    for name in ("vbm", "cbm", "gap"):
        expected = getattr(model.predict_edges(X), name)
        np.testing.assert_allclose(explanation.edge_predictions(name), expected, atol=1e-9)
    difference = explanation.edge_values["cbm"] - explanation.edge_values["vbm"]
    np.testing.assert_allclose(explanation.edge_values["gap"], difference, atol=1e-12)


def test_metals_are_left_out_of_the_mean_edge_and_counted():
    model = Semiconductor(metal_above=2.0).fit(None)
    background = np.array([[0.0, 0.0], [1.0, 3.0], [2.0, 1.0]])
    with pytest.warns(UserWarning, match=r"vbm in up to 0.2 of them"):
        explanation = DOSExplainer(model, background).explain([[3.0, 1.0]])
    # Coalitions: {} and {1st} miss the metallic background row, {2nd} and both miss none: 2 of 3*3 + 1 rows.
    np.testing.assert_allclose(explanation.missing_edges["vbm"], [0.2])
    np.testing.assert_allclose(explanation.edge_base_values["vbm"], -6.0 + 0.1 * 1.0)
    np.testing.assert_allclose(explanation.edge_predictions("vbm"), -5.7)
    assert np.isfinite(explanation.values).all()
    with pytest.warns(UserWarning, match="no band edge"):
        metal = DOSExplainer(model, background).explain([[0.0, 5.0]])
    assert np.isnan(metal.edge_values["gap"]).all()


def test_threshold_edges_serve_regressors_without_their_own(rng):
    strain = np.linspace(-1e-3, 1e-3, 9)[:, np.newaxis]
    curves = np.clip(-6.0 - ENERGIES, 0, None) + np.clip(ENERGIES + 4.4, 0, None)
    model = LinearRegression().fit(strain, curves * (1 + 100 * strain))
    options = {"energies": ENERGIES, "edge_options": {"threshold": 0.5, "reference": -5.2}}
    explanation = DOSExplainer(model, strain, feature_names=["strain"], **options).explain([[1e-3]])
    expected = 0.5 - 0.5 / 1.1
    np.testing.assert_allclose(explanation.edge_predictions("vbm"), -6.5 + expected, atol=1e-6)
    assert DOSExplainer(model, strain).explain([[1e-3]]).edge_values == {}
    assert DOSExplainer(model, strain, **options).explain([[1e-3]], edges=False).edge_values == {}


def test_many_features_are_sampled_and_still_add_up(rng):
    X, background = rng.normal(size=(2, 14)), rng.normal(size=(10, 14))
    model = Ridge().fit(background, background @ rng.normal(size=(14, 6)))
    np.random.seed(1)  # noqa: NPY002
    expected_next = np.random.RandomState(1).rand()
    explanation = DOSExplainer(model, background, random_state=0, n_permutations=2).explain(X)
    assert np.random.rand() == expected_next  # noqa: NPY002
    assert explanation.method == "permutation"
    deviation = X - background.mean(axis=0)
    np.testing.assert_allclose(explanation.values, deviation[:, :, np.newaxis] * model.coef_.T, atol=1e-9)


def test_sampling_approaches_the_exact_values_and_repeats(net, rng):
    X, background = rng.normal(size=(2, 4)), rng.normal(size=(8, 4))
    exact = DOSExplainer(net, background).explain(X).values
    options = {"max_exact": 2, "random_state": 3}
    few = DOSExplainer(net, background, n_permutations=1, **options).explain(X).values
    many = DOSExplainer(net, background, n_permutations=60, **options).explain(X).values
    assert np.abs(many - exact).max() < 0.3 * np.abs(few - exact).max()
    np.testing.assert_array_equal(
        DOSExplainer(net, background, n_permutations=60, **options).explain(X).values, many
    )
    np.testing.assert_allclose(few.sum(axis=1), exact.sum(axis=1), atol=1e-9)


def test_large_background_is_thinned_reproducibly(net, rng):
    background = rng.normal(size=(500, 4))
    explainers = [DOSExplainer(net, background, max_background=20, random_state=seed) for seed in (0, 0, 1)]
    assert [explainer.background.shape for explainer in explainers] == [(20, 4)] * 3
    np.testing.assert_array_equal(explainers[0].background, explainers[1].background)
    assert not np.array_equal(explainers[0].background, explainers[2].background)


def test_names_come_from_frames_and_wrong_widths_are_refused(rng):
    frame = pd.DataFrame(rng.normal(size=(9, 2)), columns=["E'_center", "A1'_center"])
    model = Ridge().fit(frame, rng.normal(size=(9, 3)))
    explainer = DOSExplainer(model, frame)
    assert explainer.feature_names == ("E'_center", "A1'_center")
    assert DOSExplainer(model, frame.to_numpy()).feature_names == ("E'_center", "A1'_center")
    turned = explainer.explain(frame[["A1'_center", "E'_center"]][:2])
    np.testing.assert_array_equal(turned.values, explainer.explain(frame[:2].to_numpy()).values)
    with pytest.raises(ValueError, match="X has the columns"):
        explainer.explain(frame.rename(columns={"E'_center": "2LA"}))
    with pytest.raises(ValueError, match=r"must have shape \(n, 2\)"):
        explainer.explain(np.zeros((1, 3)))
    with pytest.raises(ValueError, match="3 names, but the background has 2"):
        DOSExplainer(model, frame, feature_names=["a", "b", "c"])
    with pytest.raises(ValueError, match="1 of 9 rows"):
        DOSExplainer(model, frame.where(np.arange(9)[:, np.newaxis] != [4, 4]))


def test_one_pair_of_permutations_is_exact_where_features_interact_in_pairs(rng):
    class Pairs(RegressorMixin, BaseEstimator):
        n_features_in_ = 5

        def fit(self, X, y=None):
            return self

        def predict(self, X):
            return np.stack([X[:, 0] * X[:, 1] + X[:, 2], X[:, 3] * X[:, 4] - X[:, 1] * X[:, 2]], axis=1)

    X, background = rng.normal(size=(3, 5)), rng.normal(size=(9, 5))
    exact = DOSExplainer(Pairs().fit(None), background).explain(X)
    sampled = DOSExplainer(Pairs(), background, max_exact=2, n_permutations=1, random_state=0).explain(X)
    assert sampled.method == "permutation"
    np.testing.assert_allclose(sampled.values, exact.values, atol=1e-12)
    np.testing.assert_allclose(sampled.base_values, exact.base_values, atol=1e-12)


def test_sampling_in_two_threads_gives_the_same_bits_as_in_one(net, rng):
    X, background = rng.normal(size=(2, 4)), rng.normal(size=(8, 4))
    explainer = DOSExplainer(net, background, max_exact=2, random_state=3)
    alone = explainer.explain(X).values
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: explainer.explain(X).values, range(8)):
            np.testing.assert_array_equal(found, alone)


def test_clusters_of_equal_rows_give_the_shares_of_all_rows(net, rng):
    X, distinct = rng.normal(size=(3, 4)), rng.normal(size=(6, 4))
    background = np.repeat(distinct, [1, 2, 3, 4, 5, 6], axis=0)
    expected = DOSExplainer(net, background).explain(X)
    explainer = DOSExplainer(net, background, max_background=6, thinning="clusters", random_state=0)
    assert sorted(explainer.background_weights * 21) == pytest.approx([1, 2, 3, 4, 5, 6])
    found = explainer.explain(X)
    np.testing.assert_allclose(found.values, expected.values, atol=1e-12)
    np.testing.assert_allclose(found.base_values, expected.base_values, atol=1e-12)


def test_clusters_weigh_evaluations_without_an_edge(rng):
    model = Semiconductor(metal_above=0.5).fit(None)
    distinct = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 0.2]])
    background = np.repeat(distinct, [3, 1, 2], axis=0)
    X = np.array([[0.3, 0.1]])
    with pytest.warns(UserWarning, match="no band edge"):
        expected = DOSExplainer(model, background).explain(X)
    explainer = DOSExplainer(model, background, max_background=3, thinning="clusters")
    with pytest.warns(UserWarning, match="no band edge"):
        found = explainer.explain(X)
    for name in ("vbm", "cbm", "gap"):
        np.testing.assert_allclose(found.edge_values[name], expected.edge_values[name], atol=1e-12)


def test_clusters_err_less_than_as_many_rows_at_random(net, rng):
    X, background = rng.normal(size=(4, 4)), rng.normal(size=(60, 4))
    exact = DOSExplainer(net, background).explain(X).values
    misses = {
        thinning: [
            np.square(
                DOSExplainer(net, background, max_background=12, thinning=thinning, random_state=seed)
                .explain(X)
                .values
                - exact
            ).mean()
            for seed in range(5)
        ]
        for thinning in ("random", "clusters")
    }
    assert np.mean(misses["clusters"]) < 0.5 * np.mean(misses["random"])


def test_a_thinning_that_does_not_exist_is_refused(net, rng):
    with pytest.raises(ValueError, match=r"thinning must be one of .*'clusters'.*'medoids'"):
        DOSExplainer(net, rng.normal(size=(9, 4)), thinning="medoids")
