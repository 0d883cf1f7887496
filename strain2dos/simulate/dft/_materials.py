# SPDX-License-Identifier: BSD-3-Clause
"""Monolayers that can be calculated: atoms, lattice constant, and a start for the relaxation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Layer:
    """A trigonal-prismatic monolayer MX2.

    Parameters
    ----------
    metal, chalcogen : str
        Chemical symbols.
    a0 : float
        Lattice constant in angstrom: the PBE minimum of this recipe (``data/lattice_constants.json``).
    thickness, thickness_per_strain : float
        Distance of the chalcogen planes in angstrom, and its change with exx + eyy: a start for the
        relaxation, good to 0.02.
    """

    metal: str
    chalcogen: str
    a0: float
    thickness: float
    thickness_per_strain: float

    @property
    def symbols(self) -> tuple[str, str, str]:
        """The three atoms in the order of a record."""
        return self.metal, self.chalcogen, self.chalcogen


LAYERS: dict[str, Layer] = {
    "MoS2": Layer("Mo", "S", 3.184, 3.13, -0.6),
    "WS2": Layer("W", "S", 3.186, 3.14, -0.6),
    "MoSe2": Layer("Mo", "Se", 3.320, 3.34, -0.7),
    "WSe2": Layer("W", "Se", 3.320, 3.35, -0.7),
}


def layer_of(material: str) -> Layer:
    """Find a layer by its formula; another formula is a ValueError that names those there are."""
    if material not in LAYERS:
        raise ValueError(
            f"material must be one of {', '.join(LAYERS)}, but is {material!r}; these have a lattice "
            "constant of this recipe."
        )
    return LAYERS[material]
