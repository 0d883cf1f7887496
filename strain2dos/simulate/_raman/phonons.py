# SPDX-License-Identifier: BSD-3-Clause
"""Raman-active phonons of a strained, doped and warmed monolayer, from measured mode parameters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strain2dos.raman._materials.lookup import RamanMode, material_modes
from strain2dos.simulate._strain_symmetry import as_tensors

#: Temperature in kelvin at which the unstrained lines are tabulated.
ROOM_TEMPERATURE = 295.0


@dataclass(frozen=True)
class PhononParameters:
    """How the Raman-active modes of one monolayer answer to strain, doping and temperature.

    Parameters
    ----------
    e_mode, a_mode : float
        Unstrained, undoped E' and A1' in cm-1 at 295 K.
    e_gamma, a_gamma : float
        Grueneisen parameters of E' and A1' for in-plane strain (relative shift per unit exx + eyy, negated).
    e_beta : float
        Shear deformation potential of E': relative splitting per unit deviator.
    e_doping, a_doping : float
        Shift in cm-1 per 1e13 electrons/cm2.
    source : str
        Where the numbers come from.
    e_temperature, a_temperature : float, default=0.0
        Shift in cm-1 per kelvin around 295 K.
    """

    e_mode: float
    a_mode: float
    e_gamma: float
    a_gamma: float
    e_beta: float
    e_doping: float
    a_doping: float
    source: str
    e_temperature: float = 0.0
    a_temperature: float = 0.0


def _from_table(material: str) -> PhononParameters:
    """Parameters out of the table of lines that `RamanFeaturizer` and `StrainDopingSeparator` use too."""
    modes = {mode.name: mode for mode in material_modes(material)}
    e_mode, a_mode = modes["E'"], modes["A1'"]
    # rates are in cm-1 per percent of strain in both directions, a trace of 2 %
    e_gamma, a_gamma = (-50.0 * _known(mode, "biaxial_rate") / mode.position for mode in (e_mode, a_mode))
    return PhononParameters(
        e_mode=e_mode.position,
        a_mode=a_mode.position,
        e_gamma=e_gamma,
        a_gamma=a_gamma,
        e_beta=_known(e_mode, "shear_potential"),
        e_doping=_known(e_mode, "doping_rate"),
        a_doping=_known(a_mode, "doping_rate"),
        source="; ".join(_cited(mode) for mode in (e_mode, a_mode)),
        e_temperature=_known(e_mode, "temperature_rate"),
        a_temperature=_known(a_mode, "temperature_rate"),
    )


def _known(mode: RamanMode, name: str) -> float:
    value = getattr(mode, name)
    if value is None:
        raise ValueError(f"{name} of {mode.name} is not in the table of lines; pass PhononParameters.")
    return float(value)


def _cited(mode: RamanMode) -> str:
    """Where the rates of a line come from."""
    used = ("position", "biaxial_rate", "shear_potential", "doping_rate", "temperature_rate")
    sources = [mode.source_of(quantity) for quantity in used]
    return f"{mode.name} " + ", ".join(f"{s.quantity}: {s.citation}" for s in sources if s is not None)


#: Parameters of the materials whose shear potential, Grueneisen parameters and doping rates have all been
#: measured: those of `strain2dos.raman.material_modes`, with which positions are also read.
PHONON_PARAMETERS: dict[str, PhononParameters] = {"MoS2": _from_table("MoS2")}


def known_parameters(material: str) -> PhononParameters:
    """Unstrained lines of a material of the table, and what it knows of their rates; NaN is not known.

    One line that stands for both, as E'+A1' of WSe2, is the place of either.

    Examples
    --------
    >>> from strain2dos.simulate._raman.phonons import known_parameters
    >>> ws2 = known_parameters("WS2")
    >>> ws2.e_mode, ws2.a_mode, round(ws2.e_gamma, 2), ws2.a_gamma
    (356.0, 417.5, 0.48, nan)
    """
    if material in PHONON_PARAMETERS:
        return PHONON_PARAMETERS[material]
    modes = {part: mode for mode in material_modes(material, optional=True) for part in mode.name.split("+")}
    e_mode, a_mode = modes["E'"], modes["A1'"]

    def rate(mode: RamanMode, name: str) -> float:
        value = getattr(mode, name)
        # a rate of both lines together is not that of one
        return float("nan") if value is None or "+" in mode.name else float(value)

    return PhononParameters(
        e_mode=e_mode.position,
        a_mode=a_mode.position,
        e_gamma=-50.0 * rate(e_mode, "biaxial_rate") / e_mode.position,
        a_gamma=-50.0 * rate(a_mode, "biaxial_rate") / a_mode.position,
        e_beta=rate(e_mode, "shear_potential"),
        e_doping=rate(e_mode, "doping_rate"),
        a_doping=rate(a_mode, "doping_rate"),
        source="; ".join(_cited(mode) for mode in dict.fromkeys((e_mode, a_mode))),
        e_temperature=rate(e_mode, "temperature_rate"),
        a_temperature=rate(a_mode, "temperature_rate"),
    )


def phonon_parameters(material: str | PhononParameters) -> PhononParameters:
    """Look a material up, or pass parameters through.

    Parameters
    ----------
    material : str or PhononParameters
        A key of ``PHONON_PARAMETERS``, or the parameters themselves.

    Raises
    ------
    ValueError
        When the material is not in the table.
    """
    if isinstance(material, PhononParameters):
        return material
    if material not in PHONON_PARAMETERS:
        raise ValueError(
            f"material must be one of {sorted(PHONON_PARAMETERS)} or a PhononParameters, but is "
            f"{material!r}; other materials lack a measured shear potential: pass PhononParameters(...) with "
            f"your own."
        )
    return PHONON_PARAMETERS[material]


def strained_phonons(
    strain: ArrayLike,
    *,
    doping: ArrayLike = 0.0,
    temperature: ArrayLike = ROOM_TEMPERATURE,
    material: str | PhononParameters = "MoS2",
) -> NDArray[np.float64]:
    """E'-, E'+ and A1' of a monolayer under any in-plane strain, to first order.

    The trace of the strain shifts the modes, its deviator splits the E' doublet. The eigenvalues of
    this term give ``w(E'+-) = w0 (1 - gamma (exx + eyy) +- beta/2 sqrt((exx - eyy)^2 + 4 exy^2))`` and
    ``w(A1') = wA (1 - gammaA (exx + eyy))``. Electron doping and temperature add shifts in proportion.

    Parameters
    ----------
    strain : array-like of shape (n, 3)
        Tensors [exx, eyy, exy] as fractions (tensor shear: half the engineering shear).
    doping : array-like broadcastable to (n,), default=0.0
        Electron density in 1e13/cm2.
    temperature : array-like broadcastable to (n,), default=295.0
        Temperature in kelvin, at fixed strain. The shift is linear, as measured around room temperature:
        towards 0 K lines flatten out and the formula moves them too far. What a substrate does by its own
        thermal expansion is strain: add it there.
    material : str or PhononParameters, default="MoS2"
        A key of ``PHONON_PARAMETERS``, or own parameters.

    Returns
    -------
    ndarray of shape (n, 3)
        [E'-, E'+, A1'] in cm-1, the lower E' branch first.

    Raises
    ------
    ValueError
        When the strain is not (n, 3), a temperature is not positive or the material is unknown.

    References
    ----------
    S. Ganesan, A. A. Maradudin, J. Oitmaa, Ann. Phys. 56, 556 (1970): secular equation of strained modes.
    C. Rice et al., Phys. Rev. B 87, 081307 (2013): the equation for monolayer MoS2.
    S. Sahoo et al., J. Phys. Chem. C 117, 9042 (2013): shifts with temperature, few-layer MoS2.

    Examples
    --------
    >>> from strain2dos.simulate import strained_phonons
    >>> strained_phonons([[0.0, 0.0, 0.0], [0.01, 0.01, 0.0], [0.01, 0.0, 0.0]]).round(2)
    array([[384.6 , 384.6 , 402.7 ],
           [380.29, 380.29, 400.2 ],
           [380.95, 383.94, 401.45]])
    >>> strained_phonons([[0.0, 0.0, 0.0]], temperature=395.0).round(2)
    array([[383.28, 383.28, 401.47]])
    """
    tensor = as_tensors(strain)
    values = phonon_parameters(material)
    exx, eyy, exy = tensor.T
    trace, deviator = exx + eyy, np.hypot(exx - eyy, 2 * exy)
    e_center = values.e_mode * (1 - values.e_gamma * trace)
    half_split = 0.5 * values.e_beta * values.e_mode * deviator
    a_center = values.a_mode * (1 - values.a_gamma * trace)
    strained = np.column_stack([e_center - half_split, e_center + half_split, a_center])
    return strained + doping_and_temperature_shifts(len(tensor), doping, temperature, values)


def doping_and_temperature_shifts(
    n: int, doping: ArrayLike, temperature: ArrayLike, values: PhononParameters
) -> NDArray[np.float64]:
    """What doping and temperature add to [E'-, E'+, A1'], shape (n, 3) in cm-1.

    Raises
    ------
    ValueError
        When a temperature is not positive.
    """
    density = np.broadcast_to(np.asarray(doping, dtype=np.float64), (n,))
    kelvin = np.broadcast_to(np.asarray(temperature, dtype=np.float64), (n,))
    if (kelvin <= 0).any():
        raise ValueError(
            f"temperature must be positive, in kelvin, but its smallest value is {kelvin.min():g}; add "
            f"273.15 to degrees Celsius."
        )
    warmer = kelvin - ROOM_TEMPERATURE
    e_shift = _shift(values.e_doping, density) + _shift(values.e_temperature, warmer)
    a_shift = _shift(values.a_doping, density) + _shift(values.a_temperature, warmer)
    return np.column_stack([e_shift, e_shift, a_shift])


def _shift(rate: float, change: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rate times change; without a change there is no shift, also where the rate is not known."""
    return np.where(change == 0, 0.0, rate * change)
