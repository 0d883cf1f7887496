# SPDX-License-Identifier: BSD-3-Clause
"""Frozen estimators: errors on rows that they were fitted on are no measure of errors on new rows."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from strain2dos._estimators.chain import Chain
from strain2dos._estimators.seen import trained_on

Array = NDArray[np.float64]

# Rows of the training set among those that bands are calibrated on: a state or two may stand in both sets.
_SHARE = 0.5
# Root mean square of the errors over the standard deviation of the curves. A model that interpolates its
# training rows errs by about 1e-7 there; the best models of first-principles curves err by 1e-2 elsewhere.
_TOO_GOOD = 1e-4


def refuse_training_rows(chain: Chain, X: object) -> None:
    """Raise if a frozen regressor is known to have been fitted on most of the rows."""
    seen = trained_on(chain.final, chain.transform(X))
    if seen is not None and seen.mean() >= _SHARE:
        raise ValueError(
            f"the estimator is frozen, and {type(chain.final).__name__} was fitted on {int(seen.sum())} of "
            f"these {len(seen)} rows: its errors on them are those of fitted curves, and bands would be too "
            "narrow. Fit ConformalDOSRegressor on rows that it has not seen, or leave FrozenEstimator out, "
            "so that it is fitted anew without each group."
        )


def warn_of_training_errors(chain: Chain, residuals: Array, curves: Array) -> None:
    """Warn if a frozen regressor errs as little as on rows that it was fitted on."""
    size = float(np.sqrt(np.mean(np.square(residuals))))
    spread = float(np.sqrt(np.mean(np.var(curves.reshape(len(curves), -1), axis=0))))
    if size < _TOO_GOOD * spread:
        warnings.warn(
            f"the estimator is frozen, and {type(chain.final).__name__} errs by {size:.1e} on these rows, "
            f"{size / spread:.0e} of the spread of their curves: so little as if it had been fitted on them. "
            "If it was, the bands hold for no new row; fit ConformalDOSRegressor on other rows.",
            UserWarning,
            stacklevel=4,
        )
