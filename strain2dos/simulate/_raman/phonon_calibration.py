# SPDX-License-Identifier: BSD-3-Clause
"""From calculated phonons to the positions a spectrometer finds."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strain2dos.simulate._raman.phonons import PhononParameters, phonon_parameters

Calibration = Literal["offset", "scale"]


def calibrate_phonons(
    calculated: ArrayLike,
    unstrained: ArrayLike,
    *,
    method: Calibration = "offset",
    material: str | PhononParameters = "MoS2",
) -> NDArray[np.float64]:
    """Move calculated phonons so that the unstrained ones sit at the measured lines.

    One constant per mode, E' and A1', is fixed at zero strain. An offset keeps calculated shifts in cm-1 as
    they are; a scale keeps relative shifts, and with them Grueneisen parameters and the shear potential.

    Parameters
    ----------
    calculated : array-like of shape (n, 3)
        [E'-, E'+, A1'] in cm-1, as calculated.
    unstrained : array-like of shape (3,)
        The same from the same calculation at zero strain.
    method : {"offset", "scale"}, default="offset"
        Add measured minus calculated, or multiply by measured over calculated.
    material : str or PhononParameters, default="MoS2"
        Gives the measured lines: a key of ``PHONON_PARAMETERS``, or own parameters.

    Returns
    -------
    ndarray of shape (n, 3)
        Calibrated positions in cm-1.

    Raises
    ------
    ValueError
        When a shape, the method or the material is unknown.

    Examples
    --------
    >>> from strain2dos.simulate import calibrate_phonons
    >>> calculated = [[373.0, 373.0, 396.2], [368.0, 368.0, 394.7]]
    >>> calibrate_phonons(calculated, calculated[0]).round(2)
    array([[384.6, 384.6, 402.7],
           [379.6, 379.6, 401.2]])
    >>> calibrate_phonons(calculated, calculated[0], method="scale").round(2)
    array([[384.6 , 384.6 , 402.7 ],
           [379.44, 379.44, 401.18]])
    """
    lines = np.asarray(calculated, dtype=np.float64)
    if lines.ndim != 2 or lines.shape[1] != 3:
        raise ValueError(
            f"calculated must have shape (n, 3) with columns E'-, E'+, A1', but has {lines.shape}."
        )
    constants = calibration_constants(unstrained, method, material)
    return lines + constants if method == "offset" else lines * constants


def calibration_constants(
    unstrained: ArrayLike, method: Calibration, material: str | PhononParameters = "MoS2"
) -> NDArray[np.float64]:
    """Offsets in cm-1 or factors of [E'-, E'+, A1'], shape (3,); both E' branches share one.

    Raises
    ------
    ValueError
        When ``unstrained`` is not (3,) or the method or the material is unknown.
    """
    zero = np.asarray(unstrained, dtype=np.float64)
    if zero.shape != (3,):
        raise ValueError(f"unstrained must have shape (3,) for E'-, E'+, A1', but has {zero.shape}.")
    if method not in get_args(Calibration):
        raise ValueError(f"the calibration must be one of {get_args(Calibration)}, but is {method!r}.")
    values = phonon_parameters(material)
    # rounding leaves the branches of an unstrained calculation slightly apart: their mean is the line
    e_mode = 0.5 * (zero[0] + zero[1])
    base = np.array([e_mode, e_mode, zero[2]])
    measured = np.array([values.e_mode, values.e_mode, values.a_mode])
    return measured - base if method == "offset" else measured / base
