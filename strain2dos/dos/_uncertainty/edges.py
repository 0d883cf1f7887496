# SPDX-License-Identifier: BSD-3-Clause
"""Band edges and their intervals, from the scores of groups left out."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from strain2dos._estimators.wrappers import regressor_has
from strain2dos.dos._edges.intervals import EdgeIntervals, edge_intervals
from strain2dos.dos._uncertainty.ranks import check_level, quantile, require_enough_groups

Array = NDArray[np.float64]


class EdgeBands:
    """Give bands their answers on edges."""

    level: float
    edge_scores_: Array | None
    edge_std_floor_: Array | None

    @available_if(regressor_has("predict_edges"))
    def predict_edge_intervals(self, X: ArrayLike, level: float | None = None) -> EdgeIntervals:
        """Predict intervals that contain each band edge at the stated level.

        The score of a group is the largest error over its rows when it was left out, one score for each of
        VBM, CBM and gap; each interval keeps the level for itself, not the three together. Where the width
        follows the estimator's standard deviations and it learned its edges, intervals are wider where these
        exceed `edge_std_floor_`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.
        level : float, default=None
            Another level than the one that the regressor was made with.

        Returns
        -------
        EdgeIntervals
            ``(vbm, cbm, gap)``, each of shape (n_samples, 2) [eV]; gaps are not negative. Edges from
            eigenvalues if `fit` was given some, else edges as the estimator's threshold reads them.

        Raises
        ------
        ValueError
            If the estimator has no edges, or too few groups have the edge for the level.
        """
        check_is_fitted(self)
        return self._intervals_of(self, X, level)

    def _intervals_of(
        self, predicts: BaseEstimator, X: ArrayLike, level: float | None = None
    ) -> EdgeIntervals:
        """Put intervals around the edges of what `predicts`: this regressor, or the one inside of it."""
        if self.edge_scores_ is None:
            raise ValueError(
                "edge intervals need edges of the groups left out, but the estimator was fitted without "
                "energies and edges; construct it as DOSRegressor(energies=...) or give fit(..., edges=...)."
            )
        factors = []
        for name, scores in zip(EdgeIntervals._fields, self.edge_scores_.T, strict=True):
            known = scores[~np.isnan(scores)]
            counted = f"with a {name} among the {len(scores)} of the training set"
            factors.append(self._factor(known, level, f"level of the {name} intervals", counted))
        if self.edge_std_floor_ is None:
            return edge_intervals(predicts.predict_edges(X), factors)
        edges, std = predicts.predict_edges(X, return_std=True)
        sizes = [np.maximum(s / floor, 1.0) for s, floor in zip(std, self.edge_std_floor_, strict=True)]
        return edge_intervals(edges, [q * size for q, size in zip(factors, sizes, strict=True)])

    def _factor(self, scores: Array, level: float | None, what: str, counted: str) -> float:
        share = self.level if level is None else check_level(level)
        require_enough_groups(share, len(scores), counted, what)
        return quantile(scores, share)
