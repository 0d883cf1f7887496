# SPDX-License-Identifier: BSD-3-Clause
"""Options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class StrainUnit(StrEnum):
    """Units in which a file may state strain."""

    fraction = "fraction"
    percent = "percent"
    label = "label"


def require_unit(file: Path, unit: StrainUnit | None) -> StrainUnit:
    """Return the unit of the strain in a file; refuse a file without one."""
    if unit is None:
        raise typer.BadParameter(
            f"{file} does not state the unit of its strain; give fraction, percent, or label for an "
            "arbitrary one.",
            param_hint="--strain-unit",
        )
    return unit


Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bars.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite output that exists.")]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs", "-j", min=1, help="Processes that hold out strain states. [default: one per core]"
    ),
]
Seed = Annotated[int, typer.Option(help="Seed of everything random.", min=0, max=2**32 - 1)]
Model = Annotated[Path, typer.Argument(metavar="MODEL", help="Model file written by `strain2dos train`.")]
Unit = Annotated[
    StrainUnit | None,
    typer.Option(help="Unit of the strain in the file; it is never guessed. 'label': arbitrary, as written."),
]


def numbers(text: str | None, count: int, option: str) -> tuple[float, ...] | None:
    """Read numbers that are separated by commas, or refuse the value of an option."""
    if text is None:
        return None
    try:
        found = tuple(float(part) for part in text.replace(";", ",").split(","))
    except ValueError:
        found = ()
    if len(found) != count:
        raise typer.BadParameter(f"{text!r} must be {count} numbers, separated by commas.", param_hint=option)
    return found
