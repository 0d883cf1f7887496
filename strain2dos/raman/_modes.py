# SPDX-License-Identifier: BSD-3-Clause
"""Raman lines of monolayers: where they are, how wide, and how strain and doping move them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RamanMode:
    """One Raman line of a material.

    Parameters
    ----------
    name : str
        Label used in column names, for example ``"E'"``.
    position : float
        Unstrained, neutral, room temperature, in cm-1.
    window : tuple of float
        (low, high) in cm-1: where the centre is sought.
    fwhm : float
        Typical full width at half maximum in cm-1 (start of the fit and width of the smoothing that finds
        it).
    splits : bool, default=False
        Whether uniaxial strain splits the line into a doublet.
    margin : float, default=22.0
        The fit uses the points up to this far outside the outermost line, in cm-1.
    biaxial_rate : float or None
        Shift in cm-1 per percent of biaxial strain.
    gruneisen : float or None
        Biaxial Grueneisen parameter, -(1 / 2 w) dw/d(strain).
    doping_rate : float or None
        Shift in cm-1 per 1e13 electrons/cm2.
    source : str
        Where the figures come from.
    """

    name: str
    position: float
    window: tuple[float, float]
    fwhm: float
    splits: bool = False
    margin: float = 22.0
    biaxial_rate: float | None = None
    gruneisen: float | None = None
    doping_rate: float | None = None
    source: str = ""


_MICHAIL_2016 = "origin 384.6 / 402.7 cm-1: Michail et al., Appl. Phys. Lett. 108, 173102 (2016)"
_MICHAIL_2024 = "biaxial Grueneisen parameter: Michail et al., ACS Appl. Mater. Interfaces 16, 49602 (2024)"
_CHAKRABORTY = "doping: Chakraborty et al., Phys. Rev. B 85, 161403 (2012)"
_MOS2_SOURCE = f"{_MICHAIL_2016}; {_MICHAIL_2024}; {_CHAKRABORTY}"
_WS2_SOURCE = "position: Berkdemir et al., Sci. Rep. 3, 1755 (2013)"
_TONNDORF = "position: Tonndorf et al., Opt. Express 21, 4908 (2013)"
_LEE = "position: Lee et al., Nat. Commun. 3, 1024 (2012)"

# Windows hold -3 to +6 % of biaxial strain and 3e13 electrons/cm2. Rates that no primary source gives stay
# None.
MATERIALS: dict[str, tuple[RamanMode, ...]] = {
    "MoS2": (
        RamanMode(
            "E'", 384.6, (335.0, 404.0), 3.0, splits=True, biaxial_rate=-4.31, gruneisen=0.56,
            doping_rate=-0.33, source=_MOS2_SOURCE,
        ),
        RamanMode(
            "A1'", 402.7, (386.0, 422.0), 5.0, biaxial_rate=-2.50, gruneisen=0.31, doping_rate=-2.2,
            source=_MOS2_SOURCE,
        ),
    ),
    "WS2": (
        RamanMode("E'", 356.0, (330.0, 372.0), 4.0, splits=True, source=_WS2_SOURCE),
        RamanMode("A1'", 417.5, (400.0, 430.0), 4.5, source=_WS2_SOURCE),
    ),
    "MoSe2": (RamanMode("A1'", 240.5, (225.0, 252.0), 3.0, source=_TONNDORF),),
    "WSe2": (RamanMode("E'+A1'", 249.5, (235.0, 257.0), 4.0, source=_TONNDORF),),
    "graphene": (
        RamanMode("G", 1581.6, (1500.0, 1640.0), 12.0, splits=True, margin=80.0, source=_LEE),
        RamanMode("2D", 2676.9, (2500.0, 2800.0), 28.0, margin=150.0, source=_LEE),
    ),
}  # fmt: skip

# Lines with a well known position, by which the axis of each spectrum can be corrected.
REFERENCES: dict[str, RamanMode] = {
    "Si": RamanMode(
        "Si", 520.7, (505.0, 540.0), 4.0, margin=25.0,
        source="first-order line of crystalline silicon: Parker, Feldman, Ashkin, Phys. Rev. 155, 712 (1967)",
    ),
}  # fmt: skip


def material_modes(material: str) -> tuple[RamanMode, ...]:
    """Lines of a monolayer, in rising order.

    Parameters
    ----------
    material : str
        One of "MoS2", "WS2", "MoSe2", "WSe2", "graphene".

    Returns
    -------
    tuple of RamanMode

    Raises
    ------
    ValueError
        For an unknown material.

    Examples
    --------
    >>> from strain2dos.raman import material_modes
    >>> [(mode.name, mode.position) for mode in material_modes("MoS2")]
    [("E'", 384.6), ("A1'", 402.7)]
    """
    if material not in MATERIALS:
        raise ValueError(
            f"material must be one of {sorted(MATERIALS)}, but is {material!r}; for another material pass "
            f"its lines "
            "as modes=[RamanMode(name, position, window, fwhm), ...]."
        )
    return MATERIALS[material]
