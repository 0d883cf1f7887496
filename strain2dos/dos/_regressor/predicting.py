# SPDX-License-Identifier: BSD-3-Clause
"""From features to curves with what the regressor keeps: arrays and plain values only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strain2dos.dos._edges.reading import BandEdges
from strain2dos.dos._edges.targets import edges_of_valleys, spread_of_valleys
from strain2dos.dos._networks.member import forward
from strain2dos.dos._process.regression import Trend, mixture
from strain2dos.dos._regressor.prior import offsets
from strain2dos.dos._representations.basis import Latent

Array = NDArray[np.float64]

# Every product of matrices runs over this many rows, the last block filled up: BLAS sums in an order that
# depends on the shape, and what is predicted for a row must not depend, not even in its last bit, on
# its neighbours.
# 240 holds whole tiles of 6, 8, 12, 16, 24 and 48 rows: a row in a cut tile would be summed in another way.
_BLOCK = 240


def outputs(model: Any, features: Array, head: dict[str, Any], spread: bool = True) -> tuple[Array, Array]:
    """Return means and, if asked, variances of one block of outputs for standardised features."""
    weight = head["network_weight"]
    trends = [Trend.from_state(state) for state in head["trends"]]
    if trends:
        answer, variance = mixture(trends, features, spread)
    else:
        answer = np.zeros((len(features), len(head["mean"])))
        variance = np.zeros_like(answer)
    if weight > 0:
        first, last = head["columns"]
        nets = np.stack([forward(member, features)[:, first:last] for member in model.weights_])
        answer = answer + weight * (nets.mean(0) - answer)
        if len(nets) > 1:
            variance = (1 - weight) ** 2 * variance + weight**2 * nets.var(0, ddof=1)
    return head["mean"] + head["scale"] * answer, head["scale"] ** 2 * variance


def curves(model: Any, X: Array, spread: bool) -> Any:
    """Return (n, n_energies) curves, with their standard deviation if asked.

    A curve is the mean over the uncertainty of its latents: where features are not well placed, sharp ones at
    the wrong energy would be further from the truth than blunt ones.
    """
    latent = Latent.from_state(model.representation_)
    answer = np.empty((len(X), len(model.energies_)))
    deviation = np.empty_like(answer) if spread else None
    for rows, size, features in _blocks(model, X):
        scores, variance = outputs(model, features, model.heads_[0])
        latents, width = latent.latents(scores), latent.widths(variance)
        miss = _deviation(latent, scores, variance, 0.0) if spread else None
        if model.prior_head_ is not None:
            latents, width, miss = _with_prior(model, latent, X[rows], features, (latents, width, miss))
        # only products of matrices need the whole block
        answer[rows] = latent.representation.expected(latents[:size], width[:size])
        if deviation is not None and miss is not None:
            deviation[rows] = miss[:size]
    return (answer, deviation) if spread else answer


def _with_prior(
    model: Any, latent: Latent, X: Array, features: Array, alone: tuple[Array, Array, Array | None]
) -> tuple[Array, Array, Array | None]:
    """Mix latents, their widths and deviations with those of the corrected prior, where it has an answer."""
    latents, width, miss = alone
    head = model.prior_head_
    rest = Latent.from_state(head["latent"])
    offset = offsets(model, latent.representation, X, len(model.energies_))
    offset = np.pad(offset, ((0, len(features) - len(X)), (0, 0)), mode="edge")
    share = np.where(np.isfinite(offset).all(1, keepdims=True), model.prior_weight_, 0.0)
    offset = np.where(share > 0, offset, 0.0)
    scores, variance = outputs(model, features, head)
    latents = latents + share * (offset + rest.latents(scores) - latents)
    # both trends learned from the same curves: their errors are taken as one
    width = width + share * (rest.widths(variance) - width)
    if miss is not None:
        miss = miss + share * (_deviation(rest, scores, variance, offset) - miss)
    return latents, width, miss


def _blocks(model: Any, X: Array) -> Iterator[tuple[slice, int, Array]]:
    """Give slices of the rows, their number, and their standardised features filled up to a whole block."""
    for start in range(0, len(X), _BLOCK):
        part = X[start : start + _BLOCK]
        features = (part - model._centre_) / model._scale_
        filled = np.pad(features, ((0, _BLOCK - len(part)), (0, 0)), mode="edge")
        yield slice(start, start + len(part)), len(part), filled


def _deviation(latent: Latent, scores: Array, variance: Array, offset: Array | float) -> Array:
    return np.sqrt(sum(np.square(step) for step in latent.changes(scores, np.sqrt(variance), offset)))


def learned_edges(model: Any, X: Array, spread: bool) -> BandEdges | tuple[BandEdges, BandEdges]:
    """Return the edges that were learned beside the curves, with their standard deviation if asked."""
    heads = model.heads_[1:]
    means, variances = np.empty((len(X), len(heads))), np.zeros((len(X), len(heads)))
    for rows, size, filled in _blocks(model, X):
        for column, head in enumerate(heads):
            mean, variance = outputs(model, filled, head, spread)
            means[rows, column], variances[rows, column] = mean[:size, 0], variance[:size, 0]
    edges = edges_of_valleys(means, model.n_valence_)
    return (edges, spread_of_valleys(means, variances, model.n_valence_)) if spread else edges
