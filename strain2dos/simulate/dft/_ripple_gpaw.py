# SPDX-License-Identifier: BSD-3-Clause
"""The calls into GPAW for a rippled layer: atomic orbitals, metal atoms held on the ripple."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from strain2dos._files import replacing
from strain2dos.simulate.dft._gpaw import settle
from strain2dos.simulate.dft._parts import Parts
from strain2dos.simulate.dft._ripple import Ripple

if TYPE_CHECKING:
    from ase import Atoms

_BANDS = 28  # per formula unit, as in the records of flat cells
_CHUNK = 16  # k-points of one step of the band structure
# Stiffness (eV/angstrom^2) that the relaxation starts from: m omega^2 of a chalcogen in the mode A1', 19 for
# sulfur at 403 cm-1, 17 for selenium at 240. ASE's own start, 70, makes the first steps four times too short.
_STIFFNESS = 20.0


def _calculator(ripple: Ripple) -> Any:
    from gpaw import GPAW, FermiDirac

    k_x, k_y = k_grid(ripple, ripple.n_k_scf)
    return GPAW(
        mode="lcao",
        basis=ripple.basis,
        xc="PBE",
        h=ripple.spacing,
        kpts={"size": (k_x, k_y, 1), "gamma": True},
        occupations=FermiDirac(ripple.fermi_width),
        nbands=-6 * ripple.period,
        convergence={"density": 1e-4},
        txt=None,
    )


def k_grid(ripple: Ripple, n_k: int) -> tuple[int, int]:
    """k-points along and across the ripple that are as dense as n_k x n_k of the unit cell."""
    return max(1, round(n_k / ripple.period)), max(1, round(n_k / np.sqrt(3)))


def relax_chalcogens(atoms: Atoms, ripple: Ripple, folder: Path) -> dict[str, Any]:
    """Relax the chalcogens; positions are kept at every step, so that a killed run goes on from the last."""
    from ase.constraints import FixAtoms
    from ase.optimize import BFGS

    kept = folder / "positions.npy"
    if kept.exists():
        atoms.positions[:] = np.load(kept)
    atoms.set_constraint(FixAtoms(range(2 * ripple.period)))
    atoms.calc = _calculator(ripple)
    optimizer = BFGS(atoms, logfile=None, alpha=_STIFFNESS)

    def keep() -> None:
        with replacing(kept) as part, part.open("wb") as file:
            np.save(file, atoms.positions)

    optimizer.attach(keep)
    return settle(atoms, optimizer, ripple.max_force, 100, folder / "density.gpw")


def bands_of(parts: Parts, density: Path, ripple: Ripple) -> tuple[NDArray[np.float64], float]:
    """Eigenvalues with spin-orbit coupling in eV on the grid (k_x, k_y, n_bands), and the seconds taken."""
    n_x, n_y = k_grid(ripple, ripple.n_k_dos)
    i, j = np.meshgrid(np.arange(n_x // 2 + 1), np.arange(n_y // 2 + 1), indexing="ij")
    # time reversal and the mirror at the crest leave a quarter of the zone, once both spins are counted
    points = np.column_stack([i.reshape(-1) / n_x, j.reshape(-1) / n_y, np.zeros(i.size)])
    chunks = []
    for start in range(0, len(points), _CHUNK):
        some = points[start : start + _CHUNK]
        chunks.append(parts.arrays(f"bands-{start:04d}", partial(_eigenvalues, density, some, ripple)))
    quarter = np.concatenate([chunk["spin_orbit"] for chunk in chunks]).reshape(*i.shape, -1)
    fold_x, fold_y = (np.minimum(np.arange(n), n - np.arange(n)) for n in (n_x, n_y))
    return quarter[fold_x[:, None], fold_y[None, :]], float(sum(chunk["seconds"] for chunk in chunks))


def _eigenvalues(density: Path, points: NDArray[np.float64], ripple: Ripple) -> dict[str, Any]:
    from gpaw import GPAW
    from gpaw.spinorbit import soc_eigenstates

    bands = GPAW(density, txt=None).fixed_density(
        kpts=points, symmetry="off", nbands=2 * ripple.period * _BANDS, txt=None
    )
    return {"spin_orbit": soc_eigenstates(bands).eigenvalues()}
