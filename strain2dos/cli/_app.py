# SPDX-License-Identifier: BSD-3-Clause
"""The command line as a whole; every command imports its libraries when it runs, so help is quick."""

from __future__ import annotations

import gc
from typing import Annotated

import typer

from strain2dos.cli import _convert, _dft, _explain, _train
from strain2dos.cli._demo import command as _demo
from strain2dos.cli._map import command as _map
from strain2dos.cli._report import command as _report

app = typer.Typer(
    name="strain2dos",
    help="Maps of the local electronic structure of strained 2D materials from Raman spectra.",
    epilog="Start with: strain2dos demo -o demo-output",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        from strain2dos import __version__

        typer.echo(f"strain2dos {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    pass


for module in (_demo, _train, _map, _explain, _report, _convert, _dft):
    module.register(app)


def main() -> None:
    """Run the ``strain2dos`` command."""
    try:
        app()
    finally:
        # at its end Python looks through all objects that are not frozen: with torch loaded, for seconds
        gc.freeze()
