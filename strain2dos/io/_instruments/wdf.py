# SPDX-License-Identifier: BSD-3-Clause
"""Renishaw .wdf files: blocks of known size, spectra as one run of float32.

The layout of the blocks is that of RosettaSciIO's reader and of Renishaw's own open reader. Reading them here
lets large maps stay on disk, gives each spectrum the position at which it was taken, and keeps the spectra of
a scan that was stopped within a line.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from strain2dos.io._common.array import SpectraBuilder
from strain2dos.io._common.memory import warn_caller
from strain2dos.io._instruments.optional import lazy_dask

# Codes of the file format: units, axes of the stage, and the kind of measurement that is a map.
_UNITS = {1: "cm-1", 2: "nm", 3: "nm", 4: "eV", 5: "um", 6: "counts", 7: "electrons", 8: "mm", 9: "m"}
_UNITS |= {12: "s", 13: "ms", 16: "px"}
_PLACES = {3: "x", 4: "y", 5: "z"}
_MAPPING = 3
#: Steps by which a recorded position may miss its grid point.
_STRAY = 0.25
#: Bytes of a file that dask reads at once.
_BLOCK = 2**22


def read_wdf(path: Path, *, limit: int) -> xr.DataArray:
    """Read spectra from a Renishaw .wdf file.

    Parameters
    ----------
    path : Path
        The file.
    limit : int
        Bytes of spectra above which they stay in the file and are read through dask.

    Raises
    ------
    ImportError
        When spectra larger than `limit` need dask.
    ValueError
        When the file is cut off within what spectra need, or holds no spectra.

    Warns
    -----
    UserWarning
        When the scan was stopped, or the file is cut off behind the spectra.
    """
    file = _File(path)
    head = _header(file)
    start = file.start("DATA", 4 * head.points * head.count)
    axis = file.part("XLST", 8 + 4 * head.points)
    with np.errstate(invalid="ignore"):
        shift = np.frombuffer(axis, "<f4", head.points, 8).astype(np.float64)
    positions, units = _positions(file, head.count, mapping=head.mapping)
    units |= {"shift": _UNITS.get(struct.unpack_from("<I", axis, 4)[0], "unknown")}
    units |= {"intensity": head.unit}
    if head.count < head.planned:
        warn_caller(
            f"{path.name} holds {head.count} of the {head.planned} spectra that it was to hold; was the scan "
            f"stopped?"
        )
    builder = SpectraBuilder(path, shift, head.count, limit, positions, units, head.about, "Renishaw .wdf")
    _put(builder, start, (head.count, head.points))
    return builder.result()


@dataclass
class _Header:
    points: int
    count: int
    planned: int
    mapping: bool
    unit: str
    about: dict[str, object]


def _header(file: _File) -> _Header:
    content = file.part("WDF1", 512)
    points, planned, count = struct.unpack_from("<IQQ", content, 60)
    kind, unit = (struct.unpack_from("<I", content, place)[0] for place in (132, 152))
    if not points or not count:
        raise ValueError(f"{file.path} holds no spectra; was the measurement stopped before the first one?")
    if count > planned:
        raise ValueError(
            f"{file.path} claims {count} spectra where its header has room for {planned}; copy it again."
        )
    title = content[240:400].split(b"\0")[0].decode("utf-8", "replace").strip()
    about = {
        "title": title,
        "laser wavenumber (cm-1)": round(float(struct.unpack_from("<f", content, 156)[0]), 3),
    }
    return _Header(points, count, planned, kind == _MAPPING, _UNITS.get(unit, "arbitrary"), about)


def _put(builder: SpectraBuilder, start: int, shape: tuple[int, int]) -> None:
    """Read the spectra, or leave them in the file."""
    if builder.nbytes <= builder.limit:
        rows = np.fromfile(builder.path, "<f4", shape[0] * shape[1], offset=start).reshape(shape)
        with np.errstate(invalid="ignore"):
            builder.add(slice(None), rows)
        return
    array = lazy_dask(builder.path)
    # whole lines of the map, so that its blocks are those of the file
    line = 1 if builder.grid is None else builder.grid.x.size
    blocks = (max(_BLOCK // (4 * shape[1] * line), 1) * line, -1)
    spectra = _Spectra(builder.path, start, shape)
    builder.add_lazily(array.from_array(spectra, chunks=blocks, name=f"wdf-{uuid4().hex}"))


@dataclass
class _Spectra:
    """Spectra that stay in the file; it is opened for each block, so that workers elsewhere can do so too."""

    path: Path
    offset: int
    shape: tuple[int, int]
    dtype = np.dtype(np.float64)
    ndim = 2

    def __getitem__(self, key: slice | tuple[slice, ...]) -> NDArray[np.float64]:
        rows = np.memmap(self.path, "<f4", "r", self.offset, self.shape)
        with np.errstate(invalid="ignore"):
            return rows[key].astype(np.float64)


class _File:
    """The blocks of a file, with their sizes checked against its length."""

    def __init__(self, path: Path) -> None:
        self.path, self.size = path, path.stat().st_size
        self.blocks: dict[str, tuple[int, int]] = {}
        position = 0
        with path.open("rb") as file:
            while position + 16 <= self.size:
                file.seek(position)
                name, _, size = struct.unpack("<4sIQ", file.read(16))
                if size < 16:
                    break
                self.blocks.setdefault(name.decode("latin-1"), (position, size))
                position += size
        self.cut = position != self.size

    def start(self, name: str, needed: int) -> int:
        """Offset of the content of a block that must hold so many bytes."""
        if name not in self.blocks:
            raise ValueError(f"{self.path} has no block {name}; was it cut off? Copy it again.")
        start, size = self.blocks[name]
        if min(start + size, self.size) < start + 16 + needed and name != "WDF1":
            raise ValueError(
                f"{self.path}: block {name} must hold {needed} bytes, but has {max(size - 16, 0)} and the "
                f"file ends {max(self.size - start - 16, 0)} bytes after its start; was it cut off? Copy it "
                "again."
            )
        return start + 16

    def part(self, name: str, needed: int) -> bytes:
        """Return the content of a block; of the header, all of it."""
        start = self.start(name, needed)
        with self.path.open("rb") as file:
            file.seek(0 if name == "WDF1" else start)
            found = file.read(needed)
        if len(found) < needed:
            raise ValueError(f"{self.path} ends within its block {name}; copy it again.")
        return found


def _positions(
    file: _File, count: int, *, mapping: bool
) -> tuple[dict[str, NDArray[np.float64]], dict[str, str]]:
    """Where each spectrum was taken, in whole steps of the map where it is one."""
    if file.cut:
        warn_caller(
            f"{file.path.name} does not end where its last block ends; the spectra are whole, but what "
            "follows them is not. Copy it again."
        )
    if "ORGN" not in file.blocks:
        if mapping:
            file.start("ORGN", 0)
        return {}, {}
    found, units = _origins(file, count)
    places: dict[str, NDArray[np.float64]] = {name: found[name] for name in ("x", "y") if name in found}
    if not mapping:
        moved = {name: value for name, value in found.items() if np.ptp(value) > 0}
        return ({**moved, **places} if moved else {}), units
    if set(places) == {"x", "y"} and "WMAP" in file.blocks:
        area = file.part("WMAP", 44)
        with np.errstate(invalid="ignore"):
            offset, scale = (np.frombuffer(area, "<f4", 3, where).astype(np.float64) for where in (8, 20))
        size = np.frombuffer(area, "<u4", 3, 32)
        places = _on_grid(places, offset, scale, size)
    return places, {name: units[name] for name in places}


def _origins(file: _File, count: int) -> tuple[dict[str, NDArray[np.float64]], dict[str, str]]:
    """Positions recorded with each spectrum; each list has room for as many as were planned."""
    lists = struct.unpack("<I", file.part("ORGN", 4))[0]
    _, size = file.blocks["ORGN"]
    if not lists:
        return {}, {}
    each = (size - 20) // lists
    if each < 24 + 8 * count:
        raise ValueError(f"{file.path}: block ORGN has no room for {count} positions; copy it again.")
    start = file.start("ORGN", 4 + lists * each) + 4
    found, units = {}, {}
    for k in range(min(lists, 64)):
        with file.path.open("rb") as raw:
            raw.seek(start + k * each)
            kind, unit = struct.unpack("<II", raw.read(8))
        name = _PLACES.get(kind & 0x7FFFFFFF)
        if name:
            values = np.fromfile(file.path, "<f8", count, offset=start + k * each + 24)
            if np.isfinite(values).all():
                found[name], units[name] = values, _UNITS.get(unit, "unknown")
    return found, units


def _on_grid(
    places: dict[str, NDArray[np.float64]], offset: np.ndarray, scale: np.ndarray, size: np.ndarray
) -> dict[str, NDArray[np.float64]]:
    """Replace recorded positions by the points of the map that they stand for, where each is near one."""
    snapped = {}
    for k, name in enumerate(("x", "y")):
        if not np.isfinite([offset[k], scale[k]]).all() or (scale[k] == 0 and size[k] > 1):
            return places
        steps = (places[name] - offset[k]) / (scale[k] or 1.0)
        whole = np.round(steps)
        if (np.abs(steps - whole) > _STRAY).any() or (whole < 0).any() or (whole >= size[k]).any():
            return places
        snapped[name] = offset[k] + scale[k] * whole
    return snapped
