# SPDX-License-Identifier: BSD-3-Clause
"""Finished blocks brought onto the disk some at a time, since waiting for the disk takes long.

The order keeps any reader from results that are not there: chunks, then the status of their pixels, then the
records that they are finished; and each step only when the one before is on the disk.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from strain2dos.mapping._store.learned import checksum
from strain2dos.mapping._store.manifest import Record, record_key
from strain2dos.mapping._store.places import Place

#: A killed run loses the work of so many seconds.
SECONDS = 2.0


@contextmanager
def committing(place: Place) -> Iterator[Commit]:
    """Give where to put finished blocks; those at hand are also kept after Ctrl-C and errors."""
    commit = Commit(place)
    try:
        yield commit
    finally:
        commit.flush()


@dataclass
class Commit:
    """Blocks that are written but not recorded."""

    place: Place
    _written: list[Path] = field(default_factory=list)
    _status: dict[str, bytes] = field(default_factory=dict)
    _records: dict[str, bytes] = field(default_factory=dict)
    _since: float = field(default_factory=time.monotonic)

    def add(self, block: int, source: bytes, chunks: dict[str, bytes]) -> None:
        """Write the chunks of a block, of which the status is the last."""
        *others, status = chunks
        self._written += self.place.write({key: chunks[key] for key in others})
        self._status[status] = chunks[status]
        record = Record(source, tuple(map(checksum, chunks.values())))
        self._records[record_key(block)] = record.to_bytes()
        if time.monotonic() - self._since >= SECONDS:
            self.flush()

    def flush(self) -> None:
        """Bring all blocks at hand onto the disk and record them."""
        self.place.sync(self._written)
        self.place.sync(self.place.write(self._status))
        self.place.sync(self.place.write(self._records))
        self._written, self._status, self._records = [], {}, {}
        self._since = time.monotonic()
