# SPDX-License-Identifier: BSD-3-Clause
"""From features to curves with what the regressor keeps: arrays and plain values only."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from strain2dos.dos._edges import BandEdges
from strain2dos.dos._latent import Latent
from strain2dos.dos._network import forward
from strain2dos.dos._trend import Trend, mixture

Array = NDArray[np.float64]

_CHUNK = 2048


def outputs(model: Any, features: Array, head: dict[str, Any], spread: bool) -> tuple[Array, Array | None]:
    """Return means and, if asked, variances of one block of outputs for standardised features."""
    weight = head["network_weight"]
    answer, variance = mixture([Trend.from_state(state) for state in head["trends"]], features, spread)
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
    for start in range(0, n, _CHUNK):
        rows = slice(start, start + _CHUNK)
        features = (X[rows] - model._centre_) / model._scale_
        scores, variance = outputs(model, features, head, spread)
        answer[rows] = latent.decode(scores)
        if deviation is not None and variance is not None:
            deviation[rows] = _linearised(latent, scores, np.sqrt(variance))
    return (answer, deviation) if spread else answer


def _linearised(latent: Latent, scores: Array, size: Array) -> Array:
    total = np.zeros((len(scores), latent.decode(scores[:1]).shape[1]))
    for column in range(scores.shape[1]):
        step = np.zeros_like(scores)
        step[:, column] = size[:, column]
        total += np.square(0.5 * (latent.decode(scores + step) - latent.decode(scores - step)))
    return np.sqrt(total)


def learned_edges(model: Any, X: Array) -> BandEdges:
    """Return the edges that were learned beside the curves."""
    found = outputs(model, (X - model._centre_) / model._scale_, model.heads_[1], False)[0]
    return BandEdges(found[:, 0], found[:, 1], found[:, 1] - found[:, 0])
