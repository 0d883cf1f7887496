# SPDX-License-Identifier: BSD-3-Clause
"""Write a Zarr store with checksums."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import xarray as xr

from strain2dos._files import replacing_store


def write_zarr(dataset: xr.Dataset, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Write a data set to a Zarr store of format 3 whose chunks carry checksums.

    Parameters
    ----------
    dataset : Dataset
        What to write; lazy variables are computed chunk by chunk.
    path : path-like
        Final place of the store; it appears there when it is whole.
    overwrite : bool, default=False
        Whether to replace a store that this package wrote.

    Returns
    -------
    Path
        The store written.

    Raises
    ------
    ImportError
        When zarr is not installed.
    OSError
        When the disk is full, with `path` as its ``filename``, or something stands at `path` that is not
        replaced.
    """
    from zarr.codecs import ZstdCodec

    # half a byte in a thousand, and zstd refuses a frame whose content does not match
    packed = {"compressors": [ZstdCodec(level=3, checksum=True)]}
    with replacing_store(path, overwrite=overwrite) as part, warnings.catch_warnings():
        # Zarr 3 has yet to specify what xarray looks for first
        warnings.filterwarnings("ignore", "Consolidated metadata", UserWarning)
        encoding = {str(name): dict(packed) for name in dataset.variables}
        dataset.to_zarr(part, zarr_format=3, consolidated=True, encoding=encoding)
    return Path(path)
