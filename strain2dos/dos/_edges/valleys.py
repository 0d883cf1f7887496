# SPDX-License-Identifier: BSD-3-Clause
"""Band edges and gaps of predicted valleys, with their standard deviations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from strain2dos.dos._edges.reading import BandEdges

Array = NDArray[np.float64]

# Density of the standard normal distribution at 0.
_AT_NORMAL = 1.0 / np.sqrt(2.0 * np.pi)


def edges_of_valleys(energies: Array, n_valence: int) -> BandEdges:
    """Return the highest valence and the lowest conduction energy of (n, n_valleys) and their distance."""
    vbm, cbm = energies[:, :n_valence].max(1), energies[:, n_valence:].min(1)
    return BandEdges(vbm, cbm, cbm - vbm)


def spread_of_valleys(
    energies: Array, variances: Array, n_valence: int, gap_factor: float = 1.0
) -> BandEdges:
    """Return the standard deviation of edges whose valleys err independently.

    `gap_factor` times the sum of the variances of both edges is that of the gap.
    """
    vbm = _variance_of_highest(energies[:, :n_valence], variances[:, :n_valence])
    cbm = _variance_of_highest(-energies[:, n_valence:], variances[:, n_valence:])
    return BandEdges(np.sqrt(vbm), np.sqrt(cbm), np.sqrt(gap_factor * (vbm + cbm)))


def spread_between(variances: Array, valence: int, conduction: int, factors: Array) -> Array:
    """Return the standard deviation (n,) of the gap between two columns of (n, n_valleys) variances.

    `factors` (n_valence, n_conduction) times the sum of both variances is that of the gap.
    """
    factor = factors[valence, conduction - len(factors)]
    deviation: Array = np.sqrt(factor * (variances[:, valence] + variances[:, conduction]))
    return deviation


def _variance_of_highest(mean: Array, variance: Array) -> Array:
    """Variance of the highest of independent normal variables, two by two.

    C. E. Clark, "The greatest of a finite set of random variables", Operations Research 9, 145 (1961),
    equations (2) to (4) without correlation.
    """
    mean = mean - mean.max(1, keepdims=True)
    top, spread = mean[:, 0], variance[:, 0]
    for column in range(1, mean.shape[1]):
        other, own = mean[:, column], variance[:, column]
        width = np.sqrt(np.maximum(spread + own, 1e-300))
        apart = (top - other) / width
        first, density = ndtr(apart), _AT_NORMAL * np.exp(-0.5 * apart**2)
        moment = top * first + other * (1 - first) + width * density
        second = (top**2 + spread) * first + (other**2 + own) * (1 - first) + (top + other) * width * density
        top, spread = moment, np.maximum(second - moment**2, 0.0)
    return spread
