# SPDX-License-Identifier: BSD-3-Clause
"""What a further state would teach fitted Gaussian processes, before its outputs are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from strain2dos.dos._common.linear_algebra import tensor
from strain2dos.dos._process.heads import Head
from strain2dos.dos._process.local_scale import NearbyFactors
from strain2dos.dos._process.mixture import Process, load

Array = NDArray[np.float64]


def most_telling(
    heads: Sequence[tuple[float, Head]], candidates: Array, targets: Array, n: int
) -> tuple[NDArray[np.intp], Array]:
    r"""Choose candidates one after the other, each the one that lowers the targets' mean variance most.

    The covariance of a process given the states it knows does not depend on outputs. So what a state
    :math:`c` takes from the variance at a target :math:`t` is known before it is calculated:
    :math:`k(t, c)^2 / (k(c, c) + \sigma^2)` [D. A. Cohn, Neural Networks 9, 1071 (1996)]. The covariances
    are then those given :math:`c` too, and the next is chosen.

    Parameters
    ----------
    heads : sequence of (weight, Head)
        How much the variance of each counts; noise that follows strain is that of each candidate.
    candidates, targets : ndarray of shape (n_candidates, n_features) and (n_targets, n_features)
        Standardized features of the states to choose from, and of those where the variance counts.
    n : int
        How many to choose.

    Returns
    -------
    chosen : ndarray of shape (n,)
        Rows of `candidates`, the most telling first.
    left : ndarray of shape (n,)
        Mean variance of the targets with this state and those before it, as a share of that without any.
    """
    states = np.vstack([candidates, targets])
    parts: list[tuple[Array, Array, float]] = []
    for share, head in heads:
        (loose,) = NearbyFactors([head.noise])(candidates)
        for process in head.plain:
            weights = share * process.member_weights * process.variance.sum(1)
            own = [noise * loose for noise in process.noise]
            parts += zip(_given(process, states), own, weights, strict=True)
    inside, beyond = slice(0, len(candidates)), slice(len(candidates), None)
    total = sum(weight * np.diagonal(part)[beyond].mean() for part, _, weight in parts)
    chosen: list[int] = []
    left = []
    for _ in range(n):
        gain = sum(
            weight * np.square(part[inside, beyond]).mean(1) / (np.diagonal(part)[inside] + noise)
            for part, noise, weight in parts
        )
        gain[chosen] = -np.inf
        best = int(np.argmax(gain))
        chosen.append(best)
        for part, noise, _ in parts:
            part -= np.outer(part[:, best], part[best] / (part[best, best] + noise[best]))
        mean = sum(weight * np.diagonal(part)[beyond].clip(0.0).mean() for part, _, weight in parts)
        left.append(float(mean / total) if total > 0 else 0.0)
    return np.array(chosen, dtype=np.intp), np.array(left)


def _given(process: Process, states: Array) -> list[Array]:
    """Covariances (n, n) of states given those that a process knows, one per member."""
    loaded = load(process, "cpu")
    with torch.no_grad():
        place = loaded.covariance.place(tensor(states))
        seen = loaded.covariance.between(place, loaded.placed) @ loaded.factors
        left = loaded.covariance.between(place, place) - seen @ seen.mT
    return list(left.numpy())
