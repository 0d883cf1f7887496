# SPDX-License-Identifier: BSD-3-Clause
"""Find the PBE lattice constant of the recipe: ``python find_lattice_constants.py [MATERIAL ...]``.

For each material the energy of the relaxed cell is calculated at seven lattice constants and a cubic put
through them; its minimum is the lattice constant. ``lattice_constants.json`` beside this script keeps the
energies and thicknesses, so that a minimum can be checked without a calculation. MoS2 is calculated too: its
constant, 3.184 angstrom, was found before by another run.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from strain2dos.simulate.dft import DFTRecipe
from strain2dos.simulate.dft._cell import strained_cell
from strain2dos.simulate.dft._gpaw import quiet_gpaw, relax
from strain2dos.simulate.dft._materials import LAYERS

HERE = Path(__file__).parent
SCALES = (-0.021, -0.014, -0.007, 0.0, 0.007, 0.014, 0.021)


def minimum(constants: list[float], energies: list[float]) -> float:
    """Lattice constant at the minimum of a cubic through the energies."""
    a, e = np.asarray(constants), np.asarray(energies)
    cubic = np.poly1d(np.polyfit(a - a.mean(), e - e.mean(), 3))
    roots = cubic.deriv().roots
    best = [x.real for x in roots if abs(x.imag) < 1e-9 and cubic.deriv(2)(x.real) > 0]
    return float(best[0] + a.mean())


def scan(material: str, center: float) -> dict[str, Any]:
    """Energies of the relaxed cell around a lattice constant, and their minimum."""
    found: dict[str, list[float]] = {"a_angstrom": [], "total_energy_eV": [], "thickness_angstrom": []}
    for scale in SCALES:
        recipe = DFTRecipe(material, a0=round(center * (1 + scale), 4))
        with tempfile.TemporaryDirectory() as folder, quiet_gpaw():
            relaxed = relax(strained_cell((0.0, 0.0, 0.0), recipe), recipe, Path(folder) / "density.gpw")
        heights = np.asarray(relaxed["positions"])[1:, 2]
        found["a_angstrom"].append(recipe.a0)
        found["total_energy_eV"].append(relaxed["total_energy"])
        found["thickness_angstrom"].append(round(float(np.ptp(heights)), 5))
        print(material, recipe.a0, relaxed["total_energy"], found["thickness_angstrom"][-1], flush=True)
    best = minimum(found["a_angstrom"], found["total_energy_eV"])
    return {"minimum_angstrom": round(best, 4), **found}


if __name__ == "__main__":
    path = HERE / "lattice_constants.json"
    for name in sys.argv[1:] or LAYERS:
        result = scan(name, LAYERS[name].a0)
        document = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        document[name] = result
        path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        print(name, result["minimum_angstrom"], flush=True)
