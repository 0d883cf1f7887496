# SPDX-License-Identifier: BSD-3-Clause
"""One writer at a time."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

# What file systems without such locks answer, as some network mounts do.
_NO_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)


@contextmanager
def locked(path: str | os.PathLike[str]) -> Iterator[bool]:
    """Keep other processes off a file or store while the block runs.

    The lock is a hidden file ``.NAME.lock`` beside `path`; it is removed at the end. The system frees it when
    the process ends, however it ends, so a killed run locks nothing out.

    Parameters
    ----------
    path : path-like
        What is to be written; it need not exist, but its folder must.

    Yields
    ------
    bool
        Whether other processes are really kept off; False where the system has no such locks.

    Raises
    ------
    BlockingIOError
        When another process, or another thread, holds the lock.

    Examples
    --------
    >>> import tempfile
    >>> from strain2dos._files import locked
    >>> with tempfile.TemporaryDirectory() as folder, locked(f"{folder}/map.zarr"):
    ...     with locked(f"{folder}/map.zarr"):
    ...         pass
    Traceback (most recent call last):
    BlockingIOError: .../map.zarr is being written by another process; wait for it, or give another path.
    """
    path = Path(os.path.realpath(path))
    if fcntl is None:
        yield False
        return
    lock = path.with_name(f".{path.name}.lock")
    file = _acquire(lock, path)
    try:
        yield file is not None
    finally:
        lock.unlink(missing_ok=True)
        if file is not None:
            os.close(file)


def _acquire(lock: Path, path: Path) -> int | None:
    """Descriptor of the locked file; None where the file system has no such locks."""
    while True:
        file = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # the holder before us may have removed the file between these two calls: then it locks nothing
            if os.path.exists(lock) and os.path.samestat(os.fstat(file), os.stat(lock)):
                return file
        except BlockingIOError:
            os.close(file)
            raise BlockingIOError(
                f"{path} is being written by another process; wait for it, or give another path."
            ) from None
        except OSError as error:
            os.close(file)
            if error.errno in _NO_LOCKS:
                return None
            raise
        os.close(file)
