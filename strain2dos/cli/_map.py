# SPDX-License-Identifier: BSD-3-Clause
"""``strain2dos map``: a model applied to every pixel of a strain map or a Raman map."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from strain2dos.cli._cluster import Scheduler, Store, Workers, run_to_store
from strain2dos.cli._console import examples, guarded, refuse_to_overwrite, say, wrote
from strain2dos.cli._options import Debug, Force, Model, Quiet, Unit

if TYPE_CHECKING:
    import xarray as xr

EXAMPLES = examples(
    "strain2dos map model.skops raman_strain.csv --strain-unit label -o out/",
    "strain2dos map raman.skops flake.wdf -o out/ --no-csv --zarr",
    "strain2dos map raman.skops cube.zarr --store map.zarr --workers 2",
    "strain2dos map raman.skops s3://lab/cube.zarr --store s3://lab/map.zarr --scheduler tcp://node1:8786",
)
QUANTITIES = ("dos", "vbm", "cbm", "gap", "domain_score")


@guarded
def map_(
    model: Model,
    data: Annotated[
        Path, typer.Argument(metavar="MAP", help="Strain map (CSV) or Raman map, as the model needs.")
    ],
    strain_unit: Unit = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the results.")] = Path(
        "map-output"
    ),
    csv: Annotated[bool, typer.Option(help="Write dos_pred.csv, one row per pixel.")] = True,
    zarr: Annotated[bool, typer.Option("--zarr", help="Write map.zarr instead of map.nc.")] = False,
    store: Store = None,
    scheduler: Scheduler = None,
    workers: Workers = None,
    force: Force = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Map the density of states, the band edges and the gap over a flake.

    Writes dos_pred.csv and band_edges_interpolated.csv (one row per pixel; x is the column and y the row of
    the map, counted from 1), map.nc or map.zarr, figures of the gap and the band edges, and report.html.
    """
    from strain2dos._files import checksum, replacing_together
    from strain2dos.cli._inputs import read_map
    from strain2dos.cli._report import METRICS, PAGE, build_report, write_metrics
    from strain2dos.cli._stages import Progress
    from strain2dos.mapping._flake.source import as_grid

    if store or scheduler or workers:
        estimator, cube, _ = read_map(model, data, strain_unit)
        target = {"store": store, "scheduler": scheduler, "workers": workers}
        run_to_store((estimator, as_grid(cube)), output, quiet=quiet, **target)
        return
    names = _output_names(csv=csv, zarr=zarr)
    refuse_to_overwrite([output / name for name in names], force=force, inputs=[model, data])
    _refuse_leftovers(output, names)
    with Progress("Map", 3, quiet=quiet) as bar:
        estimator, cube, metadata = read_map(model, data, strain_unit)
        bar.step()
        cube = as_grid(cube)
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
        # the metrics come last: their checksums tell a folder of two runs
        with replacing_together(output, sorted(names, key="metrics.json".__eq__)) as part:
            _write_map(flake, part, csv=csv, zarr=zarr)
            files = {name: checksum(part / name) for name in names if name not in (METRICS, PAGE)}
            merit = summary(flake)
            write_metrics(part, command="map", settings=settings, merit=merit, seconds=seconds, files=files)
            build_report(part)
    for name in names:
        wrote(output / name)
    masked = int((flake["status"] != 0).sum())
    if masked:
        say(f"{masked} of {flake['status'].size} pixels have no result; `status` in the map says why.")
    outside = summary(flake)["outside_training_pixels"]
    if outside:
        say(
            f"warning: {outside} of {flake['status'].size} pixels lie outside of what the model was "
            f"trained on (`domain_score` above 1){_reasons(flake)}; check the calibration of the axis "
            "before trusting them."
        )
    if shared := flake["gap"].attrs.get("common_error"):
        say(
            f"{1e3 * shared:.0f} meV of error are common to the gaps of all pixels "
            f"({flake['gap'].attrs['common_error_of']})."
        )


def predict(estimator: Any, cube: xr.DataArray) -> xr.Dataset:
    """Evaluate every pixel; the score of the domain only where the regressor has one."""
    from strain2dos import SpatialMapper
    from strain2dos._estimators.wrappers import final_regressor
    from strain2dos.cli._inputs import takes_spectra

    last = final_regressor(estimator)
    wanted = [name for name in QUANTITIES if name != "domain_score" or hasattr(last, "domain_score")]
    if takes_spectra(estimator):
        wanted += ["features", "domain_reason"]
    return SpatialMapper(estimator, quantities=wanted).predict_map(cube)


def _reasons(flake: xr.Dataset) -> str:
    """Why pixels lie outside, in words with their numbers; empty where the map does not tell."""
    import numpy as np

    from strain2dos.raman import LineReason

    if "domain_reason" not in flake:
        return ""
    codes = flake["domain_reason"].values
    found = [(int((codes == code).sum()), code) for code in np.unique(codes[codes > 0])]
    words = [f"{count} {LineReason(int(code)).words}" for count, code in sorted(found, reverse=True)]
    return ": " + "; ".join(words) if words else ""


def summary(flake: xr.Dataset) -> dict[str, Any]:
    """Figures of a map for its report."""
    import numpy as np

    ok = flake["status"].values == 0
    gap = flake["gap"].values[ok]
    known = gap[np.isfinite(gap)]
    low, middle, high = np.quantile(known, [0, 0.5, 1]) if known.size else [None] * 3
    score = flake["domain_score"].values[ok] if "domain_score" in flake else np.zeros(0)
    return {
        "pixels": int(ok.size),
        "masked_pixels": int((~ok).sum()),
        "pixels_without_gap": int(gap.size - known.size),
        "gap_min_ev": None if low is None else float(low),
        "gap_median_ev": None if middle is None else float(middle),
        "gap_max_ev": None if high is None else float(high),
        "outside_training_pixels": int((score > 1).sum()),
    }


def _output_names(*, csv: bool, zarr: bool) -> list[str]:
    tables = ["dos_pred.csv"] if csv else []
    store = "map.zarr" if zarr else "map.nc"
    figures = ["gap_map.png", "band_edges_map.png"]
    return [*tables, "band_edges_interpolated.csv", store, *figures, "metrics.json", "report.html"]


def _refuse_leftovers(folder: Path, names: list[str]) -> None:
    """Stop if the folder would hold outputs of an earlier run beside those of this one."""
    every = {*_output_names(csv=True, zarr=True), *_output_names(csv=True, zarr=False)}
    left = sorted(name for name in every - set(names) if (folder / name).exists())
    if left:
        raise FileExistsError(
            f"{folder} holds {', '.join(left)} of another run, which this one does not replace; remove that, "
            "or give another folder with -o."
        )


def _write_map(flake: xr.Dataset, folder: Path, *, csv: bool, zarr: bool) -> None:
    from strain2dos._files import replacing
    from strain2dos.cli._figures import band_edge_maps, draw, gap_map
    from strain2dos.io._store.write_netcdf import write_netcdf
    from strain2dos.io._store.write_zarr import write_zarr
    from strain2dos.mapping import write_band_edges_csv, write_dos_csv

    if csv:
        with replacing(folder / "dos_pred.csv") as part:
            write_dos_csv(flake, part)
    with replacing(folder / "band_edges_interpolated.csv") as part:
        write_band_edges_csv(flake, part)
    if zarr:
        write_zarr(flake, folder / "map.zarr", overwrite=True)
    else:
        write_netcdf(flake, folder / "map.nc", compress=True)
    draw(folder / "gap_map.png", gap_map(flake))
    draw(folder / "band_edges_map.png", band_edge_maps(flake))


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("map", epilog=EXAMPLES)(map_)
