# SPDX-License-Identifier: BSD-3-Clause
"""Zarr stores, which are folders: made aside, and only what bears our mark is replaced or removed."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from strain2dos._files.locks import locked
from strain2dos._files.marks import is_own_store, mark_store, refuse_strangers, strangers
from strain2dos._files.replacing import naming
from strain2dos._files.syncing import sync_folder, sync_tree
from strain2dos._files.urls import local_path

#: Seconds for which chunks that were begun are waited for after an error.
_PATIENCE = 5.0
_PART, _OLD = "strain2dos-part", "strain2dos-old"


def check_store_target(path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Check that a store may be written here: nothing stands there, or an own store that is to be replaced.

    Parameters
    ----------
    path : path-like
        Final place of the store.
    overwrite : bool, default=False
        Whether the caller asked to replace a store that this package wrote.

    Returns
    -------
    Path
        The place itself, behind symbolic links.

    Raises
    ------
    ValueError
        When `path` is an address such as ``s3://bucket/map.zarr``.
    FileExistsError
        When a file stands there, a folder that bears no mark of this package, an own store that holds more
        than this package wrote, or an own store and `overwrite` is False.
    FileNotFoundError
        When the folder that it is to lie in is absent.
    """
    path = Path(os.path.realpath(local_path(path)))
    if not os.path.lexists(path):
        if not path.parent.is_dir():
            raise FileNotFoundError(
                f"the folder {path.parent} for {path.name} does not exist; make it first."
            )
        return path
    if path.is_dir() and not any(path.iterdir()):
        return path
    if not is_own_store(path):
        raise FileExistsError(
            f"{path} exists and is no Zarr store that strain2dos wrote, so it is never replaced; give "
            "another path, or remove it yourself."
        )
    if not overwrite:
        raise FileExistsError(f"{path} exists already; ask to overwrite it, or give another path.")
    refuse_strangers(path)
    return path


@contextmanager
def replacing_store(path: str | os.PathLike[str], *, overwrite: bool = False) -> Iterator[Path]:
    """Give a path to write a Zarr store to, and move it to `path` when the block ends without an error.

    The store is written beside `path`, marked (see `mark_store`), brought onto the disk and renamed; a store
    that it replaces is exchanged for it in one step where the system can, and then removed. Other writers
    are kept off meanwhile, and what a killed run left beside `path` is removed.

    Parameters
    ----------
    path : path-like
        Final place of the store; see `check_store_target` for what may stand there.
    overwrite : bool, default=False
        Whether to replace a store that this package wrote.

    Yields
    ------
    Path
        Folder to make and write.

    Raises
    ------
    BlockingIOError
        When another process writes this store.
    OSError
        When the disk is full, with `path` as its ``filename``, and for `check_store_target`'s reasons.

    Examples
    --------
    >>> import tempfile, xarray as xr
    >>> from strain2dos._files import is_own_store, replacing_store
    >>> gap = xr.Dataset({"gap": ("x", [1.5, 1.6])})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with replacing_store(f"{folder}/map.zarr") as part:
    ...         _ = gap.to_zarr(part, zarr_format=3, consolidated=False)
    ...     is_own_store(f"{folder}/map.zarr")
    True
    """
    place = check_store_target(path, overwrite=overwrite)
    with locked(place) as alone:
        if alone:
            remove_leftovers(place)
        part = place.with_name(f".{place.name}.{uuid4().hex[:8]}.{_PART}")
        try:
            with naming(part, path):
                yield part
                mark_store(part)
                sync_tree(part)
                check_store_target(place, overwrite=overwrite)
                put_store(part, place)
        except BaseException:
            _clear(part)
            raise


def remove_own_store(path: str | os.PathLike[str]) -> None:
    """Remove a store that this package wrote.

    Raises
    ------
    FileExistsError
        When the folder bears no mark of this package, or holds files that no Zarr store has.
    """
    path = Path(path)
    if not is_own_store(path):
        raise FileExistsError(f"{path} is no Zarr store that strain2dos wrote, so it is not removed.")
    refuse_strangers(path)
    shutil.rmtree(path)


def remove_leftovers(path: str | os.PathLike[str]) -> list[Path]:
    """Remove what killed runs left beside `path`; call it only while holding the lock of `path`.

    Only folders with this package's own hidden names are looked at, and only those that hold nothing but
    parts of a Zarr store are removed.

    Returns
    -------
    list of Path
        What was removed.
    """
    path = Path(os.path.realpath(path))
    name = re.compile(rf"\.{re.escape(path.name)}\.[0-9a-f]{{8}}\.({_PART}|{_OLD})")
    found = [folder for folder in path.parent.iterdir() if name.fullmatch(folder.name)]
    gone = [folder for folder in found if not folder.is_symlink() and not strangers(folder)]
    for folder in gone:
        shutil.rmtree(folder)
    return gone


def _clear(part: Path) -> None:
    """Remove the store made in this run; zarr's threads may still write the chunks that they began."""
    absent, ends = 0, time.monotonic() + _PATIENCE
    while absent < 2 and time.monotonic() < ends:
        shutil.rmtree(part, ignore_errors=True)
        time.sleep(0.05)
        absent = 0 if part.exists() else absent + 1


def put_store(part: Path, place: Path) -> None:
    """Rename a new store into place, and remove the own one that was there."""
    if place.is_dir() and not any(place.iterdir()):
        place.rmdir()
    if not place.exists():
        part.rename(place)
    elif _exchange(part, place):
        remove_own_store(part)
    else:
        old = place.with_name(f".{place.name}.{uuid4().hex[:8]}.{_OLD}")
        place.rename(old)
        try:
            part.rename(place)
        except BaseException:
            old.rename(place)
            raise
        remove_own_store(old)
    sync_folder(place.parent)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two names in one step, so that a store is there at any moment; False where not possible."""
    at_cwd, exchange = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of Linux
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError, TypeError):
        return False
    return rename(at_cwd, os.fsencode(one), at_cwd, os.fsencode(other), ctypes.c_uint(exchange)) == 0
