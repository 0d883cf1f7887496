# SPDX-License-Identifier: BSD-3-Clause
"""Values of coalitions: means over rows with some features of a sample and the others of a background."""

from __future__ import annotations

from typing import Protocol

import numpy as np


class Means(Protocol):
    """The value function."""

    def __call__(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return means (g, m) over the rows (g, b, k) that have a value, and how many have none (g, m)."""

    def of_coalitions(
        self, X: np.ndarray, background: np.ndarray, members: np.ndarray, max_rows: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return what `by_rows` does, which any value function can do."""

    @property
    def least_samples(self) -> int:
        """How many samples at once take less time than one after the other."""


def by_rows(
    means: Means, X: np.ndarray, background: np.ndarray, members: np.ndarray, max_rows: int
) -> tuple[np.ndarray, np.ndarray]:
    """Mean over the background for every coalition of the features of every sample.

    Parameters
    ----------
    means : callable
        Rows (g, b, k) to their means (g, m), and how many have no value (g, m).
    X : array of shape (s, k)
        Samples: a coalition takes its members' values from them, the others' from the background.
    background : array of shape (b, k) or (c, b, k)
        The same for all coalitions, or one for each.
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
    b, k = background.shape[-2:]
    step = max(1, max_rows // b)
    # many samples at once where all their coalitions fit, else one sample in parts
    n_samples = max(1, step // len(members))
    blocks, missing = [], []
    for first in range(0, len(X), n_samples):
        some = X[first : first + n_samples, np.newaxis, np.newaxis]
        parts, absent = [], 0
        for start in range(0, len(members), step):
            part = members[start : start + step]
            others = background if background.ndim == 2 else background[start : start + step]
            rows = np.where(part[:, np.newaxis], some, others)
            mean, lost = means(rows.reshape(-1, b, k))
            parts.append(mean.reshape(len(some), len(part), -1))
            absent = absent + lost.reshape(len(some), len(part), -1).sum(axis=1)
        blocks.append(np.concatenate(parts, axis=1))
        missing.append(absent)
    return np.concatenate(blocks), np.concatenate(missing)
