# SPDX-License-Identifier: BSD-3-Clause
"""Compute blocks and write them: here, or on the workers of a dask cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from strain2dos._cluster import current_client
from strain2dos.mapping._pixels.blocks import as_one_node, evaluate_block
from strain2dos.mapping._pixels.evaluate import PixelEvaluator
from strain2dos.mapping._store.committing import committing
from strain2dos.mapping._store.identity import rows_in_words
from strain2dos.mapping._store.layout import Encoder
from strain2dos.mapping._store.learned import array_checksum
from strain2dos.mapping._store.manifest import HEADER, Header
from strain2dos.mapping._store.places import Place
from strain2dos.mapping._store.records import read_record, verify
from strain2dos.mapping._store.run import Run, refuse

if TYPE_CHECKING:
    from distributed import Client


@dataclass(frozen=True)
class Work:
    """What is needed to compute a block of a store, also in another process."""

    place: Place
    header: Header
    evaluator: PixelEvaluator

    def compute(self, block: int, pixels: np.ndarray) -> tuple[bytes, dict[str, bytes]]:
        """Evaluate ``pixels`` (rows, x, k): checksum of them, and the bytes of the chunks by path.

        Raises
        ------
        ValueError
            When the store was begun with other pixels.
        """
        rows = self.header.slice(block)
        source = array_checksum(pixels)
        before = read_record(self.place, self.header, block)
        known = before.source if before is not None else self.header.known_source(block)
        if known is not None and source != known:
            refuse(self.place.name, [f"the cube differs in {rows_in_words([rows])}"])
        keys = dict(zip(self.header.templates, self.header.keys(block), strict=True))
        values = evaluate_block(xr.DataArray(pixels), self.evaluator)
        return source, self._encode(values, rows, keys)

    @cached_property
    def _encode(self) -> Encoder:
        return Encoder({name: self.place.read(f"{name}/zarr.json") or b"" for name in self.header.templates})


def compute(run: Run, header: Header, blocks: list[int]) -> Iterator[int]:
    """Compute and write blocks, and give the number of each that is done."""
    work = Work(run.place, header, run.evaluator)
    client = current_client()
    if client is not None:
        yield from _on_workers(client, run, work, blocks)
        return
    with committing(run.place) as commit:
        for block in blocks:
            commit.add(block, *work.compute(block, run.read(header.slice(block)).values))
            yield block
    verify(run.place, header, blocks)


def _on_workers(client: Client, run: Run, work: Work, blocks: list[int]) -> Iterator[int]:
    """Let the workers compute and write; the model crosses to each of them once."""
    from dask import delayed
    from distributed import as_completed

    node = as_one_node(work)
    write = delayed(_write_block, pure=False)
    pixels = [run.cube.isel(y=work.header.slice(block)).data for block in blocks]
    if run.cube.chunks is None:
        pixels = client.scatter(pixels) if pixels else []
    tasks = [write(part, node, block) for part, block in zip(pixels, blocks, strict=True)]
    with _cancelled(client, client.compute(tasks)) as futures:
        for future in as_completed(futures):
            yield future.result()


@contextmanager
def _cancelled(client: Client, futures: list[Any]) -> Iterator[list[Any]]:
    """Leave no work on the cluster after Ctrl-C and errors."""
    try:
        yield futures
    finally:
        client.cancel(futures)


def _write_block(pixels: np.ndarray, work: Work, block: int) -> int:
    """In a worker: compute a block, write it with its record, and read it back."""
    if Header.from_bytes(work.place.read(HEADER)) is None:
        raise FileNotFoundError(
            f"a worker does not see {work.place.name}; give a folder that all workers share, or an address."
        )
    with committing(work.place) as commit:
        commit.add(block, *work.compute(block, np.asarray(pixels)))
    verify(work.place, work.header, [block])
    return block
