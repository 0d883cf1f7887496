# SPDX-License-Identifier: BSD-3-Clause
"""What a mapper answers as the estimator inside of it does."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn import get_config
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline
from sklearn.utils import Tags, get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from strain2dos._estimators.fitting import fit_arguments
from strain2dos._estimators.wrappers import Transparent, look_through, regressor_has


class Forwarded(Transparent):
    """Edges, score, columns, tags and routing of the wrapped estimator, and which one that is."""

    @available_if(regressor_has("predict_edges"))
    def predict_edges(self, X: npt.ArrayLike, return_std: bool = False) -> Any:
        """Predict the band edges of rows with the wrapped regressor.

        Parameters
        ----------
        X : array-like of shape (n, k)
            Spectra, features or strains.
        return_std : bool, default=False
            Whether to return standard deviations too, where the regressor learned its edges.

        Returns
        -------
        BandEdges
            ``(vbm, cbm, gap)``, each of shape (n,) in eV; with ``return_std=True`` a tuple of two.
        """
        options = {"return_std": True} if return_std else {}
        return look_through(self._fitted()).call("predict_edges", X, **options)

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

    @property
    def n_features_in_(self) -> int:
        """Number of columns of X."""
        return self._fitted_for("n_features_in_").n_features_in_

    @property
    def feature_names_in_(self) -> np.ndarray:
        """Names of the columns of X."""
        return self._fitted_for("feature_names_in_").feature_names_in_

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

    def _fitted_for(self, attribute: str) -> Any:
        """Give the fitted estimator; without one there is no such attribute."""
        try:
            return self._fitted()
        except NotFittedError as error:
            raise AttributeError(f"SpatialMapper has no {attribute} before it is fitted: {error}") from error

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
