# SPDX-License-Identifier: BSD-3-Clause
"""Rows of features as a fitted regressor takes them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted, validate_data

from strain2dos._estimators.columns import finite_rows
from strain2dos.dos._regressor.fitted import FittedDOS

Array = NDArray[np.float64]


class CheckedRows:
    """Check the rows to be predicted; the regressor and its other bases build on it."""

    fitted_: FittedDOS
    nan_policy: str
    device: str

    def _check(self, X: ArrayLike) -> Array:
        """Return features, all finite, whatever ``nan_policy`` is."""
        check_is_fitted(self)
        checked: Array = validate_data(self, X, reset=False, dtype=np.float64, order="C")
        return checked

    def _check_rows(self, X: ArrayLike) -> tuple[Array, NDArray[np.bool_]]:
        """Return features, and which rows get NaN; the middle of the training stands in for these."""
        if self.nan_policy != "omit":
            checked = self._check(X)
            return checked, np.zeros(len(checked), dtype=bool)
        check_is_fitted(self)
        checked = validate_data(self, X, reset=False, dtype=np.float64, order="C", ensure_all_finite=False)
        lost = ~finite_rows(checked)
        if lost.any():
            checked = np.where(lost[:, None], self.fitted_.standardise.center, checked)
        return checked, lost


def without_rows(values: Array, lost: NDArray[np.bool_], axis: int = 0) -> Array:
    """Return values with NaN for the lost rows along an axis."""
    if not lost.any():
        return values
    along = lost.reshape([-1 if k == axis else 1 for k in range(values.ndim)])
    return np.where(along, np.nan, values)
