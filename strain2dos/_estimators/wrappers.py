# SPDX-License-Identifier: BSD-3-Clause
"""The one place that looks through wrappers: pipelines, searches, frozen estimators, transformed targets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.compose import TransformedTargetRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

from strain2dos._compat import BaseSearchCV
from strain2dos._estimators.chain import Chain


class Transparent:
    """Mark a meta-estimator whose predictions are those of the ``estimator`` in it."""

    estimator: BaseEstimator

    def _inside(self) -> BaseEstimator:
        """Give the fitted estimator, else the one that was passed."""
        return getattr(self, "estimator_", self.estimator)


def look_through(estimator: BaseEstimator, *, until: str | None = None) -> Chain:
    """Take an estimator apart, fitted or not.

    Looks through `Pipeline`, finished and unfinished searches, `FrozenEstimator`,
    `TransformedTargetRegressor`, `ConformalDOSRegressor` and `SpatialMapper`, in any order and depth.

    Parameters
    ----------
    estimator : estimator or Chain
        A chain is returned as it is.
    until : str, default=None
        Name of a method, such as "predict_interval": stop at the outermost of the package's own
        meta-estimators that has it, which then is ``final``.

    Returns
    -------
    Chain
    """
    if isinstance(estimator, Chain):
        return estimator
    front: list[tuple[str, Any]] = []
    targets: list[Any] = []
    prefix, frozen = "", False
    while not (until and isinstance(estimator, Transparent) and hasattr(type(estimator), until)):
        if isinstance(estimator, Pipeline) and estimator.steps:
            front += [part for step in estimator.steps[:-1] for part in _flat(prefix, *step)]
            prefix, estimator = f"{prefix}{estimator.steps[-1][0]}__", estimator.steps[-1][1]
            continue
        if isinstance(estimator, TransformedTargetRegressor):
            targets.append(estimator)
        frozen = frozen or isinstance(estimator, FrozenEstimator)
        inner = inside(estimator)
        if inner is None:
            break
        estimator = inner
    names, steps = tuple(name for name, _ in front), tuple(step for _, step in front)
    return Chain(steps, names, estimator, tuple(targets), frozen)


def inside(estimator: BaseEstimator) -> BaseEstimator | None:
    """Give the estimator that a wrapper other than a pipeline holds, None if it is no such wrapper."""
    if isinstance(estimator, FrozenEstimator):
        return estimator.estimator
    if isinstance(estimator, TransformedTargetRegressor):
        return getattr(estimator, "regressor_", estimator.regressor)
    if isinstance(estimator, Transparent):
        return estimator._inside()
    if isinstance(estimator, BaseSearchCV) or hasattr(estimator, "best_estimator_"):
        # without refit a search has no best estimator, and stands for the one it was made with
        return getattr(estimator, "best_estimator_", getattr(estimator, "estimator", None))
    return None


def final_regressor(estimator: BaseEstimator) -> BaseEstimator:
    """Give the regressor at the end of whatever wraps it."""
    return look_through(estimator).final


def regressor_has(method: str) -> Callable[[Transparent], bool]:
    """Return a check for ``available_if``: whether the regressor inside of ``self`` has the method."""

    def check(owner: Transparent) -> bool:
        # getattr raises the error that names the regressor and the method
        getattr(look_through(owner).final, method)
        return True

    return check


def _flat(prefix: str, name: str, step: object) -> list[tuple[str, Any]]:
    """Transformers of one step of a pipeline, which may be a pipeline or frozen itself."""
    if step is None or step == "passthrough":
        return []
    if isinstance(step, FrozenEstimator):
        return _flat(prefix, name, step.estimator)
    if isinstance(step, Pipeline):
        return [part for inner in step.steps for part in _flat(f"{prefix}{name}__", *inner)]
    return [(prefix + name, step)]
