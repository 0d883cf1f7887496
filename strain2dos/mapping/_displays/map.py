# SPDX-License-Identifier: BSD-3-Clause
"""A quantity where it was measured, as a figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from strain2dos._plotting.axes import pyplot
from strain2dos._plotting.maps import (
    DEAD_STYLE,
    OUTSIDE_STYLE,
    ColorScale,
    draw_map,
    hatch_over,
    position_label,
    robust_scale,
)
from strain2dos._plotting.sites import DEAD_MARK, OUTSIDE_MARK, draw_curve, draw_sites, mark_outside
from strain2dos._plotting.spaces import legend_below, wrapped
from strain2dos.mapping._displays.words import quantity_label
from strain2dos.mapping._places import Places, places_of
from strain2dos.mapping._quality import PixelCounts, count_pixels, outside_pixels, refusal

if TYPE_CHECKING:
    from matplotlib.collections import PathCollection, QuadMesh
    from matplotlib.colorbar import Colorbar
    from matplotlib.legend import Legend
    from matplotlib.lines import Line2D


class PlotOptions(TypedDict, total=False):
    """Options of :meth:`MapDisplay.plot`."""

    cmap: str | None
    vmin: float | None
    vmax: float | None
    colorbar: bool


class MapDisplay:
    """One quantity over a flake, along a line, or at the sites of a wafer.

    A map is an image with a scale bar. A line scan is a curve with a band of one standard deviation.
    Scattered sites are disks in their true positions. Pixels without a result are gray and hatched; pixels
    outside the training domain keep their color under another hatch. Both are counted below, with their
    reasons.

    Parameters
    ----------
    values : DataArray of shape (y, x), or (n,)
        The quantity, with coordinates and attributes ``units`` and ``long_name`` where known.
    std : DataArray, default=None
        Its standard deviation, drawn as a band or as error bars where there is no image.
    outside : DataArray of bool, default=None
        Pixels outside the training domain.
    counts : PixelCounts, default=None
        What is written below the picture.
    warning : str, default=None
        Why the map as a whole should not be used, written above it.

    Attributes
    ----------
    ax_ : Axes
    figure_ : Figure
    im_ : QuadMesh, PathCollection or Line2D
        Image of a map, disks of sites, curve of a line scan.
    colorbar_ : Colorbar or None
    legend_ : Legend or None
        What the hatches mean, with numbers.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from strain2dos.mapping import MapDisplay
    >>> gap = xr.DataArray(
    ...     np.linspace(1.5, 1.7, 12).reshape(3, 4), dims=("y", "x"), attrs={"units": "eV"}
    ... )
    >>> display = MapDisplay.from_dataset(xr.Dataset({"gap": gap}), "gap")
    >>> display.colorbar_.ax.get_ylabel()
    'Band gap (eV)'
    """

    im_: QuadMesh | PathCollection | Line2D
    colorbar_: Colorbar | None
    legend_: Legend | None

    def __init__(
        self,
        values: xr.DataArray,
        *,
        std: xr.DataArray | None = None,
        outside: xr.DataArray | None = None,
        counts: PixelCounts | None = None,
        warning: str | None = None,
    ) -> None:
        self.values = values
        self.std = std
        self.outside = outside
        self.counts = counts
        self.warning = warning

    @classmethod
    def from_dataset(
        cls,
        dataset: xr.Dataset,
        name: str = "gap",
        *,
        energy: float | None = None,
        feature: str | None = None,
        ax: Axes | None = None,
        **plot_options: Unpack[PlotOptions],
    ) -> MapDisplay:
        """Plot the variable ``name`` of a map.

        Parameters
        ----------
        dataset : Dataset
            As from :meth:`SpatialMapper.predict_map`.
        name : str, default="gap"
            Variable to show; "dos" and "dos_std" need `energy`, "features" needs `feature`.
        energy : float, default=None
            Energy in eV at which the curves are shown (nearest point of the grid).
        feature : str, default=None
            Name of the feature shown.
        ax : Axes, default=None
            Where to draw; a new figure by default.
        **plot_options : dict
            For :meth:`plot`.

        Returns
        -------
        MapDisplay
        """
        if name not in dataset:
            raise ValueError(
                f"the map has no variable {name!r}; it has {sorted(map(str, dataset.data_vars))}."
            )
        chosen = {"energy": energy, "feature": feature}
        values = _slice(dataset[name], name, chosen)
        std = dataset.get(f"{name}_std")
        known = "status" in dataset or "domain_score" in dataset
        return cls(
            values,
            std=None if std is None else _slice(std, f"{name}_std", chosen),
            outside=outside_pixels(dataset),
            counts=count_pixels(dataset, name) if known else None,
            warning=refusal(dataset, name) if known else None,
        ).plot(ax=ax, **plot_options)

    @classmethod
    def beside_error(
        cls,
        dataset: xr.Dataset,
        name: str = "gap",
        *,
        axes: Sequence[Axes] | None = None,
        **plot_options: Unpack[PlotOptions],
    ) -> tuple[MapDisplay, MapDisplay]:
        """Plot a quantity and, beside it, its standard deviation.

        Parameters
        ----------
        dataset : Dataset
            A map (y, x) or sites with `name` and ``NAME_std``.
        name : str, default="gap"
            The quantity.
        axes : sequence of two Axes, default=None
            Where to draw; a new figure by default.
        **plot_options : dict
            For :meth:`plot` of the quantity.

        Returns
        -------
        tuple of two MapDisplay

        Raises
        ------
        ValueError
            If the map has no ``NAME_std``.
        """
        if f"{name}_std" not in dataset:
            raise ValueError(
                f"the map has no {name}_std, the error of {name}; ask for it when mapping, or draw {name} "
                "alone with from_dataset."
            )
        if axes is None:
            size = (9.6, 4.4) if places_of(dataset[name]).kind in ("grid", "sites") else (11.0, 3.6)
            _, axes = pyplot().subplots(1, 2, figsize=size, layout="constrained")
        left = cls.from_dataset(dataset, name, ax=axes[0], **plot_options)
        error = dataset[f"{name}_std"]
        right = cls(error, outside=left.outside).plot(axes[1], cmap="magma")
        if left.counts is not None:
            right.ax_.set_title("", loc="left")
        return left, right

    def plot(
        self,
        ax: Axes | None = None,
        *,
        cmap: str | None = None,
        vmin: float | None = None,
        vmax: float | None = None,
        colorbar: bool = True,
    ) -> MapDisplay:
        """Draw the map, the curve or the sites.

        Parameters
        ----------
        ax : Axes, default=None
            Where to draw; a new figure by default. In a plain grid (``plt.subplots``) color bar and legend
            share the cell of `ax`, so that they cover no neighbor.
        cmap : str, default=None
            Color map; "viridis", or "RdBu_r" centered at 0 for strain, by default.
        vmin, vmax : float, default=None
            Ends of the color scale. By default it spans the middle 96 % of the pixels and a tenth more;
            where pixels lie beyond, the color bar ends in an arrow.
        colorbar : bool, default=True
            Whether to add a color bar.

        Returns
        -------
        MapDisplay
            The display itself.
        """
        places = places_of(self.values)
        values = self.values.transpose(*places.dims)
        data = np.asarray(values.values, dtype=np.float64)
        scale = _scale(values, data[np.isfinite(data)], cmap, vmin, vmax)
        rows = self._legend_texts(ax)
        lines = sum(text.count("\n") + 1 for _, text in rows)
        self.legend_ = self.colorbar_ = None
        if places.kind == "grid":
            label = quantity_label(values) if colorbar else None
            self.ax_, self.im_, self.colorbar_ = draw_map(values, ax, scale, label, legend_rows=lines)
            self._hatch(values, data)
        elif places.kind == "sites":
            label = quantity_label(values) if colorbar else None
            x, y, unit = places.x, places.y, places.unit
            self.ax_, self.im_, self.colorbar_ = draw_sites(
                x, y, data.ravel(), ax, scale, label=label, unit=unit, legend_rows=lines
            )
            self._mark(x, y, disks=True)
        else:
            self._draw_curve(places, data.ravel(), ax, (vmin, vmax), lines)
        self.figure_ = self.ax_.figure
        self._write(data, rows)
        return self

    def _draw_curve(
        self, places: Places, data: np.ndarray, ax: Axes | None, ends: tuple[Any, Any], lines: int
    ) -> None:
        joined = places.kind == "line"
        label = position_label(places.along_name, places.unit) if joined else "spectrum"
        std = None if self.std is None else self.std.transpose(*places.dims).values.ravel()
        self.ax_, self.im_ = draw_curve(
            places.along, data, std, ax, xlabel=label, ylabel=quantity_label(self.values), joined=joined,
            legend_rows=lines,
        )  # fmt: skip
        if ends != (None, None):
            self.ax_.set_ylim(*ends)
        self._mark(places.along, data, disks=False)

    def _hatch(self, values: xr.DataArray, data: np.ndarray) -> None:
        if np.isnan(data).any():
            self.ax_.patch.set(**DEAD_STYLE)
        if self.outside is not None:
            where = self.outside.transpose("y", "x").values & np.isfinite(data)
            if where.any():
                hatch_over(self.ax_, values, where)

    def _mark(self, x: np.ndarray, y: np.ndarray, *, disks: bool) -> None:
        if self.outside is None:
            return
        where = self.outside.values.ravel()
        if where.any():
            mark_outside(self.ax_, x[where], y[where], disks=disks)

    def _legend_texts(self, ax: Axes | None) -> list[tuple[str, str]]:
        """Kind and wrapped words of each row of the legend."""
        if self.counts is None:
            return []
        words = (
            ("dead", self.counts.without_words(brief=True)),
            ("outside", self.counts.outside_words(brief=True)),
        )
        return [(kind, wrapped(text, ax)) for kind, text in words if text]

    def _write(self, data: np.ndarray, rows: list[tuple[str, str]]) -> None:
        """Legend below, and above it the number of pixels without a result or the warning."""
        from matplotlib.lines import Line2D
        from matplotlib.patches import Patch

        curve = isinstance(self.im_, Line2D)
        styles = {"dead": DEAD_STYLE, "outside": OUTSIDE_STYLE}
        handles: list[Any] = list(self.ax_.get_legend_handles_labels()[0]) if curve else []
        for kind, text in rows:
            handles.append(_mark_in_words(kind, text) if curve else Patch(**styles[kind], label=text))
        if handles:
            self.legend_ = legend_below(self.ax_, handles)
        missing = int(np.isnan(data).sum())
        if self.warning:
            self.ax_.set_title(wrapped(self.warning, self.ax_), fontsize="small", loc="left", color="#B00020")
        elif missing and not rows:
            title = f"{missing} of {data.size} pixels without a result (hatched)"
            self.ax_.set_title(title, fontsize="small", loc="left")


def _mark_in_words(kind: str, text: str) -> Line2D:
    """Entry of a legend below a curve, where nothing is hatched."""
    from matplotlib.lines import Line2D

    style = OUTSIDE_MARK if kind == "outside" else DEAD_MARK
    return Line2D([], [], ls="", **style, label=text)


def _slice(values: xr.DataArray, name: str, chosen: dict[str, Any]) -> xr.DataArray:
    """Choose one energy or feature of a variable that has several."""
    for dim, choice in chosen.items():
        if dim in values.dims:
            if choice is None:
                raise ValueError(f"{name!r} has the dim {dim!r}; pass {dim}= to choose one of its values.")
            values = values.sel({dim: choice}, method="nearest" if dim == "energy" else None)
    return values


def _scale(
    values: xr.DataArray, known: np.ndarray, cmap: str | None, vmin: float | None, vmax: float | None
) -> ColorScale:
    signed = values.name in ("strain", "doping")  # shear is never below zero
    if cmap is None and signed and vmin is None and vmax is None and known.size:
        cmap, vmax = "RdBu_r", float(np.abs(known).max())
        vmin = -vmax
    return robust_scale(known, cmap or "viridis", vmin, vmax)
