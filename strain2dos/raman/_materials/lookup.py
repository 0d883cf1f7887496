# SPDX-License-Identifier: BSD-3-Clause
"""Raman lines of monolayers: where they are, how wide, and how strain and doping move them."""

from strain2dos.raman._materials.mode import ModeSource, RamanMode
from strain2dos.raman._materials.table import MATERIALS

__all__ = ["MATERIALS", "REFERENCES", "SUBSTRATES", "ModeSource", "RamanMode", "material_modes"]

# Lines with a well known position, by which the axis of each spectrum can be corrected.
REFERENCES: dict[str, RamanMode] = {
    "Si": RamanMode(
        "Si", 520.7, (505.0, 540.0), 4.0, margin=25.0,
        source="first-order line of crystalline silicon: Parker, Feldman, Ashkin, Phys. Rev. 155, 712 (1967)",
    ),
}  # fmt: skip

# Lines of substrates that stand beside those of a monolayer; fitted only where asked for by name.
SUBSTRATES: dict[str, RamanMode] = {
    "Al2O3": RamanMode(
        "Al2O3", 418.0, (411.0, 425.0), 4.0, optional=True,
        source="strongest line (A1g) of sapphire: Porto, Krishnan, J. Chem. Phys. 47, 1009 (1967)",
    ),
}  # fmt: skip


def material_modes(material: str, *, optional: bool = False) -> tuple[RamanMode, ...]:
    """Lines of a monolayer, in rising order.

    Parameters
    ----------
    material : str
        One of "MoS2", "WS2", "MoSe2", "WSe2", "graphene".
    optional : bool, default=False
        Also the lines that are fitted only where asked for, such as 2LA: broad, weak, or seen only at some
        laser wavelengths.

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
    >>> [mode.name for mode in material_modes("WS2", optional=True)]
    ['323', "E'(M)", '2LA', "E'", "A1'"]
    """
    if material not in MATERIALS:
        raise ValueError(
            f"material must be one of {sorted(MATERIALS)}, but is {material!r}; for another material pass "
            f"its lines "
            "as modes=[RamanMode(name, position, window, fwhm), ...]."
        )
    return tuple(mode for mode in MATERIALS[material] if optional or not mode.optional)
