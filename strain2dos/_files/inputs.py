# SPDX-License-Identifier: BSD-3-Clause
"""Refuse to write over what is read."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


def refuse_inputs(
    outputs: Iterable[str | os.PathLike[str]], inputs: Iterable[str | os.PathLike[str] | None]
) -> None:
    """Stop before anything is computed if an output is an input, lies in one, or holds one.

    Relative paths, symbolic and hard links to one file count as that file.

    Parameters
    ----------
    outputs : iterable of path-like
        Files and stores to be written.
    inputs : iterable of path-like or None
        Files and stores to be read; None is skipped.

    Raises
    ------
    ValueError
        When they meet.

    Examples
    --------
    >>> from strain2dos._files import refuse_inputs
    >>> refuse_inputs(["model.skops"], ["curves.csv", None])
    >>> refuse_inputs(["./curves.csv"], ["curves.csv"])
    Traceback (most recent call last):
    ValueError: curves.csv is read and would be written too; give the output another place.
    """
    read = [Path(path) for path in inputs if path is not None]
    for output in map(Path, outputs):
        for source in read:
            if _same(output, source):
                raise ValueError(f"{output} is read and would be written too; give the output another place.")
            here, there = _real(output), _real(source)
            if there in here.parents and there.is_dir():
                raise ValueError(
                    f"{output} would be written into {source}, which is read; give the output another place."
                )
            if here in there.parents:
                raise ValueError(f"{source} is read and lies in the output {output}; give another place.")


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _same(one: Path, other: Path) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        # one of them is absent as yet
        return _real(one) == _real(other)
