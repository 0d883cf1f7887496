# SPDX-License-Identifier: BSD-3-Clause
"""Raman lines of monolayers: where they are, how wide, and how strain and doping move them."""

from strain2dos.raman._materials.mode import ModeSource, RamanMode
from strain2dos.raman._materials.substrates import REFERENCES, SUBSTRATES
from strain2dos.raman._materials.table import MATERIALS

__all__ = ["MATERIALS", "REFERENCES", "SUBSTRATES", "ModeSource", "RamanMode", "material_modes"]


def material_modes(material: str, *, optional: bool = False) -> tuple[RamanMode, ...]:
    """Lines of a monolayer, in rising order.

    Parameters
    ----------
    material : str
        One of "MoS2", "WS2", "MoSe2", "WSe2", "graphene".
    optional : bool, default=False
        Also the lines that are fitted only where asked for, such as 2LA or the defect bands LO(M) and ZO(M):
        broad, weak, or seen only at some laser wavelengths.

    Returns
    -------
    tuple of RamanMode
        What the table holds of each line.

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

    Bands that defects bring stand at a known distance from the lines:

    >>> lo = material_modes("MoS2", optional=True)[0]
    >>> lo.name, lo.anchor, lo.fwhm_range
    ('LO(M)', ("E'", -12.0, -7.0), (10.0, 22.0))
    """
    if material not in MATERIALS:
        raise ValueError(
            f"material must be one of {sorted(MATERIALS)}, but is {material!r}; for another material pass "
            "its lines as modes=[RamanMode(name, position, window, fwhm), ...]."
        )
    return tuple(mode for mode in MATERIALS[material] if optional or not mode.optional)
