# SPDX-License-Identifier: BSD-3-Clause
"""The network of the original notebooks: one number out of one (energy, features) pair."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def pairs_of(X: Array, energies: Array) -> Array:
    """Give one row (energy, features) per point of every curve, curve by curve."""
    return np.column_stack([np.tile(energies, len(X)), np.repeat(X, len(energies), axis=0)])


def pair_network(
    pairs: Array,
    values: Array,
    *,
    epochs: int = 500,
    patience: int = 30,
    batch_size: int = 32,
    seed: int = 0,
    tick: Callable[[int], None] | None = None,
) -> Callable[[Array], Array]:
    """Train the network and return it as a function of pairs.

    128-128-64-32-1 with ReLU on standardized pairs and values, Adam at 1e-3, mean squared error, stopped
    when a random fifth of its own training points has not improved for `patience` epochs, best weights
    kept. `tick` is called with the number of each epoch.
    """
    import torch
    from torch import nn

    torch.manual_seed(seed)
    random = np.random.RandomState(seed)
    center, spread = pairs.mean(0), pairs.std(0)
    spread[spread == 0] = 1.0
    level, height = values.mean(), values.std()
    inputs = torch.tensor((pairs - center) / spread, dtype=torch.float32)
    targets = torch.tensor((values.reshape(-1, 1) - level) / height, dtype=torch.float32)
    order = random.permutation(len(inputs))
    watch, train = torch.from_numpy(order[: len(order) // 5]), torch.from_numpy(order[len(order) // 5 :])
    widths = [pairs.shape[1], 128, 128, 64, 32]
    layers = [part for a, b in pairwise(widths) for part in (nn.Linear(a, b), nn.ReLU())]
    net = nn.Sequential(*layers, nn.Linear(32, 1))
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    best, kept, waited = np.inf, net.state_dict(), 0
    for epoch in range(epochs):
        for batch in train[torch.randperm(len(train))].split(batch_size):
            optimizer.zero_grad()
            nn.functional.mse_loss(net(inputs[batch]), targets[batch]).backward()
            optimizer.step()
        with torch.no_grad():
            loss = float(nn.functional.mse_loss(net(inputs[watch]), targets[watch]))
        if tick is not None:
            tick(epoch + 1)
        waited += 1
        if loss < best:
            best, waited = loss, 0
            kept = {name: value.clone() for name, value in net.state_dict().items()}
        elif waited > patience:
            break
    net.load_state_dict(kept)

    def predict(asked: Array) -> Array:
        with torch.no_grad():
            scaled = torch.tensor((asked - center) / spread, dtype=torch.float32)
            return net(scaled).numpy()[:, 0].astype(np.float64) * height + level

    return predict
