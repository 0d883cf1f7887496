# SPDX-License-Identifier: BSD-3-Clause
"""The network of one ensemble member: its torch module, its arrays, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from skorch import NeuralNetRegressor
from torch import nn

from strain2dos.dos._common.threads import quiet_torch

Array = NDArray[np.float64]


class Settings(NamedTuple):
    """What the regressor says about training."""

    hidden: tuple[int, ...]
    loss: str
    lr: float
    max_epochs: int
    batch_size: int
    patience: int
    weight_decay: float
    device: str
    quadratic: bool = False


class CorrectedLinear(nn.Module):
    """A smooth response of all outputs plus what a multilayer perceptron adds to it.

    Parameters
    ----------
    n_inputs, n_outputs : int
        Widths of the standardised features and of the latent curve.
    hidden : sequence of int
        Widths of the hidden layers; empty leaves the smooth response alone.
    quadratic : bool, default=False
        Whether the smooth response knows all products of two features beside the features.
    """

    def __init__(self, n_inputs: int, n_outputs: int, hidden: Sequence[int], quadratic: bool = False) -> None:
        super().__init__()
        self.quadratic = quadratic
        self.linear = nn.Linear(n_terms(n_inputs, quadratic), n_outputs)
        widths = [n_inputs, *hidden]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.head = nn.Linear(widths[-1], n_outputs) if hidden else None
        if self.head is not None:
            # the correction starts at nothing
            nn.init.zeros_(self.head.weight)
            nn.init.zeros_(self.head.bias)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return (..., n_outputs) latents."""
        return corrected(self, inputs)


def corrected(module: Any, inputs: torch.Tensor) -> torch.Tensor:
    """Return the smooth response and what the hidden layers add to it, for one net or all members at once."""
    answer = module.linear(with_products(inputs, torch.cat) if module.quadratic else inputs)
    if module.head is None:
        return answer
    for layer in module.layers:
        inputs = nn.functional.silu(layer(inputs))
    return answer + module.head(inputs)


def n_terms(n_inputs: int, quadratic: bool) -> int:
    """Return the number of terms of the smooth response beside its level."""
    return n_inputs + (n_inputs * (n_inputs + 1) // 2 if quadratic else 0)


def with_products(features: Any, join: Any = np.concatenate) -> Any:
    """Return features and their products in pairs, squares among them, along the last axis."""
    first, second = np.triu_indices(features.shape[-1])
    return join([features, features[..., first] * features[..., second]], -1)


def forward(weights: dict[str, Array], features: Array) -> Array:
    """Return what the net answers, in float64: float32 sums would depend on the size of the batch."""
    smooth = weights["linear.weight"]
    terms = features if smooth.shape[1] == features.shape[1] else with_products(features)
    answer = terms @ smooth.T + weights["linear.bias"]
    if "head.weight" not in weights:
        return answer
    hidden, layer = features, 0
    while f"layers.{layer}.weight" in weights:
        hidden = hidden @ weights[f"layers.{layer}.weight"].T + weights[f"layers.{layer}.bias"]
        hidden *= 0.5 * (1.0 + np.tanh(0.5 * hidden))
        layer += 1
    return answer + hidden @ weights["head.weight"].T + weights["head.bias"]


def rebuild(weights: dict[str, Array], n_inputs: int, settings: Settings) -> NeuralNetRegressor:
    """Return an initialised skorch net with the given weights, on the CPU in float32."""
    with quiet_torch(0, "cpu"):
        net = NeuralNetRegressor(
            CorrectedLinear,
            module__n_inputs=n_inputs,
            module__n_outputs=len(weights["linear.bias"]),
            module__hidden=settings.hidden,
            module__quadratic=settings.quadratic,
            criterion=POINTWISE[settings.loss],
            optimizer=torch.optim.AdamW,
            optimizer__weight_decay=settings.weight_decay,
            lr=settings.lr,
            max_epochs=settings.max_epochs,
            batch_size=settings.batch_size,
            device="cpu",
            iterator_train__shuffle=True,
            train_split=None,
            callbacks__print_log=None,
            verbose=0,
        ).initialize()
    state = {name: torch.from_numpy(value.astype(np.float32)) for name, value in weights.items()}
    net.module_.load_state_dict(state)
    net.module_.eval()
    return net


POINTWISE = {"auto": nn.MSELoss, "mse": nn.MSELoss, "huber": nn.SmoothL1Loss}


def check_device(device: str) -> str:
    """Resolve ``"auto"`` and refuse a device that this machine does not have."""
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        kind = torch.device(device).type
    except RuntimeError as error:
        raise ValueError(
            f'device={device!r} is no device that torch knows; use "cpu", "cuda" or device="auto".'
        ) from error
    if kind == "cuda" and not torch.cuda.is_available():
        raise ValueError(
            f"device={device!r}, but torch {torch.__version__} finds no CUDA device on this machine; pass "
            'device="auto" to use CUDA where there is one, or device="cpu"; a fitted model takes it by '
            'model.set_params(device="cpu").'
        )
    if kind == "cuda" and (torch.device(device).index or 0) >= torch.cuda.device_count():
        raise ValueError(
            f"device={device!r}, but this machine has {torch.cuda.device_count()} CUDA device(s), numbered "
            'from 0; pass device="cuda" for the first, or device="auto".'
        )
    return device
