# SPDX-License-Identifier: BSD-3-Clause
"""What a store records of itself: whose map it is, and of each finished block the checksums of its chunks.

It is an array of bytes with one row, and one file, per block, in the hidden group `MARK`: any Zarr reader can
pass over it, a row is written whole or not at all, and workers on several machines do not get in each other's
way. Its attributes, written once with the layout, are the header.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from strain2dos._files import MARK
from strain2dos.mapping._store.learned import checksum

BLOCKS = f"{MARK}/blocks"
HEADER = f"{BLOCKS}/zarr.json"
#: Bytes of a checksum.
WIDTH = 16
_FORMAT = 2


@dataclass(frozen=True)
class Header:
    """Whose map a store holds and how it is divided into blocks of rows.

    Attributes
    ----------
    identity : dict
        Hashes and settings by name; a run goes on with the store only if its own are the same.
    sources : str or None
        Hexadecimal checksums of the input of all blocks, one after another, where it was all in memory.
    layout : dict of str to str
        Checksum of each file that was there before the first block: metadata and coordinates.
    templates : dict of str to str
        Path of a variable's chunk, with ``{}`` for the number of the block; in the order of writing.
    rows, n_rows : int
        Rows of the map in a block and in all.
    """

    identity: dict[str, Any]
    sources: str | None
    layout: dict[str, str]
    templates: dict[str, str]
    rows: int
    n_rows: int

    @property
    def n_blocks(self) -> int:
        """Number of blocks."""
        return -(-self.n_rows // self.rows)

    def slice(self, block: int) -> slice:
        """Rows of a block."""
        return slice(block * self.rows, min((block + 1) * self.rows, self.n_rows))

    def keys(self, block: int) -> list[str]:
        """Paths of the chunks of a block, in the order of writing."""
        return [template.format(block) for template in self.templates.values()]

    @cached_property
    def known_sources(self) -> list[bytes] | None:
        """Checksums of the input of all blocks, or None."""
        if self.sources is None:
            return None
        whole = bytes.fromhex(self.sources)
        return [whole[k : k + WIDTH] for k in range(0, len(whole), WIDTH)]

    def known_source(self, block: int) -> bytes | None:
        """Checksum of the input of a block, or None where it is not known beforehand."""
        return None if self.known_sources is None else self.known_sources[block]

    def to_bytes(self) -> bytes:
        """Metadata of the array of records, with the header as its attributes."""
        attributes = {"format": _FORMAT, **asdict(self)}
        attributes["checksum"] = _seal(attributes)
        width = WIDTH * (2 + len(self.templates))
        node = {
            "zarr_format": 3,
            "node_type": "array",
            "shape": [self.n_blocks, width],
            "data_type": "uint8",
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [1, width]}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "fill_value": 0,
            "codecs": [{"name": "bytes"}],
            "attributes": attributes,
        }
        return json.dumps(node).encode()

    @classmethod
    def from_bytes(cls, content: bytes | None) -> Header | None:
        """Read a header; None where there is none, or none that is whole."""
        try:
            attributes = json.loads(content or b"")["attributes"]
            sealed = attributes.pop("checksum")
            if sealed != _seal(attributes) or attributes.pop("format") != _FORMAT:
                return None
            header = cls(**attributes)
            return header if header.to_bytes() == content else None
        except (ValueError, KeyError, TypeError):
            return None


@dataclass(frozen=True)
class Record:
    """A finished block: checksums of what it was computed from and of its chunks, in the header's order."""

    source: bytes
    chunks: tuple[bytes, ...]

    def to_bytes(self) -> bytes:
        """Row of the array of records, opened by a checksum of its own."""
        content = b"".join((self.source, *self.chunks))
        return checksum(content) + content

    @classmethod
    def from_bytes(cls, content: bytes | None, n_chunks: int) -> Record | None:
        """Read a row; None where the block is not finished, or the row is damaged."""
        if content is None or len(content) != WIDTH * (2 + n_chunks):
            return None
        if checksum(content[WIDTH:]) != content[:WIDTH]:
            return None
        source, *chunks = (content[k : k + WIDTH] for k in range(WIDTH, len(content), WIDTH))
        return cls(source, tuple(chunks))


def record_key(block: int) -> str:
    """Path of the record of a block."""
    return f"{BLOCKS}/c/{block}/0"


def _seal(attributes: dict[str, Any]) -> str:
    return checksum(json.dumps(attributes, sort_keys=True).encode()).hex()
