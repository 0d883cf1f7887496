# SPDX-License-Identifier: BSD-3-Clause
"""Shares in band edges and other numbers in eV as bars."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from strain2dos._plotting.axes import new_axes
from strain2dos._plotting.labels import feature_label
from strain2dos.explain._shares import Shares
from strain2dos.explain._values.summarize import summarize
from strain2dos.explain._values.targets import color, label, unit


class EdgeAttributionDisplay:
    """Bars of what each feature does to the band edges and the gap.

    Parameters
    ----------
    shares : dict of array of shape (k,)
        By edge, in eV.
    feature_names : sequence of str
        Names of the k features.
    kind : str
        "signed", "absolute" or "slope", as in :class:`ExplanationHeatmapDisplay`.

    Attributes
    ----------
    ax_ : Axes
    figure_ : Figure

    Examples
    --------
    >>> import numpy as np
    >>> from strain2dos.explain import EdgeAttributionDisplay
    >>> shares = {"gap": np.array([-0.06, 0.01])}
    >>> display = EdgeAttributionDisplay(shares, ("E'_center", "A1'_center"), kind="signed")
    >>> display.plot().ax_.get_xlabel()
    'Share (meV)'
    """

    def __init__(self, shares: dict[str, np.ndarray], feature_names: tuple[str, ...], *, kind: str) -> None:
        self.shares = shares
        self.feature_names = feature_names
        self.kind = kind

    @classmethod
    def from_explanation(
        cls, explanation: Shares, *, kind: str = "auto", ax: Axes | None = None
    ) -> EdgeAttributionDisplay:
        """Summarize the edge shares of an explanation (kinds as for the heatmap) and draw them.

        Parameters
        ----------
        explanation : DOSExplanation
            With shares of the edges.
        kind : {"auto", "signed", "absolute", "slope"}, default="auto"
            As of `ExplanationHeatmapDisplay.from_explanation`.
        ax : Axes, default=None
            Where to draw; a new figure by default.

        Returns
        -------
        EdgeAttributionDisplay
            The display.
        """
        in_ev = {name: values for name, values in explanation.edge_values.items() if unit(name)}
        if not in_ev:
            raise ValueError(
                "the explanation has no band edges; explain a model that has energies, with edges=True."
            )
        shares = {}
        for name, values in in_ev.items():
            shares[name], found = summarize(explanation.data, values, kind)
        return cls(shares, explanation.feature_names, kind=found).plot(ax=ax)

    def plot(self, ax: Axes | None = None) -> EdgeAttributionDisplay:
        """Draw the bars into ``ax`` or a new figure.

        Parameters
        ----------
        ax : Axes, default=None
            Where to draw; a new figure by default.

        Returns
        -------
        EdgeAttributionDisplay
            The display itself.
        """
        k, n = len(self.feature_names), len(self.shares)
        ax = new_axes(ax, (6.4, max(2.4, 1.2 + 0.5 * k)))
        height = 0.8 / n
        for number, (name, values) in enumerate(self.shares.items()):
            place = np.arange(k) + (number - (n - 1) / 2) * height
            ax.barh(place, 1e3 * values, height, color=color(name), label=label(name))
        ax.axvline(0, color="0.4", lw=0.8)
        ax.set_yticks(range(k), [feature_label(name) for name in self.feature_names])
        ax.set_ylim(k - 0.5, -0.5)
        words = {"signed": "Share (meV)", "absolute": "Mean |share| (meV)"}
        ax.set_xlabel(words.get(self.kind, "Change per +1 s.d. of the feature (meV)"))
        ax.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=n, borderaxespad=0.2)
        ax.spines[["top", "right", "left"]].set_visible(False)
        ax.tick_params(axis="y", length=0)
        self.ax_, self.figure_ = ax, ax.figure
        return self
