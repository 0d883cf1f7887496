# SPDX-License-Identifier: BSD-3-Clause
"""Write a file whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from strain2dos._files.syncing import sync_file, sync_folder
from strain2dos._files.urls import local_path

#: No room on the disk, in the quota, or below the largest size of a file.
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
#: Most file systems take names of 255 bytes; the name to write to is longer than the final one.
_LONGEST = 200
_KEPT = "it was not written, and what was there before is unchanged"


def check_target(path: str | os.PathLike[str]) -> Path:
    """Check that a file may be written here, and give the place it will have, behind symbolic links.

    Parameters
    ----------
    path : path-like
        Final place of a file.

    Returns
    -------
    Path
        The file itself where `path` is a symbolic link to it, else `path`.

    Raises
    ------
    ValueError
        When `path` is an address such as ``s3://bucket/map.nc``.
    IsADirectoryError
        When a folder stands there.
    FileExistsError
        When a device, pipe or socket stands there.
    FileNotFoundError
        When the folder that it is to lie in is absent.
    PermissionError
        When the file there is write-protected.
    """
    path = local_path(path)
    if path.is_symlink():
        path = Path(os.path.realpath(path))
    if path.is_dir() or path.name in ("", ".."):
        raise IsADirectoryError(
            f"{path} is a folder, and folders are never replaced by a file; give the name of a file."
        )
    if path.exists():
        if not stat.S_ISREG(path.stat().st_mode):
            raise FileExistsError(f"{path} is no regular file, so it is not replaced; give another path.")
        if not os.access(path, os.W_OK):
            raise PermissionError(f"{path} is write-protected; unprotect it, or give another path.")
    elif not path.parent.is_dir():
        raise FileNotFoundError(f"the folder {path.parent} for {path.name} does not exist; make it first.")
    return path


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a path to write a file to, and move it to `path` when the block ends without an error.

    The other path lies beside `path` and has its suffix, so writers that look at the suffix work, and the
    move is a rename on one file system, after the contents are on the disk. After an error or Ctrl-C nothing
    is left of it, and what stood at `path` is as it was. The new file has the permissions of the old one.

    Parameters
    ----------
    path : path-like
        Final place of the file; a file there is replaced, anything else is refused (see `check_target`).

    Yields
    ------
    Path
        Where to write.

    Raises
    ------
    OSError
        When the disk is full, with `path` as its ``filename``; for `check_target`'s reasons, or when nothing
        was written in the block.

    See Also
    --------
    replacing_store : The same for a Zarr store.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from strain2dos._files import replacing
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with replacing(Path(folder) / "gap.txt") as part:
    ...         _ = part.write_text("1.58 eV")
    ...     [file.name for file in Path(folder).iterdir()]
    ['gap.txt']
    """
    place = check_target(path)
    stem = place.stem.encode()[:_LONGEST].decode(errors="ignore")
    part = place.with_name(f".{stem}-{uuid4().hex[:8]}{place.suffix}")
    try:
        with naming(part, path):
            yield part
            if not part.is_file():
                wrong = "a folder" if part.is_dir() else "nothing"
                raise OSError(f"{wrong} was written instead of the file {path}.")
            sync_file(part)
            if place.exists():
                shutil.copymode(place, part)
            # once more: much may have happened since the block began; a rename would fail only on a folder
            check_target(place)
            os.replace(part, place)
    except BaseException:
        _clear(part)
        raise
    sync_folder(place.parent)


def _clear(part: Path) -> None:
    """Remove what the block wrote, if it wrote anything."""
    if part.is_dir():
        shutil.rmtree(part, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            part.unlink()


@contextmanager
def naming(part: Path, path: str | os.PathLike[str]) -> Iterator[None]:
    """Let errors name `path`, which the user knows, in place of `part`, and state what became of it."""
    try:
        yield
    except OSError as error:
        known, aside = os.fspath(path), os.fspath(part)
        named = "" if error.filename is None else str(error.filename)
        if named == aside or named.startswith(aside + os.sep):
            known += named[len(aside) :]
        elif error.errno not in _NO_ROOM:
            raise
        reason = error.strerror
        if error.errno in _NO_ROOM and _KEPT not in str(reason):
            reason = f"{os.strerror(error.errno)}; {_KEPT}"
        raise type(error)(error.errno, reason, known) from error
