# SPDX-License-Identifier: BSD-3-Clause
"""The calls into GPAW: relaxed structure and density, forces, and eigenvalues with spin-orbit coupling."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from strain2dos._files import replacing

if TYPE_CHECKING:
    from ase import Atoms

    from strain2dos.simulate.dft._recipe import DFTRecipe

# bands beyond the filled ones, which GPAW counts from the electrons of its setups (13 filled for all four
# layers); they help convergence and change forces by 3e-5 eV/angstrom at most
_EXTRA_BANDS_SCF = 3

INSTALL = (
    "GPAW is not installed. On Debian or Ubuntu: sudo apt install g++ libxc-dev libopenblas-dev, then: "
    "CC=g++ pip install 'strain2dos[dft]'"
)


def require_gpaw() -> None:
    """Raise an ImportError with the install line when GPAW or its PAW data are missing."""
    try:
        import gpaw  # noqa: F401
        import gpaw_data  # noqa: F401
    except ImportError as error:
        raise ImportError(INSTALL) from error


@contextmanager
def quiet_gpaw() -> Iterator[None]:
    """One thread, and no words about the grid, which the recipe fixes."""
    from threadpoolctl import threadpool_limits

    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        yield


def calculator(recipe: DFTRecipe, **changes: object) -> Any:
    """Make the calculator of the self-consistent steps."""
    from gpaw import GPAW, PW, FermiDirac

    n_k = recipe.n_k_scf
    settings = {
        "mode": PW(recipe.ecut),
        "xc": "PBE",
        "gpts": recipe.gpts,
        "basis": "dzp",  # better first wave functions; it does not decide the outcome
        "kpts": {"size": (n_k, n_k, 1), "gamma": True},
        "occupations": FermiDirac(recipe.fermi_width),
        "nbands": -_EXTRA_BANDS_SCF,
        "convergence": {"density": recipe.density, "eigenstates": recipe.eigenstates},
        "txt": None,
    }
    return GPAW(**(settings | changes))


def relax(atoms: Atoms, recipe: DFTRecipe, density: Path) -> dict[str, Any]:
    """Relax the atoms in the given cell and keep the density.

    Returns
    -------
    dict
        ``positions`` in angstrom, ``total_energy`` in eV, ``max_force`` in eV/angstrom, ``vacuum_level`` in
        eV (the electrostatic potential at the cell's boundary), ``n_electrons`` of the setups, ``n_steps``.
    """
    from ase.optimize import BFGS

    atoms.calc = calculator(recipe)
    optimizer = BFGS(atoms, logfile=None)
    found = settle(atoms, optimizer, recipe.max_force, 60, density)
    return found | {"n_steps": int(optimizer.nsteps)}


def settle(atoms: Atoms, optimizer: Any, max_force: float, steps: int, density: Path) -> dict[str, Any]:
    """Run an optimizer until the forces are small, keep the density, and return what a record holds of it."""
    if not optimizer.run(fmax=max_force, steps=steps):
        raise RuntimeError(f"the relaxation did not reach {max_force} eV/angstrom within {steps} steps.")
    potential = atoms.calc.get_electrostatic_potential()
    with replacing(density) as part:
        atoms.calc.write(part)
    return {
        "positions": atoms.positions.tolist(),
        "total_energy": float(atoms.get_potential_energy()),
        "max_force": float(np.abs(atoms.get_forces()).max()),
        "vacuum_level": float(potential[:, :, 0].mean()),
        "n_electrons": round(atoms.calc.get_number_of_electrons()),
    }


class Forces:
    """Forces at displaced positions; a calculator goes from one to the next and keeps its wave functions.

    Displacements along y and z keep the mirror x -> -x where the strain does, so these use its symmetry.
    """

    def __init__(self, atoms: Atoms, recipe: DFTRecipe) -> None:
        self._atoms, self._recipe = atoms, recipe
        self._displaced: dict[bool, Atoms] = {}

    def at(self, positions: NDArray[np.float64], *, keeps_mirror: bool) -> NDArray[np.float64]:
        """Forces (3, 3) in eV/angstrom."""
        if keeps_mirror not in self._displaced:
            atoms = self._atoms.copy()
            atoms.positions[:] = positions
            symmetry = {} if keeps_mirror else {"point_group": False}
            atoms.calc = calculator(self._recipe, symmetry=symmetry)
            self._displaced[keeps_mirror] = atoms
        atoms = self._displaced[keeps_mirror]
        atoms.positions[:] = positions
        return atoms.get_forces()


class Eigenvalues:
    """Eigenvalues at given k-points for a stored density."""

    def __init__(self, density: Path, recipe: DFTRecipe) -> None:
        self._path, self._recipe = density, recipe
        self._stored: Any = None

    def at(self, k_reduced: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Give ``plain`` (n, n_bands) and ``spin_orbit`` (n, 2 n_bands) in eV; zero is the cell's average."""
        from gpaw import GPAW
        from gpaw.spinorbit import soc_eigenstates

        if self._stored is None:
            self._stored = GPAW(self._path, txt=None)
        recipe = self._recipe
        # explicit points, no symmetry: the points given differ by symmetry already
        bands = self._stored.fixed_density(
            kpts=np.column_stack([k_reduced, np.zeros(len(k_reduced))]),
            symmetry="off",
            nbands=recipe.n_bands,
            convergence={"bands": recipe.n_bands_converged, "eigenstates": recipe.eigenstates_dos},
            txt=None,
        )
        plain = np.array([bands.get_eigenvalues(kpt=i) for i in range(len(k_reduced))])
        return {"plain": plain, "spin_orbit": soc_eigenstates(bands).eigenvalues()}
