# SPDX-License-Identifier: BSD-3-Clause
"""Write many small files into a folder, each whole, and bring them onto the disk together."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from uuid import uuid4

from strain2dos._files.syncing import sync_file, sync_folder

#: What a killed run leaves of a file: Zarr's own naming.
_PARTIAL = re.compile(r".+\.[0-9a-f]{32}\.partial")


def write_batch(root: str | os.PathLike[str], files: Mapping[str, bytes]) -> list[Path]:
    """Write ``files`` below ``root`` in their order, replacing files of the same name.

    Each file appears under its name with all its content or not at all. They last through a power cut only
    after `sync_paths`, which brings many onto the disk in less time than one by one.

    Parameters
    ----------
    root : path-like
        Folder that exists.
    files : mapping of str to bytes
        Content by path inside ``root``, with "/" between folders.

    Returns
    -------
    list of Path
        Files and folders to be brought onto the disk.

    Raises
    ------
    OSError
        When the disk is full; files written before it stay, of the one at hand nothing is left.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from strain2dos._files import sync_paths, write_batch
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sync_paths(write_batch(folder, {"gap/c/0": b"1.58"}))
    ...     (Path(folder) / "gap/c/0").read_bytes()
    b'1.58'
    """
    changed: dict[Path, None] = {}
    for name, content in files.items():
        place = Path(root, name)
        _make_folders(place.parent, changed)
        _write_whole(place, content)
        changed[place] = changed[place.parent] = None
    return list(changed)


def sync_paths(paths: Iterable[Path]) -> None:
    """Wait until files, and then the names in folders, are on the disk."""
    folders = []
    for path in dict.fromkeys(paths):
        if path.is_dir():
            folders.append(path)
        else:
            sync_file(path)
    for folder in folders:
        sync_folder(folder)


def remove_partials(root: str | os.PathLike[str]) -> list[Path]:
    """Remove what killed runs left of single files in a store; only its only writer may call this.

    Returns
    -------
    list of Path
        What was removed.
    """
    found = [
        Path(folder, name) for folder, _, names in os.walk(root) for name in names if _PARTIAL.fullmatch(name)
    ]
    for path in found:
        # a process that was taken for dead may have finished its file just now
        path.unlink(missing_ok=True)
    return found


def _make_folders(folder: Path, changed: dict[Path, None]) -> None:
    """Make a folder with its parents, and note each folder that got a new name in it."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for new in reversed(missing):
        new.mkdir(exist_ok=True)
        changed[new.parent] = None


def _write_whole(place: Path, content: bytes) -> None:
    part = place.with_name(f"{place.name.removesuffix('.json')}.{uuid4().hex}.partial")
    try:
        part.write_bytes(content)
        part.replace(place)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise
