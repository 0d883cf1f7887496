# SPDX-License-Identifier: BSD-3-Clause
"""Write NetCDF files with checksums, block by block, without trusting the disk to have room."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import EllipsisType
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from strain2dos._files import replacing
from strain2dos.io._store.steady import SteadyFile

if TYPE_CHECKING:
    import h5py

#: Bytes of a chunk of the file, which has one checksum, and of a block that is in memory at once.
_CHUNK, _BLOCK = 2**20, 2**24
#: HDF5 1.10 and later: these lay out a file with checksums over its metadata too.
_LAYOUT = ("v110", "v110")


def write_netcdf(
    dataset: xr.Dataset, path: str | os.PathLike[str], *, compress: bool = False, progress: bool = False
) -> Path:
    """Write a data set to a NetCDF 4 file in which one wrong bit is an error to every reader.

    Each chunk has a Fletcher checksum, and the metadata those of HDF5 1.10. The file appears under its name
    when it is whole.

    Parameters
    ----------
    dataset : Dataset
        What to write; variables may be lazy or in files, blocks of 16 MiB are in memory at once.
    path : path-like
        File to write.
    compress : bool, default=False
        Whether to deflate the variables.
    progress : bool, default=False
        Whether to show a bar if it takes longer than two seconds.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    OSError
        When the disk is full, with `path` as its ``filename``. What stood at `path` is then unchanged.
    """
    from tqdm import tqdm

    name = Path(path).name
    with (
        replacing(path) as part,
        part.open("w+b", buffering=0) as raw,
        tqdm(
            total=dataset.nbytes, desc=f"writing {name}", delay=2, leave=False, unit="B", unit_scale=True,
            disable=not progress,
        ) as bar,
    ):  # fmt: skip
        file = SteadyFile(raw)
        try:
            _write(dataset, file, compress=compress, tell=bar.update)
        except Exception:
            # errors of HDF5 about a file that it could not finish follow from the first error
            file.check()
            raise
        file.check()
    return Path(path)


def _write(dataset: xr.Dataset, file: SteadyFile, *, compress: bool, tell: Callable[[int], Any]) -> None:
    import h5netcdf
    import h5py

    encoding = {str(name): _encoding(array, compress) for name, array in dataset.variables.items()}
    with h5py.File(file, "w", libver=_LAYOUT, track_order=True) as root:
        with h5netcdf.File(root, "w") as target:
            store = xr.backends.H5NetCDFStore(target)
            dataset.dump_to_store(store, writer=_Blocks(file.check, tell), encoding=encoding)
        _fix_strings(root)
        file.check()


def _encoding(array: xr.Variable, compress: bool) -> dict[str, Any]:
    """Fletcher checksums need chunks, and a single value has none."""
    if not array.ndim or not array.size:
        return {}
    checked: dict[str, Any] = {"fletcher32": True}
    if compress:
        checked |= {"zlib": True, "complevel": 4, "shuffle": True}
    if array.dtype.kind in "UOS":
        # strings of any length would lie in a heap, which has no checksum
        return checked | {"dtype": "S1"}
    shape = list(array.shape)
    for k in range(len(shape)):
        rest = int(np.prod(shape[k + 1 :])) * array.dtype.itemsize
        shape[k] = max(min(shape[k], _CHUNK // max(rest, 1)), 1)
    return checked | {"chunksizes": tuple(shape)}


class _Blocks:
    """Writes variables block by block, and asks after each whether it could be written."""

    def __init__(self, check: Callable[[], None], tell: Callable[[int], Any]) -> None:
        self._check, self._tell = check, tell

    def add(self, source: np.ndarray, target: Any, region: object = None) -> None:
        """Write one variable."""
        for place in _blocks(source):
            block = np.asarray(source[place])
            target[place] = block
            self._check()
            self._tell(block.nbytes)

    def sync(self, *_: object, **__: object) -> None:
        """Do nothing: all was written at once."""


def _blocks(source: np.ndarray) -> Iterator[slice | EllipsisType]:
    if not source.ndim:
        yield ...
        return
    rows = max(_BLOCK * source.shape[0] // max(source.size * source.dtype.itemsize, 1), 1)
    for start in range(0, source.shape[0], rows):
        yield slice(start, start + rows)


def _fix_strings(root: h5py.Group) -> None:
    """Give attributes that are strings a fixed length: these lie in the checked metadata, not in a heap."""
    import h5py

    found = [root]
    root.visititems(lambda _, item: found.append(item))
    for item in found:
        for name, value in list(item.attrs.items()):
            kind = h5py.check_string_dtype(item.attrs.get_id(name).dtype)
            if kind is not None and kind.length is None and isinstance(value, (str, np.ndarray)):
                words = np.vectorize(lambda word: str(word).encode(), otypes=[object])(value)
                # readers take a single byte for a character and not for a string
                longest = max([2, *(len(word) for word in np.ravel(words))])
                item.attrs.create(name, words, dtype=h5py.string_dtype("utf-8", longest))
