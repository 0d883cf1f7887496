# SPDX-License-Identifier: BSD-3-Clause
"""What an estimator consists of: transformers in order, a regressor, and transformed targets around it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from inspect import signature
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import get_tags

from strain2dos._compat import take_rows
from strain2dos._estimators.columns import as_array, as_named, feature_names, finite_rows


@dataclass(frozen=True)
class Chain:
    """What an estimator consists of, whatever wraps it.

    Attributes
    ----------
    front : tuple
        Transformers of X, in order; empty for a bare regressor.
    names : tuple of str
        Their names in the pipeline, those of inner pipelines after ``outer__``.
    final : object
        The regressor at the end.
    targets : tuple of TransformedTargetRegressor
        Through which the regressor's curves go back to the caller's unit, the outermost first.
    frozen : bool
        Whether the regressor is frozen, so that ``fit`` leaves it as it is.
    """

    front: tuple[Any, ...]
    names: tuple[str, ...]
    final: BaseEstimator
    targets: tuple[Any, ...] = ()
    frozen: bool = False

    @property
    def steps(self) -> list[Any]:
        """Transformers and regressor in order."""
        return [*self.front, self.final]

    @property
    def first(self) -> BaseEstimator:
        """The step that receives the input."""
        return self.steps[0]

    @property
    def columns(self) -> list[str] | None:
        """Names of the columns that the first step was fitted on, if it saw any."""
        return feature_names(self.first)

    @property
    def featurizer(self) -> BaseEstimator | None:
        """The first step if it reads spectra on an axis of Raman shifts, else None."""
        return self.front[0] if self.front and hasattr(self.front[0], "shift") else None

    @property
    def accepts_nan(self) -> bool:
        """Whether the first transformer takes rows with some NaN, as a featurizer of spectra does."""
        return bool(self.front) and get_tags(self.front[0]).input_tags.allow_nan

    @property
    def energies(self) -> NDArray[np.float64] | None:
        """Energies (m,) in eV on which the regressor predicts curves, or None where there are none."""
        own = getattr(self.final, "energies_", None)
        return None if own is None else np.asarray(own, dtype=np.float64)

    @property
    def edges_learned(self) -> bool:
        """Whether the regressor learned its band edges beside the curves."""
        return bool(getattr(self.final, "edges_learned_", False))

    @property
    def has_band_edges(self) -> bool:
        """Whether the regressor gives band edges: learned, or from its curves on known energies."""
        if not hasattr(self.final, "predict_edges"):
            return False
        # read from curves in another unit, edges would be those of another threshold
        read = not self.targets and getattr(self.final, "energies_", self) is not None
        return self.edges_learned or read

    def has(self, method: str) -> bool:
        """Whether the regressor has a method that holds in the caller's unit too."""
        return self.has_band_edges if method == "predict_edges" else hasattr(self.final, method)

    def supports_std(self, method: str = "predict") -> bool:
        """Whether a method offers a standard deviation in the caller's unit."""
        known = hasattr(self.final, method) and not (self.targets and method == "predict")
        return known and "return_std" in signature(getattr(self.final, method)).parameters

    @property
    def _unit_free(self) -> tuple[str, ...]:
        """Methods whose answers do not depend on the unit of the curves."""
        learned = ("predict_edges",) if self.edges_learned else ()
        return ("predict", "domain_score", "in_domain", "domain_reason", *learned)

    def after(self, n: int) -> Chain:
        """Return the chain without its first ``n`` transformers."""
        return replace(self, front=self.front[n:], names=self.names[n:])

    def usable(self, X: np.ndarray) -> NDArray[np.bool_]:
        """Which rows of ``X`` (n, k) the first step can take: (n,) bool."""
        return np.isfinite(X).any(axis=1) if self.accepts_nan else finite_rows(X)

    def transform(self, X: object) -> Any:
        """Run the steps before the regressor on all rows."""
        for step in self.front:
            X = step.transform(X)
        return X

    def transform_finite(self, X: np.ndarray) -> tuple[Any, NDArray[np.bool_], np.ndarray]:
        """Run the steps before the regressor, dropping rows as soon as a step leaves them not finite.

        Parameters
        ----------
        X : array of shape (n, k)
            Input rows; NaN only where the chain `accepts_nan`.

        Returns
        -------
        Z : array or dataframe of shape (n_ok, p)
            What the regressor gets: rows that stayed finite through every step.
        kept : bool array of shape (n,)
            Which rows of ``X`` those are.
        features : array of shape (n, q)
            Output of the featurizer (``X`` itself without one), NaN where it failed.
        """
        kept = np.ones(len(X), dtype=bool)
        Z, features = as_named(X, self.first), X
        for number, step in enumerate(self.front):
            if not kept.any():
                return Z, kept, features
            Z = step.transform(Z)
            if number == 0 and self.featurizer is not None:
                features = np.asarray(Z, dtype=np.float64)
            good = finite_rows(Z)
            if not good.all():
                Z = take_rows(Z, np.flatnonzero(good))
                kept[np.flatnonzero(kept)[~good]] = False
        return Z, kept, features

    def predict(self, Z: object, *, return_std: bool = False) -> Any:
        """Predict curves of rows that went through `transform`, in the caller's unit.

        Returns
        -------
        curves : array of shape (n, m), or (n,) if the regressor was fitted on a vector
        std : array of the same shape
            Only with ``return_std=True``, which needs `supports_std`.
        """
        if return_std:
            return self.final.predict(Z, return_std=True)
        curves = np.asarray(self.final.predict(Z))
        for target in reversed(self.targets):
            curves = target.transformer_.inverse_transform(curves.reshape(len(curves), -1))
            # a regressor of one energy answers in the shape of the vector it was fitted on
            curves = curves[:, 0] if target._training_dim == 1 and curves.shape[1] == 1 else curves
        return curves

    def call(self, method: str, X: Any, **options: Any) -> Any:
        """Call a method of the regressor on what the steps before it make of the rows ``X``."""
        with_std = method == "predict" and options.get("return_std")
        if self.targets and (with_std or method not in self._unit_free):
            raise ValueError(
                f"{method} of {type(self.final).__name__} is in the unit of the transformed target, and "
                f"{type(self.targets[0]).__name__} brings back only curves; let the regressor learn its "
                "edges (fit with edges=), or fit it on curves as they are."
            )
        Z = self.transform(as_array(X))
        if method == "predict":
            return self.predict(Z, **options)
        return getattr(self.final, method)(Z, **options)
