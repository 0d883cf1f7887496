# SPDX-License-Identifier: BSD-3-Clause
"""From the scale of the first-principles records to the scale of measured spectra."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strain2dos.datasets._mos2_dft import load_mos2_dft
from strain2dos.simulate._phonons import PHONON_PARAMETERS

#: A exciton of an unstrained MoS2 monolayer in eV. A convention of this module: the middle of the 1.85-1.89
#: eV that photoluminescence at room temperature usually shows; only its change with strain carries
#: information.
EXCITON_UNSTRAINED = 1.87


def only_mos2(material: str) -> None:
    """Refuse materials without bundled records.

    Raises
    ------
    ValueError
        When ``material`` is not MoS2.
    """
    if material != "MoS2":
        raise ValueError(
            f"material must be 'MoS2', the only one with bundled first-principles records, but is "
            f"{material!r}; for others, combine make_strained_dos, strained_phonons and simulate_spectra "
            f"with your parameters."
        )


def unstrained_row() -> int:
    """Row of the unstrained state in the bundled set."""
    return int(np.flatnonzero((load_mos2_dft().strain == 0).all(axis=1))[0])


def phonon_offset() -> NDArray[np.float64]:
    """Measured minus calculated unstrained lines [E'-, E'+, A1'] in cm-1: one constant per mode."""
    lower, upper, a1 = load_mos2_dft().phonons[unstrained_row()]
    measured = PHONON_PARAMETERS["MoS2"]
    e_offset = measured.e_mode - 0.5 * (lower + upper)
    return np.array([e_offset, e_offset, measured.a_mode - a1])


def exciton_offset() -> float:
    """What to add to the calculated gap at K, in eV, for the energy of the A exciton."""
    return EXCITON_UNSTRAINED - float(load_mos2_dft().extra["gap_direct"][unstrained_row()])


def measured_phonons(calculated: ArrayLike, doping: ArrayLike) -> NDArray[np.float64]:
    """Line positions as a spectrometer would find them: calculated ones, the offset, and the doping shift.

    Parameters
    ----------
    calculated : array-like of shape (n, 3)
        [E'-, E'+, A1'] in cm-1 on the scale of the records.
    doping : array-like of shape (n,)
        Electron density in 1e13/cm2.

    Returns
    -------
    ndarray of shape (n, 3)
        Positions in cm-1.
    """
    rates = PHONON_PARAMETERS["MoS2"]
    per_mode = np.array([rates.e_doping, rates.e_doping, rates.a_doping])
    return np.asarray(calculated) + phonon_offset() + np.asarray(doping)[:, None] * per_mode
