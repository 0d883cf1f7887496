# SPDX-License-Identifier: BSD-3-Clause
"""``strain2dos convert``: instrument files to open formats."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import numpy as np
import typer

from strain2dos.cli._common.console import examples, guarded, refuse_to_overwrite, wrote
from strain2dos.cli._common.options import Debug, Force

if TYPE_CHECKING:
    import xarray as xr

FORMATS = (".nc", ".zarr", ".csv")
#: Bytes of spectra that are written at once.
_BLOCK = 2**24


@guarded
def convert(
    source: Annotated[Path, typer.Argument(help="Spectra or map as the instrument wrote them.")],
    target: Annotated[Path, typer.Argument(help="File to write; .nc, .zarr or .csv chooses the format.")],
    laser: Annotated[
        float | None,
        typer.Option(
            metavar="NM",
            min=200.0,
            max=2000.0,
            help="Wavelength of the laser: the axis, in nm or eV, becomes Raman shift.",
        ),
    ] = None,
    force: Force = False,
    debug: Debug = False,
) -> None:
    """Convert Raman spectra or a map to NetCDF, Zarr or CSV; files larger than memory too."""
    if target.suffix not in FORMATS:
        raise typer.BadParameter(
            f"{target} must end in {', '.join(FORMATS)}, which chooses the format.", param_hint="TARGET"
        )
    refuse_to_overwrite([target], force=force, inputs=[source])
    from strain2dos.io import read_raman

    spectra = read_raman(source)
    if laser is not None:
        from strain2dos.raman._features.units import in_wavenumbers

        spectra = in_wavenumbers(spectra.assign_attrs(laser_nm=laser))
    write_spectra(spectra, target, overwrite=force)
    wrote(target)


def write_spectra(spectra: xr.DataArray, target: Path, *, overwrite: bool = False) -> None:
    """Write spectra block by block: NetCDF, Zarr, or a CSV with one spectrum per row, by its suffix."""
    from strain2dos._files import replacing
    from strain2dos.io._store.write_netcdf import write_netcdf
    from strain2dos.io._store.write_zarr import write_zarr

    if target.suffix == ".zarr":
        with _progress(target.name):
            write_zarr(
                _in_blocks(spectra).to_dataset(name=spectra.name or "intensity"), target, overwrite=overwrite
            )
        return
    if target.suffix == ".nc":
        write_netcdf(spectra.to_dataset(name=spectra.name or "intensity"), target, progress=True)
        return
    with replacing(target) as part, part.open("w", encoding="utf-8") as file:
        _write_csv(spectra, file, target.name)


class _Slices:
    """An array of which dask takes one block at a time; it would copy a plain one whole."""

    def __init__(self, array: np.ndarray) -> None:
        self.array, self.shape, self.dtype, self.ndim = array, array.shape, array.dtype, array.ndim

    def __getitem__(self, key: slice | tuple[slice, ...]) -> np.ndarray:
        return np.array(self.array[key])


def _in_blocks(spectra: xr.DataArray) -> xr.DataArray:
    """Let dask, where it is installed, write large spectra piece by piece."""
    if spectra.nbytes <= _BLOCK:
        return spectra
    try:
        import dask.array as da
    except ImportError:
        return spectra
    blocks = (_rows_at_once(spectra), *spectra.shape[1:])
    if spectra.chunks is not None:
        return spectra.chunk(dict(zip(spectra.dims, blocks, strict=True)))
    return spectra.copy(data=da.from_array(_Slices(spectra.data), chunks=blocks, name=False))


def _rows_at_once(spectra: xr.DataArray) -> int:
    """Number of rows of the first dim that make up a block."""
    rows = max(spectra.shape[0], 1)
    return max(_BLOCK * rows // max(spectra.nbytes, 1), 1)


@contextlib.contextmanager
def _progress(name: str) -> Iterator[None]:
    """Show how far dask is, if it takes long; few blocks at a time, however many cores there are."""
    try:
        import dask
        from tqdm.dask import TqdmCallback
    except ImportError:
        yield
        return
    with dask.config.set(num_workers=2), TqdmCallback(desc=f"writing {name}", delay=2, leave=False):
        yield


def _write_csv(spectra: xr.DataArray, file: TextIO, name: str) -> None:
    """One spectrum per row, its position first; units and header as remarks that ``read_raman`` reads."""
    from tqdm import tqdm

    spectra = spectra.transpose(..., "shift")
    where = _places(spectra)
    units = {"shift": spectra["shift"], "intensity": spectra} | {key: where[key] for key in where}
    header = json.loads(spectra.attrs.get("header", "{}"))
    lines = [f"#{key}={value}" for key, value in header.items() if _on_one_line(key, value)]
    lines += [
        f"#units[{key}]={labeled.attrs['units']}"
        for key, labeled in units.items()
        if labeled.attrs.get("units", "unknown") != "unknown"
    ]
    lines.append(",".join([*where, *map(repr, spectra["shift"].values.tolist())]))
    file.write("\n".join(lines) + "\n")
    step = _rows_at_once(spectra)
    with tqdm(total=spectra.shape[0], desc=f"writing {name}", delay=2, leave=False) as bar:
        for start in range(0, spectra.shape[0], step):
            part = slice(start, start + step)
            values = spectra[part].values
            rows = values.reshape(-1, values.shape[-1])
            places = zip(*(array[part].values.ravel().tolist() for array in where.values()), strict=True)
            for place, row in zip(places, rows, strict=True):
                file.write(",".join(map(repr, [*place, *row.tolist()])) + "\n")
            bar.update(min(step, spectra.shape[0] - start))


def _places(spectra: xr.DataArray) -> dict[str, xr.DataArray]:
    """Coordinates of every spectrum, in the shape of the map; a running number where there are none."""
    import xarray as xr

    dims = [dim for dim in spectra.dims if dim != "shift"]
    plain = spectra.isel(shift=0, drop=True)
    found = {
        str(name): coord.broadcast_like(plain).transpose(*dims).assign_attrs(coord.attrs)
        for name, coord in spectra.coords.items()
        if name != "shift" and set(coord.dims) <= set(dims) and coord.dtype.kind in "iuf"
    }
    ordered = {str(dim): found.pop(str(dim)) for dim in dims if str(dim) in found}
    found = ordered | found
    if found:
        return found
    return {"n": xr.DataArray(np.arange(plain.size).reshape(plain.shape), dims=dims)}


def _on_one_line(key: str, value: object) -> bool:
    return (
        not ({"\n", "\r"} & set(f"{key}{value}")) and "=" not in key and isinstance(value, (str, int, float))
    )


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(
        "convert",
        epilog=examples("strain2dos convert map.wdf map.nc", "strain2dos convert linescan.txt linescan.csv"),
    )(convert)
