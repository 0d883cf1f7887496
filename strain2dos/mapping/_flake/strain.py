# SPDX-License-Identifier: BSD-3-Clause
"""Strain, shear and doping of fitted spectra, and what errors common to all of them do to the features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strain2dos._estimators.fitting import as_fitted
from strain2dos.mapping._pixels.lines import calibration_of
from strain2dos.mapping._sampling.common import CommonTerms
from strain2dos.raman import RamanFeaturizer, StrainDopingSeparator
from strain2dos.raman._features.result import SpectraFit
from strain2dos.raman._strain.common import CommonErrors
from strain2dos.raman._strain.fitted_spectra import calibrated_errors
from strain2dos.raman._strain.line_system import LineSystem, line_system
from strain2dos.raman._strain.lines import CENTER, default_lines
from strain2dos.raman._strain.result import Separation

Array = NDArray[np.float64]

# What one unit of the separator's unknowns is in a map: strain is half the trace.
_OF_MAP = {"strain": ("trace", 0.5), "shear": ("deviator", 1.0), "doping": ("doping", 1.0)}
STRAIN_NAMES = tuple(_OF_MAP)


@dataclass(frozen=True)
class StrainLines:
    """How the lines of a material answer to strain and doping.

    Attributes
    ----------
    separator : StrainDopingSeparator
        With ``output="invariants"``.
    to_features : ndarray of shape (p, 3)
        Change of each feature per unit of trace, deviator and doping.
    inverse : ndarray of shape (3, m)
        Change of trace, deviator and doping per cm-1 of each line.
    terms : CommonTerms
        Errors that all spectra share.
    """

    separator: StrainDopingSeparator
    to_features: Array
    inverse: Array
    terms: CommonTerms

    @classmethod
    def of(cls, featurizer: RamanFeaturizer) -> StrainLines | None:
        """Look up the lines of a featurizer; None where the table lacks a rate of its material."""
        material = as_fitted(featurizer).material
        separator = StrainDopingSeparator(material=material, output="invariants")
        try:
            system = line_system(default_lines(material, "invariants"), separator.get_params())
        except ValueError:
            return None
        names = system.names
        features = [str(name) for name in featurizer.get_feature_names_out()]
        weights = np.zeros((len(features), len(names)))
        for row, feature in enumerate(features):
            if feature.endswith(CENTER):
                line = feature.removesuffix(CENTER)
                own = [name == line for name in names]
                # the center of a line that splits lies between its branches
                weights[row] = own if any(own) else [0.5 * (name[:-1] == line) for name in names]
        columns = [f"{name}{CENTER}" for name in names]
        common = calibrated_errors(system, calibration_of(featurizer), columns)
        return cls(separator, weights @ system.matrix, system.inverse, _terms(system, common))

    def separate(self, fit: SpectraFit) -> tuple[dict[str, Array], Array]:
        """Strain, shear and doping with errors, and the common covariance (n, 3, 3) of the unknowns."""
        found: Separation = self.separator.separate(fit)
        values: dict[str, Array] = {}
        common = found.common_sigma
        for name, (unknown, unit) in _OF_MAP.items():
            j = found.names.index(unknown)
            values[name] = unit * found.values[:, j]
            values[f"{name}_std"] = unit * found.sigma[:, j]
            values[f"{name}_common_std"] = unit * common[:, j]
        shared = np.zeros((len(found.values), 3, 3)) if found.common is None else found.common
        return values, shared

    def per_line(self, slopes: Array) -> Array:
        """Change of energies (n, e, m) with each line from that with each feature (n, e, p)."""
        return np.asarray(slopes @ (self.to_features @ self.inverse))

    def common_covariance(self, shared: Array) -> Array:
        """Covariance (n, p, p) of the features from that of the unknowns."""
        return self.to_features @ shared @ self.to_features.T


def _terms(system: LineSystem, common: CommonErrors) -> CommonTerms:
    m = len(system.names)
    units = np.array([[unit] for _, unit in _OF_MAP.values()])
    rows = [system.unknowns.index(unknown) for unknown, _ in _OF_MAP.values()]
    return CommonTerms(
        list(system.names),
        common.positions.tolist(),
        common.rates[:m, :m].tolist(),
        common.rates[m:, m:].tolist(),
        list(STRAIN_NAMES),
        (units * system.inverse[rows]).tolist(),
    )
