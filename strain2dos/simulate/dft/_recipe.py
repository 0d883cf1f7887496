# SPDX-License-Identifier: BSD-3-Clause
"""All that decides the outcome of a calculation, in one place, so that records can be compared."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from strain2dos.simulate.dft._materials import layer_of


@dataclass(frozen=True)
class Parameters:
    """Parameters of a calculation, to be compared with those of a record."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as they stand in a record.

        Returns
        -------
        dict
            Value by name of the field.
        """
        return {key: list(v) if isinstance(v, tuple) else v for key, v in asdict(self).items()}

    def difference(self, parameters: dict[str, Any]) -> tuple[str, Any, Any] | None:
        """First parameter that a record or an unfinished run has otherwise: its name, theirs and ours.

        Parameters
        ----------
        parameters : dict
            As they stand in the record or run.

        Returns
        -------
        tuple of (str, object, object), or None
            None where all agree.
        """
        theirs, ours = ({"material": "MoS2"} | values for values in (parameters, self.to_dict()))
        for key, value in ours.items():
            if theirs.get(key) != value:
                return key, theirs.get(key), value
        return None


@dataclass(frozen=True)
class DFTRecipe(Parameters):
    """Parameters of a first-principles record of a strained monolayer.

    The defaults made the bundled sets; records made with other values do not belong in them.

    Parameters
    ----------
    material : {"MoS2", "WS2", "MoSe2", "WSe2"}
        The layer.
    a0 : float, optional
        Lattice constant of the unstrained layer in angstrom; the PBE minimum of this recipe when left out
        (3.184 for MoS2).
    vacuum : float
        Vacuum beyond the chalcogen planes on either side, in angstrom.
    ecut : float
        Plane-wave cut-off in eV.
    gpts : tuple of int
        Points of the real-space grid, the same for all strains: chosen by strain, it would jump.
    n_k_scf : int
        Gamma-centered grid (n x n x 1) for density, forces and phonons.
    n_k_dos : int
        Grid for the DOS and the band edges; a multiple of 6, so that it holds K and the middle of Gamma-K.
    fermi_width : float
        Width of the Fermi-Dirac occupations in eV.
    n_bands, n_bands_converged : int
        Bands computed for the DOS, and how many of them decide when it is converged.
    density, eigenstates, eigenstates_dos : float
        Convergence, in GPAW's definitions: electrons per valence electron, and eV^2 per electron.
    max_force : float
        Forces that are left after relaxing the internal coordinates, in eV/angstrom.
    displacement : float
        Displacements for the force constants, in angstrom.
    width : float
        Standard deviation of the Gaussian on the DOS in eV.
    energies : tuple of float
        First and last energy of the DOS in eV against the vacuum level, and the step.

    Raises
    ------
    ValueError
        For a material that has no lattice constant here.

    Examples
    --------
    >>> from strain2dos.simulate.dft import DFTRecipe
    >>> DFTRecipe().ecut, DFTRecipe(n_k_dos=24).n_k_dos
    (350.0, 24)
    >>> DFTRecipe().a0, DFTRecipe("WSe2").a0 > DFTRecipe("WS2").a0
    (3.184, True)
    """

    material: str = "MoS2"
    a0: float | None = None
    vacuum: float = 7.5
    ecut: float = 350.0
    gpts: tuple[int, int, int] = (16, 16, 80)
    n_k_scf: int = 9
    n_k_dos: int = 36
    fermi_width: float = 0.01
    n_bands: int = 28
    n_bands_converged: int = 20
    density: float = 1e-5
    eigenstates: float = 1e-7
    eigenstates_dos: float = 1e-6
    max_force: float = 0.002
    displacement: float = 0.02
    width: float = 0.05
    energies: tuple[float, float, float] = (-9.0, -2.5, 0.01)

    def __post_init__(self) -> None:
        layer = layer_of(self.material)
        if self.a0 is None:
            object.__setattr__(self, "a0", layer.a0)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as they stand in a record; a record without ``material`` is one of MoS2.

        Returns
        -------
        dict
            Value by name of the field.
        """
        values = super().to_dict()
        if self.material == "MoS2":
            del values["material"]  # the first records were made before there were others
        return values
