# SPDX-License-Identifier: BSD-3-Clause
"""Maps as figures."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from strain2dos._plotting.labels import feature_label
from strain2dos._plotting.maps import draw_map, robust_scale, unit_sign

_SHORT = {"gap": "Band gap", "vbm": "Valence band maximum", "cbm": "Conduction band minimum"}


class MapDisplay:
    """Image of one quantity over a flake; pixels without a result are hatched.

    Parameters
    ----------
    values : DataArray of shape (y, x)
        The map, with coordinates and attributes ``units`` and ``long_name`` where known.

    Attributes
    ----------
    ax_ : Axes
    figure_ : Figure
    im_ : QuadMesh
    colorbar_ : Colorbar or None

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from strain2dos.mapping import MapDisplay
    >>> gap = xr.DataArray(np.linspace(1.5, 1.7, 12).reshape(3, 4), dims=("y", "x"), attrs={"units": "eV"})
    >>> display = MapDisplay.from_dataset(xr.Dataset({"gap": gap}), "gap")
    >>> display.colorbar_.ax.get_ylabel()
    'Band gap (eV)'
    """

    def __init__(self, values: xr.DataArray) -> None:
        self.values = values

    @classmethod
    def from_dataset(
        cls,
        dataset: xr.Dataset,
        name: str = "gap",
        *,
        energy: float | None = None,
        feature: str | None = None,
        ax: Axes | None = None,
        **plot_options: Any,
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
        values = dataset[name]
        for dim, chosen in (("energy", energy), ("feature", feature)):
            if dim in values.dims:
                if chosen is None:
                    raise ValueError(
                        f"{name!r} has the dim {dim!r}; pass {dim}= to choose one of its values."
                    )
                values = values.sel({dim: chosen}, **({"method": "nearest"} if dim == "energy" else {}))
        return cls(values).plot(ax=ax, **plot_options)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        cmap: str | None = None,
        vmin: float | None = None,
        vmax: float | None = None,
        colorbar: bool = True,
    ) -> MapDisplay:
        """Draw the map.

        Parameters
        ----------
        ax : Axes, default=None
            Where to draw; a new figure by default.
        cmap : str, default=None
            Colour map; "viridis", or "RdBu_r" centred at 0 for strain, by default.
        vmin, vmax : float, default=None
            Ends of the colour scale. By default it spans the middle 96 % of the pixels and a tenth more;
            where pixels lie beyond, the colour bar ends in an arrow.
        colorbar : bool, default=True
            Whether to add a colour bar.
        """
        values = self.values.transpose("y", "x")
        data = np.ma.masked_invalid(np.asarray(values.values, dtype=np.float64))
        if cmap is None and values.name == "strain" and vmin is None and vmax is None and data.count():
            cmap, vmax = "RdBu_r", float(np.abs(data).max())
            vmin = -vmax
        scale = robust_scale(data.compressed(), cmap or "viridis", vmin, vmax)
        label = self._label() if colorbar else None
        self.ax_, self.im_, self.colorbar_ = draw_map(values, ax, scale, label)
        self.figure_ = self.ax_.figure
        masked = int(np.ma.count_masked(data))
        if masked:
            self.ax_.patch.set(facecolor="0.92", edgecolor="0.55", hatch="////", linewidth=0)
            self.ax_.set_title(
                f"{masked} of {data.size} pixels without a result (hatched)", fontsize="small", loc="left"
            )
        return self

    def _label(self) -> str:
        name = str(self.values.name or "value")
        long_name = _SHORT.get(name, str(self.values.attrs.get("long_name", name)))
        details = []
        if "energy" in self.values.coords:
            details.append(f"at {float(self.values['energy']):.2f} eV")
        if "feature" in self.values.coords and self.values["feature"].ndim == 0:
            return feature_label(str(self.values["feature"].item()))
        unit = unit_sign(self.values.attrs.get("units", ""))
        words = " ".join([long_name[:1].upper() + long_name[1:], *details])
        return f"{words} ({unit})" if unit else words
