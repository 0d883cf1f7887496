# SPDX-License-Identifier: BSD-3-Clause
"""The values of a fit of many spectra, without tables and figures of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strain2dos.raman._features.calibration import LineCalibration


@dataclass(frozen=True)
class FittedValues:
    """Fields of `SpectraFit`."""

    params: NDArray[np.float64]
    sigma: NDArray[np.float64]
    covariance: NDArray[np.float64]
    chi2: NDArray[np.float64]
    status: NDArray[np.int64]
    names: tuple[str, ...]
    n_points: NDArray[np.int64]
    split_probability: NDArray[np.float64]
    calibration: LineCalibration | None = None
    unit: str = "cm-1"
    lineshape: str = "lorentzian"

    def require_shift(self, purpose: str) -> None:
        """Raise if positions are detector indices, because the featurizer had no axis.

        Parameters
        ----------
        purpose : str
            What needs positions in cm-1, for the error.
        """
        if self.unit != "cm-1":
            raise ValueError(
                f"{purpose} needs positions in cm-1, but these are {self.unit}: the featurizer was made "
                "without an axis. Make it with the Raman shift of the spectra, RamanFeaturizer(shift)."
            )

    @property
    def common_sigma(self) -> NDArray[np.float64]:
        """Error that all spectra share, one standard deviation of each feature, (k,) in cm-1.

        That of the unstrained positions: it does not average out over a map. 0 where none is known and for
        what is not a position.
        """
        if self.calibration is None:
            return np.zeros(len(self.names))
        return self.calibration.of(self.names)[1]
