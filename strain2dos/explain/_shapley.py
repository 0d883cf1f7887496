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
    function: ValueFunction, X: np.ndarray, background: np.ndarray, members: np.ndarray, max_rows: int
) -> tuple[np.ndarray, np.ndarray]:
    """Mean of ``function`` over the background for every coalition of the features of every sample.

    Parameters
    ----------
    function : callable
        (n, k) to (n, m).
    X : array of shape (s, k)
        Samples: a coalition takes its members' values from them, the others' from the background.
    background : array of shape (b, k)
    members : bool array of shape (c, k)
        Coalitions.
    max_rows : int
        Rows evaluated at a time; more than b, or else as many as one coalition needs.

    Returns
    -------
    values : array of shape (s, c, m)
        Means over the background rows that have a value (NaN if none has).
    missing : array of shape (s, m)
        Number of evaluations without a value.
    """
    b, k = background.shape
    step = max(1, max_rows // b)
    # many samples at once where all their coalitions fit, else one sample in parts
    n_samples = max(1, step // len(members))
    blocks, missing = [], []
    for first in range(0, len(X), n_samples):
        some = X[first : first + n_samples, np.newaxis, np.newaxis]
        parts, absent = [], 0
        for start in range(0, len(members), step):
            part = members[start : start + step]
            rows = np.where(part[:, np.newaxis], some, background)
            mean, lost = _mean_of_present(function(rows.reshape(-1, k)).reshape(*rows.shape[:3], -1))
            parts.append(mean)
            absent = absent + lost
        blocks.append(np.concatenate(parts, axis=1))
        missing.append(absent)
    return np.concatenate(blocks), np.concatenate(missing)


def _mean_of_present(found: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean (s, c, m) of values (s, c, b, m) over background rows that have one, and how many have none."""
    absent = np.isnan(found)
    if not absent.any():
        return found.mean(axis=2), np.zeros(found[:, 0, 0].shape)
    present = found.shape[2] - absent.sum(axis=2)
    with np.errstate(invalid="ignore"):
        mean = np.where(absent, 0.0, found).sum(axis=2) / np.where(present, present, np.nan)
    return mean, absent.sum(axis=(1, 2))


def exact_shapley(
    function: ValueFunction, X: np.ndarray, background: np.ndarray, base: np.ndarray, max_rows: int
) -> tuple[np.ndarray, np.ndarray]:
    """Interventional Shapley values over all coalitions.

    Parameters
    ----------
    function : callable
        (n, k) to (n, m).
    X : array of shape (s, k)
    background : array of shape (b, k)
    base : array of shape (2, m)
        Mean of the function over the background and the number of its missing values, the same for all
        samples: see `base_values`.
    max_rows : int

    Returns
    -------
    values : array of shape (s, k, m)
    missing : array of shape (s, m)
        Share of the evaluations without a value (NaN), which the means leave out.
    """
    k = X.shape[1]
    members, weights = coalitions(k), shapley_matrix(k)
    full = function(X)[:, np.newaxis]
    values = [np.broadcast_to(base[0], full.shape), full]
    missing = base[1] + np.isnan(full[:, 0])
    if k > 1:
        inner, missing_inner = coalition_values(function, X, background, members[1:-1], max_rows)
        values.insert(1, inner)
        missing = missing + missing_inner
    # the empty coalition needs the background only, the full one the sample only
    n_rows = (len(members) - 1) * len(background) + 1
    return weights @ np.concatenate(values, axis=1), missing / n_rows


def base_values(function: ValueFunction, background: np.ndarray, max_rows: int) -> np.ndarray:
    """Mean of the function over the background and the number of values that it has not there: (2, m)."""
    nobody = np.zeros((1, background.shape[1]), dtype=bool)
    mean, missing = coalition_values(function, background[:1], background, nobody, max_rows)
    return np.stack([mean[0, 0], missing[0]])


def sampled_shapley(
    function: ValueFunction,
    X: np.ndarray,
    background: np.ndarray,
    max_rows: int,
    *,
    n_permutations: int,
    random: np.random.RandomState,
) -> tuple[np.ndarray, np.ndarray]:
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
    values, missing = coalition_values(function, X, background, members, max_rows)
    total = np.zeros((len(X), k, values.shape[2]))
    for order, path in zip(orders, place, strict=True):
        total[:, order] += np.diff(values[:, path], axis=1)
    return total / len(orders), missing / (len(members) * len(background))


def _there_and_back(order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return order, order[::-1]


def _joining(order: np.ndarray) -> np.ndarray:
    """Coalitions (k + 1, k) bool that grow by one feature at a time, from none to all."""
    rank = np.argsort(order)
    return rank < np.arange(len(order) + 1)[:, np.newaxis]
