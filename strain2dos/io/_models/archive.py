# SPDX-License-Identifier: BSD-3-Clause
"""The archive behind a saved model: what is checked of its bytes before anything is built of them."""

from __future__ import annotations

import hashlib
import io
import json
import math
import stat
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from strain2dos.io._common.memory import available

HEADER, SCHEMA = "strain2dos.json", "schema.json"
#: Key of the header that holds the checksum of all the rest.
CHECKSUM = "sha256"
#: Arrays of a model hardly shrink; up to so many bytes, or so many times the file, are unpacked.
_SMALL, _RATIO, _MOST_PARTS = 2**26, 100, 100_000

# what zipfile raises for bytes that are not a whole archive: zlib.error for a broken stream,
# NotImplementedError and RuntimeError for methods and flags that no model uses, the others for lengths that
# lead nowhere
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ValueError,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    MemoryError,
)


def pack(parts: dict[str, bytes], header: dict[str, Any]) -> bytes:
    """Put parts and header, completed by a checksum over both, into a compressed archive.

    Parameters
    ----------
    parts : dict of str to bytes
        Schema and arrays of skops.
    header : dict
        What is known of the model, as plain JSON values.

    Returns
    -------
    bytes
        The archive.
    """
    header = {**header, CHECKSUM: digest(parts, header)}
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", method) as out:
            out.writestr(HEADER, json.dumps(header, indent=1))
            for name, content in parts.items():
                out.writestr(name, content)
        blob = packed.getvalue()
        # a model of zeros shrinks like a bomb; then it is not compressed, so that it can be read again
        if sum(map(len, parts.values())) <= _allowed(len(blob)):
            break
    return blob


def digest(parts: dict[str, bytes], header: dict[str, Any]) -> str:
    """SHA-256 of all names and contents of a model file, the checksum itself left out."""
    known = {key: value for key, value in header.items() if key != CHECKSUM}
    found = hashlib.sha256(json.dumps(known, sort_keys=True).encode())
    for name in sorted(parts):
        found.update(f"\0{name}\0{len(parts[name])}\0".encode())
        found.update(parts[name])
    return found.hexdigest()


def unpack(path: Path) -> tuple[dict[str, bytes], dict[str, Any] | None]:
    """Read a model file whole, once, and check it before anything is built of it.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    parts : dict of str to bytes
        Schema and arrays of skops.
    header : dict or None
        What is known of the model; None for a file of skops that this package did not write.

    Raises
    ------
    ValueError
        When it is no regular file, no whole archive, unpacks to far more than it holds, or does not have the
        checksum that its header states.
    """
    blob = _read(path)
    try:
        with zipfile.ZipFile(io.BytesIO(blob)) as archive:
            _check_sizes(archive, len(blob))
            parts = {info.filename: archive.read(info) for info in archive.infolist()}
        header = json.loads(parts.pop(HEADER)) if HEADER in parts else None
    except _UNREADABLE as error:
        raise ValueError(
            f"{path} is no strain2dos model, or it is cut short or damaged ({error}); its {len(blob)} bytes "
            "are no sound skops archive. Copy or train it again."
        ) from error
    if SCHEMA not in parts:
        raise ValueError(
            f"{path} is a zip archive but no strain2dos model: it has no {SCHEMA}. Give a file written by "
            "save_model or `strain2dos train`."
        )
    if header is None and b"strain2dos" in parts[SCHEMA]:
        raise ValueError(f"{path} is damaged: it has lost its part {HEADER!r}. Copy or train it again.")
    return parts, header


def check_content(path: Path, parts: dict[str, bytes], header: dict[str, Any]) -> None:
    """Refuse a model that is not what was saved.

    Raises
    ------
    ValueError
        When the checksum is another.
    """
    if header.get(CHECKSUM) != digest(parts, header):
        raise ValueError(
            f"{path} is damaged or was changed: its content does not have the checksum that was saved with "
            "it. Copy or train it again."
        )


def check_arrays(path: Path, parts: dict[str, bytes]) -> None:
    """Refuse arrays that claim another size than is stored of them, before memory is taken for them.

    Raises
    ------
    ValueError
        When an array is not whole, or holds objects, which only running code could build.
    """
    for name, content in parts.items():
        if not name.endswith(".npy"):
            continue
        file = io.BytesIO(content)
        try:
            major, _ = np.lib.format.read_magic(file)
            read = np.lib.format.read_array_header_1_0 if major == 1 else np.lib.format.read_array_header_2_0
            shape, _, dtype = read(file)
        except (ValueError, OSError) as error:
            raise ValueError(f"{path} is damaged: its array {name!r} has no header ({error}).") from error
        claimed, stored = math.prod(shape) * dtype.itemsize, len(content) - file.tell()
        if dtype.hasobject or claimed != stored:
            raise ValueError(
                f"{path} is damaged: its array {name!r} of {dtype} and shape {shape} needs {claimed} bytes, "
                f"but {stored} are stored. Train the model again."
            )


def _read(path: Path) -> bytes:
    """Read a regular file that fits into memory."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode) and not stat.S_ISDIR(found.st_mode):
        raise ValueError(f"{path} is no regular file, so it is not read as a model; give a model file.")
    if found.st_size > available() // 2:
        raise ValueError(
            f"{path} has {found.st_size / 1e9:.3g} GB, more than half of the memory that is free; it is no "
            "model, or needs a larger machine."
        )
    return path.read_bytes()


def _allowed(size: int) -> int:
    return min(max(_SMALL, _RATIO * size), available() // 2)


def _check_sizes(archive: zipfile.ZipFile, size: int) -> None:
    infos = archive.infolist()
    names = {info.filename for info in infos}
    if len(names) < len(infos) or len(infos) > _MOST_PARTS:
        raise ValueError(f"{len(infos)} parts with {len(names)} names")
    claimed = sum(info.file_size for info in infos)
    if claimed > _allowed(size):
        raise ValueError(f"its parts unpack to {claimed} bytes, too much for a model of this size")
    for info in infos:
        if info.filename.endswith(".npz"):
            # sparse matrices are archives in the archive
            with zipfile.ZipFile(io.BytesIO(archive.read(info))) as inner:
                inside = sum(part.file_size for part in inner.infolist())
            if inside > _allowed(size):
                raise ValueError(f"its part {info.filename} unpacks to {inside} bytes")
