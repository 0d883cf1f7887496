# SPDX-License-Identifier: BSD-3-Clause
"""How regressors of curves score themselves."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import r2_score


class CurveScoreMixin:
    """Give a regressor of curves its ``score``; stands before scikit-learn's RegressorMixin."""

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return the coefficient of determination, with each energy weighted by its variance.

        The plain mean over energies that other regressors use would be ruled by the empty gap, where the
        variance is nearly zero.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Strain components or Raman features.
        y : array-like of shape (n_samples, n_energies) or (n_samples,)
            True curves.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        float
            At most 1.
        """
        curves = self.predict(X)  # type: ignore[attr-defined]
        return float(r2_score(y, curves, sample_weight=sample_weight, multioutput="variance_weighted"))


def per_energy(std: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Give a standard deviation the shape (n, n_energies) of the curves, also where it is one per row."""
    return np.broadcast_to(np.reshape(std, (shape[0], -1)), shape)
