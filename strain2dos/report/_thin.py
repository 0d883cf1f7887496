# SPDX-License-Identifier: BSD-3-Clause
"""Fewer pixels, energies and digits, so that a page stays light; what was left out is stated."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

# A page of 48 x 48 pixels stays below 5 MB: 1.3 MB of it are the charting library.
MAX_PIXELS = 40_000
DOS_BYTES, SPECTRA_BYTES = 700_000, 1_100_000


@dataclass
class Thinned:
    """A map as a page holds it, with words on what was left out."""

    dataset: xr.Dataset
    notes: list[str] = field(default_factory=list)


def thin_map(dataset: xr.Dataset) -> Thinned:
    """Keep every n-th row and column of a map with too many pixels."""
    if not {"y", "x"} <= set(dataset.dims):
        return Thinned(dataset)
    n = dataset.sizes["y"] * dataset.sizes["x"]
    if n <= MAX_PIXELS:
        return Thinned(dataset)
    step = int(np.ceil(np.sqrt(n / MAX_PIXELS)))
    note = f"every {_ordinal(step)} row and column of {dataset.sizes['y']} x {dataset.sizes['x']} pixels"
    return Thinned(dataset.isel(y=slice(None, None, step), x=slice(None, None, step)), [note])


def curve_table(
    axis: NDArray[np.float64],
    curves: Mapping[str, NDArray[np.floating]],
    budget: int,
    what: str,
    fewest: int,
    good: NDArray[np.bool_] | None = None,
) -> tuple[dict[str, Any], list[str]]:
    """Pack curves (n, m) per pixel in half precision, with fewer points or pixels beyond a budget.

    Parameters
    ----------
    axis : array of shape (m,)
    curves : dict of arrays of shape (n, m)
        All NaN where a pixel has no curve.
    budget : int
        Bytes.
    what : str
        "energies" or "Raman shifts", for the words.
    fewest : int
        Points of a curve below which fewer pixels keep one instead.
    good : bool array of shape (n,), default=None
        Pixels with a result, which keep their curves longest.

    Returns
    -------
    dict
        For the page: ``axis``, ``pixels`` (int32) and each curve (float16, relative to ``scale``), base64.
    list of str
        What was left out.
    """
    first = next(iter(curves.values()))
    pixels = np.flatnonzero(np.isfinite(first).any(axis=1))
    notes = []
    per_point = 2 * len(curves) * max(1, pixels.size)
    points = int(np.clip(budget / per_point, min(fewest, axis.size), axis.size))
    step = int(np.ceil(axis.size / points))
    if step > 1:
        notes.append(f"every {_ordinal(step)} of {axis.size} {what}")
    kept = slice(None, None, step)
    length = len(axis[kept])
    size = 2 * len(curves) * length
    if good is not None and size * pixels.size > budget and not good[pixels].all():
        notes.append(f"curves over {what} of pixels with a result only")
        pixels = pixels[good[pixels]]
    every = int(np.ceil(size * pixels.size / budget))
    if every > 1:
        notes.append(f"curves over {what} of every {_ordinal(every)} pixel")
        pixels = pixels[::every]
    rows = {name: np.asarray(values[pixels][:, kept], dtype=np.float64) for name, values in curves.items()}
    # half precision ends at 65504; counts do not
    largest = [np.nan_to_num(np.abs(part)).max(axis=1, initial=1e-30) for part in rows.values()]
    scale = np.max(largest, axis=0)
    table = {
        "axis": [float(f"{value:.6g}") for value in axis[kept]],
        "pixels": packed(pixels, "<i4"),
        "scale": packed(scale, "<f4"),
        **{name: packed(part / scale[:, np.newaxis], "<f2") for name, part in rows.items()},
    }
    return table, notes


def packed(values: NDArray[Any], dtype: str) -> str:
    """Bytes of an array, base64."""
    return base64.b64encode(np.ascontiguousarray(values, dtype=dtype).tobytes()).decode()


def _ordinal(n: int) -> str:
    return {2: "second", 3: "third", 4: "fourth", 5: "fifth"}.get(n, f"{n}th")
