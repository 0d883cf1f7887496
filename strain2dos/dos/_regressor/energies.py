# SPDX-License-Identifier: BSD-3-Clause
"""Band edges and valleys as the regressor predicts them."""

from __future__ import annotations

from typing import Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strain2dos.dos._common.threads import one_thread
from strain2dos.dos._edges.reading import BandEdges, band_edges
from strain2dos.dos._regressor.fitted import ValleyEnergies
from strain2dos.dos._regressor.parameters import check_device
from strain2dos.dos._regressor.rows import CheckedRows, without_rows

Array = NDArray[np.float64]


class EdgePredictions(CheckedRows):
    """Give the regressor its answers on energies: edges, and the valleys that they are the ends of."""

    @overload
    def predict_edges(self, X: ArrayLike, return_std: Literal[False] = False) -> BandEdges: ...

    @overload
    def predict_edges(self, X: ArrayLike, return_std: Literal[True]) -> tuple[BandEdges, BandEdges]: ...

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
            else where the predicted curve crosses `edge_threshold_` on both sides of `edge_reference_`.
        std : BandEdges
            Only with ``return_std=True``: standard deviations [eV], scaled so that 90 % intervals hold
            90 % of states by which neither kernels nor their numbers were chosen; that of the gap on its own
            (`gap_factor_`). Valleys are taken to err independently of each other; near a crossing the spread
            is that of the higher of two normal variables (reference 4 of the class).

        Raises
        ------
        ValueError
            If neither edges nor energies were given, or standard deviations are asked for and edges were
            not learned.
        """
        X, lost = self._check_rows(X)
        device = check_device(self.device)
        if self.fitted_.valleys:
            with one_thread():
                both = self.fitted_.edges(X, device, std=return_std)
            edges, std = (BandEdges(*(without_rows(each, lost) for each in part)) for part in both)
            return (edges, std) if return_std else edges
        if return_std:
            raise ValueError(
                "return_std=True needs edges learned from eigenvalues, but fit was given none; pass "
                "fit(..., edges=...), or take intervals from ConformalDOSRegressor."
            )
        if self.fitted_.energies is None:
            raise ValueError(
                "edges need the energies of the curves, but this regressor was fitted with energies=None; "
                "construct it as DOSRegressor(energies=...) or give fit(..., edges=...)."
            )
        with one_thread():
            curves, _ = self.fitted_.curves(X, device, std=False)
        edges = band_edges(
            self.fitted_.energies,
            curves,
            threshold=self.fitted_.edge_threshold,
            reference=self.fitted_.edge_reference,
        )
        return BandEdges(*(without_rows(edge, lost) for edge in edges))

    @overload
    def predict_valleys(self, X: ArrayLike, return_std: Literal[False] = False) -> Array: ...

    @overload
    def predict_valleys(self, X: ArrayLike, return_std: Literal[True]) -> tuple[Array, Array]: ...

    def predict_valleys(self, X: ArrayLike, return_std: bool = False) -> Array | tuple[Array, Array]:
        """Predict the energies of the valleys that were learned from eigenvalues.

        The highest of the first `n_valence_` is the valence band maximum of `predict_edges`, the lowest of
        the others its conduction band minimum. Differences of two valleys are gaps of their own: that between
        "cbm_K" and "vbm_K" is the direct gap, by which light is emitted. Valleys err together: the variance
        of such a gap is the sum of both times their entry of `valley_gap_factors_`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Strain components or Raman features.
        return_std : bool, default=False
            Whether to return the standard deviations too.

        Returns
        -------
        energies : ndarray of shape (n_samples, n_valleys)
            In eV, in the order of `valleys_`.
        std : ndarray of the same shape
            Only with ``return_std=True`` [eV].

        Raises
        ------
        ValueError
            If edges were not learned.
        """
        X, lost = self._check_rows(X)
        if not self.fitted_.valleys:
            raise ValueError(
                "valleys need edges learned from eigenvalues, but fit was given none; pass fit(..., "
                "edges=...), for instance StrainedDOS.edge_targets."
            )
        with one_thread():
            device = check_device(self.device)
            energies, variances, _ = self.fitted_.valley_energies(X, device, std=return_std)
        energies = without_rows(energies, lost)
        return (energies, np.sqrt(without_rows(variances, lost))) if return_std else energies


def has_slopes(regressor: Any) -> bool:
    """Find whether a regressor learned valleys and predicts them as `DOSRegressor` does."""
    method = getattr(type(regressor), "predict_valleys", None)
    return method is EdgePredictions.predict_valleys and regressor.edges_learned_


def valleys_with_slopes(regressor: Any, X: Any) -> ValleyEnergies:
    """Predict valleys with variances and slopes in one pass over the kernels of a regressor that has them.

    One core does it: maps are at work on several chunks of pixels.
    """
    X, device = regressor._check(X), check_device(regressor.device)
    with one_thread():
        found: ValleyEnergies = regressor.fitted_.valley_energies(X, device, std=True, slopes=True)
    return found
