# SPDX-License-Identifier: BSD-3-Clause
"""A map written block by block, so that an interrupted run can go on and a damaged store can be mended."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import xarray as xr
from sklearn.base import BaseEstimator
from tqdm import tqdm

from strain2dos._progress import ticking
from strain2dos.mapping._pixels.blocks import warn_if_all_masked
from strain2dos.mapping._pixels.evaluate import PixelEvaluator
from strain2dos.mapping._store.computing import compute
from strain2dos.mapping._store.identity import rows_in_words
from strain2dos.mapping._store.manifest import Header
from strain2dos.mapping._store.opening import open_place
from strain2dos.mapping._store.places import place_of
from strain2dos.mapping._store.preparing import mend_layout, prepare
from strain2dos.mapping._store.records import Blocks, sort_out
from strain2dos.mapping._store.run import Run


def write_map(
    cube: xr.DataArray,
    evaluator: PixelEvaluator,
    estimator: BaseEstimator,
    path: str | os.PathLike[str],
    *,
    step: int,
    resume: bool | str,
    progress: bool,
    storage_options: Mapping[str, Any] | None = None,
) -> xr.Dataset:
    """Write the map of ``cube`` to ``path``, ``step`` rows at a time, skipping rows that are there already.

    The store is laid out aside and renamed. Of a block, the chunks are written first and the record last; a
    block without a record, or whose chunks do not have the checksums in it, is computed again. Whatever was
    written is read back before this returns.
    """
    run = Run.of(place_of(path, storage_options), cube, evaluator, estimator, step)
    with _naming(run.place.name):
        header = prepare(run, resume=bool(resume))
        with run.place.writing():
            mend_layout(run, header)
            blocks = sort_out(run, header, compare=resume != "trust")
            _write(run, header, blocks, progress=progress)
            dataset = open_place(run.place)
    warn_if_all_masked(dataset["status"].values)
    if blocks.unseen:
        unseen = [header.slice(block) for block in blocks.unseen]
        dataset.attrs["input_not_compared"] = rows_in_words(unseen)
    return dataset


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Let errors about room on the disk name the store and the way on."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        way_on = "the map is not finished. Make room and call to_zarr again: it goes on"
        raise OSError(error.errno, f"{os.strerror(error.errno)}; {way_on}", name) from error


def _write(run: Run, header: Header, blocks: Blocks, *, progress: bool) -> None:
    """Compute and write what is missing, with a progress bar."""
    n_x = run.cube.sizes["x"]
    done = sum(_length(header, block) for block in blocks.kept) * n_x
    bar = tqdm(total=header.n_rows * n_x, initial=done, desc="map", unit="px", disable=not progress)
    with bar, ticking(bar):
        for block in compute(run, header, blocks.missing):
            bar.update(_length(header, block) * n_x)


def _length(header: Header, block: int) -> int:
    rows = header.slice(block)
    return rows.stop - rows.start
