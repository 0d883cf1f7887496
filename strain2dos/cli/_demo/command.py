# SPDX-License-Identifier: BSD-3-Clause
"""``strain2dos demo``: the whole path on bundled data, from spectra to a report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from strain2dos.cli._common.console import cores, examples, guarded, say
from strain2dos.cli._common.options import Debug, Force, Jobs, Quiet, Seed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from strain2dos.cli._demo.run import Run

EXAMPLES = examples("strain2dos demo", "strain2dos demo -o demo-output --seed 1", "strain2dos demo --quick")

FULL: dict[str, Any] = {
    "spectra": 244,
    "members": 16,
    "epochs": 200,
    "folds": 16,
    "fold_members": 5,
    "fold_epochs": 200,
    "map_shape": [48, 48],
    "explained": 48,
    "background": 60,
}
QUICK: dict[str, Any] = {
    "spectra": 122,
    "members": 2,
    "epochs": 40,
    "folds": 8,
    "fold_members": 1,
    "fold_epochs": 25,
    "map_shape": [20, 20],
    "explained": 8,
    "background": 16,
}


@guarded
def demo(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the results.")] = Path(
        "demo-output"
    ),
    seed: Seed = 0,
    quick: Annotated[
        bool, typer.Option("--quick", help="Fewer spectra, a smaller map and shorter training.")
    ] = False,
    jobs: Jobs = None,
    force: Force = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Train, map, explain and report on bundled data.

    Trains on Raman spectra of first-principles strain states, judges the model on strain states that it never
    saw, maps a wrinkled flake whose gap is known, compares with photoluminescence, explains the model, and
    writes report.html. Run again with the same settings, finished stages are kept.
    """
    from strain2dos.cli._demo.run import RECORD, Run
    from strain2dos.cli._demo.stages import stages

    if output.is_dir() and any(output.iterdir()) and not (output / RECORD).exists() and not force:
        raise FileExistsError(
            f"{output} holds files that no demo run made; give an empty folder with -o, or pass --force to "
            "add to it."
        )
    run = Run(output, {"seed": seed, **(QUICK if quick else FULL)}, "demo", force=force)
    merit = run.execute(stages(run, jobs=1 if quick and jobs is None else cores(jobs)), quiet=quiet, tell=say)
    for name in run.files:
        typer.echo(f"wrote {output / name}")
    _summarize(merit, run)


def _summarize(merit: Mapping[str, Mapping[str, Any]], run: Run) -> None:
    held, flake, light = merit["hold_out"], merit["map"], merit["photoluminescence"]
    rows = [
        (f"band gap of held-out strain states (MAE, R2 {held['gap_r2']:.3f})", held["gap_mae_mev"], "meV"),
        ("band gap of the mapped flake against the truth (MAE)", flake["gap_mae_mev"], "meV"),
        ("photoluminescence against predicted gap at K (slope)", light["slope"], "eV/eV"),
        ("pixels without a result", flake["masked_pixels"], f"of {flake['pixels']}"),
        ("compute", sum(run.seconds.values()), "s"),
    ]
    for words, value, unit in rows:
        typer.echo(f"{words:<56} {value:>8.4g} {unit}")


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("demo", epilog=EXAMPLES)(demo)
