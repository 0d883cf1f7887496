# SPDX-License-Identifier: BSD-3-Clause
"""Whether chunked files hold what their headers claim."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from strain2dos.io._store.places import StoreFiles

#: Deflate packs at most 1032 : 1; zstd and blosc pack constants further.
_DEFLATED, _PACKED = 1100, 10_000
_SMALL = 2**20
#: Bytes to which one chunk may unpack whatever the limit of memory: it is whole in memory when it is read.
_CHUNK = 2**28
_MANY = 10_000_000
_NODES = ("zarr.json", ".zarray", ".zgroup")
#: Signature and version of a global heap of HDF5, and how much of either end of a file is searched for it.
_HEAP, _HEAPS = b"GCOL\x01\x00\x00\x00", 2**26


def check_hdf5(path: Path, *, limit: int) -> None:
    """Refuse files that point to other files, and variables far larger than what is stored of them.

    Parameters
    ----------
    path : Path
        The file.
    limit : int
        Bytes of spectra that may be held in memory.

    Raises
    ------
    ValueError
        When data would come from another file, or a variable claims more than compression can explain.
    """
    import h5py

    _check_heaps(path)
    with h5py.File(path, "r") as file:
        groups = [file]
        while groups:
            group = groups.pop()
            for name in group:
                # the link first: to look at the object would follow it
                if isinstance(group.get(name, getlink=True), h5py.ExternalLink):
                    raise ValueError(f"{name} lies in another file, which is not followed")
                if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                    continue
                found = group[name]
                if isinstance(found, h5py.Group):
                    groups.append(found)
                elif isinstance(found, h5py.Dataset):
                    _check_variable(str(name), found, limit)


def _check_variable(name: str, found: Any, limit: int) -> None:
    """Refuse data in other files, and sizes that cannot be."""
    if found.external or found.is_virtual:
        raise ValueError(f"variable {name} has its data in another file, which is not followed")
    if found.shape:
        claimed = math.prod(found.shape) * found.dtype.itemsize
        chunk = math.prod(found.chunks or (0,)) * found.dtype.itemsize
        _plausible(name, max(claimed, chunk), found.id.get_storage_size(), _DEFLATED)
        _bounded(name, chunk, limit)


def _check_heaps(path: Path) -> None:
    """Refuse a damaged global heap: HDF5's library would walk through free space of size 0 for ever."""
    size = path.stat().st_size
    with path.open("rb") as file:
        for part in {0, max(size - _HEAPS, 0)}:
            file.seek(part)
            content = file.read(_HEAPS)
            start = content.find(_HEAP)
            while start >= 0:
                _walk(content, start)
                start = content.find(_HEAP, start + 8)


def _walk(content: bytes, start: int) -> None:
    """Step through the objects of a heap: index, references, reserved, size; the data fill up to 8 bytes."""
    end = min(start + int.from_bytes(content[start + 8 : start + 16], "little"), len(content))
    place = start + 16
    while place + 16 <= end:
        index, _, _, size = struct.unpack_from("<HHIQ", content, place)
        if index == 0 and size == 0:
            raise ValueError(f"its heap at byte {start} is damaged")
        place += size if index == 0 else 16 + -(-size // 8) * 8


def _plausible(name: str, claimed: int, stored: int, ratio: int) -> None:
    if claimed > _SMALL + ratio * stored:
        raise ValueError(f"variable {name} claims {claimed} bytes, of which only {stored} are stored")


def _bounded(name: str, chunk: int, limit: int) -> None:
    if chunk > max(limit, _CHUNK):
        raise ValueError(
            f"one chunk of variable {name} unpacks to {chunk} bytes, above the limit of {max(limit, _CHUNK)}"
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
        _plausible(name, claimed, stored, _PACKED)
        _bounded(name, math.prod(chunk) * array.dtype.itemsize, limit)
        if lost and len(array.shape) < 2:
            raise ValueError(f"{len(lost)} of {total} chunks of the coordinate {name} are absent")
        absent.chunks[name], absent.totals[name] = lost, total
        absent.shapes[name] = tuple(array.shape), chunk
    return absent
