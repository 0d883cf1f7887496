# SPDX-License-Identifier: BSD-3-Clause
"""Lines of equal strain and of equal doping behind the positions of two Raman lines."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from strain2dos._plotting.axes import COLORS
from strain2dos._plotting.labels import with_minus

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Distances between marks of an axis, and how many marks it has at most.
_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
_MOST_MARKS = 8
# In fractions of the axes: how far inside the values of the grid are written, and how far apart.
_LABEL_INSET, _LABEL_DISTANCE = 0.03, 0.05


def draw_grid(
    ax: "Axes",
    origin: NDArray[np.float64],
    directions: tuple[NDArray[np.float64], NDArray[np.float64]],
    labels: tuple[str, str],
) -> None:
    """Axes of strain and doping through the origin, and lines of equal strain and doping with values."""
    low = np.array([ax.get_xlim()[0], ax.get_ylim()[0]])
    high = np.array([ax.get_xlim()[1], ax.get_ylim()[1]])
    corners = np.array([[x, y] for x in (low[0], high[0]) for y in (low[1], high[1])])
    reach = (corners - origin) @ np.linalg.inv(np.column_stack(directions)).T
    taken: list[NDArray[np.float64]] = []
    for k, (label, color) in enumerate(zip(labels, COLORS[:2], strict=True)):
        along, across = directions[k], directions[1 - k]
        ends = origin + np.outer([reach[:, k].min(), reach[:, k].max()], along)
        ax.plot(*ends.T, "-", lw=1.4, color=color, label=label, zorder=2)
        for mark in _marks(reach[:, k]):
            span = np.array([reach[:, 1 - k].min(), reach[:, 1 - k].max()])
            line = origin + mark * along + np.outer(span, across)
            ax.plot(*line.T, "-", lw=0.5, color=color, alpha=0.55, zorder=1)
            places = (_label_place(line, low, high, side=1 - k, reverse=turn) for turn in (False, True))
            free = (
                at
                for at in places
                if at is not None and all(np.abs(at - other).max() > _LABEL_DISTANCE for other in taken)
            )
            at = next(free, None)
            if at is not None:
                taken.append(at)
                _write(ax, at, with_minus(f"{mark:g}"), color)
    ax.set_xlim(low[0], high[0])
    ax.set_ylim(low[1], high[1])


def _marks(reach: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round values in the range, at most eight, without 0 (that is the axis itself)."""
    low, high = float(reach.min()), float(reach.max())
    step = next((s for s in _STEPS if (high - low) / s <= _MOST_MARKS), _STEPS[-1])
    numbers = np.arange(np.ceil(low / step), np.floor(high / step) + 1)
    return numbers[numbers != 0] * step


def _label_place(
    line: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    *,
    side: int,
    reverse: bool,
) -> NDArray[np.float64] | None:
    """Where, in fractions of the axes, a line leaves them on the right (side 0) or the top (side 1).

    ``reverse`` asks for its other end. The line is clipped as by Liang and Barsky, ACM Trans. Graph. 3, 1
    (1984); None where it misses the axes or leaves them in a corner.
    """
    start, end = (line - low) / (high - low)
    start, end = (start, end) if (end[side] > start[side]) != reverse else (end, start)
    step = end - start
    safe = np.where(step == 0.0, 1e-12, step)
    leave = np.minimum.reduce(np.maximum(-start / safe, (1.0 - start) / safe))
    enter = np.maximum.reduce(np.minimum(-start / safe, (1.0 - start) / safe))
    at = start + (leave - _LABEL_INSET / np.abs(step).max()) * step
    inside = (at > _LABEL_INSET - 1e-9).all() and (at < 1.0 - _LABEL_INSET + 1e-9).all()
    return at if leave > enter and inside else None


def _write(ax: "Axes", at: NDArray[np.float64], text: str, color: str) -> None:
    ax.text(
        float(at[0]),
        float(at[1]),
        text,
        transform=ax.transAxes,
        color=color,
        fontsize="x-small",
        ha="center",
        va="center",
        zorder=5,
        bbox={"facecolor": "white", "alpha": 0.8, "linewidth": 0, "pad": 0.8},
    )
