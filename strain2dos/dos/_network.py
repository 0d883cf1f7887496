# SPDX-License-Identifier: BSD-3-Clause
"""The network of one ensemble member: its torch module, its training under skorch, its arrays afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from skorch import NeuralNetRegressor
from skorch.callbacks import Callback, EarlyStopping, LRScheduler
from skorch.dataset import Dataset
from skorch.helper import predefined_split
from torch import nn

from strain2dos.dos._threads import quiet_torch

Array = NDArray[np.float64]


class CorrectedLinear(nn.Module):
    """A linear response of all outputs plus what a multilayer perceptron adds to it.

    Parameters
    ----------
    n_inputs, n_outputs : int
        Widths of the standardised features and of the latent curve.
    hidden : sequence of int
        Widths of the hidden layers; empty leaves the linear response alone.
    """

    def __init__(self, n_inputs: int, n_outputs: int, hidden: Sequence[int]) -> None:
        super().__init__()
        self.linear = nn.Linear(n_inputs, n_outputs)
        widths = [n_inputs, *hidden]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.head = nn.Linear(widths[-1], n_outputs) if hidden else None
        if self.head is not None:
            # the correction starts at nothing
            nn.init.zeros_(self.head.weight)
            nn.init.zeros_(self.head.bias)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return (n, n_outputs) latents."""
        answer = self.linear(inputs)
        if self.head is None:
            return answer
        for layer in self.layers:
            inputs = nn.functional.silu(layer(inputs))
        return answer + self.head(inputs)


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


class Member(NamedTuple):
    """A trained member: weights by name and the losses of every epoch."""

    weights: dict[str, Array]
    history: dict[str, Array]


class _Tick(Callback):
    def __init__(self, tick: Callable[[], None]) -> None:
        self.tick = tick

    def on_epoch_end(self, net: NeuralNetRegressor, **kwargs: Any) -> None:
        self.tick()


_LOSSES = {"auto": nn.MSELoss, "mse": nn.MSELoss, "huber": nn.SmoothL1Loss}


def make_net(n_inputs: int, n_outputs: int, settings: Settings, **changes: Any) -> NeuralNetRegressor:
    """Return an untrained skorch net; `changes` go to its constructor."""
    return NeuralNetRegressor(
        CorrectedLinear,
        module__n_inputs=n_inputs,
        module__n_outputs=n_outputs,
        module__hidden=settings.hidden,
        criterion=_LOSSES[settings.loss],
        optimizer=torch.optim.AdamW,
        optimizer__weight_decay=settings.weight_decay,
        lr=settings.lr,
        max_epochs=settings.max_epochs,
        batch_size=settings.batch_size,
        device=settings.device,
        iterator_train__shuffle=True,
        callbacks__print_log=None,
        verbose=0,
        **{"train_split": None, **changes},
    )


def train_member(
    features: Array,
    outputs: Array,
    held_out: NDArray[np.bool_],
    start: tuple[Array, Array],
    settings: Settings,
    seed: int,
    tick: Callable[[], None] | None = None,
) -> Member:
    """Train one net; rows in `held_out` stop it early, and `start` is the linear response it begins with."""
    inputs, targets = features.astype(np.float32), outputs.astype(np.float32)
    watch = bool(held_out.any())
    callbacks: list[Any] = [
        (
            "stop",
            EarlyStopping(
                monitor="valid_loss" if watch else "train_loss",
                patience=settings.patience,
                threshold=1e-4,
                load_best=watch,
                sink=_silent,
            ),
        ),
        ("rate", LRScheduler(torch.optim.lr_scheduler.CosineAnnealingLR, T_max=settings.max_epochs)),
    ]
    if tick is not None:
        callbacks.append(("tick", _Tick(tick)))
    split = predefined_split(Dataset(inputs[held_out], targets[held_out])) if watch else None
    with quiet_torch(seed, settings.device):
        net = make_net(
            features.shape[1], outputs.shape[1], settings, train_split=split, callbacks=callbacks
        ).initialize()
        with torch.no_grad():
            net.module_.linear.weight.copy_(torch.from_numpy(start[0].T.astype(np.float32)))
            net.module_.linear.bias.copy_(torch.from_numpy(start[1].astype(np.float32)))
        net.partial_fit(inputs[~held_out], targets[~held_out])
    state = net.module_.state_dict()
    weights = {name: value.cpu().numpy().astype(np.float64) for name, value in state.items()}
    history = {"train_loss": np.array(net.history[:, "train_loss"], dtype=np.float64)}
    if watch:
        history["valid_loss"] = np.array(net.history[:, "valid_loss"], dtype=np.float64)
    return Member(weights, history)


def _silent(message: str) -> None:
    """Swallow what skorch would print."""


def forward(weights: dict[str, Array], features: Array) -> Array:
    """Return what the net answers, in float64: float32 sums would depend on the size of the batch."""
    answer = features @ weights["linear.weight"].T + weights["linear.bias"]
    if "head.weight" not in weights:
        return answer
    hidden, layer = features, 0
    while f"layers.{layer}.weight" in weights:
        hidden = hidden @ weights[f"layers.{layer}.weight"].T + weights[f"layers.{layer}.bias"]
        hidden *= 0.5 * (1.0 + np.tanh(0.5 * hidden))
        layer += 1
    return answer + hidden @ weights["head.weight"].T + weights["head.bias"]


def rebuild(weights: dict[str, Array], settings: Settings) -> NeuralNetRegressor:
    """Return an initialised skorch net with the given weights, on the CPU in float32."""
    n_outputs, n_inputs = weights["linear.weight"].shape
    with quiet_torch(0, "cpu"):
        net = make_net(n_inputs, n_outputs, settings._replace(device="cpu")).initialize()
    state = {name: torch.from_numpy(value.astype(np.float32)) for name, value in weights.items()}
    net.module_.load_state_dict(state)
    net.module_.eval()
    return net


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
            'device="auto" to use CUDA where there is one, or device="cpu".'
        )
    return device
