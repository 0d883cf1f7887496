# SPDX-License-Identifier: BSD-3-Clause
"""Fewer rows of the background for coalitions that count little: an approximation with a stated cost."""

from __future__ import annotations

from math import comb

import numpy as np
from numpy.typing import NDArray

from strain2dos.explain._values.coalitions import Means, by_rows


def rows_by_size(k: int, n_background: int, most: int) -> NDArray[np.intp]:
    """Rows of the background for a coalition of 0 to k of k features, at most `most` of one sample in all.

    A coalition gets rows in proportion to its weights in the Shapley values, at least one and at most all:
    there are few small and few large coalitions, and each of these weighs much.

    Raises
    ------
    ValueError
        If `most` is less than one row for each coalition and the whole background for none of the features.

    Examples
    --------
    >>> from strain2dos.explain._values.some_rows import rows_by_size
    >>> rows_by_size(9, 50, 5_000).tolist()
    [50, 50, 23, 7, 4, 4, 7, 23, 50, 1]
    >>> rows_by_size(2, 50, 10_000).tolist()
    [50, 50, 1]
    """
    least = n_background + 2**k - 1
    if most < least:
        raise ValueError(
            f"max_evaluations={most} must be at least {least}: one for each of the 2**{k} coalitions, and "
            f"the {n_background} samples of the background."
        )
    sizes = np.arange(1, k)
    number = np.array([comb(k, s) for s in sizes])
    # what a coalition weighs for a member, and against an outsider
    weight = np.array([1.0 / comb(k - 1, s - 1) + 1.0 / comb(k - 1, s) for s in sizes])
    rows = np.ones(k + 1, dtype=np.intp)
    rows[0] = n_background
    # more rows, as long as there is room: each value is a factor at which one size gets one row more
    factors = np.unique(np.outer(np.arange(1, n_background + 1), 1.0 / weight))
    low, high = 0, len(factors)
    while low < high:
        middle = (low + high) // 2
        found = _clipped(factors[middle], weight, n_background)
        if n_background + 1 + int(found @ number) <= most:
            low, rows[1:-1] = middle + 1, found
        else:
            high = middle
    return rows


def _clipped(factor: float, weight: NDArray[np.float64], most: int) -> NDArray[np.intp]:
    # a quotient of equal numbers may come out just below a whole one
    found: NDArray[np.intp] = np.clip(factor * weight + 1e-9, 1, most).astype(np.intp)
    return found


def by_some_rows(
    means: Means,
    X: np.ndarray,
    background: np.ndarray,
    members: np.ndarray,
    max_rows: int,
    *,
    most: int,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Do what `by_rows` does, with no more than `most` rows for each sample over all its coalitions.

    Coalitions of one size take turns through the background, so that each row of it counts in as many of
    them as any other. Numbers of evaluations without a value are scaled to the whole background.
    """
    (b, k), size = background.shape, members.sum(axis=1)
    random = np.random.RandomState(seed)
    values, missing = None, 0.0
    for s, n_rows in enumerate(rows_by_size(k, b, most)):
        own, order = np.flatnonzero(size == s), random.permutation(b)
        if not len(own):
            continue
        turn = (np.arange(len(own))[:, np.newaxis] * n_rows + np.arange(n_rows)) % b
        rows = background if n_rows == b else background[order[turn]]
        found, lost = by_rows(means, X, rows, members[own], max_rows)
        if values is None:
            values = np.empty((len(X), len(members), found.shape[-1]))
        values[:, own] = found
        missing = missing + lost * (b / n_rows)
    return values, missing  # type: ignore[return-value]
