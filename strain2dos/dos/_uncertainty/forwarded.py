# SPDX-License-Identifier: BSD-3-Clause
"""What bands answer as the regressor inside of them does."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from strain2dos._estimators.wrappers import look_through, regressor_has

Array = NDArray[np.float64]


class Forwarded:
    """Training domain, grid and columns of the estimator that was fitted on all samples."""

    estimator_: Any

    @available_if(regressor_has("domain_score"))
    def domain_score(self, X: ArrayLike) -> Array:
        """Measure how far every row lies from the training rows; above 1 no level holds.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.

        Returns
        -------
        ndarray of shape (n_samples,)
            Score of the estimator.
        """
        check_is_fitted(self)
        return look_through(self.estimator_).call("domain_score", X)

    @available_if(regressor_has("in_domain"))
    def in_domain(self, X: ArrayLike) -> NDArray[np.bool_]:
        """Find which rows lie in the region of the training rows, where the level holds.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.

        Returns
        -------
        ndarray of bool of shape (n_samples,)
            As the estimator answers.
        """
        check_is_fitted(self)
        return look_through(self.estimator_).call("in_domain", X)

    @property
    def energies_(self) -> Array:
        """Grid of the curves [eV], if the estimator has one."""
        return look_through(self.estimator_).final.energies_

    @property
    def n_features_in_(self) -> int:
        """Number of columns of X."""
        return self._fitted("n_features_in_").n_features_in_

    @property
    def feature_names_in_(self) -> NDArray[np.object_]:
        """Names of the columns of X."""
        return self._fitted("feature_names_in_").feature_names_in_

    def _fitted(self, attribute: str) -> Any:
        if not hasattr(self, "estimator_"):
            raise AttributeError(f"ConformalDOSRegressor has no {attribute} before it is fitted.")
        return self.estimator_
