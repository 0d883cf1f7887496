# SPDX-License-Identifier: BSD-3-Clause
"""NetCDF files and Zarr stores as xarray writes them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from strain2dos._files import address_of, check_metadata, is_url
from strain2dos.io._common.axis import ascending_axis
from strain2dos.io._common.memory import warn_caller
from strain2dos.io._instruments.optional import import_optional, lazy_dask, silenced
from strain2dos.io._store.chunks import Absent, check_zarr
from strain2dos.io._store.places import AddressFiles, FolderFiles

_LOST = "_strain2dos_lost"
_STORES = ("zarr.json", ".zgroup", ".zarray", ".zmetadata")


def read_netcdf(path: Path, *, hdf5: bool, limit: int) -> xr.DataArray:
    """Read spectra from a NetCDF file.

    Parameters
    ----------
    path : Path
        The file.
    hdf5 : bool
        Whether it is NetCDF 4, which is HDF5.
    limit : int
        Bytes of spectra above which they stay in the file and are read through dask.

    Raises
    ------
    ImportError
        When no package for this kind of NetCDF is installed, or spectra larger than `limit` need dask.
    ValueError
        When the file is damaged or holds no spectra.
    """
    with _readable(path, "NetCDF"):
        if hdf5:
            from strain2dos.io._store.hdf5 import check_hdf5

            check_hdf5(path, limit=limit)
        return _spectra(path, xr.open_dataset(path, engine="h5netcdf" if hdf5 else None), limit)


def read_zarr(path: Path, *, limit: int, storage_options: Mapping[str, Any] | None = None) -> xr.DataArray:
    """Read spectra from a Zarr store.

    Parameters
    ----------
    path : Path
        The folder of the store, or its address.
    limit : int
        Bytes of spectra above which they stay in the store and are read through dask.
    storage_options : mapping, optional
        For an address: options of its file system.

    Raises
    ------
    ImportError
        When zarr is not installed.
    ValueError
        When the place is no Zarr store or holds no spectra.

    Warns
    -----
    UserWarning
        When chunks are absent; their spectra are NaN.
    """
    import_optional("zarr", path, "dask")
    remote = is_url(path)
    with _readable(path, "Zarr"):
        files = AddressFiles(address_of(path), storage_options) if remote else FolderFiles(path)
    if all(files.size(name) is None for name in _STORES):
        raise ValueError(
            f"{address_of(path)} holds no Zarr store; give the address of one."
            if remote
            else f"{path} is a folder but no Zarr store; give a file, or the folder that xarray wrote."
        )
    with _readable(path, "Zarr"):
        if not remote:
            check_metadata(path)
        dataset = xr.open_zarr(files.store(), chunks=None, consolidated=False)
        array = _spectra(path, dataset, limit, check_zarr(files, limit=limit))
    if lost := array.attrs.pop(_LOST, ""):
        warn_caller(
            f"{path.name} lacks {lost}; the spectra in them are NaN. Was writing stopped, or copying?"
        )
    return array


def _spectra(path: Path, dataset: xr.Dataset, limit: int, absent: Absent | None = None) -> xr.DataArray:
    """Take the spectra out of a data set: into memory, or lazily where they are too many."""
    names = [str(name) for name, array in dataset.data_vars.items() if "shift" in array.dims]
    if "intensity" not in names and len(names) != 1:
        raise LookupError(
            f"spectra must be a variable 'intensity', or the only one, with a dimension 'shift', but the "
            f"variables are {[str(name) for name in dataset.data_vars]}"
        )
    name = "intensity" if "intensity" in names else names[0]
    array = dataset[name]
    others = [str(dim) for dim in array.dims if dim != "shift"]
    order = ["y", "x", "shift"] if set(others) == {"y", "x"} else [*others, "shift"]
    if len(order) > 3 or (len(order) == 3 and order[0] != "y") or array.coords.get("shift", array).ndim != 1:
        raise LookupError(
            f"spectra need dimensions (y, x, shift) or (n, shift) and a shift coordinate, not {array.dims}"
        )
    if array.dtype.kind not in "iuf" or array["shift"].dtype.kind not in "iuf" or not array.size:
        raise LookupError(
            f"its {array.size} intensities are {array.dtype}, its shifts {array['shift'].dtype}"
        )
    if array.nbytes > limit:
        lazy_dask(path)
        array = array.chunk({dim: -1 if dim == "shift" else "auto" for dim in array.dims})
    else:
        array = array.load()
        dataset.close()
    if absent is not None and (lost := absent.of(name, array.dims)) is not None:
        mask, words = lost
        array = array.where(~mask).assign_attrs({**array.attrs, _LOST: words})
    shift = array["shift"].values.astype(float)
    if shift.size > 1 and shift[0] > shift[-1]:
        array = array.isel(shift=slice(None, None, -1))
    array = array.transpose(*order) if others else array.expand_dims("n")
    if array.chunks is None:
        array = array.copy(data=np.ascontiguousarray(array.values))
    shift = ascending_axis(path, shift)
    array.attrs.setdefault("layout", "variable of an xarray file")
    return array.rename("intensity").assign_coords(shift=("shift", shift, array["shift"].attrs))


@contextlib.contextmanager
def _readable(path: Path, kind: str) -> Iterator[None]:
    try:
        with silenced():
            yield
    except ImportError as error:
        raise ImportError(f"{path}: {error}" if path.name not in str(error) else str(error)) from error
    except Exception as error:
        raise ValueError(
            f"{address_of(path)} is no {kind} with spectra that could be read: {error}. Write it again with "
            "xarray."
        ) from error
