# SPDX-License-Identifier: BSD-3-Clause
"""Rows of pixels through a fitted model, with pixels that cannot be evaluated flagged instead of lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from strain2dos._estimators.columns import as_named, finite_rows
from strain2dos.mapping._lines import domain_of
from strain2dos.mapping._steps import EDGE_NAMES, FIT_CODES, QUANTITIES, FittedModel, PixelStatus


def check_quantities(quantities: Sequence[str]) -> tuple[str, ...]:
    """Refuse names of quantities that a map cannot hold."""
    unknown = [name for name in quantities if name not in QUANTITIES]
    if unknown or not len(quantities):
        raise ValueError(f"quantities must be taken from {list(QUANTITIES)}, but got {list(quantities)}.")
    return tuple(dict.fromkeys(quantities))


@dataclass(frozen=True)
class PixelEvaluator:
    """What a block of pixels becomes: arrays per quantity and a status.

    Attributes
    ----------
    model : FittedModel
    quantities : tuple of str
        What to evaluate; band edges are left NaN where the model has no energies.
    dtype : numpy dtype
        Of the quantities with an energy or feature axis.
    columns : tuple of str
        Names of the columns of "features".
    """

    model: FittedModel
    quantities: tuple[str, ...]
    dtype: np.dtype
    columns: tuple[str, ...]

    def __post_init__(self) -> None:
        chain = self.model.chain
        known = {"dos_std": chain.tells_std(), "domain_score": chain.has("domain_score")}
        for name, offered in known.items():
            if name in self.quantities and not offered:
                needs = "predict(X, return_std=True)" if name == "dos_std" else f"method {name!r}"
                where = f" inside {type(chain.targets[0]).__name__}" if chain.targets else ""
                raise ValueError(
                    f"quantities asks for {name!r}, but {type(chain.final).__name__}{where} has no {needs}; "
                    "take the quantity out or map with a DOSRegressor."
                )

    @cached_property
    def n_energies(self) -> int:
        """Points of a predicted curve."""
        if self.model.energies is not None:
            return len(self.model.energies)
        final = self.model.final
        zeros = as_named(np.zeros((1, final.n_features_in_)), final)
        return int(np.asarray(self.model.chain.predict(zeros)).reshape(1, -1).shape[1])

    def width(self, name: str) -> int | None:
        """Length of the last axis of the quantity ``name``; None for a plain map."""
        return {"dos": self.n_energies, "dos_std": self.n_energies, "features": len(self.columns)}.get(name)

    def dtype_of(self, name: str) -> np.dtype:
        """Type in which the quantity ``name`` is stored."""
        return np.dtype(np.float64) if self.width(name) is None else self.dtype

    def empty(self, name: str, n: int) -> np.ndarray:
        """NaN for ``n`` pixels of the quantity ``name``."""
        width = self.width(name)
        return np.full(n if width is None else (n, width), np.nan, dtype=self.dtype_of(name))

    def __call__(self, X: np.ndarray) -> dict[str, np.ndarray]:
        """Evaluate pixels ``X`` (n, k): arrays (n,) or (n, m) by quantity, and "status" (n,) uint8."""
        X = np.asarray(X, dtype=np.float64)
        result = {name: self.empty(name, len(X)) for name in self.quantities}
        status = np.full(len(X), PixelStatus.INPUT_NOT_FINITE, dtype=np.uint8)
        result["status"] = status
        rows = np.flatnonzero(self.model.chain.usable(X))
        if not rows.size:
            return result
        inputs = X[rows]
        whole = finite_rows(inputs)
        if not whole.all():
            inputs = np.where(np.isfinite(inputs), inputs, np.nan)  # transformers that take NaN refuse inf
        Z, kept, features = self.model.chain.transform_finite(inputs)
        # A scaler hands NaN on: then the input is to blame. A featurizer of spectra judges for itself.
        handed_on = ~whole & (self.model.featurizer is None)
        lost = np.where(handed_on, PixelStatus.INPUT_NOT_FINITE, PixelStatus.FEATURES_NOT_FINITE)
        status[rows] = np.where(kept, PixelStatus.OK, lost)
        self._name_reasons(status, rows[~kept], inputs[~kept])
        if "features" in result:
            result["features"][rows] = features
        if kept.any():
            found = self.model.predict(Z, self.quantities)
            if {"domain_score", "domain_reason"} & set(self.quantities):
                found |= self._domain(Z, features[kept], found.get("domain_score"))
            for name in found.keys() & result.keys():
                result[name][rows[kept]] = found[name]
        return result

    def _name_reasons(self, status: np.ndarray, rows: np.ndarray, inputs: np.ndarray) -> None:
        """Status of the fit for spectra that a featurizer gave no numbers for."""
        featurizer = self.model.featurizer
        if not rows.size or not hasattr(featurizer, "transform_with_status"):
            return
        codes = featurizer.transform_with_status(as_named(inputs, featurizer))[1]
        status[rows] = np.where(codes > 0, codes + FIT_CODES, status[rows])

    def _domain(self, Z: Any, features: np.ndarray, score: np.ndarray | None) -> dict[str, np.ndarray]:
        if score is None and self.model.chain.has("domain_score"):
            score = np.asarray(self.model.final.domain_score(Z), dtype=np.float64)
        return domain_of(self.model, features, score)


def needs_energies(quantities: Sequence[str]) -> bool:
    """Whether a band edge is among ``quantities``."""
    return any(name in EDGE_NAMES for name in quantities)
