# SPDX-License-Identifier: BSD-3-Clause
"""How much of the model's own error a pixel shares with the unstrained layer, and so with the whole map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strain2dos._estimators.fitting import as_fitted
from strain2dos.dos._common.linear_algebra import times
from strain2dos.dos._regressor.energies import has_slopes
from strain2dos.dos._regressor.fitted import FittedDOS
from strain2dos.mapping._pixels.model import FittedModel
from strain2dos.raman._materials.lookup import material_modes

Array = NDArray[np.float64]

# Over this distance, in standard deviations of the training states, errors of the gap become unlike: at
# uniaxial strains up to 2.5 % those of the bundled model against an interpolation of its states correlate by
# 0.62 at a distance of 0.06, 0.56 at 0.15, 0.42 at 0.25 and 0.23 at 0.4, those of the gap at K by 0.93, 0.71,
# 0.31 and 0.
_REACH = 0.35


@dataclass(frozen=True)
class SharedError:
    """Correlation of the model's error at a pixel with that at the unstrained layer.

    A regressor errs alike where the strain is alike. What a pixel shares with the unstrained layer moves the
    whole map and cancels in differences within it; the rest differs from place to place.

    Attributes
    ----------
    fitted : FittedDOS
        What the regressor has learned.
    origin : ndarray of shape (n_axes,)
        The unstrained layer among the training states.
    """

    fitted: FittedDOS
    origin: Array

    @classmethod
    def of(cls, model: FittedModel) -> SharedError | None:
        """Look at a model; None where it is no `DOSRegressor` on positions of lines."""
        if model.chain.after(1).front or not has_slopes(model.final):
            return None
        try:
            features = unstrained_features(model)
        except ValueError:
            return None
        fitted = model.final.fitted_
        return cls(fitted, _place(fitted, features)[0])

    def split(self, std: Array, features: Array) -> tuple[Array, Array]:
        """Split deviations (n, m) of rows of features (n, p) into that of the pixel and that of all pixels.

        The squares of both add to that of ``std``.
        """
        distance = np.linalg.norm(_place(self.fitted, features) - self.origin, axis=1)
        shared = np.exp(-distance / _REACH)[:, None]
        return std * np.sqrt(1.0 - np.square(shared)), std * shared


def _place(fitted: FittedDOS, features: Array) -> Array:
    return times(fitted.standardise(features) - fitted.domain.middle, fitted.domain.axes)


def unstrained_features(model: FittedModel) -> Array:
    """Features (1, p) of the unstrained, neutral layer.

    Raises
    ------
    ValueError
        If they are not positions of lines alone.
    """
    names = [str(name) for name in model.reads_spectra_by.get_feature_names_out()]
    known = {
        mode.name: mode.position
        for mode in material_modes(as_fitted(model.reads_spectra_by).material, optional=True)
    }
    lines = [name.removesuffix("_center") for name in names]
    places = [known.get(line, known.get(line[:-1])) for line in lines]
    if not all(name.endswith("_center") for name in names) or None in places:
        raise ValueError(
            f"what a model gives for the unstrained layer is known from positions of lines alone, but this "
            f"model has the features {names}; fit it with features=('center',)."
        )
    return np.array([places], dtype=np.float64)
