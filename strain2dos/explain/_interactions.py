# SPDX-License-Identifier: BSD-3-Clause
"""Which pairs of features act together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from strain2dos.explain._values.shapley import pairs_of
from strain2dos.explain._values.targets import unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from strain2dos.explain._displays.interactions import InteractionDisplay


class Pairs(NamedTuple):
    """Interaction values of pairs, as `pairs_of` orders them: of curves and of numbers (n, n_pairs, ...)."""

    values: np.ndarray
    edge_values: dict[str, np.ndarray]


@dataclass(frozen=True)
class Interactions:
    r"""Share of each pair of features, beyond what both do alone.

    For each sample the matrix :math:`\Phi` of the k features is symmetric. Off the diagonal stand halves of
    the Shapley interaction values of two features, on it what is left of each feature's own share, so that
    every row adds up to the share of its feature and the whole matrix to the prediction without the base
    [1]_. For a model that adds up what features do, everything off the diagonal is zero.

    Attributes
    ----------
    values : ndarray of shape (n, k, k, n_energies)
        Matrices of the curve, in the unit of the DOS.
    edge_values : dict of ndarray of shape (n, k, k)
        Matrices of "vbm", "cbm", "gap" and other numbers, in eV.
    energies : ndarray of shape (n_energies,)
    energy_unit : str or None
    feature_names : tuple of str

    References
    ----------
    .. [1] S. M. Lundberg et al., "From local explanations to global understanding with explainable AI for
       trees", Nat. Mach. Intell. 2, 56-67 (2020).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import PolynomialFeatures
    >>> from strain2dos import DOSExplainer
    >>> X = np.array(
    ...     [[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 2.0], [1.0, 1.0], [1.0, 2.0]]
    ... )
    >>> y = np.stack([X[:, 0] * X[:, 1], X[:, 0] + X[:, 1]], axis=1)
    >>> model = make_pipeline(PolynomialFeatures(2), LinearRegression()).fit(X, y)
    >>> found = (
    ...     DOSExplainer(model, X[:4]).explain([[2.0, 2.0]], interactions=True).interactions
    ... )
    >>> found.values[0, :, :, 0].round(3) + 0.0
    array([[1. , 0.5],
           [0.5, 1. ]])
    >>> found.values[0, :, :, 1].round(3) + 0.0
    array([[1., 0.],
           [0., 1.]])
    """

    values: np.ndarray
    edge_values: dict[str, np.ndarray]
    energies: np.ndarray
    energy_unit: str | None
    feature_names: tuple[str, ...]

    def summary(self) -> pd.DataFrame:
        """Mean magnitude of what each pair does together (twice the matrix), the strongest first.

        Returns
        -------
        DataFrame
            One row per pair; numbers in meV, curves as the mean over energies in states/eV.
        """
        pairs = pairs_of(len(self.feature_names))
        left, right = (list(side) for side in zip(*pairs, strict=True))
        columns = {}
        for name, values in self.edge_values.items():
            size = 2.0 * np.nanmean(np.abs(values[:, left, right]), axis=0)
            columns[f"|{name}| (meV)" if unit(name) else f"|{name}|"] = (1e3 if unit(name) else 1.0) * size
        if self.values.shape[-1]:
            size = np.nanmean(np.abs(self.values[:, left, right]), axis=0)
            columns["mean |DOS| (states/eV)"] = 2.0 * size.mean(axis=-1)
        names = [f"{self.feature_names[i]} with {self.feature_names[j]}" for i, j in pairs]
        table = pd.DataFrame(columns, index=pd.Index(names, name="pair"))
        return table.sort_values(
            "|gap| (meV)" if "gap" in self.edge_values else table.columns[-1], ascending=False
        )

    def plot(
        self, target: str | float = "gap", *, ax: Axes | None = None, **options: Any
    ) -> InteractionDisplay:
        """Draw the matrix of one number, by :meth:`InteractionDisplay.from_interactions`.

        Parameters
        ----------
        target : str or float, default="gap"
            A band edge or another number that was explained, or an energy in eV.
        ax : Axes, default=None
            Where to draw; a new figure by default.
        **options : dict
            For :meth:`InteractionDisplay.from_interactions`.

        Returns
        -------
        InteractionDisplay
            The display.
        """
        from strain2dos.explain._displays.interactions import InteractionDisplay

        return InteractionDisplay.from_interactions(self, target, ax=ax, **options)


def matrices(main: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Matrices (n, k, k, ...) from shares (n, k, ...) and interaction values (n, n_pairs, ...) of pairs."""
    k = main.shape[1]
    found = np.zeros((len(main), k, *main.shape[1:]))
    for number, (i, j) in enumerate(pairs_of(k)):
        found[:, i, j] = found[:, j, i] = 0.5 * pairs[:, number]
    diagonal = np.arange(k)
    found[:, diagonal, diagonal] = main - found.sum(axis=2)
    return found


def grouped_pairs(pairs: np.ndarray, columns: Sequence[Sequence[int]], k: int) -> np.ndarray:
    """Interaction values of pairs of groups: sums over pairs with one feature in each."""
    at = {pair: number for number, pair in enumerate(pairs_of(k))}
    found = [
        sum(pairs[:, at[min(i, j), max(i, j)]] for i in columns[a] for j in columns[b])
        for a, b in pairs_of(len(columns))
    ]
    return np.stack(found, axis=1) if found else pairs[:, :0]
