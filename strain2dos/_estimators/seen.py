# SPDX-License-Identifier: BSD-3-Clause
"""Which rows a fitted regressor was fitted on, where it remembers them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

# Attributes in which scikit-learn's regressors keep their training rows: GaussianProcessRegressor,
# KernelRidge, nearest neighbors.
_KEPT_ROWS = ("X_train_", "X_fit_", "_fit_X")


def row_hashes(X: object) -> NDArray[np.uint64]:
    """Hash every row of ``X`` (n, k) to a number; single precision, so that the last bits do not count."""
    with np.errstate(over="ignore"):
        # adding zero makes one zero of both
        rows = np.asarray(X, dtype=np.float64).astype(np.float32) + np.float32(0.0)
    return pd.util.hash_pandas_object(pd.DataFrame(rows), index=False).to_numpy()


def trained_on(regressor: BaseEstimator, X: object) -> NDArray[np.bool_] | None:
    """Whether the regressor was fitted on each row of ``X``: (n,) bool; None where it keeps no training rows.

    A regressor remembers its rows by `row_hashes` in ``training_hashes_``, or by the rows themselves.
    """
    hashes = getattr(regressor, "training_hashes_", None)
    if hashes is None:
        kept = [getattr(regressor, name) for name in _KEPT_ROWS if hasattr(regressor, name)]
        if not kept or np.ndim(kept[0]) != 2:
            return None
        hashes = row_hashes(kept[0])
    return np.isin(row_hashes(X), hashes)
