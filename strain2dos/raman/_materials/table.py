# SPDX-License-Identifier: BSD-3-Clause
"""The table of lines: every coefficient with its source; what no source gives stays None."""

from strain2dos.raman._materials.mode import RamanMode
from strain2dos.raman._materials.mos2 import MOS2
from strain2dos.raman._materials.sources import (
    BERKDEMIR,
    CALIZO,
    FLAKE,
    HUANG,
    JAHN,
    KOURMOULAKIS,
    LEE,
    MOHIUDDIN,
    SAHIN,
    SCAN,
    TONNDORF,
    TYPICAL,
    calculated,
    derived,
    measured,
    width,
)

# Too few monolayers of these layers have been read to say how far they differ: the spreads of their
# positions are those of MoS2. Three of WS2 lie within 0.2 (E') and 0.8 cm-1 (A1'), two of MoSe2 0.8 and 1.4
# from those of the table.
_E_SPREAD, _A_SPREAD = 0.5, 0.7

_WS2 = (
    RamanMode(
        "323", 323.4, (305.0, 336.0), 13.0, optional=True,
        sources=(
            measured("position", 323.4, SCAN, "data", f"{FLAKE}; a combination band"),
            measured("fwhm", 13.0, SCAN, "data", FLAKE),
        ),
    ),
    RamanMode(
        "E'(M)", 344.2, (332.0, 349.0), 15.0, optional=True,
        sources=(
            measured("position", 344.2, SCAN, "data", FLAKE),
            measured("position", 344.0, BERKDEMIR, "no", "CVD monolayer; assigned there"),
            measured("fwhm", 15.0, SCAN, "data", FLAKE),
        ),
    ),
    RamanMode(
        "2LA", 351.4, (340.0, 357.0), 8.0, optional=True,
        sources=(
            measured("position", 351.4, SCAN, "data", f"{FLAKE}; resonant at 514 and 532 nm"),
            measured("position", 352.0, BERKDEMIR, "no", "CVD monolayer"),
            measured("fwhm", 8.0, SCAN, "data", FLAKE),
        ),
    ),
    RamanMode(
        "E'", 356.0, (318.0, 372.0), 4.0, splits=True, biaxial_rate=-3.4, gruneisen=0.48,
        shear_potential=0.56, temperature_rate=-0.0093,
        sources=(
            measured("position", 356.0, BERKDEMIR, "no", "CVD monolayer", _E_SPREAD),
            measured("position", 355.9, SCAN, "data", FLAKE),
            width(4.0),
            measured("biaxial_rate", -3.4, KOURMOULAKIS, "quoted", "as listed in a public script"),
            derived("gruneisen", 0.48, KOURMOULAKIS, "quoted", "from the rate with w = 356"),
            measured("gruneisen", 0.29, JAHN, "abstract", "compressed by buckling"),
            measured("shear_potential", 0.56, JAHN, "abstract", "compressed by buckling"),
            measured("temperature_rate", -0.0093, HUANG, "abstract", "CVD monolayer on quartz"),
        ),
    ),
    RamanMode(
        "A1'", 417.5, (400.0, 430.0), 4.5, temperature_rate=-0.0122,
        sources=(
            measured("position", 417.5, BERKDEMIR, "no", "CVD monolayer", _A_SPREAD),
            measured("position", 418.1, SCAN, "data", FLAKE),
            width(4.5),
            measured("temperature_rate", -0.0122, HUANG, "abstract", "CVD monolayer on quartz"),
        ),
    ),
)  # fmt: skip

_MOSE2 = (
    RamanMode(
        "A1'", 240.5, (225.0, 252.0), 3.0,
        sources=(
            measured("position", 240.5, TONNDORF, "no", "exfoliated monolayer", _A_SPREAD), width(3.0),
        ),
    ),
    RamanMode(
        "E'", 287.2, (265.0, 300.0), 4.0, splits=True, optional=True,
        sources=(
            measured("position", 287.2, TONNDORF, "no", "exfoliated monolayer; weak", _E_SPREAD), width(4.0),
        ),
    ),
)  # fmt: skip

_WSE2 = (
    RamanMode(
        "E'+A1'", 249.5, (235.0, 257.0), 4.0,
        sources=(
            measured("position", 249.5, TONNDORF, "no", "exfoliated; E' and A1' coincide", _A_SPREAD),
            width(4.0),
            calculated("biaxial_rate", -2.0, SAHIN, "quoted", "as listed in a public script"),
        ),
    ),
    RamanMode(
        "2LA", 260.0, (246.0, 275.0), 8.0, optional=True,
        sources=(measured("position", 260.0, TYPICAL, "no", "shoulder of E'+A1'"), width(8.0)),
    ),
)  # fmt: skip

_GRAPHENE = (
    RamanMode(
        "G", 1581.6, (1500.0, 1640.0), 12.0, splits=True, margin=80.0, biaxial_rate=-69.1, gruneisen=2.18,
        shear_potential=0.99, uniaxial_rates=(-31.7, -10.8), temperature_rate=-0.016,
        sources=(
            measured("position", 1581.6, LEE, "no", "suspended, taken there as neutral and unstrained"),
            width(12.0),
            measured("biaxial_rate", -69.1, LEE, "quoted", "compiled there, error 3.4"),
            derived("gruneisen", 2.18, LEE, "quoted", "from the rate with w = 1581.6"),
            measured("gruneisen", 1.99, MOHIUDDIN, "no", "exfoliated, bent polymer, uniaxial"),
            measured("shear_potential", 0.99, MOHIUDDIN, "no", "exfoliated, bent polymer"),
            measured("uniaxial_rates", (-31.7, -10.8), MOHIUDDIN, "no", "exfoliated, bent polymer"),
            measured("temperature_rate", -0.016, CALIZO, "abstract", "single layer, 80 to 370 K"),
        ),
    ),
    RamanMode(
        "2D", 2676.9, (2500.0, 2800.0), 28.0, margin=150.0, uniaxial_rates=(-64.0,), temperature_rate=-0.034,
        sources=(
            measured("position", 2676.9, LEE, "no", "suspended, 514 nm; moves with the laser"),
            width(28.0),
            measured("uniaxial_rates", (-64.0,), MOHIUDDIN, "no", "exfoliated, bent polymer"),
            derived("uniaxial_rates", (-51.7,), LEE, "quoted", "2.2 times -23.5, random direction, SiO2"),
            measured("temperature_rate", -0.034, CALIZO, "abstract", "single layer, 80 to 370 K"),
        ),
    ),
)  # fmt: skip

# Windows of the default lines hold -3 to +6 % of biaxial strain and 3e13 electrons/cm2. Graphene has no
# doping rate: its shift is not linear in the density and depends on the carriers' sign.
MATERIALS: dict[str, tuple[RamanMode, ...]] = {
    "MoS2": MOS2,
    "WS2": _WS2,
    "MoSe2": _MOSE2,
    "WSe2": _WSE2,
    "graphene": _GRAPHENE,
}
