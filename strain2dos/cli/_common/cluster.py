# SPDX-License-Identifier: BSD-3-Clause
"""Maps written block by block into a store, on this machine or on the workers of a dask cluster."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from strain2dos.cli._common.console import say

if TYPE_CHECKING:
    import xarray as xr

Store = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="PLACE",
        help="Write the map alone, block by block, to this Zarr store: a folder or an address such as "
        "s3://bucket/map.zarr. Run the command again to go on after an interruption.",
    ),
]
Scheduler = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="Compute on a dask cluster, tcp://host:8786; goes with --store."),
]
Workers = Annotated[
    int | None,
    typer.Option(min=1, help="Compute in so many processes with one thread each; goes with --store."),
]
#: How long a scheduler may take to answer.
_PATIENCE = "10s"


@contextmanager
def cluster(scheduler: str | None, workers: int | None) -> Iterator[None]:
    """Let dask compute on a cluster while the block runs; with neither argument, here.

    Parameters
    ----------
    scheduler : str or None
        Address of a running scheduler.
    workers : int or None
        Processes to start on this machine instead.

    Raises
    ------
    ConnectionError
        When no scheduler answers.
    ImportError
        When ``distributed`` is not installed.
    """
    if scheduler is not None and workers is not None:
        raise typer.BadParameter("--scheduler names a cluster that has its workers; leave out --workers.")
    if scheduler is None and workers is None:
        yield
        return
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise ImportError('clusters need dask: pip install "strain2dos[dask]".') from error
    if scheduler is None:
        # one thread each: the fit and the linear algebra take the cores that are free
        started = LocalCluster(n_workers=workers, threads_per_worker=1, silence_logs=logging.ERROR)
        with started, Client(started) as client:
            say(_link(client))
            yield
        return
    try:
        client = Client(scheduler, timeout=_PATIENCE)
    except (OSError, TimeoutError, ValueError) as error:
        raise ConnectionError(
            f"no dask scheduler answers at {scheduler} ({error}); start one with `dask scheduler`, or use "
            "--workers N for processes on this machine."
        ) from error
    with client:
        threads = sum(client.nthreads().values())
        say(f"{len(client.nthreads())} workers with {threads} threads; {_link(client)}")
        yield


def _link(client: Any) -> str:
    """Say where the progress can be watched."""
    if importlib.util.find_spec("bokeh") is None:
        return "no dashboard: it needs bokeh (pip install bokeh)"
    return f"dashboard: {client.dashboard_link}"


def load(model: Path, data: Path | None, unit: str | None) -> tuple[Any, xr.DataArray]:
    """Load a model and its map; spectra alone go to the model that comes with the package."""
    from strain2dos.cli._common.inputs import on_axis, read_map
    from strain2dos.datasets import load_pretrained
    from strain2dos.io import read_raman
    from strain2dos.mapping._flake.source import as_grid
    from strain2dos.raman._features.units import in_wavenumbers

    if data is not None:
        estimator, cube, _ = read_map(model, data, unit)
        return estimator, as_grid(cube)
    spectra = in_wavenumbers(read_raman(model))
    return on_axis(load_pretrained(), spectra), as_grid(spectra)


def map_to_store(estimator: Any, cube: xr.DataArray, place: str, *, progress: bool) -> xr.Dataset:
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


def report_store(flake: xr.Dataset, place: str) -> None:
    """Say what was written and how many pixels have no result."""
    typer.echo(f"wrote {place}")
    status = flake["status"]
    masked = int((status != 0).sum())
    if masked:
        say(f"{masked} of {status.size} pixels have no result; `status` in the map says why.")
    say("open it with strain2dos.mapping.open_map.")


def run_to_store(
    loaded: tuple[Any, xr.DataArray],
    output: Path,
    *,
    store: str | None,
    scheduler: str | None,
    workers: int | None,
    quiet: bool,
) -> None:
    """Map into a store, on a cluster where one is named."""
    estimator, cube = loaded
    place = store or str(output / "map.zarr")
    if store is None:
        output.mkdir(parents=True, exist_ok=True)
    with cluster(scheduler, workers):
        report_store(map_to_store(estimator, cube, place, progress=not quiet), place)
