# SPDX-License-Identifier: BSD-3-Clause
"""Make what was written last through a power cut: file contents before the names that point to them."""

from __future__ import annotations

import os
from pathlib import Path


def sync_file(path: str | os.PathLike[str]) -> None:
    """Wait until a file is on the disk.

    Raises
    ------
    OSError
        When the disk has no room for it: some file systems notice only now.
    """
    # Windows flushes only files that are open for writing; elsewhere a file may be read-only by now
    flags = os.O_RDWR if os.name == "nt" else os.O_RDONLY
    file = os.open(path, flags)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def sync_folder(path: str | os.PathLike[str]) -> None:
    """Wait until the names in a folder are on the disk; does nothing where a folder cannot be opened."""
    if os.name == "nt":
        return
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    except OSError:
        # network file systems refuse this; they keep names by other means
        pass
    finally:
        os.close(folder)


def sync_tree(path: str | os.PathLike[str]) -> None:
    """Wait until a folder with all its files and folders is on the disk."""
    for folder, _, names in os.walk(path, topdown=False):
        for name in names:
            sync_file(Path(folder) / name)
        sync_folder(folder)
