# SPDX-License-Identifier: BSD-3-Clause
"""NetCDF files and Zarr stores as xarray writes them."""

from __future__ import annotations

from pathlib import Path

import xarray as xr

from strain2dos.io._raman_array import ascending


def read_netcdf(path: Path) -> xr.DataArray:
    """Read spectra from a NetCDF file.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    ImportError
        When no package for this kind of NetCDF is installed.
    ValueError
        When the file is damaged or holds no spectra.
    """
    try:
        with xr.open_dataset(path) as dataset:
            return _spectra(path, dataset)
    except ImportError:
        raise
    except Exception as error:
        raise _unreadable(path, "NetCDF", error) from error


def read_zarr(path: Path) -> xr.DataArray:
    """Read spectra from a Zarr store.

    Parameters
    ----------
    path : Path
        The folder of the store.

    Raises
    ------
    ImportError
        When zarr is not installed.
    ValueError
        When the folder is no Zarr store or holds no spectra.
    """
    if not any((path / name).is_file() for name in ("zarr.json", ".zgroup", ".zarray", ".zmetadata")):
        raise ValueError(
            f"{path} is a folder but no Zarr store; give a file, or the folder that xarray wrote."
        )
    try:
        import zarr  # noqa: F401
    except ImportError as error:
        raise ImportError(f'{path.name} needs zarr: pip install "strain2dos[dask]".') from error
    try:
        with xr.open_zarr(path, chunks=None, consolidated=False) as dataset:
            return _spectra(path, dataset)
    except Exception as error:
        raise _unreadable(path, "Zarr", error) from error


def _spectra(path: Path, dataset: xr.Dataset) -> xr.DataArray:
    names = [str(name) for name, array in dataset.data_vars.items() if "shift" in array.dims]
    if "intensity" not in names and len(names) != 1:
        raise LookupError(
            f"spectra must be a variable 'intensity', or the only one, with a dimension 'shift', but the "
            f"variables are {[str(name) for name in dataset.data_vars]}"
        )
    array = dataset["intensity" if "intensity" in names else names[0]].load()
    others = [str(dim) for dim in array.dims if dim != "shift"]
    order = ["y", "x", "shift"] if set(others) == {"y", "x"} else [*others, "shift"]
    if len(order) > 3 or "shift" not in array.coords:
        raise LookupError(
            f"spectra need dimensions (y, x, shift) or (n, shift) and a shift coordinate, not {array.dims}"
        )
    array = array.transpose(*order).rename("intensity")
    shift, values = ascending(path, array["shift"].values.astype(float), array.values)
    return array.copy(data=values).assign_coords(shift=("shift", shift, array["shift"].attrs))


def _unreadable(path: Path, kind: str, error: Exception) -> ValueError:
    return ValueError(
        f"{path} is no {kind} with spectra that could be read: {error}. Write it again with xarray."
    )
