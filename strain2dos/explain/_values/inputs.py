# SPDX-License-Identifier: BSD-3-Clause
"""What an explainer is given, as the features that it explains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from strain2dos._estimators.chain import Chain
from strain2dos._estimators.columns import aligned, as_named
from strain2dos.dos._uncertainty.covariance import check_covariance, feature_covariance
from strain2dos.explain._values.coordinates import StrainCoordinates
from strain2dos.explain._values.samples import features_of


@dataclass(frozen=True)
class Inputs:
    """How tables or spectra become features, and these the coordinates that are explained.

    Attributes
    ----------
    columns : tuple of str
        Features in the order of the model.
    coordinates : StrainCoordinates or None
        What is explained in their place.
    front : Chain or None
        The whole model, where spectra are given.
    n_before : int
        Its leading steps that make the features.
    """

    columns: tuple[str, ...]
    coordinates: StrainCoordinates | None = None
    front: Chain | None = None
    n_before: int = 0

    @property
    def has_covariance(self) -> bool:
        """Whether the fit of the spectra gives the errors of the features."""
        return self.front is not None and self.n_before == 1 and hasattr(self.front.first, "fit_spectra")

    def features(self, X: npt.ArrayLike) -> np.ndarray:
        """Features (n, k) as the model takes them; NaN where a spectrum has none."""
        if self.front is not None:
            return features_of(self.front, self.n_before, X)[0]
        data, k = aligned(X, self.columns), len(self.columns)
        if data.ndim != 2 or data.shape[1] != k:
            raise ValueError(f"X must have shape (n, {k}) like the background, but has shape {data.shape}.")
        return data

    def explained(self, X: npt.ArrayLike) -> np.ndarray:
        """What is explained (n, k): features, or the coordinates in their place."""
        rows = self.features(X)
        return rows if self.coordinates is None else self.coordinates.from_features(rows)

    def with_covariance(
        self, X: npt.ArrayLike, covariance: npt.ArrayLike | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """What is explained (n, k), and the covariance of its errors (n, k, k)."""
        if covariance is not None:
            rows = self.features(X)
            blur = check_covariance(covariance, rows)
        elif self.front is not None and self.has_covariance:
            spectra = as_named(aligned(X, self.front.columns), self.front.first)
            rows, blur = feature_covariance(self.front.first, spectra)
        else:
            raise ValueError(
                "covariance=None takes the errors from the fit of the spectra, but this explainer takes "
                "features; pass the covariance of the features, (n, k, k) or (k, k)."
            )
        if self.coordinates is None:
            return rows, blur
        jacobian = self.coordinates.jacobian
        return self.coordinates.from_features(rows), jacobian @ blur @ jacobian.T
