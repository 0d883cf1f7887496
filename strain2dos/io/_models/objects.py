# SPDX-License-Identifier: BSD-3-Clause
"""The objects of a model: made plain before they are saved, checked after they were loaded."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

#: Labeled one-dimensional arrays that users pass as parameters, such as ``energies=table.index``.
_LABELED = {
    "pandas": ("Series", "Index", "RangeIndex"),
    "polars": ("Series",),
    "xarray": ("DataArray",),
}


def plain(value: object) -> Any:
    """Replace labeled arrays among an estimator's attributes by numpy arrays, in copies where there are any.

    Parameters
    ----------
    value : object
        An estimator, or something that it holds.

    Returns
    -------
    object
        `value` itself where nothing had to be replaced.
    """
    return _plain(value, {})


def _plain(value: Any, seen: dict[int, Any]) -> Any:
    if id(value) in seen:
        return seen[id(value)]
    seen[id(value)] = value
    if _is_labeled(value):
        return np.asarray(value)
    if isinstance(value, BaseEstimator):
        return _with(value, vars(value), seen)
    if type(value) in (list, tuple):
        items = [_plain(item, seen) for item in value]
        return value if _same(items, value) else type(value)(items)
    if type(value) is dict:
        found = {key: _plain(item, seen) for key, item in value.items()}
        return value if _same(found.values(), value.values()) else found
    return value


def _with(estimator: BaseEstimator, attributes: dict[str, Any], seen: dict[int, Any]) -> BaseEstimator:
    found = {key: _plain(item, seen) for key, item in attributes.items()}
    if _same(found.values(), attributes.values()):
        return estimator
    other = copy.copy(estimator)
    vars(other).update(found)
    seen[id(estimator)] = other
    return other


def _is_labeled(value: object) -> bool:
    kind = type(value)
    return kind.__name__ in _LABELED.get(kind.__module__.partition(".")[0], ())


def _same(ones: Iterable[object], others: Iterable[object]) -> bool:
    return all(one is other for one, other in zip(ones, others, strict=True))


def check_states(model: object) -> None:
    """Let every object of this package that a loaded model holds check what it learned.

    A class of this package that keeps learned state defines ``_check_state(self) -> None``. It is called
    once after loading, before the model is given to the user, and raises a ValueError that names the
    attribute, what it is and what it should be: shapes that fit each other, names that are known, values that
    are finite. Compiled loops may index only within what it checked. Objects are found in the attributes of
    estimators and of objects of this package, and in lists, tuples and dicts.

    Parameters
    ----------
    model : object
        What was loaded.

    Raises
    ------
    ValueError
        When the state of an object is not sound.
    """
    for value in _objects(model, set()):
        check: Callable[[], None] | None = getattr(value, "_check_state", None)
        if check is not None:
            check()


def _objects(value: object, seen: set[int]) -> Iterator[Any]:
    """All objects of this package, those inside others first."""
    if id(value) in seen or isinstance(value, type):
        return
    seen.add(id(value))
    own = type(value).__module__.partition(".")[0] == "strain2dos"
    inside: list[Any] = []
    if own or isinstance(value, BaseEstimator):
        inside = [*getattr(value, "__dict__", {}).values()]
        inside += [
            getattr(value, name) for name in getattr(type(value), "__slots__", ()) if hasattr(value, name)
        ]
    if isinstance(value, (list, tuple)):
        inside += value
    elif isinstance(value, dict):
        inside += value.values()
    for item in inside:
        yield from _objects(item, seen)
    if own:
        yield value
