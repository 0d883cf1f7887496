# SPDX-License-Identifier: BSD-3-Clause
"""How the regressor learns: checks, representation, trend, nets, and what is kept of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strain2dos.dos._domain import describe_domain
from strain2dos.dos._edges import check_edges, check_energies
from strain2dos.dos._groups import check_groups, thin
from strain2dos.dos._latent import Latent, build_latent
from strain2dos.dos._model import Block, network_weight, prepare, train_ensemble
from strain2dos.dos._network import Settings, check_device

Array = NDArray[np.float64]


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
    )


def fit(
    model: Any,
    X: Array,
    y: Array,
    groups: ArrayLike | None,
    edges: ArrayLike | None,
    random: np.random.RandomState,
) -> None:
    """Set all fitted attributes of the regressor."""
    device = check_device(model.device)
    curves = y.reshape(len(y), -1)
    energies = _energies(model, curves)
    nonnegative = _nonnegative(model, curves, energies)
    labels = check_groups(groups, curves)
    known = check_edges(edges, len(y))

    model._flat_ = y.ndim == 1
    model.energies_ = energies
    model.feature_range_ = np.array([X.min(0), X.max(0)])
    model._centre_ = X.mean(0)
    spread = X.std(0)
    model._scale_ = np.where(spread > 1e-12 * np.maximum(np.abs(X).max(0), 1e-300), spread, 1.0)
    features = (X - model._centre_) / model._scale_
    model._domain_ = describe_domain(features, labels, thin(labels, 4000, random))
    model.edge_reference_ = _reference(model, energies, curves)

    latent, block = _choose_latent(model, features, curves, labels, nonnegative, random)
    blocks = [block]
    if known is not None:
        blocks.append(prepare(features, known, labels, random, refine=True))
    model.representation_ = latent.state()
    model.nonnegative_ = nonnegative
    model.edges_learned_ = known is not None
    _train(model, features, labels, blocks, settings(model, device), random)


def _train(
    model: Any,
    features: Array,
    labels: NDArray[np.intp],
    blocks: list[Block],
    chosen: Settings,
    random: np.random.RandomState,
) -> None:
    targets = np.hstack([block.scaled for block in blocks])
    with _bar(model, chosen) as bar:
        weights, histories, answer, count = train_ensemble(
            features,
            targets,
            labels,
            n_members=model.n_members,
            fraction=model.validation_fraction if model.early_stopping else None,
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
        share = network_weight(block.scaled, block.held_out, answer[:, first:last], count > 0, labels)
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

    return tqdm(total=model.n_members * chosen.max_epochs, desc="training", unit="epoch")


def _choose_latent(
    model: Any,
    features: Array,
    curves: Array,
    labels: NDArray[np.intp],
    nonnegative: bool,
    random: np.random.RandomState,
) -> tuple[Latent, Block]:
    distinct, back = np.unique(curves, axis=0, return_inverse=True)
    back = back.reshape(-1)
    names = ("grid", "cdf") if model.representation == "auto" else (model.representation,)
    best, lowest = None, np.inf
    model.representation_scores_ = {}
    for name in names:
        built = build_latent(name, model.energies_, distinct, nonnegative, model.edge_reference_)
        if built is None:
            continue
        latent, scores = built
        if len(names) == 1 or len(np.unique(labels)) < 4:
            best = latent, scores
            break
        block = prepare(features, scores[back], labels, random, refine=False)
        miss = np.square(latent.decode(block.mean + block.scale * block.held_out) - curves).mean(1)
        # geometric mean: the ends of the training range, where every model extrapolates, do not decide alone
        per_group = np.bincount(labels, miss) / np.bincount(labels)
        error = float(np.sqrt(np.exp(np.mean(np.log(per_group + 1e-300)))))
        model.representation_scores_[name] = error
        if best is None or error < lowest:
            best, lowest = (latent, scores), error
    if best is None:
        raise ValueError(
            f"representation={model.representation!r} needs densities that are not negative, at least 16 "
            'energies and states on both sides of the reference energy; pass representation="grid".'
        )
    latent, scores = best
    return latent, prepare(features, scores[back], labels, random, refine=True)


def _energies(model: Any, curves: Array) -> Array:
    if model.energies is None:
        return np.arange(curves.shape[1], dtype=np.float64)
    given = np.asarray(model.energies, dtype=np.float64)
    if given.ndim != 1 or len(given) != curves.shape[1]:
        raise ValueError(
            f"energies has shape {given.shape}, but y has {curves.shape[1]} columns; pass the grid on which "
            "the curves in y are given, one energy per column."
        )
    return check_energies(given) if len(given) > 1 else given


def _nonnegative(model: Any, curves: Array, energies: Array) -> bool:
    lowest = curves.min()
    if model.nonnegative == "auto":
        return bool(lowest >= 0)
    if model.nonnegative and lowest < 0:
        row, column = np.unravel_index(np.argmin(curves), curves.shape)
        raise ValueError(
            f"a density of states cannot be negative, but y[{row}, {column}] = {lowest:g} (at "
            f"{energies[column]:g}); mend the curve, or pass nonnegative=False if y is no density."
        )
    return bool(model.nonnegative)


def _reference(model: Any, energies: Array, curves: Array) -> float:
    if model.edge_reference != "auto":
        given = float(model.edge_reference)
        if not energies[0] <= given <= energies[-1]:
            raise ValueError(
                f"edge_reference = {given:g} eV lies outside the grid of {energies[0]:g} to {energies[-1]:g} "
                'eV; pass an energy inside the gap, or edge_reference="auto".'
            )
        return given
    # the middle of the widest stretch that is empty in every training curve and has bands on both sides
    empty = curves.max(0) < model.edge_threshold
    bounds = np.flatnonzero(np.diff(np.r_[0, empty.astype(int), 0]))
    runs = [(a, b - 1) for a, b in bounds.reshape(-1, 2) if a > 0 and b < len(energies)]
    if not runs:
        return float(energies[np.argmin(curves.mean(0))])
    first, last = max(runs, key=lambda run: energies[run[1]] - energies[run[0]])
    return float(0.5 * (energies[first] + energies[last]))
