# SPDX-License-Identifier: BSD-3-Clause
"""Shares of features over a flake as a figure."""

from __future__ import annotations

import numpy as np
import xarray as xr

from strain2dos._plotting.axes import COLORS, pyplot
from strain2dos._plotting.maps import ColorScale, draw_map
from strain2dos.explain._values.targets import label, short_label, unit


class AttributionMapDisplay:
    """One map per feature, all on one scale, and one that shows which feature is the strongest where.

    Parameters
    ----------
    dataset : Dataset
        As from `DOSExplainer.explain_map`.
    target : str, default="gap"
        Number whose shares are shown.
    what : {"share", "error"}, default="share"
        Shares in the number, or in the variance of its error.

    Attributes
    ----------
    axes_ : ndarray of Axes
    figure_ : Figure
    ims_ : list of QuadMesh
        One per feature or source, then that of the strongest.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from strain2dos.explain import AttributionMapDisplay
    >>> shares = np.stack(
    ...     [np.full((3, 4), 0.02), np.linspace(-0.05, 0.05, 12).reshape(3, 4)], axis=-1
    ... )
    >>> dataset = xr.Dataset(
    ...     {"gap_values": (("y", "x", "feature"), shares)},
    ...     coords={"feature": ["strain", "shear"]},
    ... )
    >>> display = AttributionMapDisplay(dataset).plot()
    >>> [ax.get_title(loc="left") for ax in display.axes_]
    ['Strain', 'Shear', 'Strongest']
    """

    def __init__(self, dataset: xr.Dataset, target: str = "gap", *, what: str = "share") -> None:
        self.dataset = dataset
        self.target = target
        self.what = what

    def plot(self) -> AttributionMapDisplay:
        """Draw all maps into a new figure.

        Returns
        -------
        AttributionMapDisplay
            The display itself.

        Raises
        ------
        ValueError
            If the dataset does not hold what is to be shown.
        """
        shares, names = self._shares()
        n = len(names) + 1
        columns = 2 if n == 4 else min(n, 3)
        rows = -(-n // columns)
        self.figure_, grid = pyplot().subplots(
            rows, columns, figsize=(3.5 * columns, 3.1 * rows), squeeze=False, layout="constrained"
        )
        axes = grid.ravel()
        for ax in axes[n:]:
            ax.set_visible(False)
        scale, words = self._scale(shares.values)
        self.ims_ = []
        for k, (ax, name) in enumerate(zip(axes, names, strict=False)):
            _, mesh, _ = draw_map(shares[..., k], ax, scale, words)
            ax.set_title(name, loc="left")
            self.ims_.append(mesh)
        self.ims_.append(self._draw_strongest(axes[n - 1], shares, names))
        self.axes_ = axes[:n]
        return self

    def _shares(self) -> tuple[xr.DataArray, list[str]]:
        name = f"{self.target}_values" if self.what == "share" else f"{self.target}_error_share"
        if self.what not in ("share", "error") or name not in self.dataset:
            raise ValueError(
                f"the dataset has no {self.what!r} of {self.target!r}, but {sorted(map(str, self.dataset))}; "
                "pass targets= and errors=True to explain_map."
            )
        values = self.dataset[name]
        dim = str(values.dims[-1])
        values = values.transpose("y", "x", dim)
        names = [" + ".join(map(short_label, str(part).split(" + "))) for part in values[dim].values]
        return values, names

    def _scale(self, values: np.ndarray) -> tuple[ColorScale, str]:
        if self.what == "error":
            return ColorScale(
                "viridis", 0.0, 1.0
            ), f"Share in the variance\nof the {label(self.target).lower()}"
        top = float(np.nanquantile(np.abs(values), 0.99)) or 1.0
        words = f"Share in the {label(self.target).lower()}" + (" (eV)" if unit(self.target) else "")
        return ColorScale(
            "RdBu_r", -top, top, "both" if np.nanmax(np.abs(values)) > top else "neither"
        ), words

    def _draw_strongest(self, ax, shares: xr.DataArray, names: list[str]):  # type: ignore[no-untyped-def]
        from matplotlib.colors import ListedColormap
        from matplotlib.patches import Patch

        size = np.abs(shares.values)
        lost = np.isnan(size).any(axis=-1)
        strongest = np.where(lost, np.nan, np.argmax(np.where(np.isnan(size), -1.0, size), axis=-1))
        colors = [COLORS[k % len(COLORS)] for k in range(len(names))]
        scale = ColorScale("viridis", -0.5, len(names) - 0.5)
        _, mesh, _ = draw_map(shares[..., 0].copy(data=strongest), ax, scale, None)
        mesh.set_cmap(ListedColormap(colors))
        counts = [int(np.sum(strongest == k)) for k in range(len(names))]
        found = max(1, int(np.sum(~lost)))
        patches = [
            Patch(color=color, label=f"{name}: {count / found:.0%}")
            for name, color, count in zip(names, colors, counts, strict=True)
        ]
        ax.legend(
            handles=patches, loc="upper left", bbox_to_anchor=(1.02, 1.0), frameon=False, fontsize="small"
        )
        ax.set_title("Strongest", loc="left")
        return mesh
