# SPDX-License-Identifier: BSD-3-Clause
"""What `strain2dos report` reads off a map: a profile along a line, and curves at points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from strain2dos.cli._common.options import numbers

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from strain2dos.explain import ReportFigure

Line = Annotated[
    str | None,
    typer.Option("--profile", metavar="X0,Y0,X1,Y1", help="Line of a profile; writes profile.csv and .png."),
]
Width = Annotated[float | None, typer.Option(help="Width of the strip that the profile averages.", min=0.0)]
At = Annotated[
    list[str] | None,
    typer.Option(
        "--at", metavar="X,Y", help="Point whose density of states is shown and written; repeat it."
    ),
]
PROFILE, PICTURE, POINTS, CURVES = "profile.csv", "profile.png", "points.csv", "points_dos.csv"
# Quantities of a flake that a profile shows, one above the other.
_SHOWN = ("gap", "strain")


@dataclass(frozen=True)
class Places:
    """A line (x0, y0, x1, y1) with its width, and points (x, y), in the unit of the map."""

    line: tuple[float, ...] | None = None
    width: float | None = None
    points: tuple[tuple[float, ...], ...] = ()

    @classmethod
    def of(cls, line: str | None, width: float | None, points: Sequence[str] | None) -> Places:
        """Read what a command was given."""
        if width is not None and line is None:
            raise typer.BadParameter(
                "a width is that of a profile; give --profile too.", param_hint="--width"
            )
        found = [numbers(text, 2, "--at") for text in points or ()]
        return cls(numbers(line, 4, "--profile"), width, tuple(point for point in found if point is not None))

    @property
    def files(self) -> list[str]:
        """Files that are written; curves of maps that hold any."""
        return [PROFILE, PICTURE] * (self.line is not None) + [POINTS, CURVES] * bool(self.points)

    def files_of(self, dataset: xr.Dataset) -> list[str]:
        """Files that are written of a map."""
        return [name for name in self.files if name != CURVES or "dos" in dataset]

    def write(self, dataset: xr.Dataset, folder: Path) -> None:
        """Write the tables of the places, and the picture of the profile."""
        from strain2dos.mapping import at, profile, to_csv

        if self.line is not None:
            along = profile(dataset, self.line[:2], self.line[2:], width=self.width)
            to_csv(along, folder / PROFILE)
            _draw(along, folder / PICTURE)
        if self.points:
            found = at(dataset, self.points)
            to_csv(found, folder / POINTS)
            if "dos" in found:
                _curves(found).to_csv(folder / CURVES, index=False)

    def figures(self, folder: Path) -> dict[str, list[ReportFigure]]:
        """Return the picture of the profile for the page."""
        from strain2dos.explain import ReportFigure

        if self.line is None:
            return {}
        x0, y0, x1, y1 = self.line
        words = f"From ({x0:g}, {y0:g}) to ({x1:g}, {y1:g}); bands are standard errors."
        return {
            "Along the given line": [ReportFigure(folder / PICTURE, words, "Gap along a line", invert=True)]
        }


def _draw(along: xr.Dataset, path: Path) -> None:
    from matplotlib.figure import Figure

    from strain2dos.cli._common.figures import draw
    from strain2dos.mapping import MapDisplay

    names = [name for name in _SHOWN if name in along]
    figure = Figure(figsize=(6.4, 0.6 + 2.2 * len(names)), layout="constrained")
    axes = figure.subplots(len(names), 1, sharex=True, squeeze=False)[:, 0]
    for name, ax in zip(names, axes, strict=True):
        MapDisplay.from_dataset(along, name, ax=ax)
        ax.label_outer()
        if ax is not axes[-1] and (legend := ax.get_legend()):
            legend.remove()
    draw(path, figure)


def _curves(found: xr.Dataset) -> pd.DataFrame:
    """Table of the curves at points, and of their errors, over energy."""
    import pandas as pd

    columns: dict[str, Any] = {"energy (eV)": found["energy"].values}
    for k in range(found.sizes["point"]):
        for name in ("dos", "dos_std"):
            if name in found:
                columns[f"{name}_{k + 1}"] = found[name].isel(point=k).values
    return pd.DataFrame(columns)
