# SPDX-License-Identifier: BSD-3-Clause
"""Rows whose features are not finite: refused by default, left out of training and scores on request."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from strain2dos import ConformalDOSRegressor, DOSRegressor, raman_pipeline
from strain2dos.datasets import make_raman_dos
from strain2dos.dos.metrics import make_dos_scorer

ENERGIES = np.linspace(-2, 2, 101)
STRAIN = np.column_stack([np.linspace(0, 0.06, 14), np.linspace(0.02, 0, 14) ** 2])
DOS = np.clip(np.abs(ENERGIES) - (0.8 - 5 * STRAIN[:, :1]), 0, None)
EDGES = pd.DataFrame({"vbm": -0.8 + 5 * STRAIN[:, 0], "cbm": 0.8 - 5 * STRAIN[:, 0]})
GROUPS = np.array([f"state {k // 2}" for k in range(14)])
FLAGGED = [3, 8]
LOST = np.isin(np.arange(14), FLAGGED)
X = np.where(LOST[:, None], np.nan, STRAIN)
QUICK = {"hidden_layer_sizes": (4,), "n_members": 2, "max_epochs": 3, "random_state": 0}
OMIT = DOSRegressor(ENERGIES, nan_policy="omit", **QUICK)


@pytest.fixture(scope="module")
def fitted():
    with pytest.warns(UserWarning, match=r"2 of 14 rows \(rows 3, 8\) in columns 0, 1, of which none has a"):
        return clone(OMIT).fit(X, DOS, groups=GROUPS, edges=EDGES)


@pytest.fixture(scope="module")
def without():
    model = DOSRegressor(ENERGIES, **QUICK)
    return model.fit(STRAIN[~LOST], DOS[~LOST], groups=GROUPS[~LOST], edges=EDGES[~LOST])


def test_leaving_rows_out_is_the_same_as_not_having_them(fitted, without):
    assert fitted.omitted_.tolist() == FLAGGED
    np.testing.assert_array_equal(fitted.predict(STRAIN), without.predict(STRAIN))
    for found, wanted in zip(fitted.predict_edges(STRAIN), without.predict_edges(STRAIN), strict=True):
        np.testing.assert_array_equal(found, wanted)
    np.testing.assert_array_equal(fitted.training_hashes_, without.training_hashes_)
    assert without.omitted_.size == 0


def test_rows_without_features_are_predicted_as_nan_and_leave_the_others_alone(fitted):
    answers = {
        "curve and std": fitted.predict(X, return_std=True),
        "edges": fitted.predict_edges(X),
        "std of edges": fitted.predict_edges(X, return_std=True)[1],
        "valleys": fitted.predict_valleys(X, return_std=True),
        "quantile": [fitted.predict_quantiles(X, 0.5)],
        "draws": [fitted.sample_curves(X, 2, random_state=0)],
        "domain": [fitted.domain_score(X)],
    }
    for name, parts in answers.items():
        for part in parts:
            np.testing.assert_array_equal(np.isnan(part.reshape(14, -1)).all(1), LOST, err_msg=name)
    np.testing.assert_array_equal(np.isnan(fitted.predict_quantiles(X, [0.1, 0.9])[:, :, 0]), [LOST, LOST])
    np.testing.assert_array_equal(fitted.predict(X)[~LOST], fitted.predict(STRAIN)[~LOST])
    assert not fitted.in_domain(X)[LOST].any()
    assert set(fitted.domain_reason(X)[LOST]) == {"features that are not finite"}
    assert "features that are not finite" not in fitted.domain_reason(X)[~LOST]


def test_infinite_and_partly_missing_features_are_named_apart():
    partly = STRAIN.copy()
    partly[5, 1], partly[9] = np.inf, np.nan
    table = pd.DataFrame(partly, columns=["E'_center", "A1'_center"])
    with pytest.warns(UserWarning, match="infinity: 2 of 14 rows .* 1 of which have no feature at all"):
        assert clone(OMIT).fit(table, DOS).omitted_.tolist() == [5, 9]


def test_nan_is_refused_unless_asked_for_and_so_are_too_few_rows():
    with pytest.raises(ValueError, match=r'NaN: 2 of 14 rows .* pass nan_policy="omit"'):
        DOSRegressor(ENERGIES, **QUICK).fit(X, DOS)
    nearly_all = np.full_like(STRAIN, np.nan)
    nearly_all[4] = 0.01
    with pytest.raises(ValueError, match=r"13 of 14 rows .* leaves 1 for the training, which needs 2"):
        clone(OMIT).fit(nearly_all, DOS)
    with pytest.raises(NotFittedError):
        OMIT.predict(X)
    with pytest.raises(ValueError, match="groups must hold one label per row"):
        clone(OMIT).fit(X, DOS, groups=GROUPS[:-1])


def test_what_was_left_out_is_kept_with_the_model(fitted):
    again = pickle.loads(pickle.dumps(fitted))
    assert again.omitted_.tolist() == FLAGGED
    np.testing.assert_array_equal(again.predict(X), fitted.predict(X))


def test_scores_are_those_of_the_rows_that_are_predicted(fitted):
    with pytest.warns(UserWarning, match="2 of 14 rows .* left out of the score"):
        found = fitted.score(X, DOS, sample_weight=np.arange(14))
    assert found == fitted.score(X[~LOST], DOS[~LOST], sample_weight=np.arange(14)[~LOST])
    for name in ("dos_mae", "gap_mae", "learned_gap_mae", "wasserstein"):
        scorer = make_dos_scorer(name)
        with pytest.warns(UserWarning, match="2 of 14 rows .* left out of the score"):
            found = scorer(fitted, X, DOS)
        assert found == scorer(fitted, X[~LOST], DOS[~LOST]), name
        assert np.isfinite(found)
    with pytest.raises(ValueError, match=r"2 of 2 rows .* no row can be scored"):
        fitted.score(X[LOST], DOS[LOST])


def test_predictions_of_other_regressors_all_count():
    model = Ridge().fit(STRAIN, DOS)
    with pytest.raises(ValueError, match="NaN"):
        make_dos_scorer("dos_mae", energies=ENERGIES)(model, X, DOS)


def test_bands_are_those_of_the_rows_that_remain(fitted):
    inner = make_pipeline(StandardScaler(), DOSRegressor(ENERGIES, hidden_layer_sizes=(), nan_policy="omit"))
    with pytest.warns(UserWarning, match="2 of 14 rows .* omitted_ holds"):
        model = ConformalDOSRegressor(inner, level=0.7, cv=3).fit(X, DOS, groups=GROUPS, edges=EDGES)
    assert model.omitted_.tolist() == FLAGGED
    kept = ConformalDOSRegressor(inner, level=0.7, cv=3)
    kept.fit(STRAIN[~LOST], DOS[~LOST], groups=GROUPS[~LOST], edges=EDGES[~LOST])
    np.testing.assert_array_equal(model.predict_interval(STRAIN), kept.predict_interval(STRAIN))
    np.testing.assert_array_equal(model.edge_scores_, kept.edge_scores_)
    with pytest.warns(UserWarning, match="left out of the score"):
        coverage = make_dos_scorer("interval_coverage")(model, X, DOS)
    assert coverage == make_dos_scorer("interval_coverage")(model, X[~LOST], DOS[~LOST])


@pytest.mark.filterwarnings("ignore:.*nan_policy:UserWarning")
def test_spectra_with_a_flagged_one_are_learned_and_cross_validated():
    data = make_raman_dos(61, random_state=0)
    spectra = data.spectra.copy()
    spectra[[7, 30]] = 0.0
    model = raman_pipeline(data.shift, data.energies, hidden_layer_sizes=(), random_state=0)
    found = cross_validate(
        model,
        spectra,
        data.dos,
        groups=data.groups,
        cv=GroupKFold(3),
        scoring={"mae": make_dos_scorer("dos_mae")},
        params={"dosregressor__groups": data.groups},
        error_score="raise",
    )
    assert np.isfinite(found["test_mae"]).all()
    model.fit(spectra, data.dos, dosregressor__groups=data.groups)
    assert set(model[-1].omitted_) >= {7, 30}
    assert np.isnan(model.predict(spectra[[7]])).all()
