# SPDX-License-Identifier: BSD-3-Clause
"""Draws, quantiles and reasons, from what a fitted regressor gives."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, qmc

Array = NDArray[np.float64]

_DRAWS = 256
REASONS = np.array(
    [
        "beyond the hull of the training states",
        "far from the nearest training state",
        "unlike any training state",
    ]
)
NOT_FINITE = "features that are not finite"


def fixed_draws(n_scores: int) -> tuple[Array, Array]:
    """Return (1, n) places in the mixture and (1, n, n_scores) normal numbers, the same at every call."""
    uniform = qmc.Sobol(n_scores + 1, seed=np.random.default_rng(0)).random(_DRAWS)
    uniform = np.clip(uniform, 1e-9, 1 - 1e-9)
    return uniform[None, :, 0], norm.ppf(uniform[None, :, 1:])


def random_draws(
    random: np.random.RandomState, n_rows: int, n_samples: int, n_scores: int
) -> tuple[Array, Array]:
    """Return (n_rows, n_samples) places in the mixture and (n_rows, n_samples, n_scores) normal numbers."""
    return random.uniform(size=(n_rows, n_samples)), random.normal(size=(n_rows, n_samples, n_scores))


def quantiles_of(parts: Iterator[tuple[slice, Array]], q: Array, n_rows: int) -> Array:
    """Return quantiles (n_rows, n_energies), or (n_quantiles, n_rows, n_energies), of sampled curves."""
    found: list[Array] = []
    for _, curves in parts:
        found.append(np.quantile(curves, q, axis=1))
    return np.concatenate(found, axis=q.ndim)


def reasons(ratios: Array) -> NDArray[np.str_]:
    """Return for each row which of the ratios is largest, empty where all are at most 1."""
    # a ratio that is not a number is no sign that a row lies inside
    inside = (ratios <= 1.0).all(1)
    outside = REASONS[np.argmax(np.nan_to_num(ratios, nan=np.inf), axis=1)]
    outside = np.where(np.isnan(ratios).all(1), NOT_FINITE, outside)
    return np.where(inside, "", outside)


def without_rows(values: Array, lost: NDArray[np.bool_], axis: int = 0) -> Array:
    """Return values with NaN for the lost rows along an axis."""
    if not lost.any():
        return values
    along = lost.reshape([-1 if k == axis else 1 for k in range(values.ndim)])
    return np.where(along, np.nan, values)
