# SPDX-License-Identifier: BSD-3-Clause
"""How the regressor learns: checks, trend, nets, and what is kept of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strain2dos.dos._common.groups import check_groups, thin
from strain2dos.dos._edges.targets import check_edges
from strain2dos.dos._networks.member import Settings, check_device
from strain2dos.dos._regressor.blocks import Block, network_weight, prepare, train_ensemble
from strain2dos.dos._regressor.checks import check_grid, check_nonnegative, check_reference
from strain2dos.dos._regressor.domain import describe_domain
from strain2dos.dos._regressor.objective import check_window, criterion_of
from strain2dos.dos._regressor.prior import learn_prior
from strain2dos.dos._regressor.selection import choose_latent

Array = NDArray[np.float64]

# One number per state holds fewer reasons for a kernel than a whole curve does. Kernels that pass through
# every point then swing between them, so an edge counts as known to 0.3 % of its spread.
_EDGE_NOISE = 1e-5


def settings(model: Any, device: str) -> Settings:
    """Return what the parameters say about training."""
    hidden = model.hidden_layer_sizes
    hidden = (hidden,) if np.isscalar(hidden) else tuple(hidden)
    if any(int(width) != width or width < 1 for width in hidden):
        raise ValueError(f"hidden_layer_sizes must be positive integers, but it is {hidden!r}.")
    return Settings(
        tuple(int(width) for width in hidden),
        model.loss,
        float(model.lr),
        int(model.max_epochs),
        int(model.batch_size),
        int(model.patience),
        float(model.weight_decay),
        device,
        model.response == "quadratic",
    )


def fit(
    model: Any,
    X: Array,
    y: Array,
    groups: ArrayLike | None,
    edges: Any,
    random: np.random.RandomState,
) -> None:
    """Set all fitted attributes of the regressor."""
    device = check_device(model.device)
    curves = y.reshape(len(y), -1)
    energies = check_grid(model, curves)
    nonnegative = check_nonnegative(model, curves, energies)
    labels = check_groups(groups, curves)
    known = check_edges(edges, len(y))
    check_window(model.state_window, energies)

    model._flat_ = y.ndim == 1
    model.energies_ = energies
    model.feature_range_ = np.array([X.min(0), X.max(0)])
    model._centre_ = X.mean(0)
    spread = X.std(0)
    model._scale_ = np.where(spread > 1e-12 * np.maximum(np.abs(X).max(0), 1e-300), spread, 1.0)
    features = (X - model._centre_) / model._scale_
    model._domain_ = describe_domain(features, labels, thin(labels, 4000, random))
    model.edge_reference_ = check_reference(model, energies, curves)

    latent, block = choose_latent(model, features, curves, labels, nonnegative, random)
    blocks = [block]
    model.valleys_, model.n_valence_ = [], 0
    if known is not None:
        known, trend = known.relevant(labels), model.gaussian_process
        model.valleys_, model.n_valence_ = known.names, known.n_valence
        # valleys cross as strain grows, and each alone is smooth
        columns = np.hsplit(known.energies, known.energies.shape[1])
        blocks += [
            prepare(features, column, labels, random, refine=True, least_noise=_EDGE_NOISE, trend=trend)
            for column in columns
        ]
    model.representation_ = latent.state()
    learn_prior(model, X, features, curves, labels, latent, block, random)
    model.nonnegative_ = nonnegative
    model.edges_learned_ = known is not None
    criterion, extras = criterion_of(model, latent, blocks, curves, None if known is None else known.edges)
    _train(model, features, labels, blocks, criterion, extras, settings(model, device), random)


def _train(
    model: Any,
    features: Array,
    labels: NDArray[np.intp],
    blocks: list[Block],
    criterion: Any,
    extras: dict[str, Array],
    chosen: Settings,
    random: np.random.RandomState,
) -> None:
    targets = {"outputs": np.hstack([block.scaled for block in blocks]), **extras}
    with _bar(model, chosen) as bar:
        weights, histories, answer, count = train_ensemble(
            features,
            targets,
            labels,
            n_members=model.n_members,
            fraction=model.validation_fraction if model.early_stopping else None,
            criterion=criterion,
            settings=chosen,
            random=random,
            tick=None if bar is None else bar.update,
        )
    model.weights_ = weights
    model.history_ = histories
    model.n_iter_ = max(len(history["train_loss"]) for history in histories)
    model.heads_, first = [], 0
    for block in blocks:
        last = first + block.scaled.shape[1]
        share = (
            network_weight(block.scaled, block.held_out, answer[:, first:last], count > 0, labels)
            if model.gaussian_process
            else 1.0
        )
        model.heads_.append(
            {
                "columns": [first, last],
                "mean": block.mean,
                "scale": block.scale,
                "network_weight": share,
                "trends": [trend.state() for trend in block.trends],
            }
        )
        first = last
    model.network_weight_ = model.heads_[0]["network_weight"]


def _bar(model: Any, chosen: Settings) -> Any:
    from contextlib import nullcontext

    if not model.verbose:
        return nullcontext()
    from tqdm import tqdm

    return tqdm(total=chosen.max_epochs, desc="training", unit="epoch")
