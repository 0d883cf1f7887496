# SPDX-License-Identifier: BSD-3-Clause
"""``strain2dos map --store``: block by block into a store, here or on a dask cluster."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from strain2dos.cli._common.cluster import cluster
from strain2dos.cli._common.console import say
from strain2dos.cli._common.options import StrainUnit

if TYPE_CHECKING:
    import xarray as xr
    from sklearn.base import RegressorMixin


def run_to_store(
    model: Path,
    data: Path | None,
    strain_unit: StrainUnit | None,
    *,
    store: str | None,
    output: Path,
    scheduler: str | None,
    workers: int | None,
    quiet: bool,
) -> None:
    """Map into a store, by default map.zarr in the folder `output`, on a cluster where one is named."""
    estimator, cube = _load(model, data, strain_unit)
    if store is None:
        output.mkdir(parents=True, exist_ok=True)
    place = store or str(output / "map.zarr")
    with cluster(scheduler, workers):
        _report(_map_to_store(estimator, cube, place, progress=not quiet), place)


def _load(
    model: Path, data: Path | None, strain_unit: StrainUnit | None
) -> tuple[RegressorMixin, xr.DataArray]:
    """Load a model and its map; spectra alone go to the model that comes with the package."""
    from strain2dos.cli._common.inputs import on_axis, read_map
    from strain2dos.datasets import load_pretrained
    from strain2dos.mapping._flake.source import as_grid, flake_cube

    if data is not None:
        estimator, cube, _ = read_map(model, data, strain_unit)
        return estimator, as_grid(cube)
    cube = flake_cube(model)
    return on_axis(load_pretrained(), cube), cube


def _map_to_store(estimator: RegressorMixin, cube: xr.DataArray, place: str, *, progress: bool) -> xr.Dataset:
    """Write the map of every pixel to `place`; the curves only where their map stays below 1 GiB."""
    from strain2dos import SpatialMapper
    from strain2dos.cli._common.inputs import takes_spectra
    from strain2dos.mapping._pixels.evaluate import resolve_quantities
    from strain2dos.mapping._pixels.model import FittedModel

    model = FittedModel.from_estimator(estimator)
    n_energies = 0 if model.energies is None else len(model.energies)
    size = 8 * cube.sizes["y"] * cube.sizes["x"] * n_energies
    wanted = list(resolve_quantities("auto", model, size))
    if "dos" not in wanted:
        say("the map of curves would take over 1 GiB, so it is left out; SpatialMapper.to_zarr writes it.")
    if takes_spectra(estimator):
        wanted += ["features", "domain_reason"]
    return SpatialMapper(estimator, quantities=wanted, progress=progress).to_zarr(cube, place)


def _report(flake: xr.Dataset, place: str) -> None:
    """Print what was written and how many pixels have no result."""
    typer.echo(f"wrote {place}")
    from strain2dos.mapping._quality import count_pixels

    known = count_pixels(flake)
    if known.n_without:
        say(f"{known.without_words()}.")
    say("open it with strain2dos.mapping.open_map.")
