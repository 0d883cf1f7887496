# SPDX-License-Identifier: BSD-3-Clause
"""Shares in the curve as a figure: features against energy."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from strain2dos._grids import borders as borders_of
from strain2dos._plotting.axes import new_axes
from strain2dos._plotting.labels import feature_label
from strain2dos.explain._shares import Shares
from strain2dos.explain._values.summarize import summarize
from strain2dos.explain._values.targets import label

_KIND_LABELS = {
    "signed": "Share in the DOS\n(states/eV/cell)",
    "absolute": "Mean |share in the DOS|\n(states/eV/cell)",
    "slope": "Change per +1 s.d. of feature\n(states/eV/cell)",
}


class ExplanationHeatmapDisplay:
    """Heatmap of feature against energy: where in the density of states each feature acts.

    Parameters
    ----------
    matrix : array of shape (k, n_energies)
        What is shown, in states/eV/cell.
    energies : array of shape (n_energies,)
        Where the curves are given.
    feature_names : sequence of str
        Names of the k features.
    kind : str
        What the matrix is: "signed", "absolute" or "slope".
    edges : dict of float
        Mean predicted "vbm" and "cbm" in eV, drawn as lines; may be empty.
    energy_unit : str or None
        Unit of the energies, for the label of the axis.

    Attributes
    ----------
    ax_ : Axes
    figure_ : Figure
    im_ : QuadMesh
    colorbar_ : Colorbar

    Examples
    --------
    >>> import numpy as np
    >>> from strain2dos.explain import ExplanationHeatmapDisplay
    >>> shares, energies = (
    ...     np.array([[0.0, 0.2, 0.1], [0.0, -0.1, 0.0]]),
    ...     np.array([-6.0, -5.0, -4.0]),
    ... )
    >>> display = ExplanationHeatmapDisplay(
    ...     shares, energies, ("E'_center", "A1'_center")
    ... ).plot()
    >>> display.im_.norm.vmin, display.im_.norm.vmax
    (-0.2, 0.2)
    """

    def __init__(
        self,
        matrix: np.ndarray,
        energies: np.ndarray,
        feature_names: tuple[str, ...],
        *,
        kind: str = "signed",
        edges: dict[str, float] | None = None,
        energy_unit: str | None = "eV",
    ) -> None:
        self.matrix = matrix
        self.energies = energies
        self.feature_names = feature_names
        self.kind = kind
        self.edges = edges or {}
        self.energy_unit = energy_unit

    @classmethod
    def from_explanation(
        cls,
        explanation: Shares,
        *,
        kind: str = "auto",
        ax: Axes | None = None,
        energy_range: tuple[float, float] | None = None,
    ) -> ExplanationHeatmapDisplay:
        """Summarize the samples of an explanation and draw them.

        Parameters
        ----------
        explanation : DOSExplanation
            What is summarized.
        kind : {"auto", "signed", "absolute", "slope"}, default="auto"
            "signed": mean share; "absolute": mean magnitude; "slope": change per standard deviation of the
            feature. "auto": "signed" for one sample, otherwise "slope". (Signed shares of
            samples that are drawn like the background average to nothing.)
        ax : Axes, default=None
            Where to draw; a new figure by default.
        energy_range : (float, float), default=None
            Energies shown; all by default.

        Returns
        -------
        ExplanationHeatmapDisplay
        """
        matrix, kind = summarize(explanation.data, explanation.values, kind)
        edges: dict[str, float] = {
            n: float(np.nanmean(explanation.edge_predictions(n)))
            for n in ("vbm", "cbm")
            if n in explanation.edge_values
        }
        unit = explanation.energy_unit
        display = cls(
            matrix, explanation.energies, explanation.feature_names, kind=kind, edges=edges, energy_unit=unit
        )
        return display.plot(ax=ax, energy_range=energy_range)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        cmap: str | None = None,
        energy_range: tuple[float, float] | None = None,
    ) -> ExplanationHeatmapDisplay:
        """Draw the heatmap into ``ax`` or a new figure.

        Parameters
        ----------
        ax : Axes, default=None
            Where to draw; a new figure by default.
        cmap : str, default=None
            Color map; by default one that is centered at 0, or "viridis" for magnitudes.
        energy_range : (float, float), default=None
            Energies shown in eV; all by default.

        Returns
        -------
        ExplanationHeatmapDisplay
            The display itself.
        """
        k = len(self.feature_names)
        ax = new_axes(ax, (6.4, max(2.4, 1.3 + 0.4 * k)))
        shown = slice(None)
        if energy_range is not None:
            low, high = np.searchsorted(self.energies, energy_range)
            shown = slice(low, max(high, low + 2))
        matrix, energies = self.matrix[:, shown], self.energies[shown]
        top = float(np.nanmax(np.abs(matrix))) or 1.0
        absolute = self.kind == "absolute"
        scale: dict[str, Any] = {
            "vmin": 0.0 if absolute else -top,
            "vmax": top,
            "cmap": cmap or ("viridis" if absolute else "RdBu_r"),
        }
        borders = borders_of(energies)
        mesh = ax.pcolormesh(borders, np.arange(k + 1) - 0.5, matrix, rasterized=True, **scale)
        ax.set_yticks(range(k), [feature_label(name) for name in self.feature_names])
        ax.set_ylim(k - 0.5, -0.5)
        ax.hlines(np.arange(1, k) - 0.5, borders[0], borders[-1], color="white", lw=2)
        for name, energy in self.edges.items():
            if borders[0] <= energy <= borders[-1]:
                ax.axvline(energy, color="white" if absolute else "black", lw=1.2, ls="--")
                ax.annotate(
                    label(name),
                    (energy, 1.0),
                    (0, 3),
                    xycoords=("data", "axes fraction"),
                    textcoords="offset points",
                    ha="center",
                    va="bottom",
                    fontsize="small",
                )
        ax.set_xlabel("Energy (eV)" if self.energy_unit == "eV" else "Index of the energy")
        ax.tick_params(axis="y", length=0)
        self.colorbar_ = ax.figure.colorbar(mesh, ax=ax, pad=0.02)
        self.colorbar_.set_label(_KIND_LABELS[self.kind])
        self.ax_, self.figure_, self.im_ = ax, ax.figure, mesh
        return self
