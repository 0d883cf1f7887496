# SPDX-License-Identifier: BSD-3-Clause
"""``strain2dos map``: a model applied to every pixel of a strain map or a Raman map."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from strain2dos.cli._common.cluster import Scheduler, Store, Workers, load, run_to_store
from strain2dos.cli._common.console import examples, guarded, refuse_to_overwrite
from strain2dos.cli._common.options import Debug, Force, Quiet, Unit
from strain2dos.cli._map.files import name_written, refuse_leftovers, say_what_is_wrong, write_run
from strain2dos.cli._map.flake import (
    FlakeOptions,
    Gap,
    Layer,
    Light,
    LightUnit,
    Noise,
    Reference,
    Region,
    Unstrained,
    run_flake,
)
from strain2dos.cli._report.spectra import SPECTRA, spectra_wanted

if TYPE_CHECKING:
    import xarray as xr

EXAMPLES = examples(
    "strain2dos map flake.txt --reference Si --pl pl.txt -o out/",
    "strain2dos map wafer.csv --unstrained 384.2,403.1 --scissor 1.88",
    "strain2dos map model.skops raman_strain.csv --strain-unit label -o out/",
    "strain2dos map raman.skops flake.wdf -o out/ --no-csv --zarr",
    "strain2dos map cube.zarr --store map.zarr --workers 2",
    "strain2dos map raman.skops s3://lab/cube.zarr --store s3://lab/map.zarr --scheduler tcp://node1:8786",
)
QUANTITIES = ("dos", "vbm", "cbm", "gap", "domain_score")


@guarded
def map_(
    model: Annotated[
        Path,
        typer.Argument(
            metavar="FLAKE|MODEL",
            help="Spectra as the instrument wrote them, for the model that comes with the package; or a "
            "model of your own (`strain2dos train`), followed by a map.",
        ),
    ],
    data: Annotated[
        Path | None,
        typer.Argument(metavar="MAP", help="After a model: strain map (CSV) or spectra, as the model needs."),
    ] = None,
    pl: Light = None,
    pl_unit: LightUnit = None,
    reference: Reference = None,
    unstrained: Unstrained = None,
    unstrained_region: Region = None,
    scissor: Gap = None,
    noise: Noise = None,
    material: Layer = "MoS2",
    strain_unit: Unit = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the results.")] = Path(
        "map-output"
    ),
    csv: Annotated[
        bool | None,
        typer.Option(
            "--csv/--no-csv",
            help="Write dos_pred.csv, one row per pixel. [default: with a model of your own]",
        ),
    ] = None,
    zarr: Annotated[bool, typer.Option("--zarr", help="Write map.zarr instead of map.nc.")] = False,
    store: Store = None,
    scheduler: Scheduler = None,
    workers: Workers = None,
    force: Force = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Map strain, doping, the band gap and the density of states over a flake.

    From spectra alone: flake.csv (one row per pixel, with errors), map.nc or map.zarr, figures, report.html.
    With a model of your own, writes dos_pred.csv and band_edges_interpolated.csv (one row per pixel; x is the
    column and y the row of the map, counted from 1), map.nc or map.zarr, figures of the gap and the band
    edges, and report.html.
    """
    from strain2dos.cli._common.inputs import read_map
    from strain2dos.cli._demo.run import Progress
    from strain2dos.mapping._flake.source import as_grid

    options = FlakeOptions(pl, pl_unit, reference, unstrained, unstrained_region, scissor, noise, material)
    if data is None and _is_model(model):
        raise typer.BadParameter(
            f"{model} is a model; give the map as well, or the map alone for the model that comes with the "
            "package.",
            param_hint="MAP",
        )
    to_store = bool(store or scheduler or workers)
    if to_store and options.any:
        raise typer.BadParameter(
            "--store, --scheduler and --workers map by a model as it is, without --pl, --reference, "
            "--unstrained, --scissor and --noise.",
            param_hint="--store",
        )
    if to_store:
        target = {"store": store, "scheduler": scheduler, "workers": workers}
        run_to_store(load(model, data, strain_unit), output, quiet=quiet, **target)
        return
    if data is None or options.any:
        source, given = (model, None) if data is None else (data, model)
        wanted = {"csv": bool(csv), "zarr": zarr, "force": force, "quiet": quiet}
        run_flake(source, given, output, options, **wanted)
        return
    names = _output_names(csv=csv is not False, zarr=zarr)
    refuse_to_overwrite([output / name for name in names], force=force, inputs=[model, data])
    refuse_leftovers(output, names)
    with Progress("Map", 3, quiet=quiet) as bar:
        estimator, cube, metadata = read_map(model, data, strain_unit)
        bar.step()
        cube = as_grid(cube)
        if spectra_wanted(estimator):
            refuse_to_overwrite([output / SPECTRA], force=force, inputs=[model, data])
            names.insert(-2, SPECTRA)
        start = time.perf_counter()
        flake = predict(estimator, cube)
        seconds = {"map": round(time.perf_counter() - start, 3)}
        flake.attrs |= {"source_model": model.name, "source_map": data.name}
        bar.step()
        settings = {
            "model": model.name,
            "map": data.name,
            **{key: metadata[key] for key in ("estimator", "material", "strain_unit") if key in metadata},
        }
        write_run(
            flake,
            output,
            names,
            fitted=lambda: (cube, estimator),
            settings=settings,
            seconds=seconds,
            quiet=quiet,
        )
    name_written(output, names)
    say_what_is_wrong(flake)


def predict(estimator: Any, cube: xr.DataArray) -> xr.Dataset:
    """Evaluate every pixel; the score of the domain only where the regressor has one."""
    from strain2dos import SpatialMapper
    from strain2dos._estimators.wrappers import final_regressor
    from strain2dos.cli._common.inputs import takes_spectra

    last = final_regressor(estimator)
    wanted = [name for name in QUANTITIES if name != "domain_score" or hasattr(last, "domain_score")]
    if takes_spectra(estimator):
        wanted += ["features", "domain_reason"]
    return SpatialMapper(estimator, quantities=wanted).predict_map(cube)


def _output_names(*, csv: bool, zarr: bool) -> list[str]:
    tables = ["dos_pred.csv"] if csv else []
    store = "map.zarr" if zarr else "map.nc"
    figures = ["gap_map.png", "band_edges_map.png"]
    return [*tables, "band_edges_interpolated.csv", store, *figures, "metrics.json", "report.html"]


def _is_model(path: Path) -> bool:
    """Tell whether a file is an archive, as model files are and spectra are not."""
    import zipfile

    return path.suffix == ".skops" or (path.is_file() and zipfile.is_zipfile(path))


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("map", epilog=EXAMPLES)(map_)
