# SPDX-License-Identifier: BSD-3-Clause
"""The value function: means of what a model predicts over rows of which the features were put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from typing import Any

import numpy as np

from strain2dos.dos._regressor.averages import Averages
from strain2dos.explain._values.coalitions import by_rows
from strain2dos.explain._values.some_rows import by_some_rows
from strain2dos.explain._values.targets import WIDTHS
from strain2dos.mapping._pixels.model import EDGE_NAMES, EDGE_STD, VALLEY_NAMES, FittedModel


@dataclass(frozen=True)
class Evaluations:
    """The value function: quantities of a model side by side, averaged over rows.

    Attributes
    ----------
    model : FittedModel
    conformal : ConformalDOSRegressor or None
        What gives intervals.
    quantities : tuple of str
        "dos" and names of numbers, in order.
    weights : ndarray of shape (b,) or None
        Of the rows that are averaged over; None for equal ones.
    most : int or None
        Rows evaluated for each sample where not every coalition takes the whole background.
    seed : int
        Of the choice of these.
    """

    model: FittedModel
    conformal: Any | None
    quantities: tuple[str, ...]
    weights: np.ndarray | None = None
    most: int | None = None
    seed: int = 0

    def check(self) -> None:
        """Raise a ValueError that names the targets that the model has not, or what does not go together."""
        if self.most is not None and self.weights is not None:
            raise ValueError(
                f"max_evaluations={self.most} takes rows of the background in turn, but clusters of it have "
                'weights; use thinning="random", or leave max_evaluations out.'
            )
        has_std = self.model.edges_have_std
        known = set(EDGE_NAMES) if self.model.has_edges else set()
        known |= set(EDGE_STD) if has_std else set()
        known |= {"gap_direct", "gap_direct_std"} if self.model.at_k else set()
        known |= {"domain_score"} if self.model.chain.has("domain_score") else set()
        known |= set(WIDTHS) if self.conformal is not None and self.model.has_edges else set()
        wrong = [name for name in self.quantities if name not in known | {"dos"}]
        if wrong:
            reason = (
                "; intervals need a ConformalDOSRegressor" if any(name in WIDTHS for name in wrong) else ""
            )
            raise ValueError(
                f"targets={wrong} cannot be explained: this model gives {sorted(known)}{reason}."
            )

    def __call__(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Means (g, m) over the rows (g, b, k) that have a value, and how many have none (g, m)."""
        g, b, k = rows.shape
        Z, good, _ = self.model.chain.transform_finite(rows.reshape(-1, k))
        if not good.all():
            raise ValueError("a step before the regressor answered finite features with values not finite.")
        # one row stands for itself, several for the background
        weights = np.full(b, 1.0 / b) if b == 1 or self.weights is None else self.weights
        averages, quick = self._averages, self._quick
        found = self._predict(Z, [name for name in self.quantities if name not in quick])
        if averages is not None and quick & set(EDGE_NAMES):
            found |= averages.edges(Z)._asdict()
        parts = []
        for name in self.quantities:
            if averages is not None and name == "dos" and name in quick:
                curves = averages.curves(Z, weights)
                parts.append((curves, np.zeros_like(curves)))
                continue
            values = np.asarray(found[name], dtype=np.float64).reshape(g, b, -1)
            parts.append(_mean_of_present(values, weights))
        means, missing = zip(*parts, strict=True)
        return np.concatenate(means, axis=1), np.concatenate(missing, axis=1)

    def of_coalitions(
        self, X: np.ndarray, background: np.ndarray, members: np.ndarray, max_rows: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Means (s, c, m) for coalitions (c, k) of samples (s, k), and how many rows have none (s, m)."""
        if self._averages is None or self._joint != set(self.quantities):
            if self.most is not None:
                return by_some_rows(self, X, background, members, max_rows, most=self.most, seed=self.seed)
            return by_rows(self, X, background, members, max_rows)
        weights = np.full(len(background), 1.0 / len(background)) if self.weights is None else self.weights
        means = self._averages.joint_edges(background, weights).means(X, members)
        columns = [EDGE_NAMES.index(name) for name in self.quantities]
        return means[..., columns], np.zeros((len(X), len(columns)))

    @property
    def least_samples(self) -> int:
        """How many samples at once take less time than one after the other."""
        return 16 if self._joint == set(self.quantities) else 1

    def parts(self) -> list[Evaluations]:
        """Return value functions for some of the quantities each: what is fast does not wait for the rest."""
        runs = groupby(self.quantities, key=self._joint.__contains__)
        return [replace(self, quantities=tuple(names)) for _, names in runs]

    @cached_property
    def _joint(self) -> frozenset[str]:
        """Quantities whose means need no rows at all: learned edges that no step stands before."""
        return frozenset() if self.model.chain.front else self._quick & frozenset(EDGE_NAMES)

    @cached_property
    def _averages(self) -> Averages | None:
        # what a transformed target makes of a mean is not the mean of what it makes of curves
        return None if self.model.chain.targets else Averages.of(self.model.final)

    @cached_property
    def _quick(self) -> frozenset[str]:
        """Quantities whose means need no prediction for each row."""
        learned, wanted = self.model.chain.edges_learned, set(self.quantities)
        if self._averages is None:
            return frozenset()
        edges = wanted & set(EDGE_NAMES)
        # edges that were not learned are read from the curves of single rows
        curves = {"dos"} if "dos" in wanted and (learned or not edges) else set()
        alone = learned and not wanted & {*EDGE_STD, *VALLEY_NAMES}
        return frozenset(curves | (edges if alone else set()))

    def _predict(self, Z: Any, quantities: Sequence[str]) -> dict[str, np.ndarray]:
        widths = [name for name in quantities if name in WIDTHS]
        plain = [name for name in quantities if name not in WIDTHS]
        if not widths or self.conformal is None:
            return self.model.predict(Z, plain) if plain else {}
        edges = self.conformal._intervals_of(self.model.final, Z)
        spans = {f"{name}_width": np.ptp(getattr(edges, name), axis=1) for name in EDGE_NAMES}
        return self.model.predict(Z, plain) | {name: spans[name] for name in widths}


def _mean_of_present(found: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weighted mean (g, m) of values (g, b, m) over rows that have one, and how many have none."""
    mean = np.einsum("b,gbm->gm", weights, found)
    if not np.isnan(mean).any():
        return mean, np.zeros_like(mean)
    absent = np.isnan(found)
    present = np.einsum("b,gbm->gm", weights, ~absent)
    total = np.einsum("b,gbm->gm", weights, np.where(absent, 0.0, found))
    with np.errstate(invalid="ignore"):
        mean = total / np.where(absent.all(axis=1), np.nan, present)
    return mean, absent.sum(axis=1)
