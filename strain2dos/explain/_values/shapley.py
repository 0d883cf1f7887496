# SPDX-License-Identifier: BSD-3-Clause
"""Shapley values of vector-valued functions, exact over all coalitions or sampled over permutations."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import comb
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from strain2dos._estimators.columns import scatter_rows
from strain2dos.explain._values.coalitions import Means


class Found(NamedTuple):
    """Shapley values (s, k, m), those of pairs (s, n_pairs, m) if asked, and missing shares (s, m)."""

    values: np.ndarray
    pairs: np.ndarray | None
    missing: np.ndarray

    def scattered(self, kept: NDArray[np.bool_]) -> Found:
        """Put samples back to where they were kept (n,), with NaN for the others."""
        pairs = None if self.pairs is None else scatter_rows(self.pairs, kept)
        return Found(scatter_rows(self.values, kept), pairs, scatter_rows(self.missing, kept))


def joined(parts: Sequence[Found], axis: int) -> Found:
    """Put parts together: samples along the first axis, quantities along the last."""
    values, pairs, missing = zip(*parts, strict=True)
    whole = None if pairs[0] is None else np.concatenate(pairs, axis=axis)
    return Found(np.concatenate(values, axis=axis), whole, np.concatenate(missing, axis=axis))


def coalitions(k: int) -> np.ndarray:
    """All subsets of ``k`` features: (2**k, k) bool; row r holds feature j if bit j of r is set."""
    return (np.arange(2**k)[:, np.newaxis] >> np.arange(k) & 1).astype(bool)


def shapley_matrix(k: int) -> np.ndarray:
    """Weights (k, 2**k) that turn the values of all coalitions into Shapley values.

    A coalition S counts for its member j with (|S|-1)! (k-|S|)! / k!, and against each outsider with
    |S|! (k-|S|-1)! / k!.
    """
    member = coalitions(k)
    size = member.sum(axis=1)
    joins = np.array([1.0 / (k * comb(k - 1, s - 1)) if s else 0.0 for s in range(k + 1)])
    waits = np.array([1.0 / (k * comb(k - 1, s)) if s < k else 0.0 for s in range(k + 1)])
    return np.where(member.T, joins[size], -waits[size])


def pairs_of(k: int) -> list[tuple[int, int]]:
    """Pairs of features, in the order of `pair_matrix`."""
    return list(combinations(range(k), 2))


def pair_matrix(k: int) -> np.ndarray:
    """Weights (n_pairs, 2**k) that turn the values of all coalitions into Shapley interaction values.

    A pair i, j counts the difference v(S+i+j) - v(S+i) - v(S+j) + v(S) with |S|! (k-|S|-2)! / (k-1)! over
    all S without the two [M. Grabisch and M. Roubens, Int. J. Game Theory 28, 547 (1999)].
    """
    member = coalitions(k)
    both = [(member[:, i].astype(int) + member[:, j], i, j) for i, j in pairs_of(k)]
    rows = []
    for count, _, _ in both:
        others = member.sum(axis=1) - count
        weight = np.array([1.0 / ((k - 1) * comb(k - 2, s)) if s <= k - 2 else 0.0 for s in range(k + 1)])
        rows.append(np.where(count == 1, -1.0, 1.0) * weight[others])
    return np.array(rows).reshape(-1, 2**k)


def exact_shapley(
    means: Means, X: np.ndarray, background: np.ndarray, base: np.ndarray, max_rows: int, *, pairs: bool
) -> Found:
    """Interventional Shapley values over all coalitions.

    Parameters
    ----------
    means : Means
    X : array of shape (s, k)
    background : array of shape (b, k)
    base : array of shape (2, m)
        Mean of the function over the background and the number of its missing values, the same for all
        samples: see `base_values`.
    max_rows : int
    pairs : bool
        Whether to return interaction values too, from the same evaluations.

    Returns
    -------
    Found
    """
    k = X.shape[1]
    full, lost = means(X[:, np.newaxis])
    full = full[:, np.newaxis]
    values = [np.broadcast_to(base[0], full.shape), full]
    missing = base[1] + lost
    if k > 1:
        inner, missing_inner = means.of_coalitions(X, background, coalitions(k)[1:-1], max_rows)
        values.insert(1, inner)
        missing = missing + missing_inner
    # the empty coalition needs the background only, the full one the sample only
    n_rows = (2**k - 1) * len(background) + 1
    every = np.concatenate(values, axis=1)
    return Found(shapley_matrix(k) @ every, pair_matrix(k) @ every if pairs else None, missing / n_rows)


def base_values(means: Means, background: np.ndarray) -> np.ndarray:
    """Mean of the function over the background and the number of values that it has not there: (2, m)."""
    mean, missing = means(background[np.newaxis])
    return np.stack([mean[0], missing[0]])


def sampled_shapley(
    means: Means,
    X: np.ndarray,
    background: np.ndarray,
    max_rows: int,
    *,
    n_permutations: int,
    random: np.random.RandomState,
) -> Found:
    """Sample Shapley values over permutations of the features; the results are those of `exact_shapley`.

    Features join one after the other, in each order forwards and backwards, which is exact for models whose
    features interact in pairs at most. The gains along an order sum up exactly.
    """
    k = X.shape[1]
    orders = [order for _ in range(n_permutations) for order in _there_and_back(random.permutation(k))]
    members, place = np.unique(
        np.concatenate([_joining(order) for order in orders]), axis=0, return_inverse=True
    )
    place = place.reshape(len(orders), k + 1)
    values, missing = means.of_coalitions(X, background, members, max_rows)
    total = np.zeros((len(X), k, values.shape[2]))
    for order, path in zip(orders, place, strict=True):
        total[:, order] += np.diff(values[:, path], axis=1)
    return Found(total / len(orders), None, missing / (len(members) * len(background)))


def _there_and_back(order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return order, order[::-1]


def _joining(order: np.ndarray) -> np.ndarray:
    """Coalitions (k + 1, k) bool that grow by one feature at a time, from none to all."""
    rank = np.argsort(order)
    return rank < np.arange(len(order) + 1)[:, np.newaxis]
