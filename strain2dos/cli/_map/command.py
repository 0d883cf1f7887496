# SPDX-License-Identifier: BSD-3-Clause
"""``strain2dos map``: a flake by the model of the package, or any map by a model of the user's."""

from __future__ import annotations

from pathlib import Path

import typer

from strain2dos.cli._common.console import examples, guarded
from strain2dos.cli._common.options import Debug, Force, Quiet, Unit
from strain2dos.cli._map import options
from strain2dos.cli._map.files import RunFolder

EXAMPLES = examples(
    "strain2dos map flake.txt --reference Si --pl pl.txt -o out/",
    "strain2dos map wafer.csv --unstrained 384.2,403.1 --scissor 1.88",
    "strain2dos map model.skops raman_strain.csv --strain-unit label -o out/",
    "strain2dos map raman.skops flake.wdf -o out/ --no-csv --zarr",
    "strain2dos map cube.zarr --store map.zarr --workers 2",
    "strain2dos map raman.skops s3://lab/cube.zarr --store s3://lab/map.zarr --scheduler tcp://node1:8786",
)


@guarded
def map_(
    model: options.FlakeOrModel,
    data: options.Map = None,
    pl: options.Light = None,
    pl_unit: options.LightUnit = None,
    reference: options.Reference = None,
    unstrained: options.Unstrained = None,
    unstrained_region: options.Region = None,
    scissor: options.Gap = None,
    noise: options.Noise = None,
    lineshape: options.Profile = None,
    laser: options.Laser = None,
    material: options.Layer = None,
    strain_unit: Unit = None,
    output: options.Output = Path("map-output"),
    csv: options.Csv = None,
    zarr: options.Zarr = False,
    store: options.Store = None,
    scheduler: options.Scheduler = None,
    workers: options.Workers = None,
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
    flake = options.FlakeOptions(
        pl, pl_unit, reference, unstrained, unstrained_region, scissor, noise, lineshape, laser, material
    )
    to_store = bool(store or scheduler or workers)
    _check_together(model, data, flake, to_store=to_store)
    folder = RunFolder(output, zarr=zarr, force=force, quiet=quiet)
    if to_store:
        from strain2dos.cli._map.store import run_to_store

        run_to_store(
            model,
            data,
            strain_unit,
            store=store,
            output=output,
            scheduler=scheduler,
            workers=workers,
            quiet=quiet,
        )
    elif data is None or flake.any:
        from strain2dos.cli._map.flake import run_flake

        source, own = (model, None) if data is None else (data, model)
        run_flake(source, own, flake, folder, curves=bool(csv))
    else:
        from strain2dos.cli._map.own_model import run_own_model

        run_own_model(model, data, strain_unit, folder, curves=csv is not False)


def _check_together(model: Path, data: Path | None, flake: options.FlakeOptions, *, to_store: bool) -> None:
    """Refuse a model without a map, two places of no strain, and a store with options of a flake."""
    if data is None and _is_model(model):
        raise typer.BadParameter(
            f"{model} is a model; give the map as well, or the map alone for the model that comes with the "
            "package.",
            param_hint="MAP",
        )
    if flake.unstrained and flake.unstrained_region:
        raise typer.BadParameter(
            "give the positions of the unstrained lines, or the place of the map where they are measured.",
            param_hint="--unstrained, --unstrained-region",
        )
    if to_store and flake.any:
        raise typer.BadParameter(
            "--store, --scheduler and --workers map by a model as it is, without --pl, --reference, "
            "--unstrained, --scissor, --noise, --lineshape, --material and --laser (`strain2dos convert "
            "--laser` converts an axis once and for all).",
            param_hint="--store",
        )


def _is_model(path: Path) -> bool:
    """Whether a file is an archive, as model files are and spectra are not."""
    import zipfile

    return path.suffix == ".skops" or (path.is_file() and zipfile.is_zipfile(path))


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("map", epilog=EXAMPLES)(map_)
