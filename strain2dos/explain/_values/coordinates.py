# SPDX-License-Identifier: BSD-3-Clause
"""Strain, shear and doping in place of line positions, so that each can be given its share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from sklearn.preprocessing import FunctionTransformer

from strain2dos._estimators.columns import as_named
from strain2dos.mapping._pixels.model import FittedModel
from strain2dos.raman import StrainDopingSeparator
from strain2dos.raman._strain.lines import CENTER, default_lines

# What one unit of the separator's unknowns is in a map: strain is half the trace of the strain tensor.
_NAMES = {"trace": ("strain", 0.5), "deviator": ("shear", 1.0)}


@dataclass(frozen=True)
class StrainCoordinates:
    """An invertible change of coordinates from features (n, p) to strain, shear, doping and what is left.

    Positions of lines are linear in strain, shear and doping. Features that are no positions stay what they
    are; a position beyond those that give the unknowns becomes its distance from where these put it.

    Attributes
    ----------
    names : tuple of str
        "strain", "shear" (where E' splits) and "doping", then the others.
    inverse : ndarray of shape (n_unknowns, p)
        Unknowns per change of a feature.
    answer : ndarray of shape (p, n_unknowns)
        Change of each feature per unknown.
    origin : ndarray of shape (p,)
        Features without strain and doping; zero for those that are no positions.
    others : ndarray of int
        Columns that are no base of the unknowns.
    """

    names: tuple[str, ...]
    inverse: np.ndarray
    answer: np.ndarray
    origin: np.ndarray
    others: np.ndarray

    @classmethod
    def of(cls, features: Sequence[str], separator: StrainDopingSeparator | str) -> StrainCoordinates:
        """Find the positions among the features, and how they answer; "strain" is the separator as it comes.

        Raises
        ------
        ValueError
            If the separator is none, or the lines from which it takes strain and doping are no features.
        """
        names, separator = list(features), StrainDopingSeparator() if separator == "strain" else separator
        if not isinstance(separator, StrainDopingSeparator):
            raise ValueError(
                f'coordinates must be "strain", a StrainDopingSeparator or None, but it is {separator!r}.'
            )
        lines: list[str] = []
        for output in ("invariants", "biaxial"):
            lines = [line.name for line in default_lines(separator.material, output)]
            if all(f"{line}{CENTER}" in names for line in lines):
                break
        else:
            raise ValueError(
                f"strain and doping follow from {[f'{line}{CENTER}' for line in lines]}, but the features "
                f"are {names}; explain the features themselves, or take these positions from the spectra."
            )
        columns = [f"{line}{CENTER}" for line in lines]
        options = separator.get_params(deep=False) | {"output": output, "columns": None}
        fitted = StrainDopingSeparator(**options).fit(pd.DataFrame([[np.nan] * len(lines)], columns=columns))
        # how each feature follows from the lines: itself, or the middle of its branches
        weights = np.array([_weights(name, lines) for name in names])
        base = [names.index(column) for column in columns]
        unknowns = [str(name) for name in fitted.get_feature_names_out()]
        unit = np.array([_NAMES.get(name, (name, 1.0))[1] for name in unknowns])
        inverse = np.zeros((len(unknowns), len(names)))
        inverse[:, base] = unit[:, None] * fitted.inverse_
        others = np.array([j for j in range(len(names)) if j not in base], dtype=int)
        rest = [f"{names[j]} rest" if weights[j].any() else names[j] for j in others]
        own = [_NAMES.get(name, (name, 1.0))[0] for name in unknowns]
        answer = (weights @ fitted.matrix_) / unit
        return cls((*own, *rest), inverse, answer, weights @ fitted.origin_, others)

    @property
    def jacobian(self) -> np.ndarray:
        """Change of the coordinates per change of each feature, (p, p)."""
        left = np.eye(len(self.origin)) - self.answer @ self.inverse
        return np.vstack([self.inverse, left[self.others]])

    def from_features(self, X: np.ndarray) -> np.ndarray:
        """Coordinates (n, p) of features (n, p)."""
        return (np.asarray(X, dtype=np.float64) - self.origin) @ self.jacobian.T

    def to_features(self, U: np.ndarray) -> np.ndarray:
        """Features (n, p) of coordinates (n, p)."""
        k = len(self.inverse)
        X = self.origin + np.asarray(U)[:, :k] @ self.answer.T
        X[:, self.others] += np.asarray(U)[:, k:]
        return X


def _weights(feature: str, lines: Sequence[str]) -> list[float]:
    """How a feature follows from positions of lines; zeros where it is no position of them."""
    line = feature.removesuffix(CENTER) if feature.endswith(CENTER) else ""
    if line in lines:
        return [float(name == line) for name in lines]
    return [0.5 * (bool(line) and name[:-1] == line) for name in lines]


def in_coordinates(model: FittedModel, coordinates: StrainCoordinates) -> FittedModel:
    """Put the way back to features before the first step of a model."""
    first = model.first
    back = FunctionTransformer(lambda U: as_named(coordinates.to_features(U), first))
    chain = model.chain
    front, names = (back, *chain.front), ("coordinates", *chain.names)
    return replace(model, chain=replace(chain, front=front, names=names))
