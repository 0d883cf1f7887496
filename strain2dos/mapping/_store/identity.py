# SPDX-License-Identifier: BSD-3-Clause
"""Whose map a store holds: model, cube, axes and settings as hashes, and in words what differs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import xarray as xr

import strain2dos
from strain2dos.mapping._pixels.evaluate import PixelEvaluator
from strain2dos.mapping._store.learned import Digest, array_checksum, learned_state

# Differences that a message names; the others are counted.
_MOST_NAMED = 4


def identity_of(cube: xr.DataArray, evaluator: PixelEvaluator, step: int) -> dict[str, Any]:
    """Describe a run by all that its map depends on, except the values of the cube."""
    digest = Digest()
    energies = evaluator.model.energies
    return {
        "version of strain2dos": strain2dos.__version__,
        "model": learned_state(evaluator.model),
        "coordinates": {
            str(name): digest([value.dims, np.asarray(value.values), value.attrs]).hex()
            for name, value in cube.coords.items()
        },
        "shape": [[str(dim), size] for dim, size in cube.sizes.items()],
        "quantities": list(evaluator.quantities),
        "dtype": str(evaluator.dtype),
        "energies": None if energies is None else array_checksum(energies).hex(),
        "columns": list(evaluator.columns),
        "rows in a chunk": step,
    }


def differences(there: dict[str, Any], here: dict[str, Any]) -> Iterator[str]:
    """Describe what differs between the run that began a store and this one."""
    for name in here.keys() | there.keys():
        one, other = there.get(name), here.get(name)
        if one == other:
            continue
        if isinstance(one, dict) and isinstance(other, dict):
            names = sorted(key for key in one.keys() | other.keys() if one.get(key) != other.get(key))
            more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
            yield f"the {name} differ{'s' * (name == 'model')} in {', '.join(names[:_MOST_NAMED])}{more}"
        elif name == "energies":
            yield "the energies differ"
        else:
            yield f"{name}: {_short(one)} in the store, {_short(other)} in this run"


def rows_in_words(slices: list[slice]) -> str:
    """Name rows, as in "rows 0 to 7, 12 to 15"; of many blocks the first few."""
    joined: list[list[int]] = []
    for rows in slices:
        if joined and joined[-1][1] == rows.start:
            joined[-1][1] = rows.stop
        else:
            joined.append([rows.start, rows.stop])
    more = f" and {len(joined) - _MOST_NAMED} more ranges" if len(joined) > _MOST_NAMED else ""
    return "rows " + ", ".join(f"{a} to {b - 1}" for a, b in joined[:_MOST_NAMED]) + more


def _short(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) < 80 else f"{text[:80]}..."
