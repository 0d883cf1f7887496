# SPDX-License-Identifier: BSD-3-Clause
"""Which blocks of a store are finished and hold what was recorded."""

from __future__ import annotations

from typing import NamedTuple

from strain2dos.mapping._store.identity import rows_in_words
from strain2dos.mapping._store.learned import checksum
from strain2dos.mapping._store.manifest import Header, Record, record_key
from strain2dos.mapping._store.places import Place
from strain2dos.mapping._store.run import Run


class Blocks(NamedTuple):
    """Numbers of the blocks of a store.

    Attributes
    ----------
    kept : list of int
        Finished and whole.
    missing : list of int
        To be computed.
    unseen : list of int
        Those of `kept` whose input was not read again.
    """

    kept: list[int]
    missing: list[int]
    unseen: list[int]


def intact(content: bytes | None, digest: bytes | str) -> bool:
    """Whether a file is there and has its checksum."""
    expected = bytes.fromhex(digest) if isinstance(digest, str) else digest
    return content is not None and checksum(content) == expected


def read_record(place: Place, header: Header, block: int) -> Record | None:
    """Record of a block; None where it is not finished."""
    return Record.from_bytes(place.read(record_key(block)), len(header.templates))


def damaged(place: Place, header: Header, block: int, record: Record) -> str | None:
    """Path of the first chunk of a block that does not hold what was recorded, or None."""
    pairs = zip(header.keys(block), record.chunks, strict=True)
    return next((key for key, digest in pairs if not intact(place.read(key), digest)), None)


def sort_out(run: Run, header: Header, *, compare: bool) -> Blocks:
    """Read all finished blocks and compare them, and their input, with their records.

    Parameters
    ----------
    run : Run
    header : Header
    compare : bool
        Whether the input of finished blocks is read again where it is not in memory.

    Raises
    ------
    ValueError
        When a finished block was computed from other input.
    """
    kept: list[int] = []
    missing: list[int] = []
    known: list[bytes] = []
    for block in range(header.n_blocks):
        record = read_record(run.place, header, block)
        if record is None or damaged(run.place, header, block, record) is not None:
            missing.append(block)
        else:
            kept.append(block)
            known.append(record.source)
    if run.sources is not None:
        sources = [run.sources[block] for block in kept]
    elif compare:
        sources = run.checksums([header.slice(block) for block in kept])
    else:
        return Blocks(kept, missing, unseen=kept)
    pairs = zip(kept, known, sources, strict=True)
    changed = [header.slice(block) for block, old, new in pairs if old != new]
    if changed:
        run.refuse([f"the cube differs in {rows_in_words(changed)}"])
    return Blocks(kept, missing, unseen=[])


def verify(place: Place, header: Header, blocks: list[int]) -> None:
    """Read back what was written.

    Raises
    ------
    OSError
        When a block does not hold what was written.
    """
    for block in blocks:
        record = read_record(place, header, block)
        wrong = record_key(block) if record is None else damaged(place, header, block, record)
        if wrong is not None:
            raise OSError(
                f"{wrong} in {place.name} could not be read back as it was written; check the disk, then call"
                " to_zarr again."
            )
