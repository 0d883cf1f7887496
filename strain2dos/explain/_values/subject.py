# SPDX-License-Identifier: BSD-3-Clause
"""What an explainer explains: a fitted model in terms of features, against a background of samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator

from strain2dos._estimators.chain import Chain
from strain2dos._estimators.columns import aligned, column_names
from strain2dos.explain._values.coordinates import StrainCoordinates, in_coordinates
from strain2dos.explain._values.domain_words import SeenRanges
from strain2dos.explain._values.inputs import Inputs
from strain2dos.explain._values.samples import check_background
from strain2dos.explain._values.targets import conformal_of
from strain2dos.mapping._pixels.model import FittedModel

if TYPE_CHECKING:
    from strain2dos.dos import ConformalDOSRegressor
    from strain2dos.raman import StrainDopingSeparator


@dataclass(frozen=True)
class Subject:
    """A fitted model, the features it is explained in, and the samples that stand for "feature unknown".

    Attributes
    ----------
    model : FittedModel
        Of what is explained: the features, or coordinates in their place.
    plain : FittedModel
        The same of the features.
    conformal : ConformalDOSRegressor or None
        What gives intervals.
    inputs : Inputs
        How tables or spectra become what is explained.
    names : tuple of str
        Of what is explained.
    background : ndarray of shape (n_background, k)
    weights : ndarray of shape (n_background,) or None
        Weights of the background's rows, which add to one; None where all count alike.
    seen : SeenRanges
        What the background holds, before it was thinned.
    """

    model: FittedModel
    plain: FittedModel
    conformal: ConformalDOSRegressor | None
    inputs: Inputs
    names: tuple[str, ...]
    background: np.ndarray
    weights: np.ndarray | None
    seen: SeenRanges

    @classmethod
    def of(
        cls,
        estimator: BaseEstimator,
        background: npt.ArrayLike,
        *,
        feature_names: Sequence[str] | None,
        energies: npt.ArrayLike | None,
        coordinates: str | StrainDopingSeparator | None,
        edge_options: Mapping[str, Any] | None,
        max_background: int,
        thinning: str,
        random_state: int | np.random.RandomState | None,
    ) -> Subject:
        """Take a fitted estimator apart, thin the background, and name the features.

        Raises
        ------
        ValueError
            If the estimator starts with spectra, or names and background do not go together.
        """
        model = FittedModel.from_estimator(estimator, energies=energies, edge_options=edge_options)
        if model.featurizer is not None:
            raise ValueError(
                f"the estimator starts with {type(model.first).__name__}, so its columns are spectral "
                "channels; explain its features with DOSExplainer.from_pipeline(pipeline, spectra)."
            )
        columns = model.chain.columns or column_names(background)
        every = aligned(background, columns, what="background")
        rows, weights = check_background(every, max_background, random_state, thinning)
        k = rows.shape[1]
        given = feature_names or columns or [f"x{j}" for j in range(k)]
        if len(given) != k:
            raise ValueError(f"feature_names has {len(given)} names, but the background has {k} columns.")
        names = tuple(map(str, given))
        inputs, seen = Inputs(tuple(columns or names)), SeenRanges.of(every, names)
        found = cls(model, model, conformal_of(estimator), inputs, names, rows, weights, seen)
        return found if coordinates is None else found.within(StrainCoordinates.of(names, coordinates))

    def within(self, coordinates: StrainCoordinates) -> Subject:
        """Return the same in coordinates in place of the features."""
        return replace(
            self,
            model=in_coordinates(self.model, coordinates),
            inputs=replace(self.inputs, coordinates=coordinates),
            names=coordinates.names,
            background=coordinates.from_features(self.background),
        )

    def behind(self, front: Chain, n_before: int, estimator: BaseEstimator) -> Subject:
        """Return the same for inputs of a whole pipeline, of which `n_before` steps make the features."""
        inputs = replace(self.inputs, front=front, n_before=n_before)
        return replace(self, inputs=inputs, conformal=conformal_of(estimator))
