# SPDX-License-Identifier: BSD-3-Clause
"""What a fitted regressor of curves answers: curves, band edges, and where it is to be trusted."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted, validate_data

from strain2dos.dos._common.threads import one_thread
from strain2dos.dos._edges.reading import BandEdges, band_edges
from strain2dos.dos._regressor import predicting as _predicting
from strain2dos.dos._regressor import predicting_torch as _device_predicting
from strain2dos.dos._regressor.domain import stray

Array = NDArray[np.float64]


class PredictionMixin:
    """Methods of `DOSRegressor` that need no more than its parameters and what `fit` left behind."""

    energies: Any
    energies_: Array
    edge_threshold: float
    edge_reference_: float
    edges_learned_: bool
    _flat_: bool
    _domain_: Any
    _centre_: Array
    _scale_: Array

    def predict(self, X: ArrayLike, return_std: bool = False) -> Array | tuple[Array, Array]:
        """Predict the density of states of every row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Strain components or Raman features.
        return_std : bool, default=False
            Whether to return the standard deviation too.

        Returns
        -------
        dos : ndarray of shape (n_samples, n_energies), or (n_samples,) after fitting on a vector
            Curves [states/eV/cell].
        std : ndarray of the same shape
            Only with ``return_std=True``: spread of the process, scaled to its errors on left-out groups, and
            of the ensemble, carried through the representation to first order. `ConformalDOSRegressor`
            gives bands with a stated coverage.

        Raises
        ------
        ValueError
            If `device` is a CUDA device that this machine does not have.
        """
        X = self._check(X)
        with one_thread():
            answer = _device_predicting.curves(self, X, return_std)
        if self._flat_:
            return (answer[0][:, 0], answer[1][:, 0]) if return_std else answer[:, 0]
        return answer

    def predict_edges(
        self, X: ArrayLike, return_std: bool = False
    ) -> BandEdges | tuple[BandEdges, BandEdges]:
        """Predict valence band maximum, conduction band minimum and gap of every row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Strain components or Raman features.
        return_std : bool, default=False
            Whether to return standard deviations too; they need learned edges.

        Returns
        -------
        edges : BandEdges
            ``(vbm, cbm, gap)``, each of shape (n_samples,) [eV]: the learned ones if `fit` was given edges,
            else where the predicted curve crosses `edge_threshold` on both sides of `edge_reference_`.
        std : BandEdges
            Only with ``return_std=True``: standard deviations [eV]. Valleys are taken to err independently
            of each other; near a crossing the spread is that of the higher of two normal variables [2]_.

        Raises
        ------
        ValueError
            If neither edges nor energies were given, or standard deviations are asked for and edges were
            not learned.
        """
        X = self._check(X)
        with one_thread():
            if self.edges_learned_:
                return _predicting.learned_edges(self, X, return_std)
            if return_std:
                raise ValueError(
                    "return_std=True needs edges learned from eigenvalues, but fit was given none; pass "
                    "fit(..., edges=...), or take intervals from ConformalDOSRegressor."
                )
            if self.energies is None:
                raise ValueError(
                    "edges need the energies of the curves, but this regressor was fitted with "
                    "energies=None; construct it as DOSRegressor(energies=...) or give fit(..., edges=...)."
                )
            return band_edges(
                self.energies_,
                _device_predicting.curves(self, X, False),
                threshold=self.edge_threshold,
                reference=self.edge_reference_,
            )

    def domain_score(self, X: ArrayLike) -> Array:
        """Say how far every row lies from the training rows; above 1 it lies outside.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Strain components or Raman features.

        Returns
        -------
        ndarray of shape (n_samples,)
            The largest of three ratios, each of which is 1 where the region of the training states ends. The
            distance from their middle against that of the convex hull of their mean rows, in up to three
            directions along which they differ most; the hull is widened by 2 % of its width, or by 2.5
            standard deviations of the rows of one state where that is more. Across these directions, the
            deviation against 1.5 times the largest one of a training row, in units of their scatter. And the
            distance to the nearest state against 1.25 times the largest one between training neighbours.

        Notes
        -----
        States at the very edge of the training set, within the margin, count as inside. Rows of a state on
        the edge (isotropic strain, where the two E' lines coincide) scatter past it; the margin holds them
        only if the training set has several rows per state and `fit` knows the groups.
        """
        X = self._check(X)
        return stray(self._domain_, (X - self._centre_) / self._scale_)

    def in_domain(self, X: ArrayLike) -> NDArray[np.bool_]:
        """Tell which rows lie in the region of the training rows, where errors are those of validation.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Strain components or Raman features.

        Returns
        -------
        ndarray of bool of shape (n_samples,)
            Where `domain_score` is at most 1.
        """
        return self.domain_score(X) <= 1.0

    def _check(self, X: ArrayLike) -> Array:
        check_is_fitted(self)
        return validate_data(self, X, reset=False, dtype=np.float64)
