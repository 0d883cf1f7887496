# SPDX-License-Identifier: BSD-3-Clause
"""The bilayer MoS2/WS2 under biaxial strain: ``python bilayer_states.py [PER_CENT ...]``, -2 to 2 by default.

Both layers have one lattice, 3.185 angstrom (theirs differ by 0.06 %), and the chalcogen planes of the
records of their monolayers. They are stacked as in the 2H crystal, each metal above chalcogens of the other
layer. The metal planes are 6.155 angstrom apart, the mean of half the height of the bulk cells (6.147 and
6.162): PBE does not hold layers together, so the distance is taken from experiment and does not follow
strain. The rest is the recipe of the records. ``bilayer_mos2_ws2.json`` beside this script keeps the bands
from Gamma to K with spin-orbit coupling.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from strain2dos.simulate.dft import DFTRecipe
from strain2dos.simulate.dft._gpaw import Eigenvalues, calculator, quiet_gpaw

if TYPE_CHECKING:
    from ase import Atoms

HERE = Path(__file__).parent
PATH = HERE / "bilayer_mos2_ws2.json"
LATTICE, DISTANCE, VACUUM = 3.185, 6.155, 7.5  # angstrom
PERCENT = (0, 2, -2, 1, -1)
FILLED, SPARE = 52, 4  # spin-orbit bands: filled ones, and those kept on either side of the gap
# Gamma, around the middle of Gamma-K (Q), and K
ALONG = np.array([0.0, 0.5, 0.54, 0.58, 1.0])


def stack(percent: int) -> Atoms:
    """Build the unit cell of the bilayer, MoS2 below."""
    from ase import Atoms

    a = LATTICE * (1 + percent / 100)
    halves = []
    for material in ("mos2", "ws2"):
        record = json.loads((HERE / f"{material}_dft_records" / f"bi{percent:+d}.json").read_text("utf-8"))
        halves.append(record["S_S_thickness"] / 2)
    low = VACUUM + halves[0]
    high = low + DISTANCE
    here, there = (0.0, 0.0), (a / 2, a / np.sqrt(12))
    positions = [(*here, low), (*there, low + halves[0]), (*there, low - halves[0])]
    positions += [(*there, high), (*here, high + halves[1]), (*here, high - halves[1])]
    cell = [[a, 0, 0], [-a / 2, a * np.sqrt(3) / 2, 0], [0, 0, high + halves[1] + VACUUM]]
    return Atoms("MoSSWSS", positions, cell=cell, pbc=(True, True, False))


def compute(percent: int, recipe: DFTRecipe) -> dict[str, Any]:
    """Bands next to the gap in eV against the vacuum level, (5 k-points, 8 bands)."""
    begun = time.perf_counter()
    atoms = stack(percent)
    points = 4 * round(atoms.cell[2, 2] / 0.9)
    bands = {"nbands": -6, "gpts": (*recipe.gpts[:2], points)}
    with tempfile.TemporaryDirectory() as folder, quiet_gpaw():
        atoms.calc = calculator(recipe, **bands)
        atoms.get_potential_energy()
        vacuum = float(atoms.calc.get_electrostatic_potential()[:, :, 0].mean())
        density = Path(folder) / "density.gpw"
        atoms.calc.write(density)
        k_points = np.outer(ALONG, [1 / 3, 1 / 3])
        found = Eigenvalues(density, recipe).at(k_points)["spin_orbit"]
    near = found[:, FILLED - SPARE : FILLED + SPARE] - vacuum
    return {
        "percent": percent,
        "bands_vs_vacuum_eV": np.round(near, 5).tolist(),
        "seconds": round(time.perf_counter() - begun, 1),
    }


if __name__ == "__main__":
    # of both layers together: bands, and those that have to be converged
    recipe = DFTRecipe("MoS2", a0=LATTICE, n_bands=40, n_bands_converged=30)
    states = json.loads(PATH.read_text("utf-8"))["states"] if PATH.exists() else []
    for percent in map(int, sys.argv[1:] or PERCENT):
        states = [state for state in states if state["percent"] != percent] + [compute(percent, recipe)]
        states.sort(key=lambda state: state["percent"])
        document = {
            "lattice_angstrom": LATTICE,
            "metal_planes_angstrom": DISTANCE,
            "along_gamma_k": ALONG.tolist(),
            "filled": SPARE,
            "states": states,
        }
        PATH.write_text(json.dumps(document) + "\n", encoding="utf-8")
        print(percent, states[-1]["seconds"], flush=True)
