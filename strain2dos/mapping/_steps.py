# SPDX-License-Identifier: BSD-3-Clause
"""A fitted estimator or pipeline taken apart: steps before the regressor, the regressor, energies, edges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags

EDGE_NAMES = ("vbm", "cbm", "gap")
QUANTITIES = ("dos", *EDGE_NAMES, "dos_std", "domain_score", "features")


class PixelStatus(IntEnum):
    """Why a pixel of a map has, or lacks, a result.

    Examples
    --------
    >>> from strain2dos.mapping import PixelStatus
    >>> PixelStatus(2).name
    'FEATURES_NOT_FINITE'
    """

    OK = 0
    INPUT_NOT_FINITE = 1
    FEATURES_NOT_FINITE = 2
    NOT_COMPUTED = 255


def flatten_steps(estimator: Any) -> list[Any]:
    """List the fitted steps of ``estimator`` in order, looking into pipelines and finished searches."""
    if hasattr(estimator, "best_estimator_"):
        return flatten_steps(estimator.best_estimator_)
    if isinstance(estimator, Pipeline):
        steps = [step for _, step in estimator.steps if step is not None and step != "passthrough"]
        return [flat for step in steps for flat in flatten_steps(step)]
    return [estimator]


def feature_names(step: Any) -> list[str] | None:
    """Names of the columns that ``step`` was fitted on, or None where it saw none."""
    names = getattr(step, "feature_names_in_", None)
    return None if names is None else [str(name) for name in names]


def as_named(X: np.ndarray, step: Any) -> np.ndarray | pd.DataFrame:
    """Give ``X`` the column names that ``step`` was fitted on, so that scikit-learn can check them."""
    names = feature_names(step)
    return X if names is None else pd.DataFrame(X, columns=names)


def finite_rows(X: Any) -> np.ndarray:
    """Tell for each row whether all its values are finite: (n,) bool."""
    return np.isfinite(np.asarray(X, dtype=np.float64)).all(axis=1)


@dataclass(frozen=True)
class FittedModel:
    """The parts of a fitted estimator that maps and explanations need.

    Attributes
    ----------
    front : list
        Fitted transformers, in order; empty for a bare regressor.
    final : object
        The fitted regressor that predicts the DOS curves.
    grid : array or None
        Energies (m,) in eV given by the caller; the regressor's own ``energies_`` come first.
    edge_options : mapping
        Keyword arguments for :func:`strain2dos.dos.band_edges`, used where the regressor has no
        ``predict_edges``.
    """

    front: list[Any]
    final: Any
    grid: np.ndarray | None
    edge_options: Mapping[str, Any]

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        energies: Sequence[float] | np.ndarray | None = None,
        edge_options: Mapping[str, Any] | None = None,
    ) -> FittedModel:
        """Take ``estimator`` (regressor, pipeline or finished search) apart."""
        *front, final = flatten_steps(estimator)
        grid = None if energies is None else np.asarray(energies, dtype=np.float64)
        return cls(front, final, grid, dict(edge_options or {}))

    @property
    def featurizer(self) -> Any | None:
        """The first step if it reads spectra on an axis of Raman shifts, else None."""
        return self.front[0] if self.front and hasattr(self.front[0], "shift") else None

    @property
    def first(self) -> Any:
        """The step that receives the input."""
        return self.front[0] if self.front else self.final

    @property
    def accepts_nan(self) -> bool:
        """Whether the first transformer takes rows with some NaN, as a featurizer of spectra does."""
        return bool(self.front) and get_tags(self.front[0]).input_tags.allow_nan

    @property
    def energies(self) -> np.ndarray | None:
        """Energies (m,) in eV on which the curves are predicted, or None where nobody knows them."""
        own = getattr(self.final, "energies_", None)
        # A regressor that was given no energies keeps an index under that name.
        if own is None or getattr(self.final, "energies", own) is None:
            return self.grid
        return np.asarray(own, dtype=np.float64)

    @property
    def has_edges(self) -> bool:
        """Whether band edges can be told: from the regressor itself or from its curves on known energies."""
        return self.tells_edges or self.energies is not None

    @property
    def tells_edges(self) -> bool:
        """Whether the regressor itself knows the edges: it has energies, or learned the edges along."""
        if not hasattr(self.final, "predict_edges"):
            return False
        without = getattr(self.final, "energies", self) is None
        return not without or bool(getattr(self.final, "edges_learned_", False))

    def transform(self, X: np.ndarray) -> tuple[Any, np.ndarray, Any]:
        """Run the steps before the regressor, dropping rows as soon as a step leaves them not finite.

        Parameters
        ----------
        X : array of shape (n, k)
            Input rows; NaN only where the model `accepts_nan`.

        Returns
        -------
        Z : array or DataFrame of shape (n_ok, p)
            What the regressor gets: rows that stayed finite through every step.
        kept : bool array of shape (n,)
            Which rows of ``X`` those are.
        features : array of shape (n, q)
            Output of the featurizer (``X`` itself without one), NaN where it failed.
        """
        kept = np.ones(len(X), dtype=bool)
        Z, features = as_named(X, self.first), X
        for number, step in enumerate(self.front):
            if kept.any():
                Z = step.transform(Z)
            else:
                return Z, kept, features
            if number == 0 and self.featurizer is not None:
                features = np.asarray(Z, dtype=np.float64)
            good = finite_rows(Z)
            if not good.all():
                Z = Z[good]
                kept[np.flatnonzero(kept)[~good]] = False
        return Z, kept, features

    def edges(self, Z: Any, dos: np.ndarray | None = None) -> dict[str, np.ndarray]:
        """Band edges of the rows ``Z`` in eV: the regressor's own, else those of the curves ``dos``."""
        if self.tells_edges:
            found = self.final.predict_edges(Z)
        else:
            from strain2dos.dos import band_edges

            found = band_edges(
                self.energies, self.final.predict(Z) if dos is None else dos, **self.edge_options
            )
        return {name: np.asarray(getattr(found, name), dtype=np.float64) for name in EDGE_NAMES}

    def predict(self, Z: Any, quantities: Sequence[str]) -> dict[str, np.ndarray]:
        """Evaluate the wanted ``quantities`` except "features" for rows that are all finite."""
        result: dict[str, np.ndarray] = {}
        wanted = set(quantities)
        if "dos_std" in wanted:
            dos, result["dos_std"] = self.final.predict(Z, return_std=True)
        elif "dos" in wanted or (wanted & set(EDGE_NAMES) and not self.tells_edges):
            dos = self.final.predict(Z)
        else:
            dos = None
        if dos is not None:
            dos = np.asarray(dos)
            dos = dos[:, np.newaxis] if dos.ndim == 1 else dos
            result["dos"] = dos
        if wanted & set(EDGE_NAMES) and self.has_edges:
            result.update(self.edges(Z, dos))
        if "domain_score" in wanted:
            result["domain_score"] = np.asarray(self.final.domain_score(Z), dtype=np.float64)
        return {name: values for name, values in result.items() if name in wanted}
