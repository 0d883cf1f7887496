# SPDX-License-Identifier: BSD-3-Clause
"""Figures of merit as scorers of scikit-learn, by name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from strain2dos._estimators.chain import Chain
from strain2dos._estimators.columns import as_array, finite_rows
from strain2dos._estimators.wrappers import look_through
from strain2dos.dos._common.score import rows_to_score, without_numbers
from strain2dos.dos._edges.reading import band_edges
from strain2dos.dos._metrics import curves, edges, intervals

_PLAIN = {
    "dos_mae": curves.dos_mae,
    "relative_l1": curves.relative_l1,
    "r2_per_curve": curves.r2_per_curve,
    "negative_share": curves.negative_share,
}
_ON_CURVES = {
    "gap_density": curves.gap_density,
    "vbm_mae": edges.vbm_mae,
    "cbm_mae": edges.cbm_mae,
    "gap_mae": edges.gap_mae,
}
_LEARNED = {f"learned_{name}_mae": name for name in ("vbm", "cbm", "gap")}
_BANDS = ("interval_coverage", "interval_width", "interval_score")
_NAMES = sorted([*_PLAIN, "wasserstein", *_ON_CURVES, *_LEARNED, *_BANDS])
_GREATER_IS_BETTER = ("r2_per_curve", "interval_coverage")


def make_dos_scorer(
    name: str,
    *,
    energies: ArrayLike | None = None,
    threshold: float | None = None,
    reference: float | None = None,
) -> DOSScorer:
    """Make a scorer for ``cross_val_score``, ``GridSearchCV`` and their like.

    Parameters
    ----------
    name : str
        A figure of merit of `strain2dos.dos.metrics`. "vbm_mae", "cbm_mae" and "gap_mae" read both edges from
        curves; "learned_vbm_mae" and so on take those of `predict_edges` instead, and still read the true
        ones from the curves, since a scorer sees no eigenvalues: pass those to `edge_mae`.
        "interval_coverage", "interval_width" and "interval_score" are for `ConformalDOSRegressor`.
    energies : array-like of shape (n_energies,), default=None
        Energies of the curves [eV]. None: ``energies_`` of the fitted regressor, in a pipeline too.
    threshold, reference : float, default=None
        As in `band_edges`. None: ``edge_threshold_`` and ``edge_reference_`` of the fitted regressor if it
        has them, else 0.1 and 0.0.

    Returns
    -------
    DOSScorer
        A callable ``(estimator, X, y) -> float``; greater is better, so errors come with a minus sign, in the
        unit of the figure of merit.

    Raises
    ------
    ValueError
        If there is no such figure of merit.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.model_selection import cross_val_score
    >>> from strain2dos.dos.metrics import make_dos_scorer
    >>> energies = np.linspace(-2.0, 2.0, 201)
    >>> strain = np.linspace(0.0, 0.05, 12)[:, None]
    >>> dos = np.clip(np.abs(energies) - (0.8 - 4 * strain), 0.0, None)
    >>> scorer = make_dos_scorer("gap_mae", energies=energies)
    >>> bool((cross_val_score(Ridge(1e-6), strain, dos, scoring=scorer, cv=3) <= 0).all())
    True
    """
    if name not in _NAMES:
        raise ValueError(f"name must be one of {_NAMES}, but it is {name!r}.")
    grid = None if energies is None else tuple(np.asarray(energies, dtype=np.float64).tolist())
    return DOSScorer(name, grid, threshold, reference)


@dataclass(frozen=True)
class DOSScorer:
    """A figure of merit that scores a fitted regressor; made by `make_dos_scorer`.

    Attributes
    ----------
    name : str
        Figure of merit.
    energies : tuple of float or None
        Energies [eV].
    threshold, reference : float or None
        How edges are read from curves.

    Examples
    --------
    >>> from strain2dos.dos.metrics import make_dos_scorer
    >>> make_dos_scorer("dos_mae").name
    'dos_mae'
    """

    name: str
    energies: tuple[float, ...] | None = None
    threshold: float | None = None
    reference: float | None = None

    def __call__(self, estimator: BaseEstimator, X: ArrayLike, y: ArrayLike) -> float:
        """Score a fitted estimator; greater is better.

        Parameters
        ----------
        estimator : estimator
            Fitted regressor of curves, pipeline or search.
        X : array-like of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples, n_energies)
            True curves.

        Returns
        -------
        float
            The figure of merit, with a minus sign where smaller is better.

        Raises
        ------
        ValueError
            If neither the scorer nor the regressor has the energies, the regressor lacks the method that
            the name needs, or no row is predicted.

        Warns
        -----
        UserWarning
            If rows without finite features are left out, as a regressor with ``nan_policy="omit"`` asks.
        """
        value = self._value(estimator, X, np.asarray(y, dtype=np.float64))
        return value if self.name in _GREATER_IS_BETTER else -value

    def _value(self, estimator: BaseEstimator, X: ArrayLike, y: np.ndarray) -> float:
        if self.name in _BANDS:
            bands = look_through(estimator, until="predict_interval")
            self._need(bands, "predict_interval", "ConformalDOSRegressor")
            bounds = bands.call("predict_interval", X)
            kept = rows_to_score(estimator, without_numbers(bounds))
            y, bounds = y[kept], bounds[kept]
            if self.name == "interval_width":
                return intervals.interval_width(bounds)
            if self.name == "interval_score":
                return intervals.interval_score(y.reshape(bounds.shape[:-1]), bounds, level=bands.final.level)
            return intervals.interval_coverage(y.reshape(bounds.shape[:-1]), bounds)
        if self.name in _LEARNED:
            chain = look_through(estimator)
            self._need(chain, "predict_edges", "DOSRegressor")
            truth = band_edges(self._grid(estimator), y, **self._reading(estimator))
            # an edge that a curve lacks is NaN as well: the features decide which rows count
            features = chain.transform(as_array(X))
            found = chain.after(len(chain.front)).call("predict_edges", features)
            kept = rows_to_score(estimator, ~finite_rows(features))
            columns = (np.column_stack(each[:2])[kept] for each in (truth, found))
            return edges.edge_mae(*columns)[_LEARNED[self.name]]
        found = np.asarray(estimator.predict(X))
        kept = rows_to_score(estimator, without_numbers(found))
        y, found = y[kept], found[kept]
        if self.name in _PLAIN:
            return _PLAIN[self.name](y, found)
        grid = self._grid(estimator)
        if self.name == "wasserstein":
            return curves.wasserstein(y, found, energies=grid)
        return _ON_CURVES[self.name](y, found, energies=grid, **self._reading(estimator))

    def _need(self, chain: Chain, method: str, better: str) -> None:
        name = type(chain.final).__name__
        if not hasattr(chain.final, method):
            raise ValueError(f"scorer {self.name!r} needs {method}, which {name} lacks; use {better}.")
        if chain.targets and not chain.edges_learned:
            raise ValueError(
                f"scorer {self.name!r} needs {method} of {name} in the unit of the curves, but "
                f"{type(chain.targets[0]).__name__} changes that unit; score with gap_mae or dos_mae, or put "
                f"the transformed target inside of {better}."
            )

    def _grid(self, estimator: BaseEstimator) -> np.ndarray:
        if self.energies is not None:
            return np.array(self.energies)
        chain = look_through(estimator)
        if chain.energies is None:
            raise ValueError(
                f"scorer {self.name!r} needs the energies of the curves, which {type(chain.final).__name__} "
                f"does not know; make it with make_dos_scorer({self.name!r}, energies=...)."
            )
        return chain.energies

    def _reading(self, estimator: BaseEstimator) -> dict[str, float]:
        chain = look_through(estimator)
        threshold, reference = self.threshold, self.reference
        if threshold is None:
            # a threshold for curves in another unit does not serve for these
            threshold = 0.1 if chain.targets else getattr(chain.final, "edge_threshold_", 0.1)
        if reference is None:
            reference = getattr(chain.final, "edge_reference_", 0.0)
        return {"threshold": float(threshold), "reference": float(reference)}
