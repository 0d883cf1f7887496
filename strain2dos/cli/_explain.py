# SPDX-License-Identifier: BSD-3-Clause
"""``strain2dos explain``: which feature moves which part of the density of states."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from strain2dos.cli._common.console import examples, guarded, refuse_to_overwrite, say, wrote
from strain2dos.cli._common.options import Debug, Force, Model, Quiet, Seed, Unit

if TYPE_CHECKING:
    import xarray as xr
    from sklearn.base import RegressorMixin

EXAMPLES = examples(
    "strain2dos explain raman.skops flake.wdf -o explanation.html",
    "strain2dos explain model.skops raman_strain.csv --strain-unit label",
)


@guarded
def explain(
    model: Model,
    data: Annotated[
        Path, typer.Argument(metavar="DATA", help="Spectra, Raman map or strain map to explain.")
    ],
    strain_unit: Unit = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Page to write.")] = Path("explanation.html"),
    samples: Annotated[int, typer.Option(help="Maximum number of spectra to explain.", min=1)] = 64,
    background: Annotated[int, typer.Option(help="Samples that stand for an unknown feature.", min=2)] = 100,
    seed: Seed = 0,
    force: Force = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Explain the predictions for spectra or a map, feature by feature and energy by energy.

    The samples explained, and the background they are compared with, are drawn from DATA.
    """
    refuse_to_overwrite([output], force=force, inputs=[model, data])
    from strain2dos.cli._common.progress import Progress, clock

    with clock("loading the package", quiet=quiet):
        from strain2dos import DOSExplainer
        from strain2dos._files import replacing
        from strain2dos.cli._common.inputs import read_map, takes_spectra

    with Progress("Explain", 3, quiet=quiet) as bar:
        estimator, cube, _ = read_map(model, data, strain_unit)
        rows = _usable_rows(estimator, cube)
        if len(rows) < 2:
            raise ValueError(
                f"{data} holds {len(rows)} samples with finite features; explaining needs at least 2."
            )
        bar.step()
        options: dict[str, Any] = {"max_background": background, "random_state": seed}
        maker = DOSExplainer.from_pipeline if takes_spectra(estimator) else DOSExplainer
        chosen = np.random.default_rng(seed).permutation(len(rows))[:samples]
        explanation = maker(estimator, rows, **options).explain(rows[np.sort(chosen)])
        bar.step()
        output.parent.mkdir(parents=True, exist_ok=True)
        with replacing(output) as part:
            explanation.to_html(part, title=f"What moves the density of states: {data.name}")
    wrote(output)


def _usable_rows(estimator: RegressorMixin, cube: xr.DataArray) -> np.ndarray:
    """Rows (n, k) of spectra or strains that the model can use."""
    from strain2dos._estimators.wrappers import look_through
    from strain2dos.cli._common.inputs import takes_spectra

    if takes_spectra(estimator):
        rows = cube.values.reshape(-1, cube.sizes["shift"])
        usable = np.isfinite(np.asarray(look_through(estimator).first.transform(rows))).all(axis=1)
    else:
        rows = cube.values.reshape(-1, 1)
        usable = np.isfinite(rows[:, 0])
    if not usable.all():
        say(f"{int((~usable).sum())} of {len(rows)} samples have no finite features and are left out.")
    return rows[usable]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("explain", epilog=EXAMPLES)(explain)
