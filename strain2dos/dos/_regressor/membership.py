# SPDX-License-Identifier: BSD-3-Clause
"""Which rows lie in the region of the training rows, and what puts others outside."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strain2dos.dos._regressor.rows import CheckedRows, without_rows

Array = NDArray[np.float64]

REASONS = np.array(
    [
        "beyond the hull of the training states",
        "far from the nearest training state",
        "unlike any training state",
    ]
)
NOT_FINITE = "features that are not finite"


class Membership(CheckedRows):
    """Give the regressor its answers on the training domain."""

    def domain_score(self, X: ArrayLike) -> Array:
        """Measure how far every row lies from the training rows; above 1 it lies outside.

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
            distance to the nearest state against 1.25 times the largest one between training neighbors.

        Notes
        -----
        States at the very edge of the training set, within the margin, count as inside. Rows of a state on
        the edge (isotropic strain, where the two E' lines coincide) scatter past it; the margin holds them
        only if the training set has several rows per state and `fit` knows the groups.
        """
        return self._ratios(X).max(1)

    def in_domain(self, X: ArrayLike) -> NDArray[np.bool_]:
        """Find which rows lie in the region of the training rows, where errors are those of validation.

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

    def domain_reason(self, X: ArrayLike) -> NDArray[np.str_]:
        """Name what puts a row outside of the region of the training rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Strain components or Raman features.

        Returns
        -------
        ndarray of str of shape (n_samples,)
            Empty where `in_domain`; otherwise which of the ratios of `domain_score` is largest, or that
            features are not finite.
        """
        return reasons(self._ratios(X))

    def _ratios(self, X: ArrayLike) -> Array:
        X, lost = self._check_rows(X)
        return without_rows(self.fitted_.domain_ratios(X), lost)


def reasons(ratios: Array) -> NDArray[np.str_]:
    """Return for each row which of the ratios is largest, empty where all are at most 1."""
    # a ratio that is not a number is no sign that a row lies inside
    inside = (ratios <= 1.0).all(1)
    outside = REASONS[np.argmax(np.nan_to_num(ratios, nan=np.inf), axis=1)]
    outside = np.where(np.isnan(ratios).all(1), NOT_FINITE, outside)
    return np.where(inside, "", outside)
