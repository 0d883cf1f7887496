# SPDX-License-Identifier: BSD-3-Clause
"""The strained unit cell before relaxation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from strain2dos.simulate.dft._materials import layer_of

if TYPE_CHECKING:
    from ase import Atoms

    from strain2dos.simulate.dft._recipe import DFTRecipe


def strained_cell(strain: tuple[float, float, float], recipe: DFTRecipe) -> Atoms:
    """Build a layer under a homogeneous in-plane strain: x along zigzag, y along armchair.

    Parameters
    ----------
    strain : tuple of float
        Small-strain tensor (exx, eyy, exy) as fractions; vectors map by 1 + strain.
    recipe : DFTRecipe
        Gives the material, its lattice constant and the vacuum.

    Returns
    -------
    ase.Atoms
        Metal and two chalcogens; periodic in the plane, centered in the cell.
    """
    from ase import Atoms

    exx, eyy, exy = strain
    layer = layer_of(recipe.material)
    thickness = layer.thickness + layer.thickness_per_strain * (exx + eyy)
    height = thickness + 2 * recipe.vacuum
    plane = recipe.a0 * np.array([[1.0, 0.0, 0.0], [-0.5, np.sqrt(3) / 2, 0.0]])
    deform = np.array([[1 + exx, exy, 0.0], [exy, 1 + eyy, 0.0], [0.0, 0.0, 1.0]])
    cell = np.vstack([plane @ deform, [0.0, 0.0, height]])
    half = thickness / 2 / height
    scaled = [(0.0, 0.0, 0.5), (2 / 3, 1 / 3, 0.5 + half), (2 / 3, 1 / 3, 0.5 - half)]
    return Atoms(layer.symbols, cell=cell, scaled_positions=scaled, pbc=(True, True, False))
