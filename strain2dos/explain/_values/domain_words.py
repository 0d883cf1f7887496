# SPDX-License-Identifier: BSD-3-Clause
"""Why a sample lies outside the training domain, in words with numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from strain2dos._estimators.chain import Chain
from strain2dos._estimators.columns import finite_rows


@dataclass(frozen=True)
class SeenRanges:
    """Ranges of the features of the background, and of distances between features of one unit.

    Attributes
    ----------
    names : tuple of str
        Features, then distances such as "A1'-E'".
    weights : ndarray of shape (k, n_names)
        By which features give them.
    low, high : ndarray of shape (n_names,)
    """

    names: tuple[str, ...]
    weights: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def of(cls, rows: np.ndarray, features: Sequence[str]) -> SeenRanges:
        """Take the ranges of all rows (n, k)."""
        k = len(features)
        names, columns = list(features), list(np.eye(k))
        centers = [j for j in range(k) if features[j].endswith("_center")]
        for i, j in combinations(centers, 2):
            left, right = (features[c].removesuffix("_center") for c in (j, i))
            names.append(f"{left}-{right}")
            columns.append(np.eye(k)[j] - np.eye(k)[i])
        weights = np.array(columns).T
        values = rows @ weights
        return cls(tuple(names), weights, values.min(axis=0), values.max(axis=0))

    def reasons(self, chain: Chain, rows: np.ndarray) -> np.ndarray:
        """Give the reason why a model puts rows (n, k) outside; empty for those inside."""
        words = np.full(len(rows), "no features could be taken from it", dtype=object)
        good = finite_rows(rows)
        if good.any():
            found = chain.final.domain_reason(chain.transform_finite(rows[good])[0])
            words[good] = [
                self.words(row, str(reason)) if reason else ""
                for row, reason in zip(rows[good], found, strict=True)
            ]
        return words.astype(str)

    def words(self, row: np.ndarray, reason: str) -> str:
        """Name what of a sample lies furthest outside; without such a thing, the reason of the domain."""
        values = row @ self.weights
        width = np.maximum(self.high - self.low, 1e-12)
        past = np.maximum(values - self.high, self.low - values) / width
        worst = int(np.argmax(past))
        if past[worst] <= 0:
            return (
                f"outside: {reason}; each feature and each distance lies within its range, but not together."
            )
        return (
            f"outside: {reason}; its {self.names[worst]} is {values[worst]:.4g}, and the background has "
            f"{self.low[worst]:.4g} to {self.high[worst]:.4g}."
        )
