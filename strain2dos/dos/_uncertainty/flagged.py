# SPDX-License-Identifier: BSD-3-Clause
"""Rows whose features are not finite, as spectra whose fit is flagged: no errors are recorded on them."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from strain2dos._estimators.columns import as_array, finite_rows
from strain2dos._estimators.wrappers import look_through
from strain2dos.dos._common.score import omits_nan
from strain2dos.dos._uncertainty.cross_fitting import Training


def without_flagged(estimator: Any, data: Training) -> tuple[Training, NDArray[np.intp]]:
    """Return the rows from which the estimator gets finite features, and the numbers of the others.

    Only a regressor with ``nan_policy="omit"`` goes without rows; others get all of them.
    """
    if not omits_nan(estimator):
        return data, np.zeros(0, dtype=np.intp)
    chain = look_through(estimator)
    features = as_array(data.X)
    for step in chain.front:
        features = step.transform(features) if chain.frozen else clone(step).fit_transform(features, data.y)
    finite = finite_rows(features)
    kept, omitted = np.flatnonzero(finite), np.flatnonzero(~finite)
    if not omitted.size:
        return data, omitted
    counted = f"{len(omitted)} of {len(finite)} rows have features that are not finite, as spectra whose fit"
    if not kept.size:
        raise ValueError(f"{counted} is flagged: none is left to learn from; pass rows with features.")
    warnings.warn(
        f'{counted} is flagged, and are left out, as nan_policy="omit" asks; omitted_ holds their numbers.',
        UserWarning,
        stacklevel=4,
    )
    return data.part(kept), omitted
