# SPDX-License-Identifier: BSD-3-Clause
"""``strain2dos train``: from a table of curves, or from the bundled records, to a model file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from strain2dos.cli._common.console import cores, examples, guarded, refuse_to_overwrite, say, wrote
from strain2dos.cli._common.options import Debug, Force, Jobs, Quiet, Seed, StrainUnit, Unit, require_unit

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.pipeline import Pipeline

    from strain2dos.dos import DOSRegressor

_PER_STATE = 4  # spectra of each strain state
_MOST_FOLDS = 16

EXAMPLES = examples(
    "strain2dos train train_dos.csv --strain-unit label -o model.skops",
    "strain2dos train --bundled -o raman.skops",
)

_Bundled = Annotated[
    bool,
    typer.Option(
        "--bundled", "--dft", help="Train on the bundled first-principles records, from Raman spectra."
    ),
]


@guarded
def train(
    table: Annotated[
        Path | None,
        typer.Argument(help="CSV with energies in the first column and one DOS curve per strain."),
    ] = None,
    dft: _Bundled = False,
    strain_unit: Unit = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Model file to write.")] = Path(
        "model.skops"
    ),
    material: Annotated[str, typer.Option(help="Material, kept with the model.")] = "MoS2",
    edge_threshold: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            help="DOS threshold that defines a band edge, in the unit of TABLE. "
            "[default: 1.5 % of the curves' maxima, rounded]",
        ),
    ] = None,
    scaled_copies: Annotated[
        bool,
        typer.Option(
            "--drop-scaled-copies/--keep-scaled-copies",
            help="Drop columns of TABLE that are another column times a factor.",
        ),
    ] = True,
    epochs: Annotated[int | None, typer.Option(help="Epochs to train.", min=1)] = None,
    members: Annotated[int, typer.Option(help="Networks in the ensemble.", min=1)] = 16,
    seed: Seed = 0,
    validate: Annotated[
        bool, typer.Option(help="Leave each strain out in turn and print how well it is predicted.")
    ] = True,
    jobs: Jobs = None,
    force: Force = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Train a model; write it, and its loss curves beside it.

    From a TABLE of curves the model takes strain; with --bundled it takes Raman spectra. The held-out errors
    are those of strains that the model never saw. The model is written before they are
    computed, so Ctrl-C then costs no model.
    """
    losses = _check(table, bundled=dft, unit=strain_unit, material=material, output=output, force=force)
    if not quiet:
        say(f"reading {table}" if table is not None else "making spectra of the bundled records")
    from strain2dos.cli._common.progress import clock

    with clock("loading the package", quiet=quiet):
        from strain2dos.dos import DOSRegressor  # noqa: F401
    options: dict[str, Any] = {"members": members, "epochs": epochs, "seed": seed, "quiet": quiet}
    if table is not None and strain_unit is not None:
        run = train_on_table(table, strain_unit, edge_threshold, drop_scaled_copies=scaled_copies, **options)
    else:
        run = train_on_records(material, jobs=cores(jobs), **options)
    metadata = {"material": material, **run.metadata}
    with clock(f"writing {output}", quiet=quiet):
        _write(run.model, output, losses, metadata)
    wrote(output)
    wrote(losses)
    if validate and (held_out := run.hold_out()) is not None:
        from strain2dos.io import save_model

        metadata["held_out"] = _print_merit(held_out, metadata["hold_out"])
        save_model(run.model, output, metadata=metadata)


def _check(
    table: Path | None, *, bundled: bool, unit: StrainUnit | None, material: str, output: Path, force: bool
) -> Path:
    """Refuse what cannot be trained or written; return the path of the loss curves."""
    if bundled == (table is not None):
        raise typer.BadParameter(
            "give a TABLE of curves, or --bundled for the bundled records; one of the two."
        )
    if table is not None:
        require_unit(table, unit)
    else:
        _require_rates(material)
    if not output.name or output.is_dir():
        raise typer.BadParameter(f"{output} is a folder; name the model file.", param_hint="--output")
    losses = output.with_name(f"{output.stem}-loss.png")
    refuse_to_overwrite([output, losses], force=force, inputs=[table])
    return losses


def _require_rates(material: str) -> None:
    """Refuse a material whose spectra cannot be made from its strain states."""
    if material != "MoS2":
        from strain2dos.datasets._pretrained.load import MATERIALS

        raise typer.BadParameter(
            "--bundled trains on MoS2, whose rates with strain and doping are all measured, but got "
            f"{material}; `strain2dos map --material` has models of {', '.join(MATERIALS)}, and the page "
            '"My own DFT, or my own material" of the guide trains others, which `strain2dos map MODEL MAP` '
            "takes.",
            param_hint="--material",
        )


@dataclass(frozen=True)
class Trained:
    """A model, what is known of it, and how to judge it."""

    model: DOSRegressor | Pipeline
    metadata: dict[str, Any]
    hold_out: Callable[[], pd.DataFrame | None]


def _write(model: DOSRegressor | Pipeline, output: Path, losses: Path, metadata: dict[str, Any]) -> None:
    """Write the model and its loss curves, which appear together."""
    from strain2dos._files import replacing_together
    from strain2dos.cli._common.figures import draw, loss_curves
    from strain2dos.io import save_model

    with replacing_together(output.parent, [losses.name, output.name]) as part:
        save_model(model, part / output.name, metadata=metadata)
        draw(part / losses.name, loss_curves(model))


def train_on_table(
    path: Path,
    unit: str,
    threshold: float | None,
    *,
    drop_scaled_copies: bool = True,
    members: int,
    epochs: int | None,
    seed: int,
    quiet: bool,
) -> Trained:
    """Train on a table of curves."""
    from strain2dos.cli._common.progress import Progress
    from strain2dos.cli._common.recipes import hold_out_strains, strain_column, table_model
    from strain2dos.datasets import read_dos_table
    from strain2dos.dos._edges.threshold import default_edge_threshold

    table = read_dos_table(path, strain_unit=str(unit), drop_scaled_copies=drop_scaled_copies)
    strain = table.strain[:, 0]
    if threshold is None:
        threshold = default_edge_threshold(table.dos)
    model = table_model(table, threshold=threshold, members=members, epochs=epochs, seed=seed)
    with Progress("Train", 1, quiet=quiet):
        model.fit(strain_column(table), table.dos)
    metadata = {
        "input": "strain",
        "strain_unit": str(table.provenance["strain_unit"]),
        "strain_range": [float(strain.min()), float(strain.max())],
        "edge_threshold": threshold,
        "feature_names": ["strain"],
        "hold_out": "each strain between the smallest and the largest",
        "training": {"table": path.name, "curves": len(table), "strains": strain.tolist(), "seed": seed},
    }

    def hold_out() -> pd.DataFrame | None:
        if len(table) < 4:
            say(
                f"warning: {path} has {len(table)} curves; holding one out in turn needs 4, so nothing is "
                "validated."
            )
            return None
        with Progress("Leave one strain out", len(table) - 2, quiet=quiet) as bar:
            return hold_out_strains(model, table, step=bar.step)

    return Trained(model, metadata, hold_out)


def train_on_records(
    material: str, *, members: int, epochs: int | None, seed: int, quiet: bool, jobs: int = 1
) -> Trained:
    """Train on Raman spectra of the bundled records."""
    from strain2dos.cli._common.progress import Progress
    from strain2dos.cli._common.recipes import (
        fit_raman,
        hold_out_states,
        raman_metadata,
        raman_pipeline,
        usable_and_flagged,
    )
    from strain2dos.datasets import load_mos2_dft, make_raman_dos

    with Progress("Make and fit spectra", 2, quiet=quiet) as bar:
        training = make_raman_dos(_PER_STATE * len(load_mos2_dft()), material, random_state=seed)
        bar.step()
        pipeline = raman_pipeline(training, members=members, epochs=epochs or 200, seed=seed)
        rows, flagged = usable_and_flagged(pipeline, training)
    if flagged and not quiet:
        why = ", ".join(f"{count} because {words}" for words, count in flagged.items())
        say(f"left out {len(training) - len(rows)} of {len(training)} spectra, whose fit is flagged: {why}")
    with Progress("Train", 1, quiet=quiet):
        fit_raman(pipeline, training, rows)

    def hold_out() -> pd.DataFrame:
        folds = min(len(set(training.groups[rows])), _MOST_FOLDS)
        with Progress("Hold out strain states", folds, quiet=quiet) as bar:
            return hold_out_states(pipeline, training, rows, folds=folds, step=bar.step, jobs=jobs)

    return Trained(pipeline, raman_metadata(pipeline, training, rows, seed=seed), hold_out)


def _print_merit(held_out: pd.DataFrame, what: str) -> dict[str, float]:
    """Print the held-out figures of merit and return them."""
    from strain2dos.cli._common.recipes import gap_figures

    found = held_out.dropna()
    lost = len(held_out) - len(found)
    merit = {"dos_r2": float(held_out["dos_r2"].mean())}
    typer.echo(f"held out: {what} ({len(held_out)} curves)")
    if len(found):
        merit = {**gap_figures(found["gap"], found["gap_predicted"]), **merit}
        typer.echo(f"  band gap, mean absolute error  {merit['gap_mae_mev']:8.2f} meV")
        typer.echo(f"  band gap, largest error        {merit['gap_largest_error_mev']:8.2f} meV")
    typer.echo(f"  DOS curve, mean R2             {merit['dos_r2']:8.4f}")
    if lost:
        typer.echo(f"  {lost} curves have no gap at this threshold, or none is predicted")
    return merit


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("train", epilog=EXAMPLES)(train)
