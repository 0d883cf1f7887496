# SPDX-License-Identifier: BSD-3-Clause
"""Where the spectra of a file go: memory, or a memory-mapped temporary file for want of it."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
import warnings
import weakref
from pathlib import Path
from types import FrameType

import numpy as np
from numpy.typing import NDArray

#: Taken for the available memory where the system does not state it.
_UNKNOWN = 4 * 2**30
_CGROUP = Path("/sys/fs/cgroup")


def limit_of(memory_limit: float | None) -> int:
    """Bytes of spectra that may be held in memory: as given, or half of what is available now.

    Parameters
    ----------
    memory_limit : float or None
        Bytes, or None for the default.

    Raises
    ------
    ValueError
        When it is no number of bytes.
    """
    if memory_limit is None:
        return available() // 2
    if not isinstance(memory_limit, (int, float, np.integer, np.floating)) or not memory_limit >= 0:
        raise ValueError(
            f"memory_limit must be a number of bytes (2e9 for 2 GB) or None, but is {memory_limit!r}."
        )
    return int(min(memory_limit, sys.maxsize))


def available() -> int:
    """Bytes of memory that a new array can take without pushing others out."""
    found = []
    with _unless_absent():
        text = Path("/proc/meminfo").read_text(encoding="ascii")
        found += [1024 * int(kilobytes) for kilobytes in re.findall(r"MemAvailable:\s*(\d+)", text)]
    with _unless_absent():
        limit, used = (int((_CGROUP / f"memory.{name}").read_text()) for name in ("max", "current"))
        found.append(max(limit - used, 0))
    if not found:
        with _unless_absent():
            found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2)
    return min(found, default=_UNKNOWN)


class _unless_absent:  # noqa: N801 (reads as a phrase)
    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        # "max" instead of a number, or a system without that file or call
        return kind is not None and issubclass(kind, (OSError, ValueError, AttributeError))


def allocate(path: Path, shape: tuple[int, ...], limit: int) -> NDArray[np.float64]:
    """Make an array of float64 for the spectra of a file.

    Parameters
    ----------
    path : Path
        The file, for messages.
    shape : tuple of int
        Shape of the array.
    limit : int
        Bytes above which it is a memory map of a temporary file, removed with the array.

    Raises
    ------
    OSError
        When the temporary folder has too little space.
    """
    size = 8 * int(np.prod(shape, dtype=object))
    if size <= limit:
        return np.empty(shape)
    parent = Path(tempfile.gettempdir())
    free = shutil.disk_usage(parent).free
    # a full disk under a memory map ends the process with a signal, so it is asked before
    if size > free:
        raise OSError(
            f"{path} decodes to {size / 1e9:.3g} GB, more than the {limit / 1e9:.3g} GB allowed in memory "
            f"and the {free / 1e9:.3g} GB free in {parent}; set TMPDIR to a folder with more space."
        )
    folder = tempfile.mkdtemp(prefix="strain2dos-", dir=parent)
    array = np.memmap(Path(folder) / "spectra.bin", dtype=np.float64, mode="w+", shape=shape)
    # views keep the map itself alive, not necessarily the first array on it
    weakref.finalize(array._mmap, shutil.rmtree, folder, ignore_errors=True)  # type: ignore[attr-defined]
    return array


def warn_caller(message: str) -> None:
    """Warn the caller of the reader, however deep the reason was found."""
    frame: FrameType | None = sys._getframe(1)
    level = 2
    while frame is not None and frame.f_globals.get("__name__", "").startswith("strain2dos.io._"):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, UserWarning, stacklevel=level - 1)
