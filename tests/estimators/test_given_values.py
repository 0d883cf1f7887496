# SPDX-License-Identifier: BSD-3-Clause
"""What a user passed and changes afterwards, or sets anew, changes nothing of what was fitted."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from strain2dos import (
    ConformalDOSRegressor,
    DOSExplainer,
    DOSRegressor,
    RamanFeaturizer,
    StrainDopingSeparator,
)

ENERGIES = np.linspace(-2.0, 2.0, 81)
STRAIN = np.linspace(-0.03, 0.03, 13)[:, None]
GAP = 1 - 10 * STRAIN
CURVES = 50 * (np.maximum(0, -GAP / 2 - ENERGIES) + np.maximum(0, ENERGIES - GAP / 2))
SHIFT = np.linspace(370.0, 420.0, 101)
LINES = np.column_stack([384.3 - 500 * STRAIN, 403.1 - 170 * STRAIN])
SPECTRA = sum(
    100 / (1 + ((SHIFT - line[:, None]) / 1.5) ** 2) for line in LINES.T
) + np.random.default_rng(0).normal(0, 1, (13, 101))  # fmt: skip


def regressor():
    given = {"energies": ENERGIES.copy()}
    rows = {"X": STRAIN.copy(), "y": CURVES.copy(), "edges": np.hstack([-GAP / 2, GAP / 2])}
    model = DOSRegressor(**given, hidden_layer_sizes=(4,), n_members=1, max_epochs=2, random_state=0)
    model.fit(**rows)

    def answers():
        edges = model.predict_edges(STRAIN)
        return [*model.predict(STRAIN, return_std=True), edges.vbm, edges.gap, model.domain_score(STRAIN),
                model.energies_]  # fmt: skip

    new = {"energies": None, "n_members": 3, "hidden_layer_sizes": (2,), "representation": "grid",
           "edge_threshold": 40.0, "edge_reference": 0.5, "random_state": 1}  # fmt: skip
    return model, [*given.values(), *rows.values()], answers, new


def featurizer():
    given = {"shift": SHIFT.copy()}
    model = RamanFeaturizer(**given, split=False, n_jobs=1).fit(SPECTRA)
    return model, list(given.values()), lambda: [model.transform(SPECTRA)], {"shift": SHIFT + 5}


def separator():
    names = ("positions", "strain_rates", "doping_rates", "sigma")
    numbers = ([384.6, 402.7], [-4.3, -2.5], [-0.3, -2.2], [0.1, 0.1])
    given = dict(zip(names, map(np.array, numbers), strict=True)) | {"rates_covariance": np.eye(4) * 0.01}
    model = StrainDopingSeparator(**given).fit(LINES)
    new = dict.fromkeys(given)
    return model, list(given.values()), lambda: [model.transform(LINES)], new


def conformal():
    rows = {"X": STRAIN.copy(), "y": CURVES.copy()}
    model = ConformalDOSRegressor(Ridge(), cv=3, level=0.5).fit(**rows)
    model.estimator.alpha = 100.0
    answers = lambda: [model.predict(STRAIN), *model.predict_interval(STRAIN)]  # noqa: E731
    return model, list(rows.values()), answers, {"estimator": Ridge(7.0), "cv": 4}


def explainer():
    ridge = Ridge().fit(LINES, CURVES)
    given = {"background": LINES[:5].copy(), "energies": ENERGIES.copy(), "feature_names": ["E'", "A1'"]}
    model = DOSExplainer(ridge, **given)

    def answers():
        found = model.explain(LINES)
        return [found.values, found.energies, np.array(found.feature_names)]

    return model, list(given.values()), answers, {}


def spoil(value):
    """Change a value in place."""
    if isinstance(value, np.ndarray):
        value[...] = value[::-1] + 3.0
    elif isinstance(value, dict):
        for name in value:
            value[name] = 300.0
    else:
        value.reverse()
        value.append(value[0])


@pytest.mark.parametrize("make", [regressor, featurizer, separator, conformal, explainer])
def test_values_that_change_after_the_fit_change_no_bit(make):
    _, given, answers, _ = make()
    before = [np.array(part) for part in answers()]
    for value in given:
        spoil(value)
    for part, kept in zip(answers(), before, strict=True):
        np.testing.assert_array_equal(part, kept)


@pytest.mark.parametrize("make", [regressor, featurizer, separator, conformal])
def test_parameters_set_after_the_fit_wait_for_the_next_one(make):
    model, _, answers, new = make()
    before = [np.array(part) for part in answers()]
    for name, value in new.items():
        model.set_params(**{name: value})
        for part, kept in zip(answers(), before, strict=True):
            np.testing.assert_array_equal(part, kept, err_msg=name)
