# SPDX-License-Identifier: BSD-3-Clause
"""The table of lines: every coefficient with its source; what no source gives stays None."""

from strain2dos.raman._materials.mode import ModeSource, RamanMode

_MICHAIL_2016 = "Michail et al., Appl. Phys. Lett. 108, 173102 (2016)"
_MICHAIL_2024 = "Michail et al., ACS Appl. Mater. Interfaces 16, 49602 (2024)"
_CHAKRABORTY = "Chakraborty et al., Phys. Rev. B 85, 161403 (2012)"
_LLOYD = "Lloyd et al., Nano Lett. 16, 5836 (2016)"
_CONLEY = "Conley et al., Nano Lett. 13, 3626 (2013)"
_RICE = "Rice et al., Phys. Rev. B 87, 081307 (2013)"
_SAHOO = "Sahoo et al., J. Phys. Chem. C 117, 9042 (2013)"
_YAN = "Yan et al., ACS Nano 8, 986 (2014)"
_DORATOTAJ = "Doratotaj, Simpson, Yan, Phys. Rev. B 93, 075401 (2016)"
_MAHIM = "Mahim, Rahman, doi:10.5281/zenodo.21670315"
_BERKDEMIR = "Berkdemir et al., Sci. Rep. 3, 1755 (2013)"
_HUANG = "Huang et al., Sci. Rep. 6, 32236 (2016)"
_JAHN = "Mazal Jahn et al., Nanoscale Adv. (2024), doi:10.1039/d3na00990d"
_KOURMOULAKIS = "Kourmoulakis, Michail et al., 2023"
_TONNDORF = "Tonndorf et al., Opt. Express 21, 4908 (2013)"
_SAHIN = "Sahin et al., Phys. Rev. B 87, 165409 (2013)"
_LEE = "Lee et al., Nat. Commun. 3, 1024 (2012)"
_MOHIUDDIN = "Mohiuddin et al., Phys. Rev. B 79, 205433 (2009)"
_CALIZO = "Calizo et al., Nano Lett. 7, 2645 (2007)"
_SCAN = "fit of the public WS2 line scan of WrightTools (532 nm)"
_TYPICAL = "typical of published spectra at room temperature"

_FLAKE = "74 spectra along one flake"
_POLYMER = "monolayer, bent polymer"
_BLISTER = "suspended monolayer, pressurised"
_BIAXIAL = "monolayer under biaxial strain"
_GATED = "monolayer transistor, electrochemical gate"
_DERIVED = "-2 gamma w / 100"

_Value = float | tuple[float, ...]


def _measured(figure: str, value: _Value, citation: str, checked: str = "no", sample: str = "") -> ModeSource:
    return ModeSource(figure, value, citation, "measured", checked, sample)


def _calculated(
    figure: str, value: _Value, citation: str, checked: str = "no", sample: str = "monolayer"
) -> ModeSource:
    return ModeSource(figure, value, citation, "calculated", checked, sample)


def _derived(figure: str, value: _Value, citation: str, checked: str, sample: str) -> ModeSource:
    return ModeSource(figure, value, citation, "derived", checked, sample)


def _width(value: float) -> ModeSource:
    return ModeSource("fwhm", value, _TYPICAL, "chosen", "no")


_MOS2 = (
    RamanMode(
        "E'", 384.6, (335.0, 404.0), 3.0, splits=True, biaxial_rate=-4.31, gruneisen=0.56, doping_rate=-0.33,
        shear_potential=0.78, uniaxial_rates=(-4.5, -1.0), temperature_rate=-0.0132,
        sources=(
            _measured("position", 384.6, _MICHAIL_2016, "quoted", "exfoliated monolayer; origin of the map"),
            _calculated("position", 384.0, _DORATOTAJ, "abstract"),
            _width(3.0),
            _derived("biaxial_rate", -4.31, _MICHAIL_2024, "quoted", f"{_DERIVED} with w = 385"),
            _measured("biaxial_rate", -5.2, _LLOYD, "no", _BLISTER),
            _measured("gruneisen", 0.56, _MICHAIL_2024, "quoted", _BIAXIAL),
            _measured("gruneisen", 0.68, _LLOYD, "no", _BLISTER),
            _measured("gruneisen", 1.06, _CONLEY, "abstract", f"{_POLYMER}, uniaxial"),
            _measured("shear_potential", 0.78, _CONLEY, "no", f"{_POLYMER}, uniaxial"),
            _measured("uniaxial_rates", (-4.5, -1.0), _CONLEY, "no", f"{_POLYMER}; errors 0.3 and 1"),
            _measured("uniaxial_rates", (-2.1,), _RICE, "quoted", "in polymer; not split there"),
            _measured("doping_rate", -0.33, _CHAKRABORTY, "quoted", f"{_GATED}; abstract: inert"),
            _measured("temperature_rate", -0.0132, _SAHOO, "abstract", "few layers"),
            _measured("temperature_rate", -0.011, _YAN, "no", "suspended monolayer"),
        ),
    ),
    RamanMode(
        "A1'", 402.7, (386.0, 422.0), 5.0, biaxial_rate=-2.50, gruneisen=0.31, doping_rate=-2.2,
        uniaxial_rates=(0.0,), temperature_rate=-0.0123,
        sources=(
            _measured("position", 402.7, _MICHAIL_2016, "quoted", "exfoliated monolayer; origin of the map"),
            _calculated("position", 403.0, _DORATOTAJ, "abstract"),
            _width(5.0),
            _derived("biaxial_rate", -2.50, _MICHAIL_2024, "quoted", f"{_DERIVED} with w = 403"),
            _measured("biaxial_rate", -1.7, _LLOYD, "no", _BLISTER),
            _calculated("biaxial_rate", -5.1, _MAHIM, "quoted"),
            _measured("gruneisen", 0.31, _MICHAIL_2024, "quoted", _BIAXIAL),
            _measured("gruneisen", 0.21, _LLOYD, "no", _BLISTER),
            _measured("uniaxial_rates", (0.0,), _CONLEY, "no", f"{_POLYMER}; no shift resolved"),
            _measured("uniaxial_rates", (-0.4,), _RICE, "no", "in polymer"),
            _measured("doping_rate", -2.2, _CHAKRABORTY, "quoted", f"{_GATED}; abstract: softens"),
            _measured("temperature_rate", -0.0123, _SAHOO, "abstract", "few layers"),
            _measured("temperature_rate", -0.013, _YAN, "no", "suspended monolayer"),
        ),
    ),
    RamanMode(
        "2LA", 454.0, (424.0, 485.0), 22.0, margin=30.0, optional=True,
        sources=(
            _measured("position", 454.0, _TYPICAL, "no", "450 to 465, moves with the laser"),
            _width(22.0),
            _calculated("biaxial_rate", -20.9, _MAHIM, "quoted", "likely too large, says the quoting work"),
        ),
    ),
)  # fmt: skip

_WS2 = (
    RamanMode(
        "323", 323.4, (305.0, 336.0), 13.0, optional=True,
        sources=(
            _measured("position", 323.4, _SCAN, "data", f"{_FLAKE}; a combination band"),
            _measured("fwhm", 13.0, _SCAN, "data", _FLAKE),
        ),
    ),
    RamanMode(
        "E'(M)", 344.2, (332.0, 349.0), 15.0, optional=True,
        sources=(
            _measured("position", 344.2, _SCAN, "data", _FLAKE),
            _measured("position", 344.0, _BERKDEMIR, "no", "CVD monolayer; assigned there"),
            _measured("fwhm", 15.0, _SCAN, "data", _FLAKE),
        ),
    ),
    RamanMode(
        "2LA", 351.4, (340.0, 357.0), 8.0, optional=True,
        sources=(
            _measured("position", 351.4, _SCAN, "data", f"{_FLAKE}; resonant at 514 and 532 nm"),
            _measured("position", 352.0, _BERKDEMIR, "no", "CVD monolayer"),
            _measured("fwhm", 8.0, _SCAN, "data", _FLAKE),
        ),
    ),
    RamanMode(
        "E'", 356.0, (330.0, 372.0), 4.0, splits=True, biaxial_rate=-3.4, gruneisen=0.48,
        shear_potential=0.56, temperature_rate=-0.0093,
        sources=(
            _measured("position", 356.0, _BERKDEMIR, "no", "CVD monolayer"),
            _measured("position", 355.9, _SCAN, "data", _FLAKE),
            _width(4.0),
            _measured("biaxial_rate", -3.4, _KOURMOULAKIS, "quoted", "as listed in a public script"),
            _derived("gruneisen", 0.48, _KOURMOULAKIS, "quoted", "from the rate with w = 356"),
            _measured("gruneisen", 0.29, _JAHN, "abstract", "compressed by buckling"),
            _measured("shear_potential", 0.56, _JAHN, "abstract", "compressed by buckling"),
            _measured("temperature_rate", -0.0093, _HUANG, "abstract", "CVD monolayer on quartz"),
        ),
    ),
    RamanMode(
        "A1'", 417.5, (400.0, 430.0), 4.5, temperature_rate=-0.0122,
        sources=(
            _measured("position", 417.5, _BERKDEMIR, "no", "CVD monolayer"),
            _measured("position", 418.1, _SCAN, "data", _FLAKE),
            _width(4.5),
            _measured("temperature_rate", -0.0122, _HUANG, "abstract", "CVD monolayer on quartz"),
        ),
    ),
)  # fmt: skip

_MOSE2 = (
    RamanMode(
        "A1'", 240.5, (225.0, 252.0), 3.0,
        sources=(_measured("position", 240.5, _TONNDORF, "no", "exfoliated monolayer"), _width(3.0)),
    ),
    RamanMode(
        "E'", 287.2, (265.0, 300.0), 4.0, splits=True, optional=True,
        sources=(_measured("position", 287.2, _TONNDORF, "no", "exfoliated monolayer; weak"), _width(4.0)),
    ),
)  # fmt: skip

_WSE2 = (
    RamanMode(
        "E'+A1'", 249.5, (235.0, 257.0), 4.0,
        sources=(
            _measured("position", 249.5, _TONNDORF, "no", "exfoliated monolayer; E' and A1' coincide"),
            _width(4.0),
            _calculated("biaxial_rate", -2.0, _SAHIN, "quoted", "as listed in a public script"),
        ),
    ),
    RamanMode(
        "2LA", 260.0, (246.0, 275.0), 8.0, optional=True,
        sources=(_measured("position", 260.0, _TYPICAL, "no", "shoulder of E'+A1'"), _width(8.0)),
    ),
)  # fmt: skip

_GRAPHENE = (
    RamanMode(
        "G", 1581.6, (1500.0, 1640.0), 12.0, splits=True, margin=80.0, biaxial_rate=-69.1, gruneisen=2.18,
        shear_potential=0.99, uniaxial_rates=(-31.7, -10.8), temperature_rate=-0.016,
        sources=(
            _measured("position", 1581.6, _LEE, "no", "suspended, taken there as neutral and unstrained"),
            _width(12.0),
            _measured("biaxial_rate", -69.1, _LEE, "quoted", "compiled there, error 3.4"),
            _derived("gruneisen", 2.18, _LEE, "quoted", "from the rate with w = 1581.6"),
            _measured("gruneisen", 1.99, _MOHIUDDIN, "no", "exfoliated, bent polymer, uniaxial"),
            _measured("shear_potential", 0.99, _MOHIUDDIN, "no", "exfoliated, bent polymer"),
            _measured("uniaxial_rates", (-31.7, -10.8), _MOHIUDDIN, "no", "exfoliated, bent polymer"),
            _measured("temperature_rate", -0.016, _CALIZO, "abstract", "single layer, 80 to 370 K"),
        ),
    ),
    RamanMode(
        "2D", 2676.9, (2500.0, 2800.0), 28.0, margin=150.0, uniaxial_rates=(-64.0,), temperature_rate=-0.034,
        sources=(
            _measured("position", 2676.9, _LEE, "no", "suspended, 514 nm; moves with the laser"),
            _width(28.0),
            _measured("uniaxial_rates", (-64.0,), _MOHIUDDIN, "no", "exfoliated, bent polymer"),
            _derived("uniaxial_rates", (-51.7,), _LEE, "quoted", "2.2 times -23.5, random direction, SiO2"),
            _measured("temperature_rate", -0.034, _CALIZO, "abstract", "single layer, 80 to 370 K"),
        ),
    ),
)  # fmt: skip

# Windows of the default lines hold -3 to +6 % of biaxial strain and 3e13 electrons/cm2. Graphene has no
# doping rate: its shift is not linear in the density and depends on the carriers' sign.
MATERIALS: dict[str, tuple[RamanMode, ...]] = {
    "MoS2": _MOS2,
    "WS2": _WS2,
    "MoSe2": _MOSE2,
    "WSe2": _WSE2,
    "graphene": _GRAPHENE,
}
