# SPDX-License-Identifier: BSD-3-Clause
"""What the parameters of DOSRegressor may be."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

from strain2dos._compat import HasMethods, Interval, StrOptions

CONSTRAINTS: dict[str, list[Any]] = {
    "energies": ["array-like", None],
    "representation": [StrOptions({"auto", "grid", "pca", "cdf", "aligned", "blend"})],
    "nonnegative": ["boolean", StrOptions({"auto"})],
    "hidden_layer_sizes": [tuple, list, Interval(Integral, 1, None, closed="left")],
    "n_members": [Interval(Integral, 1, None, closed="left")],
    "loss": [StrOptions({"auto", "mse", "huber"})],
    "lr": [Interval(Real, 0, None, closed="neither")],
    "max_epochs": [Interval(Integral, 1, None, closed="left")],
    "batch_size": [Interval(Integral, 1, None, closed="left")],
    "early_stopping": ["boolean"],
    "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
    "patience": [Interval(Integral, 1, None, closed="left")],
    "weight_decay": [Interval(Real, 0, None, closed="left")],
    "response": [StrOptions({"linear", "quadratic"})],
    "gaussian_process": ["boolean"],
    "edge_weight": [Interval(Real, 0, None, closed="left")],
    "cdf_weight": [Interval(Real, 0, None, closed="left")],
    "smoothness_weight": [Interval(Real, 0, None, closed="left")],
    "state_weight": [Interval(Real, 0, None, closed="left")],
    "state_window": [tuple, list, None],
    "gap_weight": [Interval(Real, 0, None, closed="left")],
    "edge_threshold": [Interval(Real, 0, None, closed="neither")],
    "edge_reference": [Real, StrOptions({"auto"})],
    "prior": [HasMethods("predict"), None],
    "device": [str],
    "dtype": [StrOptions({"float64", "float32"})],
    "random_state": ["random_state"],
    "verbose": ["verbose"],
}
