# SPDX-License-Identifier: BSD-3-Clause
"""Write a file or folder whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a path to write to, and move what was written to `path` when the block ends without an error.

    The other path lies beside `path` and has its suffix, so writers that look at the suffix work, and the
    move is a rename on one file system. After an error or Ctrl-C nothing is left of it.

    Parameters
    ----------
    path : path-like
        Final place of the file or folder; what is there is replaced.

    Yields
    ------
    Path
        Where to write.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with replacing(Path(folder) / "gap.txt") as part:
    ...         _ = part.write_text("1.58 eV")
    ...     [file.name for file in Path(folder).iterdir()]
    ['gap.txt']
    """
    path = Path(path)
    part = path.with_name(f".{path.stem}-{uuid4().hex[:8]}{path.suffix}")
    try:
        yield part
        if path.is_dir():
            shutil.rmtree(path)
        part.replace(path)
    except BaseException:
        if part.is_dir():
            shutil.rmtree(part, ignore_errors=True)
        else:
            part.unlink(missing_ok=True)
        raise
