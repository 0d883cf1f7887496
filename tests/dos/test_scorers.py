# SPDX-License-Identifier: BSD-3-Clause
"""Scorers by name, and figures of merit of error bars, against scikit-learn and closed forms."""

import pickle

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error, mean_pinball_loss
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from strain2dos import ConformalDOSRegressor, DOSRegressor
from strain2dos.dos import BandEdges, band_edges, metrics
from strain2dos.dos.metrics import make_dos_scorer

ENERGIES = np.linspace(-2, 2, 201)
STRAIN = np.linspace(0, 0.05, 12)[:, None]
DOS = np.clip(np.abs(ENERGIES) - (0.8 - 4 * STRAIN), 0, None)
QUICK = {"hidden_layer_sizes": (4,), "n_members": 1, "max_epochs": 2, "random_state": 0}


@pytest.fixture(scope="module")
def fitted():
    model = make_pipeline(StandardScaler(), DOSRegressor(ENERGIES, edge_threshold=0.15, **QUICK))
    edges = np.column_stack(band_edges(ENERGIES, DOS, threshold=0.15)[:2])
    return model.fit(STRAIN, DOS, dosregressor__edges=edges + np.array([0.01, -0.02]))


def test_interval_score_is_the_pinball_loss_of_both_bounds():
    random = np.random.RandomState(0)
    truth, middle, half = random.normal(size=(3, 50, 7))
    interval = np.stack([middle - np.abs(half), middle + np.abs(half)], axis=-1)
    alpha = 0.2
    flat = truth.ravel()
    wanted = mean_pinball_loss(flat, interval[..., 0].ravel(), alpha=alpha / 2)
    wanted += mean_pinball_loss(flat, interval[..., 1].ravel(), alpha=1 - alpha / 2)
    found = metrics.interval_score(truth, interval, level=1 - alpha)
    assert found == pytest.approx(2 / alpha * wanted, rel=1e-12)


def test_interval_score_is_best_at_the_true_quantiles():
    truth = np.random.RandomState(0).normal(size=20000)
    scores = {}
    for level in (0.8, 0.9, 0.97):
        half = norm.ppf(0.5 + level / 2)
        interval = np.tile([-half, half], (len(truth), 1))
        assert metrics.interval_width(interval) == pytest.approx(2 * half)
        assert metrics.interval_coverage(truth, interval) == pytest.approx(level, abs=0.01)
        scores[level] = metrics.interval_score(truth, interval, level=0.9)
    assert min(scores, key=scores.get) == 0.9


def test_gap_density_counts_what_lies_in_the_true_gap_only():
    truth = np.where(np.abs(ENERGIES) > 1, 2.0, 0.0)[None]
    assert metrics.gap_density(truth, truth, energies=ENERGIES) == 0.0
    tail = np.where(np.abs(ENERGIES) < 0.5, 0.1, truth)
    inside = np.abs(ENERGIES) < band_edges(ENERGIES, truth).cbm
    wanted = 0.1 * (np.abs(ENERGIES) < 0.5).sum() / inside.sum() / truth.mean()
    wanted += 2.0 * ((np.abs(ENERGIES) > 1) & inside).sum() / inside.sum() / truth.mean()
    assert metrics.gap_density(truth, tail, energies=ENERGIES) == pytest.approx(wanted)
    assert np.isnan(metrics.gap_density(np.ones_like(truth), truth, energies=ENERGIES))


def test_edge_errors_are_those_of_scikit_learn_and_a_lost_edge_is_infinite():
    random = np.random.RandomState(0)
    truth, found = random.normal(size=(2, 9, 2))
    errors = metrics.edge_mae(truth, BandEdges(found[:, 0], found[:, 1], found[:, 1] - found[:, 0]))
    assert errors["vbm"] == pytest.approx(1e3 * mean_absolute_error(truth[:, 0], found[:, 0]))
    assert errors["gap"] == pytest.approx(1e3 * mean_absolute_error(np.diff(truth), np.diff(found)))
    found[3, 1] = np.nan
    lost = metrics.edge_mae(truth, found)
    assert lost["vbm"] == errors["vbm"]
    assert lost["cbm"] == lost["gap"] == np.inf
    with pytest.raises(ValueError, match="9 samples and edges_pred 8"):
        metrics.edge_mae(truth, found[:8])


def test_scorers_agree_with_their_functions_and_take_energies_and_threshold_from_the_model(fitted):
    found = fitted.predict(STRAIN)
    reading = {"energies": ENERGIES, "threshold": 0.15, "reference": fitted[-1].edge_reference_}
    for name in ("dos_mae", "relative_l1", "negative_share"):
        assert make_dos_scorer(name)(fitted, STRAIN, DOS) == -getattr(metrics, name)(DOS, found)
    assert make_dos_scorer("r2_per_curve")(fitted, STRAIN, DOS) == metrics.r2_per_curve(DOS, found)
    wanted = -metrics.wasserstein(DOS, found, energies=ENERGIES)
    assert make_dos_scorer("wasserstein")(fitted, STRAIN, DOS) == wanted
    for name in ("vbm_mae", "cbm_mae", "gap_mae", "gap_density"):
        assert make_dos_scorer(name)(fitted, STRAIN, DOS) == -getattr(metrics, name)(DOS, found, **reading)
    learned = fitted[-1].predict_edges(fitted[:-1].transform(STRAIN))
    read = band_edges(ENERGIES, DOS, threshold=0.15, reference=fitted[-1].edge_reference_)
    wanted = -1e3 * mean_absolute_error(read.gap, learned.gap)
    assert make_dos_scorer("learned_gap_mae")(fitted, STRAIN, DOS) == pytest.approx(wanted)


def test_scorers_serve_a_search_in_two_processes_and_pickle():
    scoring = {name: make_dos_scorer(name) for name in ("wasserstein", "gap_mae", "learned_gap_mae")}
    assert pickle.loads(pickle.dumps(scoring)) == scoring
    model = make_pipeline(StandardScaler(), DOSRegressor(ENERGIES, **QUICK))
    grid = {"dosregressor__representation": ["grid", "cdf"]}
    results = []
    for n_jobs in (1, 2):
        search = GridSearchCV(model, grid, scoring=scoring, refit="gap_mae", cv=3, n_jobs=n_jobs)
        results.append(search.fit(STRAIN, DOS))
    for name in scoring:
        one, two = (search.cv_results_[f"mean_test_{name}"] for search in results)
        np.testing.assert_allclose(one, two, rtol=1e-9)
        assert (one < 0).all()
    best = int(np.argmax(results[0].cv_results_["mean_test_gap_mae"]))
    assert results[0].best_index_ == best
    found = scoring["gap_mae"](results[0], STRAIN, DOS)
    assert found == scoring["gap_mae"](results[0].best_estimator_, STRAIN, DOS)


def test_band_scorers_serve_a_conformal_regressor():
    model = ConformalDOSRegressor(Ridge(1e-6), level=0.7)
    names = ("interval_coverage", "interval_width", "interval_score")
    scores = cross_validate(model, STRAIN, DOS, scoring={name: make_dos_scorer(name) for name in names}, cv=3)
    model.fit(STRAIN, DOS)
    interval = model.predict_interval(STRAIN)
    wanted = -metrics.interval_score(DOS, interval, level=0.7)
    assert make_dos_scorer("interval_score")(model, STRAIN, DOS) == wanted
    assert make_dos_scorer("interval_coverage")(model, STRAIN, DOS) == metrics.interval_coverage(
        DOS, interval
    )
    assert (scores["test_interval_width"] < 0).all()


def test_what_a_scorer_lacks_is_named():
    ridge = Ridge().fit(STRAIN, DOS)
    with pytest.raises(ValueError, match="needs the energies of the curves, which Ridge does not know"):
        make_dos_scorer("gap_mae")(ridge, STRAIN, DOS)
    with pytest.raises(ValueError, match="needs predict_edges, which Ridge lacks; use DOSRegressor"):
        make_dos_scorer("learned_vbm_mae")(ridge, STRAIN, DOS)
    with pytest.raises(ValueError, match="needs predict_interval, which Ridge lacks"):
        make_dos_scorer("interval_score")(ridge, STRAIN, DOS)
    index = DOSRegressor(**QUICK).fit(STRAIN, DOS)
    with pytest.raises(ValueError, match=r"make_dos_scorer\('wasserstein', energies=...\)"):
        make_dos_scorer("wasserstein")(index, STRAIN, DOS)
    with pytest.raises(ValueError, match="but it is 'gap_rmse'"):
        make_dos_scorer("gap_rmse")
