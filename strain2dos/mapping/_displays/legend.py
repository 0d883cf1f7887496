# SPDX-License-Identifier: BSD-3-Clause
"""What is written around a figure of a map: a legend of the hatches below, a count or a warning above."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes

from strain2dos._plotting.maps import DEAD_STYLE, OUTSIDE_STYLE
from strain2dos._plotting.sites import DEAD_MARK, OUTSIDE_MARK
from strain2dos._plotting.spaces import legend_below, wrapped
from strain2dos.mapping._quality import PixelCounts

if TYPE_CHECKING:
    from matplotlib.legend import Legend

# Hatch of a map, and mark on a curve, of pixels without a result and outside the training domain.
_STYLES = {"dead": (DEAD_STYLE, DEAD_MARK), "outside": (OUTSIDE_STYLE, OUTSIDE_MARK)}


def legend_rows(counts: PixelCounts | None, ax: Axes | None) -> list[tuple[str, str]]:
    """Kind of pixels and wrapped words of each row of the legend."""
    if counts is None:
        return []
    words = (("dead", counts.without_words(brief=True)), ("outside", counts.outside_words(brief=True)))
    return [(kind, wrapped(text, ax)) for kind, text in words if text]


def write_legend(ax: Axes, rows: list[tuple[str, str]], *, curve: bool) -> Legend | None:
    """Write the rows below a map, or a curve with its own entries before them."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = list(ax.get_legend_handles_labels()[0]) if curve else []
    for kind, text in rows:
        hatch, mark = _STYLES[kind]
        handles.append(Line2D([], [], ls="", **mark, label=text) if curve else Patch(**hatch, label=text))
    return legend_below(ax, handles) if handles else None


def write_title(ax: Axes, data: np.ndarray, warning: str | None, *, counted: bool) -> None:
    """Write the warning above the figure, or how many pixels have no result where no legend counts them."""
    missing = int(np.isnan(data).sum())
    if warning:
        ax.set_title(wrapped(warning, ax), fontsize="small", loc="left", color="#B00020")
    elif missing and not counted:
        title = f"{missing} of {data.size} pixels without a result (hatched)"
        ax.set_title(title, fontsize="small", loc="left")
