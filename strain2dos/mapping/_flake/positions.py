# SPDX-License-Identifier: BSD-3-Clause
"""What all spectra have wrong in the positions of lines, for layers whose strain is not read from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strain2dos.mapping._flake.shared import unstrained_features
from strain2dos.mapping._pixels.lines import calibration_of
from strain2dos.mapping._pixels.model import FittedModel

Array = NDArray[np.float64]

# By how much calculated rates differ from measured ones, of each line alone: those of E' by 5 to 15 % in MoS2
# (-4.9 cm-1 per % against -5.2 and -4.3) and by 22 % in WS2 (-4.2 against -3.4), of A1' by 5 % in MoS2.
_RATE_ERROR = 0.15


@dataclass(frozen=True)
class PositionErrors:
    """Errors of unstrained positions, and of how far lines move with strain.

    Attributes
    ----------
    lines : ndarray of shape (p, m)
        1 where a feature belongs to a line: both branches of E' are wrong by as much as E'.
    unstrained : ndarray of shape (p,)
        Positions of the unstrained layer in cm-1.
    sigma : ndarray of shape (p,)
        Their standard deviations.
    """

    lines: Array
    unstrained: Array
    sigma: Array

    @classmethod
    def of(cls, model: FittedModel) -> PositionErrors | None:
        """Look up the lines of a model; None where it takes other features than positions in cm-1."""
        calibration = calibration_of(model.reads_spectra_by)
        try:
            unstrained = unstrained_features(model)[0]
        except ValueError:
            return None
        if calibration is None:
            return None
        names = [str(name) for name in model.reads_spectra_by.get_feature_names_out()]
        lines = [name.removesuffix("_center").rstrip("+-") for name in names]
        member = np.array([[line == other for other in dict.fromkeys(lines)] for line in lines], dtype=float)
        return cls(member, unstrained, calibration.of(names)[1])

    def covariance(self, features: Array) -> Array:
        """Covariance (n, p, p) of rows of features (n, p) in cm-2."""
        together = self.lines @ self.lines.T
        moved = _RATE_ERROR * (features - self.unstrained)
        return together * (np.outer(self.sigma, self.sigma) + moved[:, :, None] * moved[:, None, :])
