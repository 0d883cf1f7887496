# SPDX-License-Identifier: BSD-3-Clause
"""From the scale of the first-principles records to the scale of measured spectra."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strain2dos.datasets._bundled.dft import load_dft
from strain2dos.datasets._bundled.mos2_dft import load_mos2_dft, phonons_of
from strain2dos.datasets._raman.known_rates import check_known
from strain2dos.datasets._raman.phonon_rates import (
    calculated_rates,
    read_with_the_table,
    towards_measured_rates,
)
from strain2dos.simulate._raman.phonon_calibration import calibrate_phonons, calibration_constants
from strain2dos.simulate._raman.phonons import (
    ROOM_TEMPERATURE,
    doping_and_temperature_shifts,
    known_parameters,
    strained_phonons,
)

#: A exciton of an unstrained MoS2 monolayer in eV. A convention of this module: the middle of the 1.85-1.89
#: eV that photoluminescence at room temperature usually shows; only its change with strain carries
#: information.
EXCITON_UNSTRAINED = 1.87

PhononSource = Literal["dft", "grueneisen"]
Calibration = Literal["rates", "offset", "scale"]


def only_mos2(material: str) -> None:
    """Refuse materials whose lines have not all been measured under strain and doping.

    Raises
    ------
    ValueError
        When ``material`` is not MoS2.
    """
    if material != "MoS2":
        raise ValueError(
            f"material must be 'MoS2', the only one whose rates with strain and doping are all measured, but "
            f"is {material!r}; for others, combine load_dft or make_strained_dos, strained_phonons and "
            f"simulate_spectra with your parameters."
        )


def unstrained_row(material: str = "MoS2") -> int:
    """Row of the unstrained state in the bundled set of a material."""
    return int(np.flatnonzero((load_dft(material).strain == 0).all(axis=1))[0])


def exciton_offset() -> float:
    """What to add to the calculated gap at K, in eV, for the energy of the A exciton."""
    return EXCITON_UNSTRAINED - float(load_mos2_dft().extra["gap_direct"][unstrained_row()])


def line_positions(
    strain: ArrayLike,
    calculated: ArrayLike | None,
    *,
    doping: ArrayLike,
    temperature: ArrayLike = ROOM_TEMPERATURE,
    phonons: PhononSource = "grueneisen",
    calibration: Calibration = "rates",
    material: str = "MoS2",
) -> NDArray[np.float64]:
    """Lines where a spectrometer would find them, from calculated phonons or from measured rates.

    Parameters
    ----------
    strain : array-like of shape (n, 3)
        [exx, eyy, exy] as fractions.
    calculated : array-like of shape (n, 3) or None
        [E'-, E'+, A1'] in cm-1 on the scale of the records; only "dft" reads it.
    doping : array-like of shape (n,)
        Electron density in 1e13/cm2.
    temperature : float or array-like of shape (n,), default=295.0
        In kelvin.
    phonons : {"grueneisen", "dft"}, default="grueneisen"
        By the rates of the table of lines, or calculated and calibrated.
    calibration : {"rates", "offset", "scale"}, default="rates"
        How calculated lines are moved to the measured ones; "rates" moves them by a constant and gives them
        the measured linear response.
    material : str, default="MoS2"
        The layer. Rates of others are not all in the table of lines.

    Returns
    -------
    ndarray of shape (n, 3)
        Positions in cm-1.

    Raises
    ------
    ValueError
        For an unknown source or calibration, "dft" without calculated phonons, or a rate that the table of
        lines lacks.
    """
    if phonons not in get_args(PhononSource):
        raise ValueError(f"phonons must be one of {get_args(PhononSource)}, but is {phonons!r}.")
    if calibration not in get_args(Calibration):
        raise ValueError(f"calibration must be one of {get_args(Calibration)}, but is {calibration!r}.")
    rates = known_parameters(material)
    check_known(material, rates, phonons, calibration, doping, temperature)
    if phonons == "grueneisen":
        return strained_phonons(strain, doping=doping, temperature=temperature, material=rates)
    if calculated is None:
        raise ValueError(
            "data must hold phonons to simulate spectra, but its phonons are None; pass phonons='grueneisen' "
            "to take them from the strain."
        )
    unstrained = phonons_of(load_dft(material))[unstrained_row(material)]
    if calibration == "rates":
        lines = calibrate_phonons(calculated, unstrained, material=rates) + towards_measured_rates(strain)
    else:
        lines = calibrate_phonons(calculated, unstrained, method=calibration, material=rates)
    return lines + doping_and_temperature_shifts(len(lines), doping, temperature, rates)


def position_provenance(
    phonons: PhononSource, calibration: Calibration, temperature: float, material: str = "MoS2"
) -> dict[str, str | float | list[float]]:
    """Every constant behind the line positions, as plain values that a file can hold."""
    rates = known_parameters(material)
    stated: dict[str, str | float | list[float]] = {
        "phonons": phonons,
        "phonon_rates": rates.source,
        "unstrained_lines_cm-1": [rates.e_mode, rates.a_mode],
        "temperature_K": float(temperature),
        "temperature_reference_K": ROOM_TEMPERATURE,
    }
    if np.isfinite(rates.e_doping + rates.a_doping):
        stated["doping_rates_cm-1_per_1e13"] = [rates.e_doping, rates.a_doping]
    measured = [-0.02 * rates.e_gamma * rates.e_mode, -0.02 * rates.a_gamma * rates.a_mode]
    if phonons != "dft":
        return stated | {"strain_rates_cm-1_per_percent": measured}
    unstrained = phonons_of(load_dft(material))[unstrained_row(material)]
    stated["calibration"] = calibration
    if calibration == "rates":
        offset = calibration_constants(unstrained, "offset")
        return stated | {
            "phonon_offset_cm-1": [float(offset[0]), float(offset[2])],
            "strain_rates_cm-1_per_percent": measured,
        }
    constants = calibration_constants(unstrained, calibration, rates)
    key = "phonon_offset_cm-1" if calibration == "offset" else "phonon_scale"
    factor = np.ones(3) if calibration == "offset" else constants
    found = calculated_rates(material)[:2]
    calculated = [0.02 * rate * float(f) for rate, f in zip(found, factor[1:], strict=True)]
    stated |= {
        key: [float(constants[0]), float(constants[2])],
        "strain_rates_cm-1_per_percent": calculated,
    }
    if material == "MoS2":
        stated["difference_of_rates"] = read_with_the_table(calculated)
    return stated
