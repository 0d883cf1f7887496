# SPDX-License-Identifier: BSD-3-Clause
"""``strain2dos convert``: instrument files to open formats."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from strain2dos.cli._console import examples, guarded, refuse_to_overwrite, wrote
from strain2dos.cli._options import Debug, Force

if TYPE_CHECKING:
    import xarray as xr

FORMATS = (".nc", ".zarr", ".csv")


@guarded
def convert(
    source: Annotated[Path, typer.Argument(help="Spectra or map as the instrument wrote them.")],
    target: Annotated[Path, typer.Argument(help="File to write; .nc, .zarr or .csv says the format.")],
    force: Force = False,
    debug: Debug = False,
) -> None:
    """Convert Raman spectra or a map to NetCDF, Zarr or CSV."""
    if target.suffix not in FORMATS:
        raise typer.BadParameter(
            f"{target} must end in {', '.join(FORMATS)}, which says the format.", param_hint="TARGET"
        )
    refuse_to_overwrite([target], force=force)
    from strain2dos.io import read_raman

    write_spectra(read_raman(source), target)
    wrote(target)


def write_spectra(spectra: xr.DataArray, target: Path) -> None:
    """Write spectra as `target`'s suffix says: NetCDF, Zarr, or a CSV with one spectrum per row."""
    from strain2dos.io._replacing import replacing

    with replacing(target) as part:
        if target.suffix == ".nc":
            spectra.to_netcdf(part, engine="h5netcdf")
        elif target.suffix == ".zarr":
            spectra.to_dataset(name=spectra.name or "intensity").to_zarr(part)
        else:
            import pandas as pd

            where = [dim for dim in spectra.dims if dim != "shift"]
            rows = spectra.stack(spectrum=where).transpose("spectrum", "shift")  # noqa: PD013 (xarray, not pandas)
            table = pd.DataFrame(rows.values, columns=[f"{shift:.10g}" for shift in spectra["shift"].values])
            for column, dim in enumerate(where):
                table.insert(column, dim, rows[dim].values)
            table.to_csv(part, index=False)


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(
        "convert",
        epilog=examples("strain2dos convert map.wdf map.nc", "strain2dos convert linescan.txt linescan.csv"),
    )(convert)
