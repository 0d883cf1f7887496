# SPDX-License-Identifier: BSD-3-Clause
"""What the explainer returns: shares of features, as tables, figures and pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from strain2dos._reprs import one_line, table
from strain2dos.explain._shares import Shares

if TYPE_CHECKING:
    import shap
    import xarray as xr
    from matplotlib.axes import Axes

    from strain2dos.explain._displays.heatmap import ExplanationHeatmapDisplay


@dataclass(frozen=True)
class DOSExplanation(Shares):
    """Share of each feature in the predicted density of states and band edges of samples.

    Attributes
    ----------
    values : ndarray of shape (n, k, n_energies)
        Shapley values of the curve, in the unit of the DOS.
    base_values : ndarray of shape (n_energies,)
        Mean predicted curve over the background; ``base_values + values.sum(axis=1)`` is the prediction.
    edge_values : dict of ndarray of shape (n, k)
        Shapley values of "vbm", "cbm" and "gap" in eV, and of other targets that were asked for; empty where
        the model has no edges.
    edge_base_values : dict of float
        Means over the background, in eV.
    missing_edges : dict of ndarray of shape (n,)
        Share of the evaluations that had no such edge and were left out of the means.
    energies : ndarray of shape (n_energies,)
        In eV, or the index where the model has no energies.
    energy_unit : str or None
        "eV", or None for an index.
    feature_names : tuple of str
    data : ndarray of shape (n, k)
        The samples' features.
    method : str
        "exact", "some rows" (see ``max_evaluations`` of the explainer) or "permutation".
    n_background : int
        Background samples averaged over.
    interactions : Interactions
        What pairs of features do together; only after ``explain(..., interactions=True)``.
    pairs : Pairs or None
        The numbers behind it.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> from strain2dos import DOSExplainer
    >>> X = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 2.0]])
    >>> model = LinearRegression().fit(X, X @ [[1.0, 1.0, 1.0], [0.0, 2.0, 0.0]])
    >>> explainer = DOSExplainer(
    ...     model, X, feature_names=["E'", "A1'"], energies=[-6.0, -5.5, -5.0]
    ... )
    >>> explanation = explainer.explain([[2.0, 2.0]], edges=False)
    >>> explanation.window(-6.0, -5.0).round(3)
    array([[1., 1.]])
    >>> explanation.grouped({"both": ["E'", "A1'"]}).window(-6.0, -5.0).round(3)
    array([[2.]])
    >>> explanation.to_shap(-5.5).values.round(3)
    array([[1., 2.]])
    """

    def __repr__(self) -> str:
        """Sizes, and the share of each feature in the gap, or in the curve where there are no edges."""
        return one_line(type(self).__name__, *self._described())

    def _repr_html_(self) -> str:
        return table(type(self).__name__, *self._described())

    def _described(self) -> tuple[str, dict[str, str]]:
        unit = f" {self.energy_unit}" if self.energy_unit else ""
        samples = f"{len(self)} {'sample' if len(self) == 1 else 'samples'}"
        rows = {
            "energies": f"{len(self.energies)}, {self.energies[0]:g} to {self.energies[-1]:g}{unit}",
            "Shapley values": f"{self.method}, over {self.n_background} background samples",
        }
        what = "gap" if "gap" in self.edge_values else "curve"
        parts = self.edge_values["gap"] if what == "gap" else np.abs(self.values).mean(axis=-1)
        size = np.abs(parts).mean(axis=0)
        if len(self) and size.sum() > 0:
            order = np.argsort(-size)[:4]
            shares = [f"{self.feature_names[k]} {size[k] / size.sum():.0%}" for k in order]
            rows[f"drives the {what}"] = ", ".join(shares)
        return f"{samples} x {len(self.feature_names)} features", rows

    def plot_heatmap(self, ax: Axes | None = None, **options: Any) -> ExplanationHeatmapDisplay:
        """Draw features against energies, by :meth:`ExplanationHeatmapDisplay.from_explanation`.

        Parameters
        ----------
        ax : Axes, default=None
            Where to draw; a new figure by default.
        **options : dict
            For `ExplanationHeatmapDisplay.from_explanation`.

        Returns
        -------
        ExplanationHeatmapDisplay
            The display.
        """
        from strain2dos.explain._displays.heatmap import ExplanationHeatmapDisplay

        return ExplanationHeatmapDisplay.from_explanation(self, ax=ax, **options)

    def to_html(
        self,
        path: str | Path,
        *,
        title: str = "What moves the density of states",
        energy_windows: Mapping[str, tuple[float, float]] | None = None,
        groups: Mapping[str, Sequence[str]] | None = None,
    ) -> Path:
        """Write the explanation as a page that needs no other file; see :func:`write_report`.

        Parameters
        ----------
        path : str or Path
            The file to write.
        title : str
            Heading of the page.
        energy_windows : mapping of str to (float, float), default=None
            Windows in eV by name; shares are summed over each.
        groups : mapping of str to sequence of str, default=None
            Features whose shares are shown as one, by the name of the group.

        Returns
        -------
        Path
            The file written.
        """
        from strain2dos.explain._page import write_explanation

        return write_explanation(self, path, title=title, energy_windows=energy_windows, groups=groups)

    def to_shap(self, target: str | float | tuple[float, float] = "gap") -> shap.Explanation:
        """Give the shares in one number of each sample as `shap` knows them, for its plots.

        Parameters
        ----------
        target : {"vbm", "cbm", "gap"}, float or (float, float), default="gap"
            A band edge (shares in eV), an energy in eV (density there, states/eV/cell) or a window of
            energies (states in it, per cell).

        Returns
        -------
        shap.Explanation
            ``values`` (n, k), ``base_values`` (n,), ``data`` (n, k), with names.

        Raises
        ------
        ValueError
            If the edge was not explained, or an energy lies off the grid.
        """
        from strain2dos.explain._to_shap import to_shap

        return to_shap(self, target)

    def to_dataset(self, like: xr.DataArray | xr.Dataset | None = None) -> xr.Dataset:
        """Give all shares as a Dataset, on the pixels of a map where the samples are its pixels.

        Parameters
        ----------
        like : DataArray or Dataset with dims y and x, default=None
            Map whose pixels, rows first, were explained.

        Returns
        -------
        Dataset
            As from :meth:`to_xarray`; with `like`, ``y`` and ``x`` in place of ``sample``.

        Raises
        ------
        ValueError
            If `like` has another number of pixels.
        """
        from strain2dos.explain._to_xarray import on_pixels

        return self.to_xarray() if like is None else on_pixels(self.to_xarray(), like)

    def to_xarray(self) -> xr.Dataset:
        """Give all shares as a Dataset with dims (sample, feature, energy).

        Returns
        -------
        Dataset
            Shares in states/eV/cell, and those of the edges in eV.
        """
        from strain2dos.explain._to_xarray import to_xarray

        return to_xarray(self)
