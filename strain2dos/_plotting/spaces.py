# SPDX-License-Identifier: BSD-3-Clause
"""Room for a color bar and a legend inside the cell of a grid of axes, so that neighbors stay free."""

import textwrap
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import Collection
    from matplotlib.colorbar import Colorbar
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend

# Inches: thickness of the bar, its distance from the map, its tick labels, a line of its label.
_BAR, _GAP, _BAR_TICKS, _BAR_LINE = 0.11, 0.06, 0.52, 0.16
# Inches below the axes: tick labels with the label of the axis, and one row of a legend.
AXIS_LABELS, LEGEND_ROW = 0.46, 0.135
# Characters per inch of the small type of a legend, and of a label.
_LEGEND_TYPE, _LABEL_TYPE = 17.0, 13.0
_LEGEND_KEY = 0.45  # inches of the patch before the words


def color_bar(
    ax: "Axes", drawn: "Collection", label: str | None, extend: str, legend_rows: int = 0
) -> "Colorbar | None":
    """Add a color bar as high as the map, and keep room for `legend_rows` rows below it.

    In a plain grid (``plt.subplots``) nothing else keeps the labels of a bar off the neighbor, so map, bar,
    labels and legend share the cell of `ax` there. Under a layout engine the engine makes the room.
    """
    from matplotlib.ticker import ScalarFormatter

    figure = _figure_of(ax)
    if _plain(ax):
        cax, label = _divide(ax, label, legend_rows)
    else:
        cax = None if label is None else ax.inset_axes((1.03, 0.0, 0.045, 1.0))
    if label is None:
        return None
    bar = figure.colorbar(drawn, cax=cax, label=label, extend=extend)
    if isinstance(bar.formatter, ScalarFormatter):
        bar.formatter.set_useOffset(False)
    bar.update_ticks()
    return bar


def legend_below(ax: "Axes", handles: list[Any]) -> "Legend":
    """Write a legend below the labels of the x axis."""
    from matplotlib.transforms import ScaledTranslation

    below = ScaledTranslation(0, -AXIS_LABELS, _figure_of(ax).dpi_scale_trans)
    return ax.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(0, 0),
        bbox_transform=ax.transAxes + below,
        borderaxespad=0,
        borderpad=0,
        labelspacing=0.3,
        fontsize="x-small",
        frameon=False,
        alignment="left",
        handlelength=2.2,
        handleheight=1.2,
    )


def wrapped(text: str, ax: "Axes | None") -> str:
    """Break words into lines that fit below `ax`, or below a map of the usual size."""
    width = 4.6 if ax is None else _cell(ax)[0]
    return "\n".join(textwrap.wrap(text, max(24, int((width - _LEGEND_KEY) * _LEGEND_TYPE))))


def _figure_of(ax: "Axes") -> "Figure":
    """Give the figure that `ax` lies in; a part of a figure has the same methods."""
    return cast("Figure", ax.get_figure())


def _plain(ax: "Axes") -> bool:
    return _figure_of(ax).get_layout_engine() is None and ax.get_subplotspec() is not None


def _cell(ax: "Axes") -> tuple[float, float]:
    """Width and height in inches of the cell that `ax` may fill."""
    figure = _figure_of(ax)
    spec = ax.get_subplotspec()
    box = ax.get_position(original=True) if spec is None else spec.get_position(figure)
    width, height = figure.dpi_scale_trans.inverted().transform(figure.bbox.size)
    return float(box.width * width), float(box.height * height)


def _divide(ax: "Axes", label: str | None, legend_rows: int) -> tuple["Axes | None", str | None]:
    """Divide the cell of `ax` into map, bar and margins of fixed sizes; gives the bar's axes and label."""
    from mpl_toolkits.axes_grid1 import make_axes_locatable

    divider = make_axes_locatable(ax)
    below = AXIS_LABELS + LEGEND_ROW * (legend_rows + 1) if legend_rows else 0.0
    cax = None
    if label is not None:
        lines = textwrap.wrap(label, max(12, int((_cell(ax)[1] - below) * _LABEL_TYPE)))
        label = "\n".join(lines)
        cax = divider.append_axes("right", size=_BAR, pad=_GAP)
        # room only: these axes join no figure
        divider.new_horizontal(_BAR_TICKS + _BAR_LINE * len(lines), pad=0.0)
    if below:
        divider.new_vertical(below, pad=0.0, pack_start=True)
    return cax, label
