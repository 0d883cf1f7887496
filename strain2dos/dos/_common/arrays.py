# SPDX-License-Identifier: BSD-3-Clause
"""Learned arrays: as plain values for a file, and checked when they come back."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np


def plain(value: object) -> Any:
    """Return frozen objects as dicts, sequences as lists; arrays and plain values as they are."""
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple | list):
        return [plain(part) for part in value]
    return value


def rebuilt(kind: Any, value: Any) -> Any:
    """Return what `plain` described as the type that it had; a frozen object may rebuild itself."""
    if hasattr(kind, "from_state"):
        return kind.from_state(value)
    if is_dataclass(kind):
        return fields_rebuilt(kind, value)
    of = get_args(kind)
    if get_origin(kind) is tuple:
        return tuple(rebuilt(of[0], part) for part in value)
    if get_origin(kind) is UnionType and value is not None:
        return rebuilt(of[0], value)
    return value


def fields_rebuilt(kind: Any, state: dict[str, Any]) -> Any:
    """Return a frozen object from its fields."""
    kinds = get_type_hints(kind)
    return kind(**{name: rebuilt(kinds[name], value) for name, value in state.items()})


def check_array(name: str, values: object, shape: tuple[int, ...]) -> None:
    """Raise a ValueError where an array has another shape or holds what is not finite."""
    if not isinstance(values, np.ndarray) or values.shape != shape or values.dtype != np.float64:
        found = f"{getattr(values, 'dtype', type(values).__name__)} of shape {getattr(values, 'shape', ())}"
        raise ValueError(f"{name} must be float64 of shape {shape}, but it is {found}")
    if not np.isfinite(values).all():
        raise ValueError(f"{name} holds values that are not finite")
