# SPDX-License-Identifier: BSD-3-Clause
"""From a ripple to its record, in steps that are kept when a run is killed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from strain2dos._files import locked, replacing
from strain2dos.simulate._tight_binding.triangles import EnergyWindow, states_between
from strain2dos.simulate.dft._edges import split_bands
from strain2dos.simulate.dft._gpaw import quiet_gpaw, require_gpaw
from strain2dos.simulate.dft._parts import Parts, remove_parts
from strain2dos.simulate.dft._record import energy_grid, versions
from strain2dos.simulate.dft._ripple import Ripple, curvature, local_strain, rippled_cell
from strain2dos.simulate.dft._ripple_gpaw import bands_of, relax_chalcogens
from strain2dos.simulate.dft._run import parts_folder


def run_ripple(ripple: Ripple, out: Path) -> Path:
    """Calculate a rippled layer, or finish one that was begun, and write its record.

    Parameters
    ----------
    ripple : Ripple
        Amplitude, period and the parameters of the calculation.
    out : Path
        Folder of the records.

    Returns
    -------
    Path
        The record, ``out/ripple-AMPLITUDE-PERIOD.json``: DOS per formula unit, band edges in eV against the
        vacuum level, and the place, curvature and strain of each metal atom.

    Raises
    ------
    ImportError
        When GPAW is missing; the message has the install line.
    ValueError
        When the folder holds a record or steps of this name with other parameters.
    """
    path = Path(out) / f"{ripple.name}.json"
    if path.exists():
        difference = ripple.difference(json.loads(path.read_text(encoding="utf-8"))["parameters"])
        if difference is None:
            return path
        key, theirs, ours = difference
        raise ValueError(
            f"{path} was made with {key} = {theirs}, but this run has {ours}; give another folder with --out."
        )
    require_gpaw()
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked(path):
        folder = parts_folder(path)
        record = _compute(folder, ripple)
        with replacing(path) as part:
            part.write_text(json.dumps(record) + "\n", encoding="utf-8")
        remove_parts(folder)
    return path


def _compute(folder: Path, ripple: Ripple) -> dict[str, Any]:
    parts = Parts(folder, ripple, (0.0, 0.0, 0.0))
    atoms = rippled_cell(ripple)
    with quiet_gpaw():
        relaxed = parts.json("relaxed", lambda: relax_chalcogens(atoms, ripple, folder))
        atoms.positions[:] = relaxed["positions"]
        bands, seconds = bands_of(parts, folder / "density.gpw", ripple)
    bands = bands - relaxed["vacuum_level"]
    valence, conduction = split_bands(bands, relaxed["n_electrons"])
    energies = energy_grid(ripple)
    window = EnergyWindow(energies, ripple.width)
    dos = window.to_dos(states_between(bands, window.edges)) / (2 * ripple.period)
    metal = atoms.positions[: 2 * ripple.period]
    return {
        "name": ripple.name,
        "VBM": float(valence.max()),
        "CBM": float(conduction.min()),
        "gap": float(conduction.min() - valence.max()),
        "gap_direct": float((conduction - valence).min()),
        "wavelength": ripple.wavelength,
        "largest_curvature": ripple.largest_curvature,
        "metal_x": metal[:, 0].tolist(),
        "curvature": curvature(ripple, metal[:, 0]).tolist(),
        "local_strain": local_strain(ripple, atoms.positions).tolist(),
        "cell": atoms.cell.tolist(),
        "positions": atoms.positions.tolist(),
        "symbols": atoms.get_chemical_symbols(),
        **{key: relaxed[key] for key in ("total_energy", "max_force", "vacuum_level", "n_electrons")},
        "parameters": ripple.to_dict(),
        "versions": versions(),
        "timings_s": {"relax": relaxed["seconds"], "bands": round(seconds, 1)},
        "energy_vs_vacuum_eV": energies.tolist(),
        "dos_states_per_eV_formula": [round(float(x), 6) for x in dos],
    }
