# SPDX-License-Identifier: BSD-3-Clause
"""``strain2dos dft``: first-principles records of strain states with GPAW."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from strain2dos.cli._common.cluster import cluster
from strain2dos.cli._common.console import examples, guarded, refuse_to_overwrite, wrote
from strain2dos.cli._common.options import Debug, Force, Quiet

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

dft = typer.Typer(
    name="dft",
    help="First-principles records of strained monolayers with GPAW: plan states, run them, ask for more.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_RUN = examples(
    "strain2dos dft run --strain 0.01 0.01 0 --out records",
    "strain2dos dft run --plan plan.csv --out records --jobs 2",
    "strain2dos dft run --material WS2 --plan plan.csv --out ws2_records",
    "strain2dos dft run --plan plan.csv --out /shared/records --scheduler tcp://node1:8786",
    "strain2dos dft run --ripple 1.0 --period 12 --out ripples",
)
_PLAN = examples("strain2dos dft plan --states 60 --out plan.csv")
_SUGGEST = examples(
    "strain2dos dft suggest --material WS2 -n 4",
    "strain2dos dft suggest --material WS2 -n 4 --plan mos2_dft_plan.csv --out next.csv",
    "strain2dos dft suggest --records wse2 -n 4 --out next.csv",
    "strain2dos dft suggest --material WS2 -n 2 --map out/map.nc",
)


@dft.command("run", epilog=_RUN)
@guarded
def run(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the records, one JSON file per state.")],
    strain: Annotated[
        tuple[float, float, float] | None,
        typer.Option(metavar="EXX EYY EXY", help="Strain tensor as fractions; x along zigzag, tensor shear."),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the record. [default: strain in per cent]")
    ] = None,
    plan: Annotated[
        Path | None,
        typer.Option(help="CSV file with the columns name, exx, eyy, exy, instead of one strain."),
    ] = None,
    material: Annotated[str, typer.Option(help="Layer: MoS2, WS2, MoSe2 or WSe2.")] = "MoS2",
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="Processes. [default: one per core]")
    ] = None,
    ecut: Annotated[float | None, typer.Option(help="Plane-wave cut-off in eV. [default: 350]")] = None,
    n_k_scf: Annotated[
        int | None, typer.Option("--k-scf", min=1, help="k-grid of density and forces. [default: 9]")
    ] = None,
    n_k_dos: Annotated[
        int | None, typer.Option("--k-dos", min=12, help="k-grid of the DOS, a multiple of 6. [default: 36]")
    ] = None,
    ripple: Annotated[
        float | None,
        typer.Option(help="Amplitude of a ripple in angstrom, instead of a strain; goes with --period."),
    ] = None,
    period: Annotated[
        int | None, typer.Option(min=1, help="Unit cells along zigzag in one period of the ripple.")
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Compute on the workers of a dask cluster, tcp://host:8786."),
    ] = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Compute strain states or a ripple; a run that was killed goes on where it stopped when run again."""
    from strain2dos.simulate.dft import DFTRecipe, Ripple, State, read_plan, run_plan, run_ripple

    if (ripple is None) != (period is None):
        raise typer.BadParameter("--ripple AMPLITUDE and --period N go together.")
    _check_together(strain=strain, plan=plan, ripple=ripple, name=name, scheduler=scheduler, ecut=ecut)
    given: dict[str, Any] = {"ecut": ecut, "n_k_scf": n_k_scf, "n_k_dos": n_k_dos}
    changes = {key: value for key, value in given.items() if value is not None}
    if ripple is not None and period is not None:
        wrote(run_ripple(Ripple(ripple, period, material, **changes), out))
        return
    recipe = DFTRecipe(material, **changes)
    states = [] if strain is None else [State.of(strain, name)]
    if plan is not None:
        states = read_plan(plan)
    with cluster(scheduler, None):
        paths = run_plan(states, out, recipe, n_jobs=jobs, progress=not quiet)
    for path in paths:
        wrote(path)


def _check_together(
    *,
    strain: tuple[float, float, float] | None,
    plan: Path | None,
    ripple: float | None,
    name: str | None,
    scheduler: str | None,
    ecut: float | None,
) -> None:
    """Refuse options of ``run`` that contradict each other."""
    if (strain is not None) + (plan is not None) + (ripple is not None) != 1:
        raise typer.BadParameter("give --strain EXX EYY EXY, --plan FILE or --ripple AMPLITUDE; one of them.")
    if name is not None and strain is None:
        raise typer.BadParameter("--name goes with --strain; plans and ripples name their states themselves.")
    if scheduler is not None and plan is None:
        raise typer.BadParameter("--scheduler goes with --plan; a single state takes one process.")
    if ripple is not None and ecut is not None:
        raise typer.BadParameter("--ecut is for plane waves; ripples are calculated with atomic orbitals.")


@dft.command("plan", epilog=_PLAN)
@guarded
def plan(
    out: Annotated[Path, typer.Option("--out", "-o", help="CSV file to write.")],
    states: Annotated[int, typer.Option(min=1, max=10_000, help="Number of states.")] = 60,
    normal: Annotated[
        tuple[float, float], typer.Option(metavar="LOW HIGH", help="Range of exx and eyy, as fractions.")
    ] = (-0.04, 0.06),
    shear: Annotated[float, typer.Option(help="Largest |exy|, as a fraction.")] = 0.02,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the sequence.")] = 20,
    force: Force = False,
    debug: Debug = False,
) -> None:
    """Spread states over a range of strain, none equal to another by symmetry."""
    refuse_to_overwrite([out], force=force)
    from strain2dos._files import replacing
    from strain2dos.simulate import strain_plan

    table = strain_plan(states, normal=normal, shear=shear, seed=seed)
    with replacing(out) as part:
        table.to_csv(part, index=False)
    wrote(out)


@dft.command("suggest", epilog=_SUGGEST)
@guarded
def suggest(
    material: Annotated[str, typer.Option(help="Layer whose bundled states are known.")] = "MoS2",
    records: Annotated[
        Path | None, typer.Option(help="Folder of records instead, as `strain2dos dft run` writes it.")
    ] = None,
    states: Annotated[int, typer.Option("--states", "-n", min=1, help="Number of states to suggest.")] = 4,
    over: Annotated[
        Path | None,
        typer.Option("--map", help="Map with strain and shear where the model is to be sure. [default: all]"),
    ] = None,
    plan: Annotated[Path | None, typer.Option(help="Plan to choose from. [default: 256 states]")] = None,
    normal: Annotated[
        tuple[float, float], typer.Option(metavar="LOW HIGH", help="Range of exx and eyy, as fractions.")
    ] = (-0.04, 0.06),
    shear: Annotated[float, typer.Option(help="Largest |exy|, as a fraction.")] = 0.02,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="CSV file to write, a plan.")] = None,
    force: Force = False,
    debug: Debug = False,
) -> None:
    """Suggest states whose calculation would lower the uncertainty of a model of the known states most."""
    if out is not None:
        refuse_to_overwrite([out], force=force)
    from strain2dos._files import replacing
    from strain2dos.datasets import load_dft, read_dft_records, suggest_states

    data = load_dft(material) if records is None else read_dft_records(records)
    table = suggest_states(
        data,
        states,
        over=None if over is None else _open_map(over),
        candidates=None if plan is None else _table(plan),
        normal=normal,
        shear=shear,
    )
    typer.echo(table.round({"uncertainty_left": 3}).to_string(index=False))
    if out is not None:
        with replacing(out) as part:
            table.to_csv(part, index=False)
        wrote(out)


def _table(path: Path) -> pd.DataFrame:
    """Read a plan as a table."""
    import pandas as pd

    from strain2dos.simulate.dft import read_plan

    return pd.DataFrame([(s.name, *s.strain) for s in read_plan(path)], columns=["name", "exx", "eyy", "exy"])


def _open_map(path: Path) -> xr.Dataset:
    """Load strain and shear of a map, NetCDF or Zarr."""
    import xarray as xr

    from strain2dos.mapping import open_map
    from strain2dos.mapping._store.manifest import HEADER

    if not path.exists():
        raise FileNotFoundError(2, "No such file", str(path))
    if (path / HEADER).exists():  # of --store; that of --zarr is a plain one
        return open_map(path)
    try:
        with xr.open_dataset(path, engine="zarr" if path.suffix == ".zarr" else None) as found:
            return found.load()
    except (OSError, ValueError) as error:
        raise typer.BadParameter(
            f"{path} is no map in NetCDF or Zarr; give map.nc or map.zarr of `strain2dos map`.",
            param_hint="--map",
        ) from error


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(dft)
