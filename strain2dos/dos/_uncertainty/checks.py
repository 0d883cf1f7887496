# SPDX-License-Identifier: BSD-3-Clause
"""What bands need of training rows and of the estimator inside."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn import get_config
from sklearn.base import clone
from sklearn.utils import check_array, indexable
from sklearn.utils.metadata_routing import process_routing

from strain2dos._estimators.chain import Chain
from strain2dos._estimators.columns import as_array, finite_rows
from strain2dos._estimators.fitting import accepts_fit_argument
from strain2dos._estimators.seen import trained_on
from strain2dos._estimators.wrappers import look_through
from strain2dos.dos._common.groups import check_groups
from strain2dos.dos._common.score import omits_nan
from strain2dos.dos._edges.targets import EdgesLike, check_edges
from strain2dos.dos._uncertainty.cross_fitting import Training

Array = NDArray[np.float64]

# Rows of the training set among those that bands are calibrated on: a state or two may stand in both sets.
_SHARE = 0.5
# Root mean square of the errors over the standard deviation of the curves. A model that interpolates its
# training rows errs by about 1e-7 there; the best models of first-principles curves err by 1e-2 elsewhere.
_TOO_GOOD = 1e-4


def check_training(
    regressor: Any,
    X: ArrayLike,
    y: ArrayLike,
    groups: ArrayLike | None,
    edges: EdgesLike | None,
    others: dict[str, Any],
) -> Training:
    """Return the training rows with curves as numbers and labels of groups, or refuse them."""
    if y is None:
        raise ValueError(
            "This ConformalDOSRegressor estimator requires y to be passed, but the target y is None."
        )
    X, y = indexable(as_array(X), as_array(y))
    curves = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
    labels = check_groups(groups, curves.reshape(len(curves), -1))
    check_edges(edges, len(curves))
    if not get_config()["enable_metadata_routing"]:
        return Training(X, y, curves, labels, edges, others)
    given = {"groups": groups, "edges": edges, **others}
    known = {name: value for name, value in given.items() if value is not None}
    routed = dict(process_routing(regressor, "fit", **known).estimator.fit) if known else {}
    own = frozenset(name for name in ("groups", "edges") if routed.pop(name, None) is not None)
    return Training(X, y, curves, labels, edges, routed, own)


def check_estimator(estimator: Any, normalize: str, edges: object) -> Chain:
    """Look through an estimator; refuse one that cannot give what was asked for."""
    chain = look_through(estimator)
    name = type(chain.final).__name__
    if edges is not None and not (accepts_fit_argument(chain, "edges") or chain.has("predict_edges")):
        raise ValueError(
            f"edges were given, but {name} neither learns nor predicts band edges; leave them out, or "
            "use DOSRegressor."
        )
    if normalize == "std" and not chain.supports_std():
        raise ValueError(
            f'normalize="std" needs predict(X, return_std=True), which {name} lacks; pass '
            'normalize="energy", or use DOSRegressor.'
        )
    return chain


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
