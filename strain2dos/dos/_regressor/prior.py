# SPDX-License-Identifier: BSD-3-Clause
"""Fine-tuning: learn what a model trained on cheaper curves misses, as far as that helps."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from strain2dos.dos._regressor.blocks import Block, network_weight, prepare
from strain2dos.dos._representations.basis import Latent, span

Array = NDArray[np.float64]


def learn_prior(
    model: Any,
    X: Array,
    features: Array,
    curves: Array,
    labels: NDArray[np.intp],
    latent: Latent,
    block: Block,
    random: np.random.RandomState,
) -> None:
    """Fit a second trend to what the prior misses and give it the share that predicts unseen groups best.

    Both trends speak in the same latents, so their mean is a mean of transport, or of square roots.
    """
    model.prior_weight_, model.prior_head_ = 0.0, None
    if model.prior is None:
        return
    offset = _latents_of_prior(model, latent.representation, X, curves.shape[1])
    if not np.isfinite(offset).all():
        row = int(np.flatnonzero(~np.isfinite(offset).all(1))[0])
        raise ValueError(
            f"the curve that prior predicts for X[{row}] has no band edges at edge_threshold = "
            f'{model.edge_threshold:g}, so it cannot be aligned; pass representation="cdf" or "grid".'
        )
    truth = latent.representation.encode(curves)
    rest, scores = span(latent.name, latent.representation, truth - offset)
    second = prepare(features, scores, labels, random, refine=True)
    alone = latent.latents(block.mean + block.scale * block.held_out)
    corrected = offset + rest.latents(second.mean + second.scale * second.held_out)
    model.prior_weight_ = network_weight(truth, alone, corrected, np.ones(len(X), dtype=bool), labels)
    if model.prior_weight_ > 0:
        model.prior_head_ = {
            "latent": rest.state(),
            "network_weight": 0.0,
            "mean": second.mean,
            "scale": second.scale,
            "trends": [trend.state() for trend in second.trends],
        }


def _latents_of_prior(model: Any, representation: Any, X: Array, n_energies: int) -> Array:
    try:
        check_is_fitted(model.prior)
    except NotFittedError as error:
        raise ValueError(
            f"prior must be fitted, but {type(model.prior).__name__} is not; cloning takes the fit from an "
            "estimator, so wrap it: prior=sklearn.frozen.FrozenEstimator(fitted)."
        ) from error
    return offsets(model, representation, X, n_energies)


def offsets(model: Any, representation: Any, X: Array, n_energies: int) -> Array:
    """Return the latents of what the prior predicts."""
    names = getattr(model.prior, "feature_names_in_", None)
    if names is not None:
        import pandas as pd

        X = pd.DataFrame(X, columns=names)
    curves = np.asarray(model.prior.predict(X), dtype=np.float64).reshape(len(X), -1)
    if curves.shape[1] != n_energies:
        raise ValueError(
            f"prior predicts curves of {curves.shape[1]} energies, but y has {n_energies}; train it on the "
            "grid of y."
        )
    return representation.encode(curves)
