# SPDX-License-Identifier: BSD-3-Clause
"""Whether an HDF5 file holds what its headers claim, before anything of it is read."""

from __future__ import annotations

import math
import struct
from pathlib import Path

import h5py
from h5py import h5a, h5o

from strain2dos.io._store.chunks import DEFLATED, bounded, plausible

#: Signature and version of a global heap of HDF5, and how much of either end of a file is searched for it.
_HEAP, _HEAPS = b"GCOL\x01\x00\x00\x00", 2**26
#: Bytes of the header up to the fourth address.
_HEAD = 64
#: Filters whose parameters state how much they unpack: nbit and scaleoffset.
_SIZED = (5, 6)
#: Bytes of an attribute: 64 kB in the header of an object, more in a heap of its own.
_ATTRIBUTE = 2**24


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
    _check_superblock(path)
    _check_heaps(path)
    with h5py.File(path, "r") as file:
        groups, seen = [file], set()
        while groups:
            group = groups.pop()
            # a group may hold itself
            if (place := h5o.get_info(group.id).addr) in seen:
                continue
            seen.add(place)
            _check_attributes(group)
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


def _check_variable(name: str, found: h5py.Dataset, limit: int) -> None:
    """Refuse data in other files, and sizes that cannot be."""
    if found.external or found.is_virtual:
        raise ValueError(f"variable {name} has its data in another file, which is not followed")
    _check_attributes(found)
    if found.shape is None:
        return
    claimed = math.prod(found.shape) * found.dtype.itemsize
    chunk = math.prod(found.chunks or (0,)) * found.dtype.itemsize
    made = found.id.get_create_plist()
    for k in range(made.get_nfilters()):
        code, _, values, _ = made.get_filter(k)
        if code in _SIZED and len(values) > 4:
            chunk = max(chunk, values[2] * values[4])
    plausible(name, max(claimed, chunk), found.id.get_storage_size(), DEFLATED)
    bounded(name, chunk, limit)


def _check_attributes(found: h5py.Dataset | h5py.Group) -> None:
    """Refuse attributes that are larger than any header."""
    for k in range(h5a.get_num_attrs(found.id)):
        about = h5a.open(found.id, index=k)
        claimed = math.prod(about.shape) * about.get_type().get_size()
        if claimed > _ATTRIBUTE:
            raise ValueError(f"an attribute of {found.name} claims {claimed} bytes")


def _check_superblock(path: Path) -> None:
    """Refuse files that start within another one, or are spread over several.

    HDF5's library reads the description of such a split, of up to 4 GB, before it looks how long the file
    is. Later it reads no metadata beyond the end of the file.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if len(head) < _HEAD:
        raise ValueError(f"its header ends after {len(head)} bytes")
    version, old = head[8], head[8] < 2
    width, first = (head[13], 24 + 4 * version) if old else (head[9], 12)
    start, split = (head[first + k * width : first + (k + 1) * width] for k in (0, 3))
    if any(start) or (old and split != b"\xff" * width):
        raise ValueError("its header is damaged, or it is a part of another file")


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
