# SPDX-License-Identifier: BSD-3-Clause
"""From features to curves with what the regressor keeps: arrays and plain values only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strain2dos.dos._edges import BandEdges
from strain2dos.dos._latent import Latent
from strain2dos.dos._network import forward
from strain2dos.dos._trend import Trend, mixture

Array = NDArray[np.float64]

# Every product of matrices runs over this many rows, the last block filled up: BLAS sums in an order that
# depends on the shape, and what is predicted for a row must not depend, not even in its last bit, on
# its neighbours.
# 240 holds whole tiles of 6, 8, 12, 16, 24 and 48 rows: a row in a cut tile would be summed in another way.
_BLOCK = 240


def outputs(model: Any, features: Array, head: dict[str, Any], spread: bool) -> tuple[Array, Array | None]:
    """Return means and, if asked, variances of one block of outputs for standardised features."""
    weight = head["network_weight"]
    trends = [Trend.from_state(state) for state in head["trends"]]
    if trends:
        answer, variance = mixture(trends, features, spread)
    else:
        answer = np.zeros((len(features), len(head["mean"])))
        variance = np.zeros_like(answer) if spread else None
    if weight > 0:
        first, last = head["columns"]
        nets = np.stack([forward(member, features)[:, first:last] for member in model.weights_])
        answer = answer + weight * (nets.mean(0) - answer)
        if variance is not None and len(nets) > 1:
            variance = (1 - weight) ** 2 * variance + weight**2 * nets.var(0, ddof=1)
    answer = head["mean"] + head["scale"] * answer
    return answer, None if variance is None else head["scale"] ** 2 * variance


def curves(model: Any, X: Array, spread: bool) -> Any:
    """Return (n, n_energies) curves, with their standard deviation if asked."""
    latent = Latent.from_state(model.representation_)
    head = model.heads_[0]
    n = len(X)
    answer = np.empty((n, len(model.energies_)))
    deviation = np.empty_like(answer) if spread else None
    for rows, size, features in _blocks(model, X):
        scores, variance = outputs(model, features, head, spread)
        answer[rows] = latent.decode(scores)[:size]
        if deviation is not None and variance is not None:
            deviation[rows] = _linearised(latent, scores, np.sqrt(variance))[:size]
    return (answer, deviation) if spread else answer


def _blocks(model: Any, X: Array) -> Iterator[tuple[slice, int, Array]]:
    """Give slices of the rows, their number, and their standardised features filled up to a whole block."""
    for start in range(0, len(X), _BLOCK):
        part = X[start : start + _BLOCK]
        features = (part - model._centre_) / model._scale_
        filled = np.pad(features, ((0, _BLOCK - len(part)), (0, 0)), mode="edge")
        yield slice(start, start + len(part)), len(part), filled


def _linearised(latent: Latent, scores: Array, size: Array) -> Array:
    total = np.zeros((len(scores), latent.decode(scores[:1]).shape[1]))
    for column in range(scores.shape[1]):
        step = np.zeros_like(scores)
        step[:, column] = size[:, column]
        total += np.square(0.5 * (latent.decode(scores + step) - latent.decode(scores - step)))
    return np.sqrt(total)


def learned_edges(model: Any, X: Array) -> BandEdges:
    """Return the edges that were learned beside the curves."""
    head = model.heads_[1]
    found = np.vstack(
        [outputs(model, filled, head, False)[0][:size] for _, size, filled in _blocks(model, X)]
    )
    return BandEdges(found[:, 0], found[:, 1], found[:, 1] - found[:, 0])
