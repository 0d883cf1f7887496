# SPDX-License-Identifier: BSD-3-Clause
"""The section on photoluminescence of a map that was compared with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import xarray as xr
from matplotlib.figure import Figure

from strain2dos.explain._report import ReportFigure
from strain2dos.mapping import PLComparisonDisplay

# Heading of the section of figures that maps of light join.
LIGHT_HEADING = "Photoluminescence"
_CAPTION = "Photoluminescence of the same flake against the predicted gap."
_ALT = "Scatter plot of photoluminescence energy against predicted gap"


def with_light(figures: Mapping[str, Sequence[Any]] | None, dataset: xr.Dataset) -> dict[str, Sequence[Any]]:
    """Add the section of a comparison that the map holds, unless the caller gives one of that heading."""
    known = dict(figures or {})
    if LIGHT_HEADING in known or "pl_comparison" not in dataset.attrs or "pl_energy" not in dataset:
        return known
    drawn: list[ReportFigure] = []
    if "pl_slope" in dataset.attrs:
        # Figure rather than pyplot: nothing stays open behind the caller
        figure = Figure(figsize=(5.6, 4.6), layout="constrained")
        PLComparisonDisplay.from_maps(dataset, dataset["pl_energy"], ax=figure.subplots())
        drawn.append(ReportFigure(figure, _CAPTION, _ALT, invert=True))
    return {LIGHT_HEADING: drawn, **known}
