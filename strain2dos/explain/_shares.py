# SPDX-License-Identifier: BSD-3-Clause
"""Shares of features in curves and band edges, and sums over windows, groups and samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pandas as pd
from scipy.integrate import trapezoid

from strain2dos.explain._interactions import Interactions, Pairs, grouped_pairs, matrices
from strain2dos.explain._values.targets import unit


@dataclass(frozen=True)
class Shares:
    """Numbers of an explanation; `DOSExplanation` describes them and draws them."""

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
    pairs: Pairs | None = None

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.data)

    def __getitem__(self, samples: int | slice | Sequence[int] | np.ndarray) -> Self:
        """Take some samples: a number, a slice, numbers or a mask; a number gives an explanation of one."""
        if isinstance(samples, int | np.integer):
            if not -len(self) <= samples < len(self):
                raise IndexError(f"sample {samples} is asked for, but there are {len(self)}.")
            samples = [int(samples)]
        rows = np.arange(len(self))[samples]
        edges = {name: values[rows] for name, values in self.edge_values.items()}
        missing = {name: share[rows] for name, share in self.missing_edges.items()}
        pairs = self.pairs
        if pairs is not None:
            own = {name: values[rows] for name, values in pairs.edge_values.items()}
            pairs = Pairs(pairs.values[rows], own)
        return replace(
            self,
            values=self.values[rows],
            edge_values=edges,
            missing_edges=missing,
            data=self.data[rows],
            pairs=pairs,
        )

    @property
    def interactions(self) -> Interactions:
        """What pairs of features do together, where it was explained too.

        Raises
        ------
        ValueError
            If it was not.
        """
        if self.pairs is None:
            raise ValueError("pairs of features were not explained; call explain(X, interactions=True).")
        edges = {
            name: matrices(self.edge_values[name], values) for name, values in self.pairs.edge_values.items()
        }
        values = matrices(self.values, self.pairs.values)
        return Interactions(values, edges, self.energies, self.energy_unit, self.feature_names)

    @property
    def _worst_missing(self) -> dict[str, float]:
        """Largest share of evaluations without an edge, by the name of the edge; those with none left out."""
        shares = {name: float(np.nanmax(share)) for name, share in self.missing_edges.items()}
        return {name: share for name, share in shares.items() if share > 0}

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
            neighboring windows add up exactly.

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
        """Shares (n, k) by :meth:`window` in named windows, such as ``{"valence": (-7.0, -5.9)}``."""
        return {name: self.window(*limits) for name, limits in energy_windows.items()}

    def grouped(self, groups: Mapping[str, Sequence[str]]) -> Self:
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
        pairs = self.pairs
        if pairs is not None:
            members, k = list(columns.values()), len(self.feature_names)
            own = {name: grouped_pairs(values, members, k) for name, values in pairs.edge_values.items()}
            pairs = Pairs(grouped_pairs(pairs.values, members, k), own)
        return replace(
            self,
            values=add(self.values),
            edge_values=edges,
            feature_names=tuple(columns),
            data=data,
            pairs=pairs,
        )

    def summary(self, energy_windows: Mapping[str, tuple[float, float]] | None = None) -> pd.DataFrame:
        """Mean magnitude of the shares per feature: band edges in meV, windows in states per cell."""
        columns = {
            f"|{name}| (meV)" if unit(name) else f"|{name}|": (1e3 if unit(name) else 1.0) * _mean_abs(values)
            for name, values in self.edge_values.items()
        }
        for name, values in self.windows(energy_windows or {}).items():
            columns[f"|{name}| (states)"] = _mean_abs(values)
        if self.values.shape[-1]:
            columns["mean |DOS| (states/eV)"] = _mean_abs(self.values).mean(axis=-1)
        return pd.DataFrame(columns, index=pd.Index(self.feature_names, name="feature"))

    def _at(self, energy: float) -> np.ndarray:
        """Shares (n, k) at one energy, between grid points on a straight line."""
        right = int(np.clip(np.searchsorted(self.energies, energy), 1, len(self.energies) - 1))
        low, high = self.energies[right - 1], self.energies[right]
        part = (energy - low) / (high - low)
        return (1 - part) * self.values[..., right - 1] + part * self.values[..., right]


def _mean_abs(values: np.ndarray) -> np.ndarray:
    """Mean magnitude over samples, without those that have none."""
    return np.nanmean(np.abs(values), axis=0)
