# SPDX-License-Identifier: BSD-3-Clause
"""What is learned: a smooth trend of the latent curve, and an ensemble of nets weighed by unseen groups."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from strain2dos.dos._common.groups import held_out_groups
from strain2dos.dos._networks.losses import MemberLoss
from strain2dos.dos._networks.member import Settings, forward, with_products
from strain2dos.dos._networks.training import train_members
from strain2dos.dos._process.kernels import weigh_kernels
from strain2dos.dos._process.regression import Trend, fit_mixture

Array = NDArray[np.float64]


class Block(NamedTuple):
    """Outputs to learn, and the trend that was fitted to them."""

    mean: Array
    scale: float
    scaled: Array
    trends: list[Trend]
    held_out: Array


def prepare(
    features: Array,
    outputs: Array,
    groups: NDArray[np.intp],
    random: np.random.RandomState,
    *,
    refine: bool,
    least_noise: float = 1e-8,
    trend: bool = True,
) -> Block:
    """Scale a block of outputs, weigh kernels for it and fit the trend, if there is to be one."""
    mean = outputs.mean(0)
    scale = float(np.sqrt(np.mean(np.square(outputs - mean).sum(1)))) or 1.0
    scaled = (outputs - mean) / scale
    if not trend:
        return Block(mean, scale, scaled, [], np.zeros_like(scaled))
    kernels = weigh_kernels(features, scaled, groups, random, refine=refine, least_noise=least_noise)
    trends, held_out = fit_mixture(kernels, features, scaled, groups, random)
    return Block(mean, scale, scaled, trends, held_out)


def ridge_start(features: Array, outputs: Array) -> tuple[Array, Array]:
    """Return slope and level of a lightly damped linear fit, from which the nets begin."""
    mean, level = features.mean(0), outputs.mean(0)
    centred = features - mean
    gram = centred.T @ centred + 1e-3 * len(features) * np.eye(features.shape[1])
    slope = np.linalg.solve(gram, centred.T @ (outputs - level))
    return slope, level - mean @ slope


def train_ensemble(
    features: Array,
    targets: dict[str, Array],
    groups: NDArray[np.intp],
    *,
    n_members: int,
    fraction: float | None,
    criterion: MemberLoss,
    settings: Settings,
    random: np.random.RandomState,
    tick: Callable[[], None] | None = None,
) -> tuple[list[dict[str, Array]], list[dict[str, Array]], Array, NDArray[np.intp]]:
    """Train the members; return weights, histories, the mean answer for held-out rows and its votes.

    `targets` hold the ``"outputs"`` (n, n_outputs) and what else `criterion` compares with.
    """
    labels = np.unique(groups)
    if fraction is None or len(labels) < 3:
        masks = [np.zeros(len(groups), dtype=bool)] * n_members
    else:
        masks = held_out_groups(groups, n_members, fraction, random)
    seeds = random.randint(2**31 - 1, size=n_members)
    outputs = targets["outputs"]
    terms = with_products(features) if settings.quadratic else features
    starts = [ridge_start(terms[~mask], outputs[~mask]) for mask in masks]
    members = train_members(features, targets, masks, starts, criterion, settings, seeds.tolist(), tick)
    answer, count = np.zeros_like(outputs), np.zeros(len(outputs), dtype=np.intp)
    for mask, member in zip(masks, members, strict=True):
        answer[mask] += forward(member.weights, features[mask])
        count[mask] += 1
    weights, histories = [member.weights for member in members], [member.history for member in members]
    return weights, histories, answer / np.maximum(count, 1)[:, None], count


def network_weight(
    truth: Array, trend: Array, network: Array, seen: NDArray[np.bool_], groups: NDArray[np.intp]
) -> float:
    """Return the share in [0, 1] of the nets that predicts unseen groups best, 0 if it does not help there.

    The share that is best for all groups but one is tried on that one; unless this lowers the error
    against the trend alone, the nets get no say.
    """
    labels = np.unique(groups[seen])
    if len(labels) < 3:
        return 0.0
    miss, step = truth - trend, network - trend
    # each group counts once, however many spectra it has
    sums = np.array(
        [
            [np.mean((miss * step)[rows].sum(1)), np.mean((step * step)[rows].sum(1))]
            for rows in (seen & (groups == label) for label in labels)
        ]
    )
    total = sums.sum(0)
    rest = total - sums
    shares = np.clip(rest[:, 0] / np.maximum(rest[:, 1], 1e-300), 0.0, 1.0)
    gain = np.sum(2 * shares * sums[:, 0] - np.square(shares) * sums[:, 1])
    return float(np.clip(total[0] / max(total[1], 1e-300), 0.0, 1.0)) if gain > 0 else 0.0
