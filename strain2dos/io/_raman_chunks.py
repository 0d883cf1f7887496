# SPDX-License-Identifier: BSD-3-Clause
"""Whether chunked files hold what their headers claim."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

#: Deflate packs at most 1032 : 1; zstd and blosc pack constants further.
_DEFLATED, _PACKED = 1100, 10_000
_SMALL = 2**20
_MANY = 10_000_000


def check_hdf5(path: Path) -> None:
    """Refuse variables far larger than what is stored of them, before memory is taken for them.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    ValueError
        When a variable claims more than compression can explain.
    """
    import h5py

    with h5py.File(path, "r") as file:
        for name in file:
            found = file[name]
            if isinstance(found, h5py.Dataset) and found.shape:
                claimed = math.prod(found.shape) * found.dtype.itemsize
                chunk = math.prod(found.chunks or (0,)) * found.dtype.itemsize
                _plausible(str(name), max(claimed, chunk), found.id.get_storage_size(), _DEFLATED)


def _plausible(name: str, claimed: int, stored: int, ratio: int) -> None:
    if claimed > _SMALL + ratio * stored:
        raise ValueError(f"variable {name} claims {claimed} bytes, of which only {stored} are stored")


@dataclass
class Absent:
    """Chunks that a Zarr store lacks: they would read as the fill value, which is a number."""

    chunks: dict[str, list[tuple[int, ...]]] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)
    shapes: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = field(default_factory=dict)

    def of(self, name: str, dims: tuple[Any, ...]) -> tuple[xr.DataArray, str] | None:
        """Mask of the spectra of a variable that lie in absent chunks, and how many chunks these are."""
        lost = self.chunks.get(name, [])
        if not lost:
            return None
        shape, chunk = self.shapes[name]
        where = [k for k, dim in enumerate(dims) if dim != "shift"]
        mask = np.zeros([shape[k] for k in where], dtype=bool)
        for index in lost:
            mask[tuple(slice(index[k] * chunk[k], (index[k] + 1) * chunk[k]) for k in where)] = True
        words = f"{len(lost)} of {self.totals[name]} chunks with {int(mask.sum())} of {mask.size} spectra"
        return xr.DataArray(mask, dims=[dims[k] for k in where]), words


def check_zarr(path: Path) -> Absent:
    """Look which chunks of a store are there, and refuse sizes that they cannot explain.

    Parameters
    ----------
    path : Path
        The folder of the store.

    Raises
    ------
    ValueError
        When a variable claims more than compression can explain, or a coordinate lacks a chunk.
    """
    import zarr

    absent = Absent()
    for name, array in zarr.open_group(path, mode="r").arrays():
        chunk = tuple(array.metadata.chunk_grid.chunk_shape)
        grid = [math.ceil(size / max(step, 1)) for size, step in zip(array.shape, chunk, strict=True)]
        total = math.prod(grid)
        if total > _MANY:
            raise ValueError(f"variable {name} claims {total} chunks")
        stored, lost = 0, []
        for index in np.ndindex(*grid):
            place = path / name / array.metadata.encode_chunk_key(index)
            try:
                stored += place.stat().st_size
            except OSError:
                lost.append(index)
        claimed = max(math.prod(array.shape), math.prod(chunk)) * array.dtype.itemsize
        _plausible(name, claimed, stored, _PACKED)
        if lost and len(array.shape) < 2:
            raise ValueError(f"{len(lost)} of {total} chunks of the coordinate {name} are absent")
        absent.chunks[name], absent.totals[name] = lost, total
        absent.shapes[name] = tuple(array.shape), chunk
    return absent
