# SPDX-License-Identifier: BSD-3-Clause
"""What bands need of training rows and of the estimator inside."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn import get_config
from sklearn.utils import check_array, indexable
from sklearn.utils.metadata_routing import process_routing

from strain2dos._estimators.chain import Chain
from strain2dos._estimators.columns import as_array
from strain2dos._estimators.fitting import accepts_fit_argument
from strain2dos._estimators.wrappers import look_through
from strain2dos.dos._common.groups import check_groups
from strain2dos.dos._edges.targets import EdgesLike, check_edges
from strain2dos.dos._uncertainty.cross_fitting import Training


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
