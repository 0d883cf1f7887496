# SPDX-License-Identifier: BSD-3-Clause
"""Which arguments of ``fit`` reach the regressor inside wrappers, under their names there."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from sklearn import get_config
from sklearn.base import BaseEstimator, clone
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.metadata_routing import get_routing_for_object
from sklearn.utils.validation import has_fit_parameter

from strain2dos._compat import BaseSearchCV
from strain2dos._estimators.wrappers import inside, look_through


def accepts_fit_argument(estimator: BaseEstimator, name: str) -> bool:
    """Whether the regressor inside can be fitted with an argument of that name."""
    return has_fit_parameter(look_through(estimator).final, name)


def fit_arguments(estimator: BaseEstimator, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of the arguments (one value per row) that ``estimator.fit`` hands on, by its names.

    With metadata routing these are the ones that were requested inside. Without it, they get the prefix of
    the step of a pipeline; a search takes ``groups`` for its own splits if these are by group.
    """
    known = {name: value for name, value in known.items() if value is not None}
    if get_config()["enable_metadata_routing"]:
        wanted = get_routing_for_object(estimator).consumes("fit", known)
        return {name: value for name, value in known.items() if name in wanted}
    if isinstance(estimator, Pipeline):
        name, last = estimator.steps[-1]
        return {f"{name}__{key}": value for key, value in fit_arguments(last, known).items()}
    own = {name: value for name, value in known.items() if has_fit_parameter(estimator, name)}
    inner = inside(estimator)
    if own or inner is None or isinstance(estimator, FrozenEstimator):
        return own
    passed = fit_arguments(inner, known)
    if not isinstance(estimator, BaseSearchCV):
        return passed
    # a search keeps what is called "groups" to itself
    passed.pop("groups", None)
    if "groups" in known and _splits_by_group(estimator.cv):
        passed["groups"] = known["groups"]
    return passed


def as_fitted(step: object) -> Any:
    """Return what holds the parameters that a step was fitted with; the step itself where nothing does."""
    return getattr(step, "fitted_", step)


def clone_as_fitted(step: BaseEstimator) -> BaseEstimator:
    """Clone a step with the parameters of its last fit, whatever was set since then."""
    kept = as_fitted(step)
    names = [name for name in step.get_params(deep=False) if kept is not step and hasattr(kept, name)]
    return clone(step).set_params(**{name: deepcopy(getattr(kept, name)) for name in names})


def _splits_by_group(cv: object) -> bool:
    """Whether a splitter reads groups; scikit-learn's others warn when they are given some."""
    if cv is None or not hasattr(cv, "split"):
        return False
    return not hasattr(cv, "get_metadata_routing") or bool(
        get_routing_for_object(cv).consumes("split", ["groups"])
    )
