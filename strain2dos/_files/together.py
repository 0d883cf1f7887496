# SPDX-License-Identifier: BSD-3-Clause
"""Outputs that belong together: written aside, moved into place at the end, and known by their checksums."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from strain2dos._files.locks import locked
from strain2dos._files.replacing import check_target, naming
from strain2dos._files.stores import check_store_target, put_store
from strain2dos._files.syncing import sync_folder
from strain2dos._files.urls import local_path

_STAGE = re.compile(r"\.[0-9a-f]{8}\.strain2dos-run")
#: File in a folder of this package's own making, which may go with all that is in it.
_MARK = ".strain2dos-run"
_BLOCK = 2**20


@contextmanager
def replacing_together(folder: str | os.PathLike[str], names: Iterable[str]) -> Iterator[Path]:
    """Give a folder to write all outputs of a run to, and move them to `folder` when the block ends.

    Until then the outputs of an earlier run stand. The moves follow each other at once, and what lies in
    `folder` after a kill between two of them is found by the `checksum` of each output, which the last one of
    `names` should keep. What killed runs left in `folder` is removed.

    Parameters
    ----------
    folder : path-like
        Where the outputs go; made if absent.
    names : iterable of str
        Names of the outputs, in the order of the moves. One that ends in ``.zarr`` is a store; a store of
        this package is replaced.

    Yields
    ------
    Path
        Folder to write to.

    Raises
    ------
    BlockingIOError
        When another process writes to `folder`.
    OSError
        When something stands in a place that is not replaced, or the disk is full.

    Examples
    --------
    >>> import tempfile
    >>> from strain2dos._files import replacing_together
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with replacing_together(folder, ["gap.txt", "edges.txt"]) as part:
    ...         for name in ("gap.txt", "edges.txt"):
    ...             _ = (part / name).write_text("1.58 eV")
    ...     sorted(file.name for file in Path(folder).iterdir())
    ['edges.txt', 'gap.txt']
    """
    folder, names = local_path(folder), list(names)
    folder.mkdir(parents=True, exist_ok=True)
    _check(folder, names)
    with locked(folder / "run") as alone:
        if alone:
            _remove_leftovers(folder)
        stage = folder / f".{uuid4().hex[:8]}.strain2dos-run"
        stage.mkdir()
        try:
            with naming(stage, folder):
                (stage / _MARK).write_text("Outputs of a run that has not ended.\n", encoding="utf-8")
                yield stage
                absent = [name for name in names if not (stage / name).exists()]
                if absent:
                    raise OSError(f"{', '.join(absent)} of {folder} was not written.")
                _check(folder, names)
                for name in names:
                    _move(stage / name, folder / name)
        finally:
            # made in this run
            shutil.rmtree(stage, ignore_errors=True)
        sync_folder(folder)


def checksum(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a file, or of all names and files of a folder.

    Parameters
    ----------
    path : path-like
        File or folder.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    path, digest = Path(path), hashlib.sha256()
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
    for file in files:
        if file != path:
            digest.update(f"{file.relative_to(path).as_posix()}\0{file.stat().st_size}\0".encode())
        with file.open("rb") as content:
            while block := content.read(_BLOCK):
                digest.update(block)
    return digest.hexdigest()


def check_together(folder: str | os.PathLike[str], known: Mapping[str, str]) -> None:
    """Refuse a folder whose outputs are not all of one run.

    Parameters
    ----------
    folder : path-like
        Folder of a run.
    known : mapping of str to str
        Name and `checksum` of each output, as the run wrote them; one that is absent is passed over.

    Raises
    ------
    ValueError
        When an output is another than the run wrote.
    """
    folder = Path(folder)
    other = [name for name, sum_ in known.items() if (folder / name).exists()]
    other = [name for name in other if checksum(folder / name) != known[name]]
    if other:
        raise ValueError(
            f"{folder} holds outputs of more than one run, or some that were changed since: "
            f"{', '.join(other)} {'is' if len(other) == 1 else 'are'} not what the last finished run wrote. "
            "Run the command again."
        )


def _check(folder: Path, names: list[str]) -> None:
    for name in names:
        if name.endswith(".zarr"):
            check_store_target(folder / name, overwrite=True)
        else:
            check_target(folder / name)


def _move(part: Path, path: Path) -> None:
    if part.is_dir():
        put_store(part, path)
    else:
        os.replace(part, check_target(path))


def _remove_leftovers(folder: Path) -> None:
    for path in folder.iterdir():
        if _STAGE.fullmatch(path.name) and not path.is_symlink() and (path / _MARK).is_file():
            shutil.rmtree(path)
