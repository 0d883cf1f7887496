# SPDX-License-Identifier: BSD-3-Clause
"""Errors that all spectra share: of the unstrained positions and of the rates."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strain2dos.raman._strain.lines import Line

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CommonErrors:
    """Covariances of what is the same for all spectra of m lines.

    Attributes
    ----------
    positions : (m, m) ndarray
        Of the unstrained positions, in cm-2.
    rates : (2 m, 2 m) ndarray
        Of the strain rates (cm-1 per percent of biaxial strain), then of the doping rates (cm-1 per
        1e13/cm2).
    """

    positions: Floats
    rates: Floats

    def of(self, values: Floats, inverse: Floats, per_unit: float) -> Floats:
        """Covariance (n, k, k) of strain and doping, common to rows that have the same ``values``.

        Parameters
        ----------
        values : (n, k) ndarray
            Strain first, doping last.
        inverse : (k, m) ndarray
        per_unit : float
            Percent of biaxial strain per unit of the first value.
        """
        m = len(self.positions)
        strain, doping = per_unit * values[:, 0], values[:, -1]
        s, cross, d = self.rates[:m, :m], self.rates[:m, m:], self.rates[m:, m:]
        lines = (
            self.positions
            + strain[:, None, None] ** 2 * s
            + (strain * doping)[:, None, None] * (cross + cross.T)
            + doping[:, None, None] ** 2 * d
        )
        return inverse @ lines @ inverse.T


def common_errors(
    lines: Sequence[Line],
    positions_sigma: ArrayLike | None,
    rates_covariance: ArrayLike | None,
    given: tuple[bool, bool, bool],
) -> CommonErrors:
    """What was given, else the spread of the table where its values are in use, else none.

    Parameters
    ----------
    lines : sequence of Line
    positions_sigma : array-like of shape (m,) or None
    rates_covariance : array-like of shape (2 m, 2 m) or None
    given : tuple of bool
        Whether positions, strain rates and doping rates are the user's own.

    Raises
    ------
    ValueError
        For another shape, or a matrix that is not a covariance.
    """
    m = len(lines)
    # both branches of a line have one origin and one rate
    same = np.array([[a.mode is b.mode if a.mode else a is b for b in lines] for a in lines], dtype=float)
    sigma = _sigma(lines, positions_sigma, "position", given[0])
    if sigma.shape != (m,) or not np.all(sigma >= 0):
        raise ValueError(f"positions_sigma must be {m} errors in cm-1, but is {positions_sigma!r}.")
    positions = np.outer(sigma, sigma) * same
    if rates_covariance is not None:
        rates = np.asarray(rates_covariance, dtype=float)
        if rates.shape != (2 * m, 2 * m) or np.linalg.eigvalsh(rates).min() < -1e-9 * np.trace(rates):
            raise ValueError(
                f"rates_covariance must be a covariance of shape ({2 * m}, {2 * m}), strain rates before "
                f"doping rates, but has shape {rates.shape}; calibrate_rates gives one."
            )
        return CommonErrors(positions, rates)
    rates = np.zeros((2 * m, 2 * m))
    for k, quantity in enumerate(("biaxial_rate", "doping_rate")):
        spread = _sigma(lines, None, quantity, given[1 + k])
        rates[k * m : (k + 1) * m, k * m : (k + 1) * m] = np.outer(spread, spread) * same
    return CommonErrors(positions, rates)


def _sigma(lines: Sequence[Line], given: ArrayLike | None, quantity: str, own: bool) -> Floats:
    if given is not None:
        return np.asarray(given, dtype=float)
    spreads = [None if own or line.mode is None else line.mode.spread_of(quantity) for line in lines]
    return np.array([spread if isinstance(spread, int | float) else 0.0 for spread in spreads], dtype=float)
