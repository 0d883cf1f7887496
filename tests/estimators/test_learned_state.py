# SPDX-License-Identifier: BSD-3-Clause
"""What was fitted stays: neither `set_params` nor a change of what was passed reaches it before a refit."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import LinearRegression, Ridge

from strain2dos import (
    ConformalDOSRegressor,
    DOSRegressor,
    RamanFeaturizer,
    SpatialMapper,
    StrainDopingSeparator,
)
from strain2dos._estimators.fitting import clone_as_fitted
from strain2dos.datasets import make_raman_dos
from strain2dos.dos import StrainInvariants
from strain2dos.io import load_model, save_model
from strain2dos.raman import material_modes

DATA = make_raman_dos(36, random_state=0)
SHIFT, SPECTRA = np.array(DATA.shift), DATA.spectra[:6]
ENERGIES = np.linspace(-3.0, 3.0, 121)
X = np.random.default_rng(0).uniform(-0.02, 0.02, (30, 2))
Y = np.clip(np.abs(ENERGIES) - 0.8 + 5 * X[:, :1], 0.0, None)
LINES = pd.DataFrame(
    {"E'_center": [384.2, 383.0], "E'-_center": [384.0, 382.0], "E'+_center": [384.4, 384.0]}
    | {"A1'_center": [402.9, 402.0], "2LA_center": [452.0, 451.0]}
)
CUBE = X.reshape(5, 6, 2)


def featurizer():
    return RamanFeaturizer(
        SHIFT.copy(),
        modes=list(material_modes("MoS2")),
        features=["center", "fwhm"],
        unstrained={"E'": [384.2, 0.1], "A1'": 403.1},
    )


def separator():
    return StrainDopingSeparator(
        columns=["E'_center", "A1'_center"],
        positions=np.array([384.6, 402.7]),
        strain_rates=[-4.3, -2.5],
        doping_rates=[-0.3, -2.2],
        sigma=np.array([0.1, 0.1]),
        positions_sigma=[0.1, 0.2],
        rates_covariance=np.diag([0.01, 0.01, 0.001, 0.001]),
    )


FIT = featurizer().fit(SPECTRA).fit_spectra(SPECTRA)
PLANES = ("gap", "vbm")


def answers_of_featurizer(model):
    fit = model.fit_spectra(SPECTRA)
    return [
        *model.transform_with_status(SPECTRA),
        *model.features_of(fit),
        fit.params,
        fit.covariance,
        fit.common_sigma,
        model.get_feature_names_out(),
        model.shift_,
    ]


def answers_of_separator(model):
    separation = model.separate(FIT)
    return [
        model.transform(LINES),
        model.inverse_transform(np.full((2, 2), 0.01)),
        *model.propagate(LINES, np.full((2, 2), 0.1)),
        separation.values,
        separation.common,
        model.get_feature_names_out(),
    ]


def answers_of_regressor(model):
    return [
        *model.predict(X, return_std=True),
        *model.predict_edges(X),
        model.predict_quantiles(X, [0.1, 0.9]),
        model.sample_curves(X, 3, random_state=0),
        model.domain_score(X),
        model.energies_,
    ]


def answers_of_bands(model):
    return [model.predict(X), model.predict_interval(X), model.scores_]


def answers_of_mapper(model):
    found = model.predict_map(CUBE)
    return [model.predict(X), *(found[name].values for name in PLANES)]


# estimator, its data, all that it answers, other values of its parameters, and the parameters that say how
# to answer and are read when it does: their docstrings say so.
CASES = {
    "featurizer": (
        featurizer,
        (SPECTRA,),
        answers_of_featurizer,
        {
            "shift": SHIFT + 1.0,
            "material": "WS2",
            "modes": ["A1'"],
            "lineshape": "gaussian",
            "split": False,
            "baseline_degree": 3,
            "reference": "Si",
            "despike": False,
            "noise": "poisson",
            "features": ["fwhm"],
            "unstrained": {"E'": 383.0},
            "extra_lines": False,
        },
        {"n_jobs"},
    ),
    "separator": (
        separator,
        (LINES,),
        answers_of_separator,
        {
            "material": "WS2",
            "columns": ["A1'_center", "E'_center"],
            "positions": [380.0, 400.0],
            "strain_rates": [-5.0, -1.0],
            "doping_rates": [0.0, -1.0],
            "output": "invariants",
            "shear_potential": 0.9,
            "sigma": [1.0, 0.1],
            "temperature": 400.0,
            "reference_temperature": 250.0,
            "temperature_rates": [-0.02, -0.02],
            "positions_sigma": [1.0, 1.0],
            "rates_covariance": None,
        },
        set(),
    ),
    "invariants": (StrainInvariants, (X,), lambda model: [model.transform(X)], {}, set()),
    "regressor": (
        lambda: DOSRegressor(
            ENERGIES.copy(), hidden_layer_sizes=[4], n_members=1, max_epochs=2, random_state=0
        ),
        (X, Y),
        answers_of_regressor,
        {
            "energies": ENERGIES + 1.0,
            "representation": "grid",
            "nonnegative": False,
            "hidden_layer_sizes": [],
            "n_members": 2,
            "max_epochs": 1,
            "lr": 1.0,
            "weight_decay": 1.0,
            "validation_fraction": 0.5,
            "edge_threshold": 2.0,
            "edge_reference": 1.0,
            "callbacks": [None],
            "nan_policy": "omit",
            "random_state": 1,
        },
        {"device", "verbose"},
    ),
    "bands": (
        lambda: ConformalDOSRegressor(Ridge(), cv=5, level=0.8),
        (X, Y),
        answers_of_bands,
        {"estimator": LinearRegression(), "cv": 3, "normalize": "std"},
        {"level", "n_jobs"},
    ),
    "mapper": (
        lambda: SpatialMapper(LinearRegression(), quantities=PLANES, energies=ENERGIES),
        (X, Y),
        answers_of_mapper,
        {"estimator": Ridge(100.0)},
        {"quantities", "chunks", "dtype", "energies", "edge_options", "functional", "progress"},
    ),
}


@pytest.fixture(scope="module", params=CASES)
def case(request):
    make, data, answers, others, read_late = CASES[request.param]
    model = make().fit(*data)
    return model, data, answers, others, read_late, copy.deepcopy(answers(model))


def same(ones, others):
    assert len(ones) == len(others)
    for one, other in zip(ones, others, strict=True):
        np.testing.assert_array_equal(one, other)


def spoil(value):
    """Change a mutable value in place, as deep as it goes."""
    if isinstance(value, np.ndarray):
        value[...] = value[::-1].copy() + 1
    elif isinstance(value, dict):
        for item in value.values():
            spoil(item)
        value["E'"] = 380.0
    elif isinstance(value, list):
        for item in value:
            spoil(item)
        value.reverse()


def test_other_parameters_take_effect_with_the_next_fit(case):
    model, _, answers, others, read_late, before = case
    assert set(model.get_params(deep=False)) == set(others) | read_late
    for name, value in others.items():
        given = model.get_params(deep=False)[name]
        model.set_params(**{name: value})
        same(answers(model), before)
        model.set_params(**{name: given})
    model.set_params(**others)
    same(answers(model), before)


def test_models_with_other_parameters_since_their_fit_are_copied_and_saved_as_fitted(case, tmp_path):
    model, _, answers, others, _, before = case
    model.set_params(**{name: value for name, value in others.items() if name != "callbacks"})
    same(answers(copy.deepcopy(model)), before)
    same(answers(pickle.loads(pickle.dumps(model))), before)
    save_model(model, tmp_path / "model.skops")
    same(answers(load_model(tmp_path / "model.skops")), before)


@pytest.mark.parametrize("name", CASES)
def test_what_was_passed_may_change_after_the_fit(name):
    make, data, answers, _, read_late = CASES[name]
    model = make().fit(*data)
    before = copy.deepcopy(answers(model))
    for parameter, value in model.get_params(deep=False).items():
        if parameter not in read_late:
            spoil(value)
    same(answers(model), before)


def test_a_featurizer_is_moved_to_another_axis_with_the_parameters_of_its_fit():
    fitted = featurizer().fit(SPECTRA)
    before = fitted.transform(SPECTRA)
    moved = clone_as_fitted(fitted.set_params(features=["area"], unstrained=None, n_jobs=1))
    assert moved.n_jobs == 1
    np.testing.assert_array_equal(moved.fit(SPECTRA).transform(SPECTRA), before)
    assert not hasattr(clone(moved), "fitted_")


def test_a_featurizer_that_kept_its_axis_alone_is_read_with_its_parameters():
    fitted = featurizer().fit(SPECTRA)
    state = fitted.__getstate__()
    del state["fitted_"]
    old = RamanFeaturizer.__new__(RamanFeaturizer)
    old.__setstate__(state | {"shift_": SHIFT})
    same(answers_of_featurizer(old), answers_of_featurizer(fitted))
