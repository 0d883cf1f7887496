# SPDX-License-Identifier: BSD-3-Clause
import copy
import json
import os
import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.ensemble import RandomForestRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from strain2dos import DOSRegressor
from strain2dos.io import load_model, save_model
from strain2dos.mapping._pixels.model import FittedModel
from strain2dos.mapping._store.learned import array_checksum, learned_state

ENERGIES = np.linspace(-3, 3, 31)
X = np.random.default_rng(0).normal(size=(40, 2))
Y = np.abs(np.sin(ENERGIES * (1 + 0.1 * X[:, :1]))) + 0.1 * X[:, 1:] ** 2


def fitted(last, *more):
    return make_pipeline(StandardScaler(), *more, last).fit(X, Y)


def state(model):
    return learned_state(FittedModel.from_estimator(model))


def small_dos():
    return fitted(DOSRegressor(ENERGIES, n_members=2, max_epochs=5, hidden_layer_sizes=(8,), random_state=0))


MODELS = {
    "ridge": lambda: fitted(Ridge()),
    "forest": lambda: fitted(RandomForestRegressor(3, random_state=0)),
    "process": lambda: fitted(GaussianProcessRegressor(RBF(), alpha=1e-3, optimizer=None)),
    "neighbors": lambda: fitted(KNeighborsRegressor(algorithm="kd_tree")),
    "function": lambda: fitted(Ridge(), FunctionTransformer(np.tanh)),
    "dos": small_dos,
}


@pytest.mark.parametrize("name", MODELS)
def test_prediction_and_pickling_leave_the_state_as_it_is(name):
    model = MODELS[name]()
    before = state(model)
    model.predict(X)
    assert state(model) == before
    assert state(pickle.loads(pickle.dumps(model))) == before


def test_a_saved_model_has_the_state_of_the_fitted_one(tmp_path):
    model = small_dos()
    save_model(model, tmp_path / "model.skops")
    assert state(load_model(tmp_path / "model.skops")) == state(model)


def test_the_state_is_the_same_in_every_process():
    code = (
        "import json, numpy as np\n"
        "from sklearn.ensemble import RandomForestRegressor as R\n"
        "from strain2dos.mapping._pixels.model import FittedModel\n"
        "from strain2dos.mapping._store.learned import learned_state\n"
        "x = np.random.default_rng(0).normal(size=(40, 2))\n"
        "model = R(3, random_state=0).fit(x, x @ np.ones((2, 3)))\n"
        "model.tags = {'a', 'b', 'c', 'dd', 'ee'}\n"
        "print(json.dumps(learned_state(FittedModel.from_estimator(model)), sort_keys=True))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": str(seed)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in (0, 1)
    }
    assert len(found) == 1
    assert len(json.loads(found.pop())) > 10


def places(tree, path=()):
    """Paths to all arrays of numbers in nested mappings and sequences."""
    if isinstance(tree, np.ndarray) and tree.dtype.kind == "f" and tree.size:
        yield path
    items = (
        tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list | tuple) else ()
    )
    for key, value in items:
        yield from places(value, (*path, key))


def test_every_array_inside_a_fitted_regressor_counts():
    model = small_dos()
    before, last = state(model), model[-1]
    found = list(places(last.fitted_.to_state()))
    assert len(found) > 20
    for path in found:
        changed = copy.deepcopy(last.fitted_.to_state())
        part = changed
        for key in path:
            part = part[key]
        part.flat[-1] = np.nextafter(part.flat[-1], np.inf)
        altered = copy.copy(last)
        altered.fitted_ = type(last.fitted_).from_state(changed)
        after = state(make_pipeline(*model[:-1], altered))
        assert [k for k in before if after[k] != before[k]] == ["DOSRegressor.fitted_"], path


@pytest.mark.parametrize("name", [name for name in MODELS if name != "dos"])
def test_every_learned_array_counts(name):
    model = MODELS[name]()
    before, last = state(model), model[-1]
    arrays = {
        key: value
        for key, value in vars(last).items()
        if isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.size and key.endswith("_")
    }
    assert arrays or name in ("forest", "neighbors")
    for key, value in arrays.items():
        changed = value.copy()
        changed.flat[-1] = np.nextafter(changed.flat[-1], np.inf)
        setattr(last, key, changed)
        after = state(model)
        assert [k for k in before if after[k] != before[k]] == [f"{type(last).__name__}.{key}"]
        setattr(last, key, value)


def test_a_tree_inside_a_forest_counts():
    model = MODELS["forest"]()
    before = state(model)
    model[-1].estimators_[1].tree_.value[0] += 1e-12
    assert state(model) != before


def test_threads_and_messages_do_not_count():
    one = fitted(RandomForestRegressor(3, random_state=0, n_jobs=1))
    other = fitted(RandomForestRegressor(3, random_state=0, n_jobs=2, verbose=0))
    assert state(one) == state(other)


def test_functions_of_the_user_count_by_what_they_do():
    def steps(factor):
        return state(fitted(Ridge(), FunctionTransformer(lambda x: factor * x)))

    assert steps(2.0)["FunctionTransformer.func"] == steps(2.0)["FunctionTransformer.func"]
    assert steps(2.0)["FunctionTransformer.func"] != steps(3.0)["FunctionTransformer.func"]


def test_order_in_memory_and_of_bytes_does_not_count():
    values = np.arange(12.0).reshape(3, 4)
    assert array_checksum(values) == array_checksum(np.asfortranarray(values))
    assert array_checksum(values) == array_checksum(values.astype(">f8"))
    assert array_checksum(values) != array_checksum(values.reshape(4, 3))
    assert array_checksum(values) != array_checksum(values.astype("f4"))


class Holder(BaseEstimator):
    """Holds one thing as if it had learned it."""

    def __init__(self, thing=None):
        self.thing = thing

    def fit(self, X, y=None):
        return self

    def predict(self, X):
        return np.zeros((len(X), 1))


@pytest.mark.parametrize(
    ("make", "other"),
    [
        (lambda: pd.Series([1.0, 2.0], name="gap"), pd.Series([1.0, 2.0], name="vbm")),
        (lambda: pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"b": [1, 2]})),
        (lambda: {"E'", "A1'"}, {"E'"}),
        (lambda: {"b": 1, "a": 2}, {"a": 1, "b": 2}),
        (lambda: np.array(["a", None], dtype=object), np.array(["a", "b"], dtype=object)),
        (lambda: np.ma.array([1.0, 2.0], mask=[0, 1]), np.ma.array([1.0, 2.0], mask=[1, 0])),
        (lambda: np.array([1.0, 2.0], dtype=">f8"), np.array([1.0, 2.5], dtype="<f8")),
        (lambda: lambda x: x + 1, lambda x: x + 2),
        (lambda: np.linalg.norm, np.linalg.det),
        (lambda: b"abc", b"abx"),
        (lambda: np.dtype("f4"), np.dtype("f8")),
        (lambda: len, sum),
        (lambda: (1, [2, "a"]), (1, [2, "b"])),
    ],
    ids=lambda value: type(value).__name__,
)
def test_equal_things_hash_alike_and_others_not(make, other):
    assert state(Holder(make())) == state(Holder(make()))
    assert state(Holder(make())) != state(Holder(other))


def test_what_does_not_matter_to_predictions_is_left_out_and_what_cannot_be_hashed_is_named():
    assert state(Holder(np.random.RandomState(0))) == state(Holder(np.random.RandomState(1)))
    with pytest.raises(TypeError, match="generator inside the model can be neither hashed nor pickled"):
        state(Holder(x for x in "abc"))
