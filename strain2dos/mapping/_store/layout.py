# SPDX-License-Identifier: BSD-3-Clause
"""The files of a map that are there before its first block, and blocks turned into the bytes of chunks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
import zarr
from sklearn.base import BaseEstimator
from zarr.codecs import ZstdCodec
from zarr.storage import MemoryStore

from strain2dos._files import MARK
from strain2dos.mapping._pixels.blocks import template
from strain2dos.mapping._pixels.evaluate import PixelEvaluator
from strain2dos.mapping._pixels.status import PixelStatus
from strain2dos.mapping._store.learned import checksum

ROOT = "zarr.json"


def layout_files(
    cube: xr.DataArray, evaluator: PixelEvaluator, estimator: BaseEstimator, step: int
) -> dict[str, bytes]:
    """Lay out the store of a map with ``step`` rows in a block: content by path, the root's metadata last."""
    layout = template(cube, evaluator, estimator, (step, cube.sizes["x"]))
    # Zarr has no specification for text of fixed length.
    text = {name: value.astype(object) for name, value in layout.coords.items() if value.dtype.kind == "U"}
    layout = layout.assign_coords(text)
    packed = {"compressors": (ZstdCodec(level=0, checksum=True),)}
    encoding: dict[Any, dict[str, Any]] = {name: dict(packed) for name in layout.variables}
    for name in evaluator.quantities:
        # What any reader gives for an absent chunk: no number, and not the NaN of a pixel without a result.
        encoding[name] |= {"fill_value": np.inf, "_FillValue": np.nan}
    encoding["status"]["fill_value"] = int(PixelStatus.NOT_COMPUTED)
    for variable in layout.variables.values():
        variable.encoding.clear()
    kept: dict[str, Any] = {}
    layout.to_zarr(
        MemoryStore(kept), mode="w-", compute=False, zarr_format=3, consolidated=False, encoding=encoding
    )
    files = {name: kept[name].to_bytes() for name in sorted(kept) if name != ROOT}
    mark = {"zarr_format": 3, "node_type": "group", "attributes": {"written_by": "strain2dos"}}
    files[f"{MARK}/zarr.json"] = json.dumps(mark).encode()
    return {**files, ROOT: kept[ROOT].to_bytes()}


def chunk_templates(files: Mapping[str, bytes], names: list[str]) -> dict[str, str]:
    """Path of the chunk of a block for each variable, the status last."""
    found = {}
    for name in [*(name for name in names if name != "status"), "status"]:
        tail = "/0" * (len(json.loads(files[f"{name}/{ROOT}"])["shape"]) - 1)
        found[name] = f"{name}/c/{{}}{tail}"
    return found


class Encoder:
    """Turn the arrays of a block into the bytes of its chunks, as Zarr would write them.

    Parameters
    ----------
    metadata : mapping of str to bytes
        ``zarr.json`` of each variable, by the variable's name.
    """

    def __init__(self, metadata: Mapping[str, bytes]) -> None:
        from zarr.core.buffer import default_buffer_prototype

        make = default_buffer_prototype().buffer.from_bytes
        self._kept: dict[str, Any] = {f"{name}/{ROOT}": make(content) for name, content in metadata.items()}
        store = MemoryStore(self._kept)
        # A chunk that holds nothing but the fill value is stored too: one that is absent is then lost.
        self._arrays = {
            name: zarr.open_array(store, path=name, mode="r+", config={"write_empty_chunks": True})
            for name in metadata
        }

    def __call__(
        self, values: Mapping[str, np.ndarray], rows: slice, keys: Mapping[str, str]
    ) -> dict[str, bytes]:
        """Give the bytes of the chunks that hold ``rows``, by path, in the order of ``keys``."""
        found = {}
        for name, key in keys.items():
            self._arrays[name][rows] = values[name]
            found[key] = self._kept.pop(key).to_bytes()
        return found


def with_blank(metadata: bytes) -> bytes:
    """Metadata of a variable as for a reader: rows that are not computed are NaN."""
    content = json.loads(metadata)
    if content.get("fill_value") == "Infinity":
        content["fill_value"] = "NaN"
    return json.dumps(content).encode()


def checksums(files: Mapping[str, bytes]) -> dict[str, str]:
    """Checksum of each file but that of the mark, which is written by other means."""
    return {
        name: checksum(content).hex() for name, content in files.items() if not name.startswith(f"{MARK}/")
    }
