# SPDX-License-Identifier: BSD-3-Clause
"""Rates of one's own from states of known strain."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CalibratedRates:
    """How m lines answer to strain (and doping), measured on states of known strain.

    Attributes
    ----------
    positions : (m,) ndarray
        Unstrained, neutral positions in cm-1.
    strain_rates : (m,) ndarray
        In cm-1 per percent of biaxial strain.
    doping_rates : (m,) ndarray or None
        In cm-1 per 1e13/cm2; None where the doping of the states was not known.
    covariance : (m, p, p) ndarray
        Of each line's position, strain rate and (where known) doping rate: lines are fitted one by one.
    """

    positions: Floats
    strain_rates: Floats
    doping_rates: Floats | None
    covariance: Floats

    def parameters(self) -> dict[str, Any]:
        """Parameters of `StrainDopingSeparator` with these rates and their errors.

        The correlation of position and rate is left out. It vanishes where the calibrating states lie evenly
        on both sides of zero strain, and makes the errors stated for tension too large otherwise.

        Returns
        -------
        dict
            Value by name of the parameter.
        """
        m = len(self.positions)
        variances = np.diagonal(self.covariance, axis1=1, axis2=2)
        rates = np.zeros((2 * m, 2 * m))
        for k in range(1, self.covariance.shape[1]):
            rates[(k - 1) * m : k * m, (k - 1) * m : k * m] = np.diag(variances[:, k])
        if self.doping_rates is not None:
            cross = np.diag(self.covariance[:, 1, 2])
            rates[:m, m:], rates[m:, :m] = cross, cross
        found = {
            "positions": self.positions,
            "positions_sigma": np.sqrt(variances[:, 0]),
            "strain_rates": self.strain_rates,
            "rates_covariance": rates,
        }
        return found if self.doping_rates is None else found | {"doping_rates": self.doping_rates}


def calibrate_rates(
    positions: ArrayLike,
    strain: ArrayLike,
    *,
    doping: ArrayLike | None = None,
    sigma: ArrayLike | None = None,
) -> CalibratedRates:
    """Unstrained positions and rates, with covariance, from positions at known strain.

    Each line is a straight line in strain (and doping), fitted by weighted least squares. The further apart
    the states, the better: the error of a rate is that of a position over the lever arm, the standard
    deviation of the strains times the root of their number.

    Parameters
    ----------
    positions : array-like of shape (n, m)
        Positions of m lines in n states, in cm-1.
    strain : array-like of shape (n,)
        Biaxial strain as a fraction.
    doping : array-like of shape (n,), optional
        Electron density in 1e13/cm2. Left out: the same in all states, and part of the positions.
    sigma : array-like broadcastable to (n, m), optional
        Standard deviations of the positions. Left out: from the scatter about the straight line.

    Returns
    -------
    CalibratedRates
        Its ``parameters()`` go into `StrainDopingSeparator`.

    Raises
    ------
    ValueError
        Where the states are too few or too alike, or shapes disagree.

    References
    ----------
    The lever arm as in ramansep (Michail et al., ACS Appl. Mater. Interfaces 16, 49602 (2024)).

    Examples
    --------
    >>> from strain2dos.raman import calibrate_rates
    >>> positions = [[384.6, 402.7], [382.45, 401.45], [380.29, 400.2], [378.13, 398.95]]
    >>> rates = calibrate_rates(positions, [0.0, 0.005, 0.01, 0.015], sigma=0.1)
    >>> rates.strain_rates.round(2), (rates.covariance[:, 1, 1] ** 0.5).round(2)
    (array([-4.31, -2.5 ]), array([0.09, 0.09]))
    """
    lines = np.asarray(positions, dtype=float)
    x = 100.0 * np.asarray(strain, dtype=float)
    if lines.ndim != 2 or x.shape != (len(lines),):
        raise ValueError(
            f"positions must be (n, m) and strain (n,), but have the shapes {lines.shape} and {x.shape}."
        )
    columns = [np.ones_like(x), x]
    if doping is not None:
        columns.append(np.broadcast_to(np.asarray(doping, dtype=float), x.shape))
    design = np.column_stack(columns)
    n, p = design.shape
    scale = np.linalg.norm(design, axis=0)
    least = p if sigma is not None else p + 1
    if n < least or not np.all(scale) or np.linalg.matrix_rank(design / scale, tol=1e-6) < p:
        what = "strain" if doping is None else "strain and doping, independently,"
        raise ValueError(
            f"{n} states do not determine {p} coefficients of each line; give at least {least} states that "
            f"differ in {what} (strain: {np.round(x / 100.0, 5).tolist()})."
        )
    errors = np.ones_like(lines) if sigma is None else np.broadcast_to(np.asarray(sigma, float), lines.shape)
    values, covariance = np.empty((lines.shape[1], p)), np.empty((lines.shape[1], p, p))
    for j, (column, error) in enumerate(zip(lines.T, errors.T, strict=True)):
        weighted = design / error[:, None]
        inverse = np.linalg.pinv(weighted)
        values[j] = inverse @ (column / error)
        covariance[j] = inverse @ inverse.T
        if sigma is None:
            residual = column - design @ values[j]
            covariance[j] *= residual @ residual / (n - p)
    return CalibratedRates(values[:, 0], values[:, 1], values[:, 2] if p > 2 else None, covariance)
