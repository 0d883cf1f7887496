# SPDX-License-Identifier: BSD-3-Clause
"""What an explanation holds, and what can be read from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.integrate import trapezoid

from strain2dos._reprs import one_line, table

if TYPE_CHECKING:
    import shap
    import xarray as xr
    from matplotlib.axes import Axes

    from strain2dos.explain._display import ExplanationHeatmapDisplay


@dataclass(frozen=True)
class DOSExplanation:
    """Share of each feature in the predicted density of states and band edges of samples.

    Attributes
    ----------
    values : ndarray of shape (n, k, n_energies)
        Shapley values of the curve, in the unit of the DOS.
    base_values : ndarray of shape (n_energies,)
        Mean predicted curve over the background; ``base_values + values.sum(axis=1)`` is the prediction.
    edge_values : dict of ndarray of shape (n, k)
        Shapley values of "vbm", "cbm" and "gap" in eV; empty where the model has no edges.
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
        "exact" or "permutation".
    n_background : int
        Background samples averaged over.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> from strain2dos import DOSExplainer
    >>> X = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 2.0]])
    >>> model = LinearRegression().fit(X, X @ [[1.0, 1.0, 1.0], [0.0, 2.0, 0.0]])
    >>> explainer = DOSExplainer(model, X, feature_names=["E'", "A1'"], energies=[-6.0, -5.5, -5.0])
    >>> explanation = explainer.explain([[2.0, 2.0]], edges=False)
    >>> explanation.window(-6.0, -5.0).round(3)
    array([[1., 1.]])
    >>> explanation.grouped({"both": ["E'", "A1'"]}).window(-6.0, -5.0).round(3)
    array([[2.]])
    """

    values: np.ndarray
    base_values: np.ndarray
    edge_values: dict[str, np.ndarray]
    edge_base_values: dict[str, float]
    missing_edges: dict[str, np.ndarray]
    energies: np.ndarray
    energy_unit: str | None
    feature_names: tuple[str, ...]
    data: np.ndarray
    method: str
    n_background: int

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.data)

    def __repr__(self) -> str:
        """Sizes, and the share of each feature in the gap, or in the curve where there are no edges."""
        return one_line(type(self).__name__, *self._told())

    def _repr_html_(self) -> str:
        return table(type(self).__name__, *self._told())

    def _told(self) -> tuple[str, dict[str, str]]:
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

    def __getitem__(self, samples: int | slice | Sequence[int] | np.ndarray) -> DOSExplanation:
        """Take some samples: a number, a slice, numbers or a mask; a number gives an explanation of one."""
        if isinstance(samples, int | np.integer):
            if not -len(self) <= samples < len(self):
                raise IndexError(f"sample {samples} is asked for, but there are {len(self)}.")
            samples = [int(samples)]
        rows = np.arange(len(self))[samples]
        edges = {name: values[rows] for name, values in self.edge_values.items()}
        missing = {name: share[rows] for name, share in self.missing_edges.items()}
        return replace(
            self, values=self.values[rows], edge_values=edges, missing_edges=missing, data=self.data[rows]
        )

    @property
    def predictions(self) -> np.ndarray:
        """Explained curves (n, n_energies): base plus all shares."""
        return self.base_values + self.values.sum(axis=1)

    def edge_predictions(self, name: str) -> np.ndarray:
        """Explained edge "vbm", "cbm" or "gap" (n,) in eV: base plus all shares."""
        return self.edge_base_values[name] + self.edge_values[name].sum(axis=1)

    def window(self, emin: float, emax: float) -> np.ndarray:
        """Integrate the shares over a window of energies.

        Parameters
        ----------
        emin, emax : float
            Ends of the window in eV, inside the grid; the curve between grid points is a straight line, so
            neighbouring windows add up exactly.

        Returns
        -------
        ndarray of shape (n, k)
            States (per cell) that each feature moves into the window.

        Raises
        ------
        ValueError
            If the window is empty or leaves the grid.
        """
        first, last = float(self.energies[0]), float(self.energies[-1])
        if not first <= emin < emax <= last:
            raise ValueError(
                f"the window ({emin:g}, {emax:g}) must ascend and lie within the energies {first:g} to "
                f"{last:g}."
            )
        inside = (self.energies > emin) & (self.energies < emax)
        ends = [self._at(energy)[..., np.newaxis] for energy in (emin, emax)]
        curve = np.concatenate([ends[0], self.values[..., inside], ends[1]], axis=-1)
        grid = np.concatenate([[emin], self.energies[inside], [emax]])
        return trapezoid(curve, grid, axis=-1)

    def windows(self, energy_windows: Mapping[str, tuple[float, float]]) -> dict[str, np.ndarray]:
        """Shares (n, k) for several named windows, such as ``{"valence": (-7.0, -5.9)}``; see "
        ":meth:`window`.
        """
        return {name: self.window(*limits) for name, limits in energy_windows.items()}

    def grouped(self, groups: Mapping[str, Sequence[str]]) -> DOSExplanation:
        """Add up the shares of features that belong together; features in no group stay alone.

        Features that always move together (the E' and A1' lines under pure strain) can trade shares without
        any change of the predictions, so only their sum means something.

        Parameters
        ----------
        groups : mapping of str to sequence of str
            Names of the features to be added up, by the name of their group.

        Returns
        -------
        DOSExplanation
            With one row per group or lone feature. ``data`` of a group is that of its first member, which so
            stands for the group where shares are plotted against the feature.
        """
        placed = [name for members in groups.values() for name in members]
        unknown = sorted(set(placed) - set(self.feature_names))
        if unknown or len(set(placed)) != len(placed):
            raise ValueError(
                f"groups must name each feature at most once, from {list(self.feature_names)}, but got "
                f"{dict(groups)}."
            )
        parts = {
            name: [self.feature_names.index(member) for member in members] for name, members in groups.items()
        }
        alone = {name: [j] for j, name in enumerate(self.feature_names) if name not in placed}
        columns = {**parts, **alone}

        def add(values: np.ndarray) -> np.ndarray:
            return np.stack([values[:, members].sum(axis=1) for members in columns.values()], axis=1)

        data = self.data[:, [members[0] for members in columns.values()]]
        edges = {name: add(values) for name, values in self.edge_values.items()}
        return replace(
            self, values=add(self.values), edge_values=edges, feature_names=tuple(columns), data=data
        )

    def summary(self, energy_windows: Mapping[str, tuple[float, float]] | None = None) -> pd.DataFrame:
        """Mean magnitude of the shares per feature: band edges in meV, windows in states per cell."""
        columns = {f"|{name}| (meV)": 1e3 * _mean_abs(values) for name, values in self.edge_values.items()}
        for name, values in self.windows(energy_windows or {}).items():
            columns[f"|{name}| (states)"] = _mean_abs(values)
        if self.values.shape[-1]:
            columns["mean |DOS| (states/eV)"] = _mean_abs(self.values).mean(axis=-1)
        return pd.DataFrame(columns, index=pd.Index(self.feature_names, name="feature"))

    def plot_heatmap(self, ax: Axes | None = None, **options: Any) -> ExplanationHeatmapDisplay:
        """Draw features against energies; options go to "
        ":meth:`ExplanationHeatmapDisplay.from_explanation`.
        """
        from strain2dos.explain._display import ExplanationHeatmapDisplay

        return ExplanationHeatmapDisplay.from_explanation(self, ax=ax, **options)

    def to_html(
        self,
        path: str | Path,
        *,
        title: str = "What moves the density of states",
        energy_windows: Mapping[str, tuple[float, float]] | None = None,
        groups: Mapping[str, Sequence[str]] | None = None,
    ) -> Path:
        """Write the explanation as a page that needs no other file; see :func:`write_report`."""
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

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn.linear_model import LinearRegression
        >>> from strain2dos import DOSExplainer
        >>> X = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 2.0]])
        >>> model = LinearRegression().fit(X, X @ [[1.0, 1.0, 1.0], [0.0, 2.0, 0.0]])
        >>> explainer = DOSExplainer(model, X, feature_names=["E'", "A1'"], energies=[-6.0, -5.5, -5.0])
        >>> explainer.explain([[2.0, 2.0]], edges=False).to_shap(-5.5).values.round(3)
        array([[1., 2.]])
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
        import xarray as xr

        flat = self.to_xarray()
        if like is None:
            return flat
        n_y, n_x = like.sizes["y"], like.sizes["x"]
        if n_y * n_x != len(self):
            raise ValueError(
                f"like has {n_y} x {n_x} pixels, but {len(self)} samples were explained; explain the rows "
                "cube.values.reshape(n_y * n_x, -1)."
            )
        variables = {}
        for name, array in flat.data_vars.items():
            if "sample" in array.dims:
                values = array.values.reshape(n_y, n_x, *array.shape[1:])
                array = xr.DataArray(values, dims=("y", "x", *array.dims[1:]), attrs=array.attrs)
            variables[name] = array
        coords = {name: coord for name, coord in like.coords.items() if set(coord.dims) <= {"y", "x"}}
        return xr.Dataset(variables, {**flat.coords, **coords}, flat.attrs)

    def to_xarray(self) -> xr.Dataset:
        """Give all shares as a Dataset with dims (sample, feature, energy)."""
        import xarray as xr

        names = np.array(self.feature_names, dtype=str)
        attrs = {"long_name": "energy", "units": self.energy_unit} if self.energy_unit else {}
        variables: dict[str, Any] = {
            "values": (
                ("sample", "feature", "energy"),
                self.values,
                {"long_name": "share in the density of states"},
            ),
            "base_values": (("energy",), self.base_values, {"long_name": "mean over the background"}),
            "data": (("sample", "feature"), self.data, {"long_name": "features"}),
        }
        for name, values in self.edge_values.items():
            details = {
                "units": "eV",
                "long_name": f"share in {name}",
                "base_value": self.edge_base_values[name],
            }
            variables[f"{name}_values"] = (("sample", "feature"), values, details)
        coords = {"feature": names, "energy": ("energy", self.energies, attrs)}
        return xr.Dataset(variables, coords, {"method": self.method, "n_background": self.n_background})

    def _at(self, energy: float) -> np.ndarray:
        """Shares (n, k) at one energy, between grid points on a straight line."""
        right = int(np.clip(np.searchsorted(self.energies, energy), 1, len(self.energies) - 1))
        low, high = self.energies[right - 1], self.energies[right]
        part = (energy - low) / (high - low)
        return (1 - part) * self.values[..., right - 1] + part * self.values[..., right]


def _mean_abs(values: np.ndarray) -> np.ndarray:
    """Mean magnitude over samples, without those that have none."""
    return np.nanmean(np.abs(values), axis=0)
