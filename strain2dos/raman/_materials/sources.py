# SPDX-License-Identifier: BSD-3-Clause
"""Works that the table of lines cites, and short ways to write a source."""

from strain2dos.raman._materials.mode import Checked, ModeSource

MICHAIL_2016 = "Michail et al., Appl. Phys. Lett. 108, 173102 (2016)"
MICHAIL_2024 = "Michail et al., ACS Appl. Mater. Interfaces 16, 49602 (2024)"
CHAKRABORTY = "Chakraborty et al., Phys. Rev. B 85, 161403 (2012)"
LLOYD = "Lloyd et al., Nano Lett. 16, 5836 (2016)"
CONLEY = "Conley et al., Nano Lett. 13, 3626 (2013)"
RICE = "Rice et al., Phys. Rev. B 87, 081307 (2013)"
SAHOO = "Sahoo et al., J. Phys. Chem. C 117, 9042 (2013)"
YAN = "Yan et al., ACS Nano 8, 986 (2014)"
DORATOTAJ = "Doratotaj, Simpson, Yan, Phys. Rev. B 93, 075401 (2016)"
MAHIM = "Mahim, Rahman, doi:10.5281/zenodo.21670315"
BERKDEMIR = "Berkdemir et al., Sci. Rep. 3, 1755 (2013)"
HUANG = "Huang et al., Sci. Rep. 6, 32236 (2016)"
JAHN = "Mazal Jahn et al., Nanoscale Adv. (2024), doi:10.1039/d3na00990d"
KOURMOULAKIS = "Kourmoulakis, Michail et al., 2023"
TONNDORF = "Tonndorf et al., Opt. Express 21, 4908 (2013)"
SAHIN = "Sahin et al., Phys. Rev. B 87, 165409 (2013)"
LEE = "Lee et al., Nat. Commun. 3, 1024 (2012)"
MOHIUDDIN = "Mohiuddin et al., Phys. Rev. B 79, 205433 (2009)"
CALIZO = "Calizo et al., Nano Lett. 7, 2645 (2007)"
SCAN = "fit of the public WS2 line scan of WrightTools (532 nm)"
TYPICAL = "typical of published spectra at room temperature"
FLAKE = "74 spectra along one flake"
POLYMER = "monolayer, bent polymer"
BLISTER = "suspended monolayer, pressurized"
BIAXIAL = "monolayer under biaxial strain"
GATED = "monolayer transistor, electrochemical gate"
DERIVED = "-2 gamma w / 100"
LEE_2010 = "Lee et al., ACS Nano 4, 2695 (2010)"
MIGNUZZI = "Mignuzzi et al., Phys. Rev. B 91, 195411 (2015)"
PARKER = "Parker, Feldman, Ashkin, Phys. Rev. 155, 712 (1967)"
PORTO = "Porto, Krishnan, J. Chem. Phys. 47, 1009 (1967)"
WAFERS = "four-line fits of two public MoS2 wafers by their owners (SPECTROview examples)"
MONOLAYER = "weighted four-line fit of a public monolayer spectrum (SPECTROview examples)"

Value = float | tuple[str | float, ...]
Spread = float | tuple[float, ...] | None


def measured(
    quantity: str,
    value: Value,
    citation: str,
    checked: Checked = "no",
    sample: str = "",
    spread: Spread = None,
) -> ModeSource:
    """A value that was measured."""
    return ModeSource(quantity, value, citation, "measured", checked, sample, spread)


def calculated(
    quantity: str, value: Value, citation: str, checked: Checked = "no", sample: str = "monolayer"
) -> ModeSource:
    """A value from first principles."""
    return ModeSource(quantity, value, citation, "calculated", checked, sample)


def derived(
    quantity: str, value: Value, citation: str, checked: Checked, sample: str, spread: Spread = None
) -> ModeSource:
    """A value computed from others of the same line."""
    return ModeSource(quantity, value, citation, "derived", checked, sample, spread)


def width(value: float) -> ModeSource:
    """A typical width, where the fit starts."""
    return ModeSource("fwhm", value, TYPICAL, "chosen", "no")


def widths(value: tuple[float, float], sample: str, citation: str = "") -> ModeSource:
    """The range of widths that a line of this kind has been seen with."""
    return ModeSource("fwhm_range", value, citation or TYPICAL, "chosen", "no", sample)
