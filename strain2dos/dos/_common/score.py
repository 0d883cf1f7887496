# SPDX-License-Identifier: BSD-3-Clause
"""How regressors of curves score themselves."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import r2_score

from strain2dos._estimators.wrappers import look_through


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

        Raises
        ------
        ValueError
            If no row is predicted.

        Warns
        -----
        UserWarning
            If rows without finite features are left out, as a regressor with ``nan_policy="omit"`` asks.
        """
        curves = self.predict(X)  # type: ignore[attr-defined]
        kept = rows_to_score(self, without_numbers(curves))
        y, curves = np.asarray(y, dtype=np.float64)[kept], curves[kept]
        weight = None if sample_weight is None else np.asarray(sample_weight)[kept]
        return float(r2_score(y, curves, sample_weight=weight, multioutput="variance_weighted"))


def without_numbers(predicted: np.ndarray) -> NDArray[np.bool_]:
    """Which rows (n,) of predictions are all NaN."""
    return np.asarray(np.isnan(np.reshape(predicted, (len(predicted), -1))).all(1))


def rows_to_score(estimator: Any, lost: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which rows (n,) count in a score: without the lost ones where the regressor has ``nan_policy="omit"``.

    Predictions of other regressors all count, also those that are not finite.
    """
    if not lost.any() or not omits_nan(estimator):
        return np.ones(len(lost), dtype=bool)
    counted = f"{int(lost.sum())} of {len(lost)} rows have features that are not finite, as spectra whose fit"
    if lost.all():
        raise ValueError(f"{counted} is flagged: no row can be scored; score rows that are predicted.")
    warnings.warn(
        f'{counted} is flagged, and are left out of the score, as nan_policy="omit" asks.',
        UserWarning,
        stacklevel=3,
    )
    return ~lost


def omits_nan(estimator: Any) -> bool:
    """Whether the regressor inside leaves out rows with features that are not finite."""
    return getattr(look_through(estimator).final, "nan_policy", None) == "omit"


def per_energy(std: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Give a standard deviation the shape (n, n_energies) of the curves, also where it is one per row."""
    return np.broadcast_to(np.reshape(std, (shape[0], -1)), shape)
