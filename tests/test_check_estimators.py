# SPDX-License-Identifier: BSD-3-Clause
"""Every public estimator keeps scikit-learn's contract; SCIPY_ARRAY_API=1 adds the array API checks."""

import pickle
from importlib import import_module

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from strain2dos import (
    ConformalDOSRegressor,
    DOSRegressor,
    RamanFeaturizer,
    SpatialMapper,
    StrainDopingSeparator,
)
from strain2dos.dos import StrainInvariants

PACKAGES = ("raman", "dos", "mapping", "explain", "simulate", "datasets", "io")
QUICK = {"hidden_layer_sizes": (8,), "n_members": 2, "max_epochs": 5, "random_state": 0}

ESTIMATORS = [
    RamanFeaturizer(),
    RamanFeaturizer(split=False),
    RamanFeaturizer(split=True, baseline_degree=0, n_jobs=1),
    RamanFeaturizer(reference="Si", despike=False, split=False),
    RamanFeaturizer(lineshape="pseudo_voigt", noise="poisson", features=("center",)),
    RamanFeaturizer(material="MoSe2", lineshape="gaussian"),
    RamanFeaturizer(material="graphene", modes=["G"]),
    StrainDopingSeparator(),
    StrainDopingSeparator(material="WS2", strain_rates=(-3.0, -1.0), doping_rates=(-0.3, -2.0)),
    StrainDopingSeparator(output="invariants", temperature=350.0),
    StrainDopingSeparator(
        positions=(384.6, 402.7, 454.0),
        strain_rates=(-4.3, -2.5, -9.0),
        doping_rates=(-0.3, -2.2, 0.0),
        sigma=(0.1, 0.1, 0.5),
    ),
    StrainDopingSeparator(columns=(0, 1)),
    DOSRegressor(**QUICK),
    DOSRegressor(**QUICK | {"n_members": 1}, representation="pca"),
    DOSRegressor(hidden_layer_sizes=(), random_state=0),
    StrainInvariants(),
    ConformalDOSRegressor(Ridge(), level=0.5),
    SpatialMapper(Ridge(solver="svd")),
    SpatialMapper(make_pipeline(StandardScaler(), Ridge())),
    SpatialMapper(DOSRegressor(**QUICK)),
]


@parametrize_with_checks(ESTIMATORS)
def test_estimator_passes_every_scikit_learn_check(estimator, check):
    check(estimator)


def test_every_public_estimator_is_checked():
    public = set()
    for package in PACKAGES:
        module = import_module(f"strain2dos.{package}")
        members = (getattr(module, name) for name in module.__all__)
        public |= {m for m in members if isinstance(m, type) and issubclass(m, BaseEstimator)}
    assert public == {type(estimator) for estimator in ESTIMATORS}


@pytest.mark.parametrize("estimator", [DOSRegressor(**QUICK), ConformalDOSRegressor(Ridge(), level=0.5)])
def test_clones_and_pickles_predict_the_same_bits(estimator):
    random = np.random.default_rng(0)
    X, y = random.normal(size=(24, 3)), random.uniform(size=(24, 40))
    fitted = clone(estimator).fit(X, y)
    for twin in (clone(fitted).fit(X, y), pickle.loads(pickle.dumps(fitted))):
        assert np.array_equal(twin.predict(X), fitted.predict(X))
