# SPDX-License-Identifier: BSD-3-Clause
"""The symmetry of a hexagonal layer as a step of a pipeline."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from strain2dos._estimators.doc_links import DocLinks
from strain2dos.simulate import strain_invariants

Array = NDArray[np.float64]

TENSOR = ("exx", "eyy", "exy")
_NAMES = ("trace", "deviator", "oriented_deviator")


class StrainInvariants(DocLinks, TransformerMixin, BaseEstimator):
    """Replace strain tensors by the three numbers that the bands of a hexagonal layer can depend on.

    Tensors that a rotation of the crystal by 120 degrees or its mirror turns into each other have the same
    bands. After this step they are the same row, so a model knows all orientations from one, and counts them
    as inside its domain.

    Attributes
    ----------
    columns_ : ndarray of shape (n_components,)
        Columns that hold exx, eyy and exy: those of that name, else the first three. With two columns exy is
        zero; a single column is no tensor and stays as it is.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of str
        Names of the features, when `X` was a DataFrame.

    See Also
    --------
    strain2dos.simulate.strain_invariants : The numbers themselves.

    Examples
    --------
    >>> from strain2dos.dos import StrainInvariants
    >>> zigzag, turned = [0.02, 0.0, 0.0], [0.005, 0.015, 0.5 * 3**0.5 * 0.01]
    >>> StrainInvariants().fit_transform([zigzag, turned]).round(4)
    array([[0.02, 0.02, 0.02],
           [0.02, 0.02, 0.02]])
    """

    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Find the columns of the tensor.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Strain components as fractions, x along zigzag; columns that are none pass through.
        y : None
            Ignored.

        Returns
        -------
        StrainInvariants
            The fitted transformer.
        """
        validate_data(self, X, dtype=np.float64)
        names = [str(name) for name in getattr(self, "feature_names_in_", ())]
        if all(name in names for name in TENSOR):
            self.columns_ = np.array([names.index(name) for name in TENSOR])
        else:
            self.columns_ = np.arange(min(3, self.n_features_in_))
        return self

    def transform(self, X: ArrayLike) -> Array:
        """Return the invariants, and behind them all columns that are no strain.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Strain components as fractions, x along zigzag.

        Returns
        -------
        ndarray of shape (n_samples, n_features_out)
            Trace, deviator and oriented deviator, then the other columns.
        """
        check_is_fitted(self)
        rows: Array = validate_data(self, X, reset=False, dtype=np.float64)
        if len(self.columns_) == 1:
            return np.array(rows)
        tensor = np.zeros((len(rows), 3))
        tensor[:, : len(self.columns_)] = rows[:, self.columns_]
        return np.hstack([strain_invariants(tensor), np.delete(rows, self.columns_, axis=1)])

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[np.object_]:
        """Name the columns of what `transform` returns.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the columns of `X`; None takes those of `fit`.

        Returns
        -------
        ndarray of str
            Names.
        """
        from sklearn.utils.validation import _check_feature_names_in

        names = np.asarray(_check_feature_names_in(self, input_features), dtype=object)
        if len(self.columns_) == 1:
            return names
        return np.concatenate([np.array(_NAMES, dtype=object), np.delete(names, self.columns_)])
