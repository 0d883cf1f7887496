# SPDX-License-Identifier: BSD-3-Clause
"""Energies of valleys with their variances and slopes, in one pass over the kernels."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from strain2dos.dos._common.threads import one_thread
from strain2dos.dos._regressor.parameters import check_device
from strain2dos.dos._regressor.regressor import DOSRegressor

Array = NDArray[np.float64]


class ValleySlopes(NamedTuple):
    """Valleys of rows of features.

    Attributes
    ----------
    energies, variances : ndarray of shape (n, n_valleys)
        In eV and eV squared, as `DOSRegressor.predict_valleys` gives them.
    slopes : ndarray of shape (n, n_valleys, n_features)
        Change of each energy with each feature.
    """

    energies: Array
    variances: Array
    slopes: Array


def has_slopes(regressor: Any) -> bool:
    """Find whether a regressor learned valleys and predicts them as `DOSRegressor` does."""
    same = isinstance(regressor, DOSRegressor) and (
        type(regressor).predict_valleys is DOSRegressor.predict_valleys
    )
    return same and regressor.edges_learned_


def valleys_with_slopes(regressor: DOSRegressor, X: Any) -> ValleySlopes:
    """Predict valleys with variances and slopes, on one core: maps are at work on several chunks of pixels.

    Parameters
    ----------
    regressor : DOSRegressor
        Fitted on edges.
    X : array-like of shape (n, n_features)
        Finite features.

    Returns
    -------
    ValleySlopes
    """
    X = regressor._check(X)
    fitted, device = regressor.fitted_, check_device(regressor.device)
    with one_thread():
        return ValleySlopes(*fitted.valley_slopes(X, device))
