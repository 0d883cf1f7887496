# SPDX-License-Identifier: BSD-3-Clause
"""Old public names that go on working for a while, with a warning (docs/guide/deprecation.md)."""

import functools
import warnings
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

# First version without the old names: renamed in 0.2, kept for a whole minor version.
GONE_IN = "0.4"


def renamed_parameters(**new_by_old: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate a function that also takes its keyword parameters under their old names.

    Parameters
    ----------
    **new_by_old : str
        New name by old name.

    Examples
    --------
    >>> import warnings
    >>> @renamed_parameters(centre="center")
    ... def line(*, center):
    ...     return center
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     line(centre=384.6)
    384.6
    >>> str(caught[0].message)
    'the parameter centre of line is now center; the old name goes in 0.4.'
    """

    def decorated(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            for old in set(new_by_old) & set(kwargs):
                new = new_by_old[old]
                if new in kwargs:
                    raise TypeError(f"{function.__name__} takes {new}= or its old name {old}=, not both.")
                _warn(f"the parameter {old} of {function.__name__}", new)
                kwargs[new] = kwargs.pop(old)
            return function(*args, **kwargs)

        return call

    return decorated


class RenamedAttribute:
    """Stands in a class under the old name of an attribute or method.

    Parameters
    ----------
    new : str
        Its name now.
    """

    def __init__(self, new: str) -> None:
        self.new = new

    def __set_name__(self, owner: type, name: str) -> None:
        self.old = name

    def __get__(self, instance: object, owner: type | None = None) -> object:
        """What has the new name."""
        if instance is None:
            return self
        _warn(f"{type(instance).__name__}.{self.old}", self.new)
        return getattr(instance, self.new)


def with_old_names(
    lookup: Callable[[str], object], module: str, **new_by_old: str
) -> Callable[[str], object]:
    """A module's ``__getattr__`` that also finds public names under their old ones.

    Parameters
    ----------
    lookup : callable
        The module's ``__getattr__``.
    module : str
        Its name.
    **new_by_old : str
        New name by old name.
    """

    def found(name: str) -> object:
        new = new_by_old.get(name)
        if new is None:
            return lookup(name)
        _warn(f"{module}.{name}", new)
        return lookup(new)

    return found


def _warn(old: str, new: str) -> None:
    warnings.warn(f"{old} is now {new}; the old name goes in {GONE_IN}.", FutureWarning, stacklevel=3)
