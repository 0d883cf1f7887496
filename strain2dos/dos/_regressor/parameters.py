# SPDX-License-Identifier: BSD-3-Clause
"""What the parameters of DOSRegressor may be, and the options of the fit that they become."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from strain2dos._compat import Interval, StrOptions

if TYPE_CHECKING:
    from strain2dos.dos._process.training import TrainingOptions

CONSTRAINTS: dict[str, list[Any]] = {
    "energies": ["array-like", None],
    "representation": [StrOptions({"auto", "grid", "pca", "cdf"})],
    "nonnegative": ["boolean", StrOptions({"auto"})],
    "hidden_layer_sizes": [tuple, list, Interval(Integral, 1, None, closed="left")],
    "n_members": [Interval(Integral, 1, None, closed="left")],
    "max_epochs": [Interval(Integral, 1, None, closed="left")],
    "lr": [Interval(Real, 0, None, closed="neither")],
    "weight_decay": [Interval(Real, 0, None, closed="left")],
    "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
    "edge_threshold": [Interval(Real, 0, None, closed="neither"), StrOptions({"auto"})],
    "edge_reference": [Real, StrOptions({"auto"})],
    "callbacks": [list, tuple, None],
    "nan_policy": [StrOptions({"raise", "omit"})],
    "device": [str],
    "random_state": ["random_state"],
    "verbose": ["verbose"],
}


@dataclass(frozen=True)
class DOSOptions:
    """Arguments of `fit_dos` besides the data."""

    energies: NDArray[np.float64] | None
    representation: str
    nonnegative: bool | str
    edge_threshold: float | str
    edge_reference: float | str
    device: str
    training: TrainingOptions


def hidden_layers(given: int | Sequence[int]) -> tuple[int, ...]:
    """Return widths of hidden layers, or refuse them and name what is wrong."""
    hidden = tuple(given) if isinstance(given, Iterable) else (given,)
    if any(int(width) != width or width < 1 for width in hidden):
        raise ValueError(f"hidden_layer_sizes must be positive integers, but it is {given!r}.")
    return tuple(int(width) for width in hidden)


def check_device(device: str) -> str:
    """Return the device to use; "auto" is CUDA where there is one."""
    import torch

    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        kind = torch.device(device)
    except RuntimeError:
        raise ValueError(
            f'device={device!r} is no device that torch knows; pass "cpu", "cuda", "cuda:1" or "auto".'
        ) from None
    if kind.type not in ("cpu", "cuda"):
        raise ValueError(f'device={device!r} is not supported; pass "cpu", "cuda", "cuda:1" or "auto".')
    if kind.type == "cuda" and (kind.index or 0) >= torch.cuda.device_count():
        raise ValueError(
            f"device={device!r} asks for CUDA, but torch finds {torch.cuda.device_count()} of them; "
            'pass device="auto" to use one where there is one, or device="cpu"; a fitted model takes it by '
            'model.set_params(device="cpu").'
        )
    return device
