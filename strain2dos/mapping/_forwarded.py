# SPDX-License-Identifier: BSD-3-Clause
"""What a mapper answers as the estimator inside of it does."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt
from sklearn import get_config
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline
from sklearn.utils import Tags, get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.validation import check_is_fitted

from strain2dos._estimators.fitting import fit_arguments
from strain2dos._estimators.forwarded import Forwarded


class ForwardedFits(Forwarded):
    """Score, tags and routing of the wrapped estimator, and which one that is."""

    def score(self, X: npt.ArrayLike, y: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> float:
        """Score of the wrapped estimator on rows with known curves.

        Parameters
        ----------
        X : array-like of shape (n, k)
            Spectra, features or strains.
        y : array-like of shape (n, n_energies)
            True curves.
        sample_weight : array-like of shape (n,), default=None
            Weights of the rows.

        Returns
        -------
        float
            Score as the wrapped estimator defines it.
        """
        params = {} if sample_weight is None else {"sample_weight": sample_weight}
        return self._fitted().score(X, y, **self._params_for("score", params))

    def _fitted(self) -> BaseEstimator:
        """Give the fitted clone, or else the wrapped estimator if it came fitted."""
        if hasattr(self, "estimator_"):
            return self.estimator_
        try:
            check_is_fitted(self.estimator)
        except (NotFittedError, TypeError):
            raise NotFittedError(
                f"This SpatialMapper is not fitted yet, nor is its {type(self.estimator).__name__}; call "
                "fit(X, y) or wrap a fitted estimator."
            ) from None
        return self.estimator

    def _params_for(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        if not params:
            return params
        if get_config()["enable_metadata_routing"]:
            return process_routing(self, method, **params).estimator[method]
        if method != "fit":
            return params
        prefix = f"{self.estimator.steps[-1][0]}__" if isinstance(self.estimator, Pipeline) else ""
        named: dict[str, Any] = {}
        for name, value in params.items():
            known = {} if "__" in name else fit_arguments(self.estimator, {name: value})
            # what nothing inside takes is passed on all the same, so that it is refused there
            named |= known or {name if "__" in name else f"{prefix}{name}": value}
        return named

    def __sklearn_is_fitted__(self) -> bool:
        try:
            self._fitted()
        except NotFittedError:
            return False
        return True

    def get_metadata_routing(self) -> MetadataRouter:
        """Route parameters of ``fit``, ``predict`` and ``score`` to the wrapped estimator.

        Returns
        -------
        MetadataRouter
            For scikit-learn.
        """
        mapping = MethodMapping()
        for method in ("fit", "predict", "score"):
            mapping.add(caller=method, callee=method)
        return MetadataRouter(owner=self).add(estimator=self.estimator, method_mapping=mapping)

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()  # type: ignore[misc]
        inner = get_tags(self.estimator)
        tags.input_tags = inner.input_tags
        tags.target_tags = inner.target_tags
        tags.regressor_tags = inner.regressor_tags or tags.regressor_tags
        tags.non_deterministic = inner.non_deterministic
        return tags
