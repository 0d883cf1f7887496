# SPDX-License-Identifier: BSD-3-Clause
"""Pairs of features as a figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from matplotlib.axes import Axes

from strain2dos._grids import borders as borders_of
from strain2dos._plotting.axes import new_axes
from strain2dos._plotting.labels import with_minus
from strain2dos.explain._values.shapley import pairs_of
from strain2dos.explain._values.targets import check_energy, label, short_label, unit


class PairMatrices(Protocol):
    """What is drawn of `Interactions`."""

    @property
    def values(self) -> np.ndarray: ...
    @property
    def edge_values(self) -> dict[str, np.ndarray]: ...
    @property
    def energies(self) -> np.ndarray: ...
    @property
    def energy_unit(self) -> str | None: ...
    @property
    def feature_names(self) -> tuple[str, ...]: ...


class InteractionDisplay:
    """Matrix of features against features for one number, or pairs against energy for the curve.

    Parameters
    ----------
    matrix : array of shape (k, k) or (n_pairs, n_energies)
        What is shown: the matrix of a number in eV, or what each pair does at each energy.
    feature_names : sequence of str
        Names of the k features.
    title : str
        What is explained.
    energies : array of shape (n_energies,), default=None
        For pairs against energy.
    absolute : bool, default=False
        Whether magnitudes are shown.
    scale : float, default=1.0
        Factor on the values, 1000 for meV.
    colorbar_label : str, default=""
        Quantity and unit.

    Attributes
    ----------
    ax_ : Axes
    figure_ : Figure
    im_ : QuadMesh
    colorbar_ : Colorbar

    Examples
    --------
    >>> import numpy as np
    >>> from strain2dos.explain import InteractionDisplay
    >>> matrix = np.array([[0.05, -0.01], [-0.01, 0.02]])
    >>> display = InteractionDisplay(
    ...     matrix, ("E'_center", "A1'_center"), title="Gap", scale=1e3
    ... ).plot()
    >>> [text.get_text() for text in display.ax_.texts]
    ['50', '−10', '−10', '20']
    """

    def __init__(
        self,
        matrix: np.ndarray,
        feature_names: Sequence[str],
        *,
        title: str,
        energies: np.ndarray | None = None,
        absolute: bool = False,
        scale: float = 1.0,
        colorbar_label: str = "",
    ) -> None:
        self.matrix = matrix
        self.feature_names = tuple(feature_names)
        self.title = title
        self.energies = energies
        self.absolute = absolute
        self.scale = scale
        self.colorbar_label = colorbar_label

    @classmethod
    def from_interactions(
        cls,
        interactions: PairMatrices,
        target: str | float = "gap",
        *,
        absolute: bool | None = None,
        ax: Axes | None = None,
    ) -> InteractionDisplay:
        """Take the mean over the samples and draw it.

        Parameters
        ----------
        interactions : Interactions
            What is drawn.
        target : str or float, default="gap"
            A number that was explained, an energy in eV, or "dos" for all pairs against energy.
        absolute : bool, default=None
            Whether to take the mean of magnitudes; by default for more than one sample, whose signed values
            may cancel.
        ax : Axes, default=None
            Where to draw; a new figure by default.

        Returns
        -------
        InteractionDisplay
            The display.

        Raises
        ------
        ValueError
            If the target was not explained.
        """
        values, title, in_ev = _of(interactions, target)
        absolute = len(values) > 1 if absolute is None else absolute
        mean = np.nanmean(np.abs(values) if absolute else values, axis=0)
        words = "Mean |share|" if absolute else ("Share" if len(values) == 1 else "Mean share")
        names, energies = interactions.feature_names, None
        if target == "dos":
            left, right = (list(side) for side in zip(*pairs_of(len(names)), strict=True))
            mean, energies = 2.0 * mean[left, right], interactions.energies
        quantity = "(meV)" if in_ev else "(states/eV/cell)"
        if not in_ev and isinstance(target, str) and target != "dos":
            quantity = ""
        display = cls(
            mean,
            names,
            title=title,
            energies=energies,
            absolute=absolute,
            scale=1e3 if in_ev else 1.0,
            colorbar_label=f"{words} {quantity}".strip(),
        )
        return display.plot(ax=ax)

    def plot(self, ax: Axes | None = None) -> InteractionDisplay:
        """Draw the picture into ``ax`` or a new figure.

        Parameters
        ----------
        ax : Axes, default=None
            Where to draw; a new figure by default.

        Returns
        -------
        InteractionDisplay
            The display itself.
        """
        k = len(self.feature_names)
        shown = self.scale * self.matrix
        rows = len(shown)
        top = float(np.nanmax(np.abs(shown))) or 1.0
        low, colors = (0.0, "viridis") if self.absolute else (-top, "RdBu_r")
        names = [short_label(name) for name in self.feature_names]
        if self.energies is None:
            ax = new_axes(ax, (1.6 + 0.95 * k, 1.2 + 0.8 * k))
            across, ticks = np.arange(k + 1) - 0.5, names
        else:
            ax = new_axes(ax, (6.4, max(2.4, 1.3 + 0.4 * rows)))
            across, ticks = borders_of(self.energies), [f"{names[i]} with {names[j]}" for i, j in pairs_of(k)]
        style: dict[str, Any] = {"cmap": colors, "vmin": low, "vmax": top, "rasterized": True}
        mesh = ax.pcolormesh(across, np.arange(rows + 1) - 0.5, shown, **style)
        ax.set_yticks(range(rows), ticks)
        ax.set_ylim(rows - 0.5, -0.5)
        ax.tick_params(length=0, axis="y")
        if self.energies is None:
            ax.set_xticks(range(k), names, rotation=30, ha="right")
            self._write_numbers(ax, shown, top)
        else:
            ax.set_xlabel("Energy (eV)")
        ax.set_title(self.title, loc="left")
        self.colorbar_ = ax.figure.colorbar(mesh, ax=ax, pad=0.02)
        self.colorbar_.set_label(self.colorbar_label)
        self.ax_, self.figure_, self.im_ = ax, ax.figure, mesh
        return self

    def _write_numbers(self, ax: Axes, shown: np.ndarray, top: float) -> None:
        # what is below a thousandth of the largest reads as 0
        decimals = 3 - int(np.floor(np.log10(top))) if np.isfinite(top) else 0
        for row, column in np.ndindex(*shown.shape):
            value = shown[row, column]
            words = with_minus(f"{round(float(value), decimals) + 0.0:.4g}")
            # dark fields are those of large magnitudes, and of small ones where magnitudes are shown
            dark = value < 0.6 * top if self.absolute else abs(value) > 0.6 * top
            ax.text(column, row, words, ha="center", va="center", color="white" if dark else "black")


def _of(interactions: PairMatrices, target: str | float) -> tuple[np.ndarray, str, bool]:
    """Matrices (n, k, k, ...) of a target, its words, and whether it is in eV."""
    if target == "dos":
        return interactions.values, "Pairs in the density of states", False
    if isinstance(target, str):
        if target not in interactions.edge_values:
            raise ValueError(
                f"target={target!r} was not explained; take one of {list(interactions.edge_values)}, 'dos' "
                "or an energy."
            )
        return interactions.edge_values[target], label(target), bool(unit(target))
    grid = interactions.energies
    check_energy(target, grid, interactions.energy_unit)
    nearest = int(np.argmin(np.abs(grid - target)))
    return interactions.values[..., nearest], f"DOS at {grid[nearest]:g} eV", False
