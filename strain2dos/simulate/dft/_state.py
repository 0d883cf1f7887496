# SPDX-License-Identifier: BSD-3-Clause
"""One strain state from the cell to the record, in steps that are kept when a run is killed."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from strain2dos.simulate._tight_binding.k_points import grid, symmetries
from strain2dos.simulate.dft._cell import strained_cell
from strain2dos.simulate.dft._gpaw import Eigenvalues, Forces, quiet_gpaw, relax
from strain2dos.simulate.dft._modes import MOVES, conjugate_force, displaced
from strain2dos.simulate.dft._parts import Parts

if TYPE_CHECKING:
    from ase import Atoms

    from strain2dos.simulate.dft._recipe import DFTRecipe

#: k-points of one step of the band structure: half a minute or so.
CHUNK = 72


def distinct_k_points(strain: tuple[float, float, float], recipe: DFTRecipe) -> tuple[Any, Any]:
    """k-points of the DOS grid that differ by symmetry, and which of them each point of the grid is."""
    # time reversal pairs k with -k whatever the strain, once both spins are counted
    return grid(recipe.n_k_dos, symmetries(np.asarray(strain, dtype=np.float64), spin=0))


def n_steps(strain: tuple[float, float, float], recipe: DFTRecipe) -> int:
    """Steps that a state takes: relaxation, chunks of k-points, displacements."""
    k_reduced, _ = distinct_k_points(strain, recipe)
    return 1 + -(-len(k_reduced) // CHUNK) + 2 * len(MOVES)


def compute(folder: Path, strain: tuple[float, float, float], recipe: DFTRecipe) -> dict[str, Any]:
    """Compute what is missing of a state and give all raw results.

    Returns
    -------
    dict
        ``relaxed`` (see `relax`), ``atoms``, ``k_reduced`` (n, 2), ``inverse``, ``plain`` and ``spin_orbit``
        eigenvalues against the vacuum level, ``forces`` per move, ``seconds`` per kind of step.
    """
    parts = Parts(folder, recipe, strain)
    density = folder / "density.gpw"
    atoms = strained_cell(strain, recipe)
    with quiet_gpaw():
        relaxed = parts.json("relaxed", lambda: relax(atoms, recipe, density))
        relaxed.setdefault(
            "n_electrons", 26
        )  # not among the steps of the first version, which knew MoS2 only
        check_bands(recipe, relaxed["n_electrons"])
        atoms.positions[:] = relaxed["positions"]
        atoms.calc = None
        bands = _bands(parts, density, strain, recipe)
        forces, seconds = _forces(parts, atoms, recipe)
    bands["plain"] -= relaxed["vacuum_level"]
    bands["spin_orbit"] -= relaxed["vacuum_level"]
    timings = {"relax": relaxed.pop("seconds"), "bands": bands.pop("seconds"), "forces": seconds}
    return {"relaxed": relaxed, "atoms": atoms, "forces": forces, "seconds": timings, **bands}


def check_bands(recipe: DFTRecipe, n_electrons: int) -> None:
    """Refuse a recipe whose converged bands end below the lowest empty one."""
    if min(recipe.n_bands, recipe.n_bands_converged) <= n_electrons // 2:
        raise ValueError(
            f"{n_electrons // 2} bands of {recipe.material} are filled, but n_bands_converged is "
            f"{recipe.n_bands_converged} of n_bands = {recipe.n_bands}; band edges need more than "
            "the filled ones."
        )


def _bands(
    parts: Parts, density: Path, strain: tuple[float, float, float], recipe: DFTRecipe
) -> dict[str, Any]:
    k_reduced, inverse = distinct_k_points(strain, recipe)
    eigenvalues = Eigenvalues(density, recipe)
    chunks = []
    for i, start in enumerate(range(0, len(k_reduced), CHUNK)):
        points = k_reduced[start : start + CHUNK]
        chunks.append(parts.arrays(f"bands-{i:03d}", partial(eigenvalues.at, points)))
    joined = {key: np.concatenate([chunk[key] for chunk in chunks]) for key in ("plain", "spin_orbit")}
    seconds = float(sum(chunk["seconds"] for chunk in chunks))
    return {"k_reduced": k_reduced, "inverse": inverse, "seconds": seconds, **joined}


def _forces(parts: Parts, atoms: Atoms, recipe: DFTRecipe) -> tuple[dict[str, Any], float]:
    calculator = Forces(atoms, recipe)
    forces: dict[str, Any] = {}
    seconds = 0.0
    for move in MOVES:
        pair = []
        for sign in (1, -1):
            positions = displaced(atoms.positions, move, sign * recipe.displacement)

            def force(positions: Any = positions, keeps_mirror: bool = move != "x") -> dict[str, Any]:
                return {"forces": calculator.at(positions, keeps_mirror=keeps_mirror).tolist()}

            step = parts.json(f"forces-{move}{sign:+d}", force)
            pair.append(conjugate_force(atoms.positions, np.array(step["forces"])))
            seconds += step["seconds"]
        forces[move] = tuple(pair)
    return forces, seconds
