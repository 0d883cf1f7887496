# SPDX-License-Identifier: BSD-3-Clause
"""By how much calculated phonons answer to strain, beside the measured rates of the table of lines."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strain2dos.datasets._bundled.dft import load_dft
from strain2dos.datasets._bundled.mos2_dft import phonons_of
from strain2dos.simulate._raman.phonons import PHONON_PARAMETERS, strained_phonons
from strain2dos.simulate._strain_symmetry import as_tensors

# States whose linear response is separated from their curvature by a fit of second order.
_MAX_TRACE, _MAX_DEVIATOR = 0.06, 0.04

Array = NDArray[np.float64]


def invariants(strain: ArrayLike) -> tuple[Array, Array]:
    """Trace exx + eyy and deviator sqrt((exx - eyy)^2 + 4 exy^2) of tensors (n, 3), each (n,)."""
    exx, eyy, exy = as_tensors(strain).T
    return exx + eyy, np.hypot(exx - eyy, 2 * exy)


@cache
def calculated_rates(material: str = "MoS2") -> tuple[float, float, float]:
    """Linear response of the bundled phonons at zero strain.

    Parameters
    ----------
    material : str, default="MoS2"

    Returns
    -------
    tuple of float
        Shift of E' and of A1' in cm-1 per unit trace, and of the upper E' branch per unit deviator.
    """
    data = load_dft(material)
    trace, deviator = invariants(data.strain)
    phonons = phonons_of(data)
    zero = phonons[(trace == 0) & (deviator == 0)][0]
    near = (abs(trace) < _MAX_TRACE) & (deviator < _MAX_DEVIATOR)
    shift = (phonons - zero)[near]
    even = np.column_stack([trace, trace**2, deviator**2])[near]
    odd = np.column_stack([deviator, deviator * trace])[near]
    e_rate = np.linalg.lstsq(even, shift[:, :2].mean(1), rcond=None)[0][0]
    a_rate = np.linalg.lstsq(even, shift[:, 2], rcond=None)[0][0]
    split = np.linalg.lstsq(odd, 0.5 * (shift[:, 1] - shift[:, 0]), rcond=None)[0][0]
    return float(e_rate), float(a_rate), float(split)


def towards_measured_rates(strain: ArrayLike) -> Array:
    """What to add to calculated [E'-, E'+, A1'] so that their linear response is the measured one.

    The curvature stays as calculated.

    Parameters
    ----------
    strain : array-like of shape (n, 3)

    Returns
    -------
    ndarray of shape (n, 3)
        In cm-1.
    """
    trace, deviator = invariants(strain)
    e_rate, a_rate, split = calculated_rates()
    e_mode, spread = e_rate * trace, split * deviator
    calculated = np.column_stack([e_mode - spread, e_mode + spread, a_rate * trace])
    measured = strained_phonons(strain) - strained_phonons(np.zeros((1, 3)))
    return measured - calculated


def read_with_the_table(shifts: ArrayLike) -> str:
    """How shifts [E', A1'] in cm-1 under 1 % of biaxial strain read with the default coefficients.

    Examples
    --------
    >>> from strain2dos.datasets._raman.phonon_rates import read_with_the_table
    >>> read_with_the_table([-5.2, -1.7])
    '1 % of biaxial strain reads as 1.26 % and a doping of -0.66e13 e/cm2 with the default coefficients'
    """
    p = PHONON_PARAMETERS["MoS2"]
    rates = strained_phonons([[0.0, 0.0, 0.0], [0.01, 0.01, 0.0]])
    matrix = np.column_stack([np.diff(rates, axis=0)[0, 1:], [p.e_doping, p.a_doping]])
    strain, doping = np.linalg.solve(matrix, np.asarray(shifts, dtype=np.float64))
    return (
        f"1 % of biaxial strain reads as {strain:.2f} % and a doping of {doping + 0.0:.2f}e13 e/cm2 with the "
        "default coefficients"
    )
