# SPDX-License-Identifier: BSD-3-Clause
"""One JSON record per strain state: results, every parameter, code versions and timings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from strain2dos._files import replacing
from strain2dos._versions import installed_versions
from strain2dos.simulate._tight_binding.triangles import EnergyWindow, states_between
from strain2dos.simulate.dft._edges import edges_of, split_bands
from strain2dos.simulate.dft._modes import gamma_modes

if TYPE_CHECKING:
    from strain2dos.simulate.dft._recipe import DFTRecipe
    from strain2dos.simulate.dft._ripple import Ripple

Array = NDArray[np.float64]


def energy_grid(recipe: DFTRecipe | Ripple) -> Array:
    """Energies of the DOS in eV against the vacuum level."""
    first, last, step = recipe.energies
    return np.round(first + step * np.arange(round((last - first) / step) + 1), 6)


def make_record(
    name: str, strain: tuple[float, float, float], raw: dict[str, Any], recipe: DFTRecipe
) -> dict[str, Any]:
    """Turn the raw results of `compute` into a record.

    Returns
    -------
    dict
        Plain values: energies in eV against the vacuum level, DOS in states/eV/cell with both spins, phonons
        in cm-1, lengths in angstrom, strain as fractions, timings in seconds.
    """
    whole = {key: _on_grid(raw[key], raw["inverse"], recipe.n_k_dos) for key in ("plain", "spin_orbit")}
    energies = energy_grid(recipe)
    window = EnergyWindow(energies, recipe.width)
    dos = window.to_dos(states_between(whole["spin_orbit"], window.edges))
    n_electrons = raw["relaxed"]["n_electrons"]
    plain = edges_of(*split_bands(whole["plain"], n_electrons // 2))
    wavenumbers, _ = gamma_modes(raw["forces"], raw["atoms"].get_masses(), recipe.displacement, strain)
    atoms, relaxed = raw["atoms"], raw["relaxed"]
    chalcogen = atoms.get_chemical_symbols()[1]
    return {
        "name": name,
        **dict(zip(("exx", "eyy", "exy"), strain, strict=True)),
        **edges_of(*split_bands(whole["spin_orbit"], n_electrons)),
        "without_spin_orbit": {key: plain[key] for key in ("VBM", "CBM", "gap", "VBM_at", "CBM_at")},
        "phonon": {"E": [float(x) for x in wavenumbers[:2]], "A1": float(wavenumbers[2])},
        f"{chalcogen}_{chalcogen}_thickness": float(np.ptp(atoms.positions[1:, 2])),
        "cell": atoms.cell.tolist(),
        "positions": atoms.positions.tolist(),
        "symbols": atoms.get_chemical_symbols(),
        **{key: relaxed[key] for key in ("total_energy", "max_force", "vacuum_level", "n_electrons")},
        "parameters": recipe.to_dict() | METHOD,
        "versions": versions(),
        "timings_s": {key: round(value, 1) for key, value in raw["seconds"].items()},
        "energy_vs_vacuum_eV": energies.tolist(),
        "dos_states_per_eV_cell": [round(float(x), 6) for x in dos],
    }


METHOD = {
    "xc": "PBE",
    "spin_orbit": "non-self-consistent, from all bands",
    "dos": "linear triangles + Gaussian",
    "edges": "quartic splines through the eigenvalues around the extrema of the grid",
    "phonons": "central differences of forces, mirror-even block at Gamma",
    "units": "eV against vacuum, states/eV/cell, cm-1, angstrom, strain as a fraction",
}


def versions() -> dict[str, str]:
    """Versions of all codes that decide the outcome."""
    return installed_versions("gpaw", "gpaw-data", "ase", "numpy", "scipy")


def write_record(path: Path, record: dict[str, Any], raw: dict[str, Any], recipe: DFTRecipe) -> None:
    """Write the eigenvalues with spin-orbit coupling, then the record: a record that exists is finished."""
    eigenvalues = path.parent / "eigenvalues" / f"{path.stem}.npz"
    some = _bands_in_window(raw["spin_orbit"], energy_grid(recipe))
    eigenvalues.parent.mkdir(parents=True, exist_ok=True)
    with replacing(eigenvalues) as part:
        np.savez_compressed(
            part,
            k_reduced=raw["k_reduced"],
            grid_index=raw["inverse"].astype(np.int16),
            first_band=some.start,
            eigenvalues_vs_vacuum_eV=raw["spin_orbit"][:, some].astype(np.float32),
        )
    with replacing(path) as part:
        part.write_text(json.dumps(record) + "\n", encoding="utf-8")


def _bands_in_window(bands: Array, energies: Array) -> slice:
    """Bands that the DOS needs: those that come within half an eV of its window."""
    inside = (bands.max(axis=0) > energies[0] - 0.5) & (bands.min(axis=0) < energies[-1] + 0.5)
    chosen = np.flatnonzero(inside)
    return slice(int(chosen[0]), int(chosen[-1]) + 1)


def _on_grid(values: Array, inverse: NDArray[np.intp], n_k: int) -> Array:
    return values[inverse].reshape(n_k, n_k, -1)
