# SPDX-License-Identifier: BSD-3-Clause
"""Devices: CUDA predicts what the CPU predicts, by the same code, and a device that is not there is named."""

import numpy as np
import pytest
import torch

from strain2dos import DOSRegressor
from strain2dos.datasets import load_mos2_dft
from strain2dos.io import load_model, save_model

DATA = load_mos2_dft()
QUICK = {"hidden_layer_sizes": (16,), "n_members": 4, "max_epochs": 20, "random_state": 0}


def fitted(**params):
    return DOSRegressor(DATA.energies, **QUICK, **params).fit(DATA.phonons, DATA.dos, edges=DATA.valleys)


def rows(n=24):
    random = np.random.default_rng(0)
    return DATA.phonons[random.integers(len(DATA.phonons), size=n)] + random.normal(size=(n, 3))


def test_the_error_for_a_missing_device_states_the_way_out(monkeypatch, tmp_path):
    model, X = fitted(), rows()
    dos = model.predict(X)
    loaded = load_model(save_model(model.set_params(device="cuda"), tmp_path / "model.skops"))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(ValueError, match=r'device="auto".*model\.set_params\(device="cpu"\)'):
        loaded.predict(X)
    np.testing.assert_array_equal(loaded.set_params(device="cpu").predict(X), dos)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA device on this machine")
def test_a_cuda_device_predicts_what_the_cpu_predicts():
    model, X = fitted(), rows()
    here, here_edges = model.predict(X, return_std=True), model.predict_edges(X)
    there, there_edges = model.set_params(device="cuda").predict(X, return_std=True), model.predict_edges(X)
    for one, other in zip(here, there, strict=True):
        assert np.abs(one - other).max() < 1e-6 * one.max()
    np.testing.assert_allclose(there_edges.gap, here_edges.gap, atol=1e-6)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA device on this machine")
def test_a_cuda_device_trains_to_the_same_losses():
    losses = [fitted(device=device).history_[0]["train_loss"] for device in ("cpu", "cuda")]
    np.testing.assert_allclose(losses[1][:5], losses[0][:5], rtol=1e-4)
