# SPDX-License-Identifier: BSD-3-Clause
"""Positions of two Raman lines as points or, where there are many, as a density."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colorbar import Colorbar

Floats = NDArray[np.float64]


def set_limits(ax: "Axes", centers: Floats, origin: Floats) -> None:
    """Room for all points; for the origin as well unless that squeezes them into a corner."""
    everything = centers if len(centers) else origin[None]
    low, high = everything.min(axis=0), everything.max(axis=0)
    wide = np.maximum(high - low, 1.0)
    both = np.vstack([everything, origin])
    if (np.ptp(both, axis=0) <= 3.0 * wide).all():
        low, high = both.min(axis=0), both.max(axis=0)
    pad = 0.1 * np.maximum(high - low, 1.0)
    ax.set_xlim(low[0] - pad[0], high[0] + pad[0])
    ax.set_ylim(low[1] - pad[1], high[1] + pad[1])


def draw_points(ax: "Axes", centers: Floats, values: Floats, label: str) -> "Colorbar":
    """One mark per spectrum, colored by its value on a scale that is symmetric about zero."""
    limit = max(float(np.abs(values).max(initial=0.0)), 1e-3)
    points = ax.scatter(
        centers[:, 0],
        centers[:, 1],
        c=values,
        cmap="RdBu_r",
        vmin=-limit,
        vmax=limit,
        s=14,
        edgecolors="0.35",
        linewidths=0.3,
        zorder=3,
    )
    return ax.figure.colorbar(points, ax=ax, label=label)


def draw_density(ax: "Axes", centers: Floats) -> "Colorbar":
    """Number of spectra in hexagonal cells, on a logarithmic scale."""
    cells = ax.hexbin(
        centers[:, 0],
        centers[:, 1],
        gridsize=60,
        extent=(*ax.get_xlim(), *ax.get_ylim()),
        mincnt=1,
        bins="log",
        cmap="viridis_r",
        linewidths=0.1,
        zorder=1.5,
    )
    return ax.figure.colorbar(cells, ax=ax, label="Spectra per cell")
