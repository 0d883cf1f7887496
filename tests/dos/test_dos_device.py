# SPDX-License-Identifier: BSD-3-Clause
"""Curves as tensors: a device predicts what NumPy predicts, and one that is not there is named."""

import pickle
from copy import deepcopy
from functools import cache

import numpy as np
import pytest
import torch

from strain2dos import DOSRegressor, band_edges
from strain2dos.datasets import load_mos2_dft
from strain2dos.dos._regressor.predicting_torch import _centred, curves_on
from strain2dos.dos._representations.basis import build_latent
from strain2dos.dos._representations.torch_decode import LatentDecode
from strain2dos.io import load_model, save_model

CPU = torch.device("cpu")
DATA = load_mos2_dft()
QUICK = {"hidden_layer_sizes": (16,), "n_members": 2, "max_epochs": 3, "random_state": 0}
# on a machine without a device the reason is in the report of skipped tests
needs_cuda = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA device on this machine"),
]


@cache
def _fit_once(representation, params):
    model = DOSRegressor(DATA.energies, representation=representation, **QUICK | dict(params))
    return model.fit(DATA.phonons, DATA.dos)


def fitted(representation, share=0.0, **params):
    """Return a quick model of the bundled states in which the nets have the given share."""
    model = deepcopy(_fit_once(representation, tuple(params.items())))
    model.heads_[0]["network_weight"] = share
    return model


def rows(n=24):
    random = np.random.default_rng(0)
    return DATA.phonons[random.integers(len(DATA.phonons), size=n)] + random.normal(size=(n, 3))


def miss(found, truth):
    """Return the largest difference against the largest value."""
    return np.abs(found - truth).max() / truth.max()


@pytest.mark.parametrize("representation", ["grid", "pca", "cdf", "aligned", "blend"])
def test_tensors_predict_what_numpy_predicts(representation):
    model = fitted(representation)
    X = rows()
    for share in (0.0, 0.4, 1.0):
        # a fit sets a new list of heads, so a changed share stands for another fit
        model.heads_ = [{**model.heads_[0], "network_weight": share}]
        dos = model.predict(X)
        exact, rough = (curves_on(model, X, False, CPU, dtype) for dtype in ("float64", "float32"))
        assert exact.dtype == np.float64
        assert rough.dtype == np.float32
        assert miss(exact, dos) < 1e-9
        assert miss(rough, dos) < 1e-4
        where = {"threshold": model.edge_threshold, "reference": model.edge_reference_}
        gap, rough_gap = (band_edges(DATA.energies, each, **where).gap for each in (dos, rough))
        assert np.nanmax(np.abs(rough_gap - gap)) < 1e-5


@pytest.mark.parametrize("representation", ["grid", "aligned", "blend"])
def test_tensors_have_the_standard_deviation_that_numpy_has(representation):
    model, X = fitted(representation, 0.4), rows(8)
    _, std = model.predict(X, return_std=True)
    # the variance of a process is what is left of a hundred times as much, in either library
    for dtype in ("float64", "float32"):
        assert miss(curves_on(model, X, True, CPU, dtype)[1], std) < 1e-6


def test_quadratic_response_and_nets_alone_go_to_the_device_too():
    X = rows()
    for params in ({"response": "quadratic"}, {"gaussian_process": False}):
        model = fitted("grid", 1.0, **params)
        assert miss(curves_on(model, X, False, CPU, "float64"), model.predict(X)) < 1e-9


def test_blocks_do_not_change_what_is_predicted(monkeypatch):
    model, X = fitted("grid"), np.repeat(rows(), 25, axis=0)
    whole = curves_on(model, X, False, CPU, "float64")
    monkeypatch.setattr("strain2dos.dos._regressor.predicting_torch._CELLS", 1)
    again = fitted("grid")
    assert miss(curves_on(again, X, False, CPU, "float64"), whole) < 1e-12


def test_a_new_fit_is_not_answered_with_the_tensors_of_the_old_one():
    model, X = fitted("grid"), rows()
    before = curves_on(model, X, False, CPU, "float64")
    model.fit(DATA.phonons, 2 * DATA.dos)
    assert miss(curves_on(model, X, False, CPU, "float64"), 2 * before) < 1e-3


def test_tensors_stay_out_of_pickles_and_saved_models(tmp_path):
    model, X = fitted("grid"), rows()
    size = len(pickle.dumps(model))
    dos = curves_on(model, X, False, CPU, "float64")
    assert len(pickle.dumps(model)) == size
    loaded = load_model(save_model(model, tmp_path / "model.skops"))
    assert np.array_equal(curves_on(loaded, X, False, CPU, "float64"), dos)


@pytest.mark.parametrize("name", ["cdf", "aligned", "blend"])
def test_energies_from_the_reference_decode_to_the_same_curves(name):
    latent, scores = build_latent(name, DATA.energies, DATA.dos, True, -5.4, 0.1)
    found = LatentDecode(_centred(latent))(torch.from_numpy(scores)).numpy()
    assert miss(found, latent.decode(scores)) < 1e-9


def test_an_edge_at_the_end_of_its_part_decodes_in_single_precision():
    latent, scores = build_latent("aligned", DATA.energies, DATA.dos, True, -5.4, 0.1)
    # edges 1 eV apart from those seen reach past both ends of the parts
    moved = latent._replace(
        mean=latent.mean + np.r_[np.zeros(len(latent.mean) - 2), latent.representation.weights]
    )
    found = LatentDecode(moved).float()(torch.from_numpy(scores).float()).numpy()
    assert miss(found, moved.decode(scores)) < 1e-3


def test_a_model_from_a_device_that_is_not_here_says_how_to_go_on(monkeypatch, tmp_path):
    model, X = fitted("grid"), rows()
    dos = model.predict(X)
    path = save_model(model.set_params(device="cuda"), tmp_path / "model.skops")
    loaded = load_model(path)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match=r'device="auto".*model\.set_params\(device="cpu"\)'):
        loaded.predict(X)
    for device in ("auto", "cpu"):
        assert np.array_equal(loaded.set_params(device=device).predict(X), dos)


def test_a_device_number_beyond_the_last_is_refused_in_words(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(ValueError, match=r"device='cuda:3', but this machine has 1 CUDA device"):
        fitted("grid").set_params(device="cuda:3").predict(rows())


def test_curves_with_a_prior_come_from_the_cpu(monkeypatch):
    model, X = fitted("grid").set_params(device="cuda"), rows()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    for where in ("predicting.curves", "predicting_torch.curves_on"):
        answer = np.full((len(X), 2), float(where.startswith("predicting_torch")))
        monkeypatch.setattr(f"strain2dos.dos._regressor.{where}", lambda *_, answer=answer: answer)
    assert (model.predict(X) == 1).all()
    model.prior_head_ = {}
    assert (model.predict(X) == 0).all()


def test_a_cpu_model_predicts_in_double_precision_whatever_dtype_says():
    assert fitted("grid", dtype="float32").predict(rows()).dtype == np.float64


@pytest.mark.parametrize("physics", [{}, {"cdf_weight": 1.0, "gap_weight": 1.0}])
@pytest.mark.parametrize("representation", ["grid", "pca", "cdf", "aligned", "blend"])
@pytest.mark.parametrize("device", [pytest.param("cuda", marks=needs_cuda)])
def test_cuda_and_cpu_agree(device, representation, physics):
    model, X = fitted(representation, 0.4, device=device, **physics), rows()
    here, std = model.set_params(device="cpu").predict(X, return_std=True)
    there, std_there = model.set_params(device=device).predict(X, return_std=True)
    assert miss(there, here) < 1e-9
    assert miss(std_there, std) < 1e-6
    rough = model.set_params(dtype="float32").predict(X)
    assert rough.dtype == np.float32
    assert miss(rough, here) < 1e-4


@pytest.mark.parametrize("device", [pytest.param("cuda", marks=needs_cuda)])
def test_training_on_cuda_descends_as_on_the_cpu(device):
    losses = [fitted("grid", device=each, max_epochs=20).history_ for each in ("cpu", device)]
    for here, there in zip(*losses, strict=True):
        # the same seeds and rows; sums in single precision in another order
        assert np.allclose(there["train_loss"], here["train_loss"], rtol=1e-2)
