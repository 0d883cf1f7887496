# SPDX-License-Identifier: BSD-3-Clause
"""Which representation the curves are learned in: a given one, the best one, or a blend."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strain2dos.dos._regressor.blocks import Block, prepare
from strain2dos.dos._regressor.stacking import stack
from strain2dos.dos._representations.basis import Latent, build_latent, span
from strain2dos.dos._representations.blended import PARTS, BlendedRepresentation

Array = NDArray[np.float64]


def choose_latent(
    model: Any,
    features: Array,
    curves: Array,
    labels: NDArray[np.intp],
    nonnegative: bool,
    random: np.random.RandomState,
) -> tuple[Latent, Block]:
    """Return the representation and the trend in it; keep the scores of those that were compared."""
    distinct, back = np.unique(curves, axis=0, return_inverse=True)
    back = back.reshape(-1)
    names = [*PARTS] if model.representation in ("auto", "blend") else [model.representation]
    where = model.edge_reference_, model.edge_threshold
    # fewer than four groups cannot tell which is better: the first that fits will do
    compared = len(names) > 1 and len(np.unique(labels)) >= 4
    built = ((name, build_latent(name, model.energies_, distinct, nonnegative, *where)) for name in names)
    fit = ((name, made) for name, made in built if made is not None)
    found = dict(fit if compared else islice(fit, 1))
    if not found:
        raise ValueError(
            f"representation={model.representation!r} needs densities that are not negative, at least 16 "
            'energies and states on both sides of the reference energy; pass representation="grid".'
        )
    model.representation_scores_, misses = {}, {}
    if compared:
        for name, (latent, scores) in found.items():
            miss = _miss(latent, scores[back], features, curves, labels, random)
            model.representation_scores_[name] = _error(miss, labels)
            if model.representation == "blend":
                misses[name] = miss
    errors = model.representation_scores_
    latent, scores = found[min(errors, key=errors.__getitem__) if errors else next(iter(found))]
    shares = stack(misses, labels) if len(misses) > 1 else {}
    if len(shares) > 1:
        forms = {name: one.representation for name, (one, _) in found.items()}
        blend = BlendedRepresentation.of(forms, shares, distinct)
        latent, scores = span("blend", blend, blend.encode(distinct))
    trend = model.gaussian_process
    return latent, prepare(features, scores[back], labels, random, refine=True, trend=trend)


def _miss(
    latent: Latent,
    scores: Array,
    features: Array,
    curves: Array,
    labels: NDArray[np.intp],
    random: np.random.RandomState,
) -> Array:
    """Return predicted minus true curves of groups that were left out in turn."""
    block = prepare(features, scores, labels, random, refine=False)
    return latent.decode(block.mean + block.scale * block.held_out) - curves


def _error(miss: Array, labels: NDArray[np.intp]) -> float:
    # geometric mean: the ends of the training range, where every model extrapolates, do not decide alone
    per_group = np.bincount(labels, np.square(miss).mean(1)) / np.bincount(labels)
    return float(np.sqrt(np.exp(np.mean(np.log(per_group + 1e-300)))))
