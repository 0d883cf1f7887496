# SPDX-License-Identifier: BSD-3-Clause
"""Learned arrays: as plain values for a file, and checked when they come back."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np


def plain(value: object) -> Any:
    """Return frozen objects as dicts, sequences as lists; arrays and plain values as they are."""
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple | list):
        return [plain(part) for part in value]
    return value


def check_array(name: str, values: object, shape: tuple[int, ...]) -> None:
    """Raise a ValueError where an array has another shape or holds what is not finite."""
    if not isinstance(values, np.ndarray) or values.shape != shape or values.dtype != np.float64:
        found = f"{getattr(values, 'dtype', type(values).__name__)} of shape {getattr(values, 'shape', ())}"
        raise ValueError(f"{name} must be float64 of shape {shape}, but it is {found}")
    if not np.isfinite(values).all():
        raise ValueError(f"{name} holds values that are not finite")
