# SPDX-License-Identifier: BSD-3-Clause
"""How photoluminescence answers to strain, here and in the literature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

# A exciton of MoS2 monolayers in meV per percent of biaxial strain: reflectance of flakes, which differ from
# each other by that much (Carrascoso et al., arXiv:2012.11661 (2021)). Suspended bubbles give -99 (Lloyd et
# al., Nano Lett. 16, 5836 (2016)), theory -110 (Steinhoff et al., Nano Lett. 14, 3743 (2014)).
LITERATURE_RATES = (-110.0, -40.0)
LITERATURE = "biaxial, -40 to -110 meV/% between flakes (Carrascoso 2021; Lloyd 2016: -99)"
# Pixels must span that much strain for a rate.
_LEAST_SPAN = 5e-4


@dataclass(frozen=True)
class StrainRate:
    """Change of an energy with the mean strain in the plane.

    Attributes
    ----------
    value : float
        In meV per percent of biaxial strain.
    error : float
        Its standard error, from leaving out one block of neighboring pixels at a time.
    """

    value: float
    error: float


def strain_of(gap_map: object) -> NDArray[np.float64] | None:
    """Mean strain in the plane (y, x) of a Dataset that holds it, else None."""
    if not isinstance(gap_map, xr.Dataset) or "strain" not in gap_map or gap_map["strain"].ndim != 2:
        return None
    return np.asarray(gap_map["strain"].transpose("y", "x").values, dtype=np.float64)


def strain_rate(
    strain: NDArray[np.float64], energy: NDArray[np.float64], use: NDArray[np.bool_], labels: NDArray[np.intp]
) -> StrainRate | None:
    """Slope of an energy in eV against strain; None where the pixels hardly differ in strain.

    Parameters
    ----------
    strain, energy : ndarray of shape (y, x)
    use : bool ndarray of shape (y, x)
    labels : ndarray of shape (y, x)
        Block of each pixel.
    """
    use = use & np.isfinite(strain) & np.isfinite(energy)
    if use.sum() < 3 or np.ptp(strain[use]) < _LEAST_SPAN:
        return None
    x, y, blocks = 1e2 * strain[use], 1e3 * energy[use], labels[use]
    slope = float(np.polyfit(x, y, 1)[0])
    kept = [blocks != label for label in np.unique(blocks)]
    left = np.array([np.polyfit(x[k], y[k], 1)[0] for k in kept if k.sum() > 2 and np.ptp(x[k]) > 0])
    error = float(np.sqrt((len(left) - 1) * left.var())) if len(left) > 2 else float("nan")
    return StrainRate(slope, error)
