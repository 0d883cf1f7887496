# SPDX-License-Identifier: BSD-3-Clause
"""What bands answer as the regressor inside of them does."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.metaestimators import available_if

from strain2dos._estimators.forwarded import Forwarded
from strain2dos._estimators.wrappers import look_through, regressor_has

Array = NDArray[np.float64]


class ForwardedDomain(Forwarded):
    """Training domain and grid of the estimator that was fitted on all samples."""

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
        return look_through(self._fitted()).call("domain_score", X)

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
        return look_through(self._fitted()).call("in_domain", X)

    @property
    def energies_(self) -> Array:
        """Grid of the curves [eV], if the estimator has one."""
        return look_through(self._fitted_for("energies_")).final.energies_
