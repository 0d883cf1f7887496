# SPDX-License-Identifier: BSD-3-Clause
"""A checksum of all that an object holds, the same in every process and after saving and loading."""

from __future__ import annotations

import copyreg
import dataclasses
import hashlib
import struct
from collections.abc import Callable, Iterator, Mapping
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

#: Parameters of how to compute, not of what; scikit-learn's note of its own version in a pickle; and the
#: names of a model's steps and whether it is frozen.
_NO_MATTER = frozenset({"n_jobs", "verbose", "memory", "progress", "_sklearn_version", "names", "frozen"})


def checksum(*parts: bytes | memoryview) -> bytes:
    """Hash of bytes of any length, 16 bytes: half of a SHA-256."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.digest()[:16]


def array_checksum(array: np.ndarray) -> bytes:
    """Hash of type, shape and all values of an array, in whatever order they lie in memory."""
    array = np.asarray(array)
    head = f"{array.dtype.newbyteorder('<').str}{array.shape}".encode()
    values = np.ascontiguousarray(array)
    if values.dtype.byteorder == ">":
        values = values.astype(values.dtype.newbyteorder("<"))
    return checksum(head, values.view(np.uint8).reshape(-1).data if values.size else b"")


def learned_state(model: DataclassInstance) -> dict[str, str]:
    """Hash each attribute of each estimator in the fields of ``model``.

    Parameters
    ----------
    model : dataclass
        Holds fitted estimators, or lists of them, in its fields.

    Returns
    -------
    dict of str to str
        Hexadecimal hash by a name such as "Ridge.coef_". Two models with the same hashes predict the same.
        The number of threads and whether progress is shown do not count.

    Raises
    ------
    TypeError
        If a part of an estimator can neither be hashed nor pickled.
    """
    hashed: dict[str, str] = {}
    digest = Digest()
    for name, value in _parts(model):
        number = sum(have == name or have.startswith(f"{name} (") for have in hashed)
        hashed[f"{name} ({number + 1})" if number else name] = digest(value).hex()
    return hashed


def _parts(model: DataclassInstance) -> Iterator[tuple[str, Any]]:
    """Attributes of the estimators in the fields of a dataclass, and its other fields, with their names."""
    for field in dataclasses.fields(model):
        value = getattr(model, field.name)
        several = isinstance(value, list | tuple) and any(isinstance(part, BaseEstimator) for part in value)
        for part in value if several else [value]:
            if isinstance(part, BaseEstimator):
                yield type(part).__name__, type(part)
                state = part.__getstate__().items()
                yield from (
                    (f"{type(part).__name__}.{name}", found) for name, found in state if _counts(name)
                )
            elif dataclasses.is_dataclass(part) and not isinstance(part, type):
                yield from _parts(part)
            elif _counts(field.name):
                yield field.name, part


def _counts(name: str) -> bool:
    return name not in _NO_MATTER


class Digest:
    """Hash objects by what they hold; parts that occur twice are hashed once."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Any, bytes]] = {}
        self._open: dict[int, int] = {}

    def __call__(self, value: object) -> bytes:
        plain = _plain(value)
        if plain is not None:
            return checksum(plain)
        key = id(value)
        if key in self._known:
            return self._known[key][1]
        if key in self._open:
            # an object inside itself: known by how far up it stands
            return checksum(f"up {len(self._open) - self._open[key]}".encode())
        self._open[key] = len(self._open)
        try:
            found = self._compound(value)
        finally:
            del self._open[key]
        self._known[key] = value, found
        return found

    def _compound(self, value: object) -> bytes:
        if isinstance(value, np.ndarray):
            return self._array(value)
        if isinstance(value, list | tuple) and type(value) in (list, tuple):
            return checksum(b"sequence", *map(self, value))
        if isinstance(value, set | frozenset):
            return checksum(b"set", *sorted(map(self, value)))
        if isinstance(value, Mapping) and hasattr(value, "items"):
            return checksum(b"mapping", *sorted(self(k) + self(v) for k, v in value.items()))
        if isinstance(value, pd.DataFrame):
            columns = [value.iloc[:, k].to_numpy() for k in range(value.shape[1])]
            return checksum(b"frame", *map(self, (value.index, value.columns.to_numpy(), columns)))
        if isinstance(value, pd.Series | pd.Index):
            return checksum(b"series", self(value.to_numpy()), self(value.name))
        if isinstance(value, FunctionType):
            return self._function(value)
        if type(value).__module__ == "torch" and hasattr(value, "detach"):
            return checksum(b"tensor", self(value.detach().cpu().numpy()))
        if isinstance(value, np.random.RandomState | np.random.Generator):
            return checksum(b"random numbers")  # fit draws them, predict does not
        if hasattr(value, "get_tree_stats") and hasattr(value, "get_arrays"):
            # scikit-learn's trees of neighbors count how often they were asked
            return checksum(b"tree", self(np.asarray(value.get_arrays()[0])))
        return self._by_state(value)

    def _array(self, value: np.ndarray) -> bytes:
        mask = self(np.ma.getmaskarray(value)) if isinstance(value, np.ma.MaskedArray) else b""
        if value.dtype.hasobject:
            return checksum(b"objects", f"{value.shape}".encode(), *map(self, value.ravel().tolist()), mask)
        return checksum(b"array", array_checksum(np.asarray(value)), mask)

    def _function(self, value: FunctionType) -> bytes:
        name = f"{value.__module__}.{value.__qualname__}"
        if "<" not in name and value.__module__ != "__main__":
            return checksum(b"function", name.encode())
        code = value.__code__
        inside = [cell.cell_contents for cell in value.__closure__ or ()]
        consts = [const for const in code.co_consts if not hasattr(const, "co_code")]
        return checksum(
            b"code", code.co_code, *map(self, (consts, code.co_names, value.__defaults__ or (), inside))
        )

    def _by_state(self, value: object) -> bytes:
        """Take an object apart as pickle does."""
        reduce: Callable[[Any], Any] | None = copyreg.dispatch_table.get(type(value))
        try:
            parts = reduce(value) if reduce is not None else value.__reduce_ex__(4)
        except TypeError as error:
            raise TypeError(
                f"a {type(value).__name__} inside the model can be neither hashed nor pickled, so "
                "a run cannot check that it goes on with the same model; take it out of the model."
            ) from error
        if isinstance(parts, str):
            return checksum(b"global", f"{type(value).__module__}.{parts}".encode())
        make, args, state, items, pairs = (*parts, None, None, None)[:5]
        if isinstance(state, dict):
            state = {name: found for name, found in state.items() if _counts(name)}
        inside = (make, args, state, list(items or ()), list(pairs or ()))
        return checksum(b"object", *map(self, inside))


def _plain(value: object) -> bytes | None:
    """Numbers, text and names as bytes; None for all else. NumPy's scalars count as Python's."""
    if value is None or value is Ellipsis or isinstance(value, bool | np.bool_):
        return f"constant {value}".encode()
    if isinstance(value, type | ModuleType | BuiltinFunctionType) and not isinstance(
        getattr(value, "__self__", None), type
    ):
        name = getattr(value, "__qualname__", value.__name__)
        return f"name {getattr(value, '__module__', '')}.{name}".encode()
    if isinstance(value, int | np.integer):
        return f"int {int(value)}".encode()
    if isinstance(value, float | np.floating):
        return b"float " + struct.pack("<d", float(value))
    if isinstance(value, str):
        return b"text " + str(value).encode("utf-8", "surrogatepass")
    if isinstance(value, bytes | bytearray):
        return b"bytes " + bytes(value)
    if isinstance(value, np.dtype):
        return f"dtype {value.newbyteorder('<').str if value.names is None else value.descr}".encode()
    if isinstance(value, MethodType) and isinstance(value.__self__, type):
        return f"method {value.__self__.__qualname__}.{value.__name__}".encode()
    return None
