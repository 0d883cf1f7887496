# SPDX-License-Identifier: BSD-3-Clause
"""Values along a line as a curve with a band, and values at scattered sites in their true positions."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from strain2dos._plotting.axes import COLORS, pyplot
from strain2dos._plotting.lengths import draw_scale_bar
from strain2dos._plotting.maps import DEAD_STYLE, OUTSIDE_STYLE, ColorScale, position_label
from strain2dos._plotting.spaces import LEGEND_ROW, color_bar

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection
    from matplotlib.colorbar import Colorbar
    from matplotlib.lines import Line2D

Floats = NDArray[np.float64]
# Points of a site whose size nothing else limits, and of sites that stand close.
_LARGEST, _SMALLEST = 15.0, 3.0
DEAD_MARK: dict[str, Any] = {"marker": "|", "color": "0.55", "ms": 7}
OUTSIDE_MARK: dict[str, Any] = {"marker": "x", "color": "black", "ms": 6}


def draw_curve(
    along: Floats,
    values: Floats,
    std: Floats | None,
    ax: "Axes | None",
    *,
    xlabel: str,
    ylabel: str,
    joined: bool = True,
    legend_rows: int = 0,
) -> tuple["Axes", "Line2D"]:
    """Draw values against a position, with a band of one standard deviation; points alone where not joined.

    A gray tick at the bottom stands for a spectrum without a result.

    Parameters
    ----------
    along, values : arrays of shape (n,)
    std : array of shape (n,) or None
    ax : Axes or None
    xlabel, ylabel : str
    joined : bool, default=True
        False for sites whose order means nothing: points with error bars.
    legend_rows : int, default=0
        Rows of a legend below, for which a new figure gets room.
    """
    if ax is None:
        size = (6.0, 3.2 + LEGEND_ROW * legend_rows)
        _, ax = pyplot().subplots(figsize=size, layout="constrained")
    order = np.argsort(along, kind="stable")
    x, y = along[order], values[order]
    sigma = None if std is None else std[order]
    marker = "o" if not joined or len(x) <= 60 else ""
    (line,) = ax.plot(x, y, marker=marker, ms=3.5, ls="-" if joined else "", color=COLORS[0])
    if sigma is not None and joined:
        label = "± 1 standard deviation"
        ax.fill_between(x, y - sigma, y + sigma, color=COLORS[0], alpha=0.25, linewidth=0, label=label)
    elif sigma is not None:
        ax.errorbar(x, y, sigma, fmt="none", color=COLORS[0], capsize=2, label="± 1 standard deviation")
    lost = x[~np.isfinite(y)]
    ax.plot(lost, np.full(lost.size, 0.03), ls="", transform=ax.get_xaxis_transform(), **DEAD_MARK)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.ticklabel_format(useOffset=False)
    ax.margins(x=0.02)
    if not joined:
        from matplotlib.ticker import MaxNLocator

        ax.xaxis.set_major_locator(MaxNLocator(8, integer=True))
        if len(x) == 1:  # matplotlib gives up whole numbers where there is one
            ax.set_xticks(x)
    return ax, line


def draw_sites(
    x: Floats,
    y: Floats,
    values: Floats,
    ax: "Axes | None",
    scale: ColorScale,
    *,
    label: str | None,
    unit: object,
    legend_rows: int = 0,
) -> tuple["Axes", "PathCollection", "Colorbar | None"]:
    """Draw each site as a disk in its true position, colored by its value; gray where there is none."""
    if ax is None:
        size = (5.4, 4.6 + LEGEND_ROW * legend_rows)
        _, ax = pyplot().subplots(figsize=size, layout="constrained")
    diameter = _diameter(x, y)
    known = np.isfinite(values)
    ax.scatter(x[~known], y[~known], s=diameter**2, zorder=1.5, **DEAD_STYLE)
    disks = ax.scatter(
        x[known], y[known], c=values[known], s=diameter**2, cmap=scale.cmap, vmin=scale.vmin, vmax=scale.vmax
    )
    bar = color_bar(ax, disks, label, scale.extend, legend_rows)
    ax.set(aspect="equal", xlabel=position_label("x", unit), ylabel=position_label("y", unit))
    ax.margins(0.1)
    draw_scale_bar(ax, float(np.ptp(x)), unit)
    return ax, disks, bar


def mark_outside(ax: "Axes", x: Floats, y: Floats, *, disks: bool) -> None:
    """Mark sites outside the training domain: hatched disks, or open markers on a curve."""
    if disks:
        ax.scatter(x, y, s=_diameter(x, y) ** 2, zorder=2.5, **OUTSIDE_STYLE)
    else:
        ax.plot(x, y, ls="", zorder=3, **OUTSIDE_MARK)


def _diameter(x: Floats, y: Floats) -> float:
    """Diameter in points: neighbors at the usual size of a figure hardly touch."""
    if len(x) < 2:
        return _LARGEST
    points = np.column_stack([x, y])
    apart = np.hypot(*(points[:, np.newaxis] - points).transpose(2, 0, 1)) if len(x) <= 2000 else None
    if apart is None:
        return _SMALLEST
    np.fill_diagonal(apart, np.inf)
    share = float(np.median(apart.min(axis=1))) / max(float(np.ptp(x)), float(np.ptp(y)), 1e-300)
    return float(np.clip(220.0 * share, _SMALLEST, _LARGEST))
