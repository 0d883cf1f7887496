# SPDX-License-Identifier: BSD-3-Clause
"""What the table of lines does not know of a material is asked for, never made up."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from strain2dos.simulate._raman.phonons import ROOM_TEMPERATURE, PhononParameters


def check_known(
    material: str,
    rates: PhononParameters,
    phonons: str,
    calibration: str,
    doping: ArrayLike,
    temperature: ArrayLike,
) -> None:
    """Refuse line positions that need a rate which the table lacks.

    Parameters
    ----------
    material : str
        The layer.
    rates : PhononParameters
        What the table knows; NaN is not known.
    phonons, calibration : str
        Where positions come from, as `line_positions` takes them.
    doping, temperature : array-like
        In 1e13 electrons/cm2, and in kelvin.

    Raises
    ------
    ValueError
        Names the lines without that rate and the call that works.
    """
    lines = {"E'": ("e_gamma", "e_beta"), "A1'": ("a_gamma",)}
    unknown = [n for n, keys in lines.items() if any(np.isnan(getattr(rates, key)) for key in keys)]
    # with measured rates the records give the curvature alone, and that on the scale of MoS2
    if unknown and (phonons == "grueneisen" or calibration == "rates"):
        raise ValueError(
            f"measured rates of {' and '.join(unknown)} of {material} with strain are not in the table of "
            f"lines; take those of the records by phonons='dft', calibration='offset' (doping=0.0 where it "
            "has no rates with doping either)."
        )
    if np.any(np.asarray(doping) != 0) and np.isnan(rates.e_doping + rates.a_doping):
        raise ValueError(
            f"rates of the lines of {material} with doping are not in the table of lines, so doping must be "
            "0.0; a model trained so takes every shift for strain."
        )
    if np.any(np.asarray(temperature) != ROOM_TEMPERATURE) and np.isnan(
        rates.e_temperature + rates.a_temperature
    ):
        raise ValueError(
            f"rates of the lines of {material} with temperature are not in the table of lines; leave the "
            f"temperature at {ROOM_TEMPERATURE:g} K and pass variation=SampleVariation(temperature=0.0)."
        )
