# SPDX-License-Identifier: BSD-3-Clause
"""A quantity where it was measured, as a figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from strain2dos._plotting.axes import pyplot
from strain2dos._plotting.maps import DEAD_STYLE, draw_map, hatch_over, position_label
from strain2dos._plotting.sites import draw_curve, draw_sites, mark_outside
from strain2dos.mapping._displays.choice import chosen_slice, color_scale
from strain2dos.mapping._displays.legend import legend_rows, write_legend, write_title
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
        values = chosen_slice(dataset[name], name, chosen)
        std = dataset.get(f"{name}_std")
        known = "status" in dataset or "domain_score" in dataset
        return cls(
            values,
            std=None if std is None else chosen_slice(std, f"{name}_std", chosen),
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
        scale = color_scale(values, data[np.isfinite(data)], cmap, vmin, vmax)
        rows = legend_rows(self.counts, ax)
        lines = sum(text.count("\n") + 1 for _, text in rows)
        self.colorbar_ = None
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
        self.legend_ = write_legend(self.ax_, rows, curve=places.kind not in ("grid", "sites"))
        write_title(self.ax_, data, self.warning, counted=bool(rows))
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
