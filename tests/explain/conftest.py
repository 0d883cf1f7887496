# SPDX-License-Identifier: BSD-3-Clause
"""A seed and small networks, shared by the tests of explanations."""

import numpy as np
import pytest
from sklearn.neural_network import MLPRegressor


@pytest.fixture
def rng():
    return np.random.default_rng(5)


@pytest.fixture
def net_of(rng):
    """Make a network that mixes k features, fitted to curves of nine values."""

    def made(k):
        X = rng.normal(size=(60, k))
        y = np.tanh(X @ rng.normal(size=(k, 9))) * (1 + X[:, :1] * X[:, 1:2])
        return MLPRegressor(hidden_layer_sizes=(12,), max_iter=3000, tol=1e-2, random_state=0).fit(X, y)

    return made


@pytest.fixture
def net(net_of):
    return net_of(4)
