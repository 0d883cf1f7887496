# SPDX-License-Identifier: BSD-3-Clause
"""Shapley values of vector-valued functions, exact over all coalitions or sampled over permutations."""

from __future__ import annotations

from collections.abc import Callable
from math import comb

import numpy as np

# The value function: rows (n, k) to the quantities to be explained (n, m); NaN where there is none.
ValueFunction = Callable[[np.ndarray], np.ndarray]


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


def coalition_values(
    function: ValueFunction, x: np.ndarray, background: np.ndarray, members: np.ndarray, max_rows: int
) -> tuple[np.ndarray, np.ndarray]:
    """Mean of ``function`` over the background for every coalition of the features of one sample.

    Parameters
    ----------
    function : callable
        (n, k) to (n, m).
    x : array of shape (k,)
        The sample: a coalition takes its members' values from here, the others' from the background.
    background : array of shape (b, k)
    members : bool array of shape (c, k)
        Coalitions.
    max_rows : int
        Rows evaluated at a time.

    Returns
    -------
    values : array of shape (c, m)
        Means over the background rows that have a value (NaN if none has).
    missing : array of shape (m,)
        Number of evaluations without a value.
    """
    b, k = background.shape
    step = max(1, max_rows // b)
    blocks, missing = [], 0
    for start in range(0, len(members), step):
        part = members[start : start + step]
        rows = np.where(part[:, np.newaxis, :], x, background).reshape(-1, k)
        found = function(rows).reshape(len(part), b, -1)
        absent = np.isnan(found)
        missing = missing + absent.sum(axis=(0, 1))
        if absent.any():
            present = b - absent.sum(axis=1)
            with np.errstate(invalid="ignore"):
                blocks.append(np.where(absent, 0.0, found).sum(axis=1) / np.where(present, present, np.nan))
        else:
            blocks.append(found.mean(axis=1))
    return np.concatenate(blocks), np.asarray(missing)


def exact_shapley(
    function: ValueFunction, X: np.ndarray, background: np.ndarray, max_rows: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Interventional Shapley values over all coalitions.

    Returns
    -------
    values : array of shape (n, k, m)
    base : array of shape (m,)
        Mean of the function over the background.
    missing : array of shape (n, m)
        Share of the evaluations without a value (NaN), which the means leave out.
    """
    k = X.shape[1]
    members, weights = coalitions(k), shapley_matrix(k)
    base, missing_base = coalition_values(function, X[0], background, members[:1], max_rows)
    n_rows = (len(members) - 1) * len(background) + 1
    results, shares = [], []
    for x in X:
        # Empty and full coalition need one background and one row only.
        full, missing = coalition_values(function, x, x[np.newaxis], members[-1:], max_rows)
        values = [base, full]
        if k > 1:
            inner, missing_inner = coalition_values(function, x, background, members[1:-1], max_rows)
            values.insert(1, inner)
            missing = missing + missing_inner
        results.append(weights @ np.concatenate(values))
        shares.append((missing + missing_base) / n_rows)
    return np.stack(results), base[0], np.stack(shares)


def sampled_shapley(
    function: ValueFunction,
    X: np.ndarray,
    background: np.ndarray,
    max_rows: int,
    *,
    n_permutations: int,
    random: np.random.RandomState,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
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
    results, shares, base = [], [], None
    for x in X:
        values, missing = coalition_values(function, x, background, members, max_rows)
        total = np.zeros((k, values.shape[1]))
        for order, path in zip(orders, place, strict=True):
            total[order] += np.diff(values[path], axis=0)
        results.append(total / len(orders))
        shares.append(missing / (len(members) * len(background)))
        base = values[place[0, 0]]
    return np.stack(results), base, np.stack(shares)


def _there_and_back(order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return order, order[::-1]


def _joining(order: np.ndarray) -> np.ndarray:
    """Coalitions (k + 1, k) bool that grow by one feature at a time, from none to all."""
    rank = np.argsort(order)
    return rank < np.arange(len(order) + 1)[:, np.newaxis]
