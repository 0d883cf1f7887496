# SPDX-License-Identifier: BSD-3-Clause
"""The regressor inside what a user fitted, and its methods, which pipelines do not pass on."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any

import numpy as np
from sklearn.utils.validation import has_fit_parameter


def last_step(estimator: Any) -> Any:
    """Return the estimator itself, or the last step of a pipeline, also inside a finished search."""
    while True:
        if hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        elif hasattr(estimator, "steps"):
            estimator = estimator.steps[-1][1]
        else:
            return estimator


def call_last(estimator: Any, method: str, X: Any, **options: Any) -> Any:
    """Call a method of the last step on what the steps before it make of the rows."""
    if hasattr(estimator, "best_estimator_"):
        return call_last(estimator.best_estimator_, method, X, **options)
    if hasattr(estimator, "steps"):
        for _, step in estimator.steps[:-1]:
            X = X if step is None or step == "passthrough" else step.transform(X)
        return call_last(estimator.steps[-1][1], method, X, **options)
    return getattr(estimator, method)(X, **options)


def last_has(method: str) -> Callable[[Any], bool]:
    """Return a check for ``available_if``: whether the last step of ``self.estimator`` has the method."""

    def check(owner: Any) -> bool:
        # getattr raises the error that names the regressor and the method
        getattr(last_step(getattr(owner, "estimator_", owner.estimator)), method)
        return True

    return check


def tells_std(estimator: Any, method: str = "predict") -> bool:
    """Tell whether a method of the last step offers a standard deviation."""
    return "return_std" in signature(getattr(last_step(estimator), method)).parameters


def per_energy(std: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Give a standard deviation the shape (n, n_energies) of the curves, also where it is one per row."""
    return np.broadcast_to(np.reshape(std, (shape[0], -1)), shape)


def tells_edges(estimator: Any) -> bool:
    """Tell whether a fitted regressor knows its band edges: learned, or from curves on known energies."""
    final = last_step(estimator)
    if not hasattr(final, "predict_edges"):
        return False
    return getattr(final, "energies", final) is not None or bool(getattr(final, "edges_learned_", False))


def tells_edge_std(estimator: Any) -> bool:
    """Tell whether a fitted regressor learned its band edges and offers their standard deviation."""
    learned = bool(getattr(last_step(estimator), "edges_learned_", False))
    return learned and tells_std(estimator, "predict_edges")


def takes(estimator: Any, name: str) -> bool:
    """Tell whether the last step can be fitted with an argument of that name."""
    return has_fit_parameter(last_step(estimator), name)


def fit_with(estimator: Any, X: np.ndarray, y: np.ndarray, **known: Any) -> Any:
    """Fit with those of the arguments (one value per row) that the last step takes."""
    path, final = "", estimator
    while hasattr(final, "steps"):
        name, final = final.steps[-1]
        path += f"{name}__"
    given = {
        f"{path}{name}": value for name, value in known.items() if value is not None and takes(final, name)
    }
    return estimator.fit(X, y, **given)
