# SPDX-License-Identifier: BSD-3-Clause
"""What meta-estimators answer as the regressor inside of them does."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from strain2dos._estimators.wrappers import Transparent, look_through, regressor_has


class Forwarded(Transparent):
    """Band edges and columns of the fitted estimator."""

    @available_if(regressor_has("predict_edges"))
    def predict_edges(self, X: ArrayLike, return_std: bool = False) -> Any:
        """Predict the band edges with the estimator inside.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Spectra, features or strains: what that estimator takes.
        return_std : bool, default=False
            Whether to return standard deviations too, where it learned its edges.

        Returns
        -------
        BandEdges
            ``(vbm, cbm, gap)``, each of shape (n_samples,) [eV], as the estimator gives them; with
            ``return_std=True`` a tuple of two, values and standard deviations.
        """
        options = {"return_std": True} if return_std else {}
        return look_through(self._fitted()).call("predict_edges", X, **options)

    @property
    def n_features_in_(self) -> int:
        """Number of columns of X."""
        return self._fitted_for("n_features_in_").n_features_in_

    @property
    def feature_names_in_(self) -> np.ndarray:
        """Names of the columns of X."""
        return self._fitted_for("feature_names_in_").feature_names_in_

    def _fitted(self) -> BaseEstimator:
        """Give the fitted estimator, or raise what scikit-learn raises without one."""
        check_is_fitted(self)
        return self._inside()

    def _fitted_for(self, attribute: str) -> Any:
        """Give the fitted estimator; without one there is no such attribute."""
        try:
            return self._fitted()
        except NotFittedError as error:
            name = type(self).__name__
            raise AttributeError(f"{name} has no {attribute} before it is fitted: {error}") from error
