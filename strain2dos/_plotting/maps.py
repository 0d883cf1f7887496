# SPDX-License-Identifier: BSD-3-Clause
"""A map as an image: true extent, units, a scale bar, and pixels without a value hatched."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from strain2dos._grids import borders
from strain2dos._plotting.axes import pyplot
from strain2dos._plotting.lengths import draw_scale_bar
from strain2dos._plotting.spaces import LEGEND_ROW, color_bar

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import QuadMesh
    from matplotlib.colorbar import Colorbar
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

_UNIT_SIGNS = {"um": "µm", "micrometer": "µm", "1": "", "": ""}
# Pixels without a value are gray with one pattern; values not to be trusted keep their color under another.
DEAD_STYLE: dict[str, Any] = {"facecolor": "0.92", "edgecolor": "0.55", "hatch": "////", "linewidth": 0}
OUTSIDE_STYLE: dict[str, Any] = {
    "facecolor": (1, 1, 1, 0.35), "edgecolor": (0, 0, 0, 0.65), "hatch": "xxxx", "linewidth": 0,
}  # fmt: skip
HATCHES = ("////", "\\\\\\\\", "....", "xxxx", "||||", "----", "++++", "oo", "**")


class ColorScale(NamedTuple):
    """How values become colors; ``extend`` is the side on which some lie beyond the end."""

    cmap: str
    vmin: float | None = None
    vmax: float | None = None
    extend: str = "neither"


def robust_scale(
    values: NDArray[np.float64],
    cmap: str = "viridis",
    vmin: float | None = None,
    vmax: float | None = None,
) -> ColorScale:
    """Colors over the middle 96 % of the values and a tenth more, or between the given ends.

    Where values lie beyond, the color bar gets an arrow.

    Examples
    --------
    >>> import numpy as np
    >>> from strain2dos._plotting.maps import robust_scale
    >>> robust_scale(np.append(np.linspace(384, 386, 200), 450.0)).extend
    'max'
    """
    values = values[np.isfinite(values)]
    if not values.size:
        return ColorScale(cmap, vmin, vmax)
    least, most = values.min(), values.max()
    low, high = np.quantile(values, [0.02, 0.98])
    margin = 0.1 * (high - low)
    vmin = max(least, low - margin) if vmin is None else vmin
    vmax = min(most, high + margin) if vmax is None else vmax
    below, above = bool(least < vmin), bool(most > vmax)
    extend = ("both" if above else "min") if below else ("max" if above else "neither")
    return ColorScale(cmap, float(vmin), float(vmax), extend)


def draw_map(
    values: xr.DataArray,
    ax: "Axes | None",
    scale: ColorScale,
    label: str | None,
    *,
    legend_rows: int = 0,
) -> tuple["Axes", "QuadMesh", "Colorbar | None"]:
    """Draw values (y, x) with axes in the units of their coordinates; without ``label`` no color bar.

    Pixels that are NaN stay transparent: hatch the background of the axes, or use `hatch`. Below the axes
    there is room for a legend of `legend_rows` rows.
    """
    values = values.transpose("y", "x")
    data = np.ma.masked_invalid(np.asarray(values.values, dtype=np.float64))
    x, y = (centers(values, dim) for dim in ("x", "y"))
    if ax is None:
        _, ax = pyplot().subplots(figsize=_size(x, y, legend_rows), layout="constrained")
    mesh = ax.pcolormesh(
        borders(x), borders(y), data, cmap=scale.cmap, vmin=scale.vmin, vmax=scale.vmax, rasterized=True
    )
    bar = color_bar(ax, mesh, label, scale.extend, legend_rows)
    ax.set(aspect="equal", xlabel=_axis_label(values, "x"), ylabel=_axis_label(values, "y"))
    if _is_index(values, "y") and not ax.yaxis_inverted():
        ax.invert_yaxis()  # a table without positions is shown as it is read
    if not _is_index(values, "x"):
        draw_scale_bar(ax, float(np.ptp(borders(x))), values["x"].attrs["units"])
    return ax, mesh, bar


def hatch(ax: "Axes", values: xr.DataArray, where: NDArray[np.bool_], number: int, label: str) -> "PathPatch":
    """Hatch the pixels of ``where`` (y, x) in the pattern of this number; gives the artist for a legend."""
    from matplotlib.patches import PathPatch

    values = values.transpose("y", "x")
    outline = _outline(borders(centers(values, "x")), borders(centers(values, "y")), where)
    gray = 0.94 - 0.05 * (number % 4)
    patch = PathPatch(
        outline,
        facecolor=str(gray),
        edgecolor="0.5",
        hatch=HATCHES[number % len(HATCHES)],
        linewidth=0,
        label=label,
    )
    ax.add_patch(patch)
    return patch


def hatch_over(ax: "Axes", values: xr.DataArray, where: NDArray[np.bool_]) -> "PathPatch":
    """Hatch the pixels of ``where`` (y, x) over their colors, which stay visible."""
    from matplotlib.patches import PathPatch

    values = values.transpose("y", "x")
    outline = _outline(borders(centers(values, "x")), borders(centers(values, "y")), where)
    patch = PathPatch(outline, **OUTSIDE_STYLE)
    ax.add_patch(patch)
    return patch


def _outline(x: NDArray[np.float64], y: NDArray[np.float64], where: NDArray[np.bool_]) -> "Path":
    """Rectangles around the runs of pixels of each row, as one path: a hatch runs through all of them."""
    from matplotlib.path import Path

    step = np.diff(np.pad(where.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    row, start = np.nonzero(step == 1)
    stop = np.nonzero(step == -1)[1]
    left, right, low, high = x[start], x[stop], y[row], y[row + 1]
    corners = np.stack([left, low, right, low, right, high, left, high, left, low], axis=1)
    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
    return Path(corners.reshape(-1, 2), codes * len(row))


def unit_sign(unit: object) -> str:
    """A unit as it is printed: "um" becomes µm, "1e13 cm-2" becomes 10¹³ cm⁻²."""
    sign = _UNIT_SIGNS.get(str(unit), str(unit)).replace("1e13", "10¹³")
    return sign.replace("cm-1", "cm⁻¹").replace("cm-2", "cm⁻²")


def _is_index(values: xr.DataArray, dim: str) -> bool:
    return dim not in values.coords or values[dim].attrs.get("units", "pixel") in ("pixel", "px")


def _axis_label(values: xr.DataArray, dim: str) -> str:
    unit = "pixel" if _is_index(values, dim) else values[dim].attrs["units"]
    return position_label(dim, unit)


def position_label(name: str, unit: object) -> str:
    """Label of an axis of positions: "x (µm)", or "x (unit unknown)" where the file states none."""
    sign = unit_sign(unit)
    return f"{name} (unit unknown)" if sign in ("unknown", "") else f"{name} ({sign})"


def centers(values: xr.DataArray | xr.Dataset, dim: str) -> NDArray[np.float64]:
    """Positions of the pixels along a dim: its coordinate, else counted."""
    given = dim in values.coords
    return np.asarray(values[dim].values if given else np.arange(values.sizes[dim]), dtype=np.float64)


def _size(x: NDArray[np.float64], y: NDArray[np.float64], legend_rows: int) -> tuple[float, float]:
    """Figure size that fits the flake's shape, so that equal aspect leaves no empty margins."""
    width, height = np.ptp(borders(x)), np.ptp(borders(y))
    ratio = float(np.clip(height / width, 0.3, 1.6))
    return 5.4, max(2.2, 4.0 * ratio + 0.8) + LEGEND_ROW * legend_rows
