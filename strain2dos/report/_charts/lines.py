# SPDX-License-Identifier: BSD-3-Clause
"""Curves of a page: spectra, densities of states, profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import numpy as np
from numpy.typing import NDArray

from strain2dos._plotting.axes import COLORS
from strain2dos.report._charts.chart import legend_above, new_chart

if TYPE_CHECKING:
    from bokeh.plotting import figure


class _InLegend(TypedDict, total=False):
    """Keyword that gives a curve its entry in the legend."""

    legend_label: str


def line_chart(name: str, x: str, y: str, *, curves: tuple[str, ...], band: bool = True) -> figure:
    """Empty chart of curves over x, which the script of the page fills.

    Parameters
    ----------
    name : str
    x, y : str
        Labels of the axes.
    curves : tuple of str
        Names of the curves, for the legend.
    band : bool, default=True
        Whether each curve has a band of one standard deviation.
    """
    from bokeh.models import ColumnDataSource, HoverTool

    chart = new_chart(name, x, y, height=260)
    for number, curve in enumerate(curves):
        # any numbers, so that the axes have ends until the script of the page brings those of a pixel
        any_two = {key: [0.0, 1.0] for key in ("x", "y", "low", "high")}
        source = ColumnDataSource(any_two, name=f"{name}-{number}")
        color = COLORS[number % len(COLORS)]
        options: _InLegend = {"legend_label": curve} if len(curves) > 1 else {}
        if band:
            chart.varea("x", "low", "high", source=source, fill_color=color, fill_alpha=0.22, **options)
        dots = name == "spectrum" and number == 0
        if dots:
            chart.scatter("x", "y", source=source, size=4, color=color, **options)
        else:
            chart.line("x", "y", source=source, line_color=color, line_width=2, **options)
    chart.add_tools(HoverTool(tooltips=[(x, "@x{0.000}"), (y, "@y{0.000}")], mode="mouse"))
    if len(curves) > 1:
        legend_above(chart)
    return chart


def points_chart(
    energies: NDArray[np.float64], curves: dict[str, tuple[NDArray[np.float64], NDArray[np.float64] | None]]
) -> figure:
    """Curves of the density of states at chosen points, each with its band where there is one."""
    chart = new_chart("points", "Energy (eV)", "DOS (states/eV/cell)", height=320)
    for number, (label, (dos, std)) in enumerate(curves.items()):
        color = COLORS[number % len(COLORS)]
        if std is not None:
            low = np.maximum(dos - std, 0.0)
            chart.varea(energies, low, dos + std, fill_color=color, fill_alpha=0.22, legend_label=label)
        dash = ("solid", "dashed", "dotdash")[number % 3]
        chart.line(energies, dos, line_color=color, line_width=2, line_dash=dash, legend_label=label)
    if curves:
        legend_above(chart)
    return chart
