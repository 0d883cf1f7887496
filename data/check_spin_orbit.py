# SPDX-License-Identifier: BSD-3-Clause
"""What the spin-orbit coupling of the recipe leaves out: ``python check_spin_orbit.py [MATERIAL ...]``.

GPAW adds spin-orbit coupling as (alpha^2 / 2) (1/r) dV/dr L.S, the first order in 1/c^2. A scalar
relativistic atom has M^2 below it, with M(r) = 1 - V(r) alpha^2 / 2 the mass of an electron close to a
heavy nucleus [D. D. Koelling and B. N. Harmon, J. Phys. C 10, 3107 (1977)]; the eigenvalue is neglected
beside V. This script takes the unstrained layer of the records and calculates its bands at K both ways.
``spin_orbit.json`` beside it keeps the splittings of the highest valence and lowest conduction band and the
gap.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from strain2dos.simulate.dft import DFTRecipe
from strain2dos.simulate.dft._gpaw import Eigenvalues, calculator, quiet_gpaw

HERE = Path(__file__).parent
MATERIALS = ("MoS2", "WS2", "MoSe2", "WSe2")
AT_K = np.array([[1 / 3, 1 / 3]])


@contextmanager
def mass_term() -> Iterator[None]:
    """Divide the force on the electron by M^2 in GPAW's spin-orbit coupling."""
    import gpaw.spinorbit
    from ase.units import alpha

    plain = gpaw.spinorbit.get_radial_potential_derivative

    def with_mass(setup: Any, *arguments: Any) -> Any:
        force = plain(setup, *arguments)
        steps = setup.xc_correction.rgd.dr_g[: len(force)]
        potential = -np.cumsum((force * steps)[::-1])[::-1]
        return force / (1 - potential * alpha**2 / 2) ** 2

    gpaw.spinorbit.get_radial_potential_derivative = with_mass
    try:
        yield
    finally:
        gpaw.spinorbit.get_radial_potential_derivative = plain


def at_k(density: Path, recipe: DFTRecipe, filled: int) -> dict[str, float]:
    """Splittings in meV and gap in eV at K."""
    bands = Eigenvalues(density, recipe).at(AT_K)["spin_orbit"][0, filled - 2 : filled + 2]
    return {
        "valence_meV": round(1000 * float(bands[1] - bands[0]), 1),
        "conduction_meV": round(1000 * float(bands[3] - bands[2]), 1),
        "gap_eV": round(float(bands[2] - bands[1]), 4),
    }


def both_ways(record: dict[str, Any], recipe: DFTRecipe) -> dict[str, dict[str, float]]:
    """Bands at K of the structure of a record, as the recipe has them and with the mass term."""
    from ase import Atoms

    atoms = Atoms(record["symbols"], record["positions"], cell=record["cell"], pbc=(True, True, False))
    with tempfile.TemporaryDirectory() as folder, quiet_gpaw():
        atoms.calc = calculator(recipe)
        atoms.get_potential_energy()
        density = Path(folder) / "density.gpw"
        atoms.calc.write(density)
        filled = round(atoms.calc.get_number_of_electrons())
        found = {"recipe": at_k(density, recipe, filled)}
        with mass_term():
            found["with_mass_term"] = at_k(density, recipe, filled)
    return found


if __name__ == "__main__":
    path = HERE / "spin_orbit.json"
    for name in sys.argv[1:] or MATERIALS:
        unstrained = HERE / f"{name.lower()}_dft_records" / "bi+0.json"
        result = both_ways(json.loads(unstrained.read_text(encoding="utf-8")), DFTRecipe(name))
        document = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        document[name] = result
        path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        print(name, result, flush=True)
