# SPDX-License-Identifier: BSD-3-Clause
"""Whether a Zarr store holds what its headers claim."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr

from strain2dos.io._store.places import StoreFiles

#: Deflate packs at most 1032 : 1; zstd and blosc pack constants further.
DEFLATED, _PACKED = 1100, 10_000
_SMALL = 2**20
#: Bytes to which one chunk may unpack whatever the limit of memory: it is whole in memory when it is read.
CHUNK = 2**28
_MANY = 10_000_000
_NODES = ("zarr.json", ".zarray", ".zgroup")


def plausible(name: str, claimed: int, stored: int, ratio: int) -> None:
    """Refuse a variable that claims more bytes than the stored ones can unpack to."""
    if claimed > _SMALL + ratio * stored:
        raise ValueError(f"variable {name} claims {claimed} bytes, of which only {stored} are stored")


def bounded(name: str, chunk: int, limit: int) -> None:
    """Refuse a chunk that unpacks to more bytes than may be in memory."""
    if chunk > max(limit, CHUNK):
        raise ValueError(
            f"one chunk of variable {name} unpacks to {chunk} bytes, above the limit of {max(limit, CHUNK)}"
        )


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


def check_zarr(files: StoreFiles, *, limit: int) -> Absent:
    """Look which chunks of a store are there, and refuse sizes that they cannot explain.

    Parameters
    ----------
    files : StoreFiles
        The store.
    limit : int
        Bytes of spectra that may be held in memory.

    Raises
    ------
    ValueError
        When a variable claims more than compression can explain, or a coordinate lacks a chunk.
    """
    import zarr

    absent = Absent()
    # one by one: opening all at once leaves errors to the garbage collector, which prints them
    for name in files.names():
        if all(files.size(f"{name}/{node}") is None for node in _NODES):
            raise ValueError(f"its folder {name} has no metadata")
        array = zarr.open(files.store(), path=name, mode="r")
        if not isinstance(array, zarr.Array):
            continue
        chunk = tuple(array.metadata.chunk_grid.chunk_shape)  # type: ignore[attr-defined]
        grid = [math.ceil(size / max(step, 1)) for size, step in zip(array.shape, chunk, strict=True)]
        total = math.prod(grid)
        if total > _MANY:
            raise ValueError(f"variable {name} claims {total} chunks")
        stored, lost = 0, []
        for index in np.ndindex(*grid):
            size = files.size(f"{name}/{array.metadata.encode_chunk_key(index)}")
            if size is None:
                lost.append(index)
            else:
                stored += size
        claimed = max(math.prod(array.shape), math.prod(chunk)) * array.dtype.itemsize
        plausible(name, claimed, stored, _PACKED)
        bounded(name, math.prod(chunk) * array.dtype.itemsize, limit)
        if lost and len(array.shape) < 2:
            raise ValueError(f"{len(lost)} of {total} chunks of the coordinate {name} are absent")
        absent.chunks[name], absent.totals[name] = lost, total
        absent.shapes[name] = tuple(array.shape), chunk
    return absent
