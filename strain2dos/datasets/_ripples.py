# SPDX-License-Identifier: BSD-3-Clause
"""First-principles records of bent layers as one set."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from strain2dos.datasets._bundled.resources import data_path

_OWN = ("amplitude", "period")  # what may differ between the records of one set


@dataclass(frozen=True, eq=False, repr=False)
class RippledDOS:
    """Density of states of one layer in many ripples: one row is one whole curve.

    Parameters
    ----------
    table : DataFrame of n rows
        Per ripple, with its name as index: ``amplitude`` in angstrom, ``period`` in unit cells,
        ``wavelength`` in angstrom, ``radius`` at the crest in nm (inf for a flat layer),
        ``mean_square_curvature`` over the metal atoms in 1/nm^2, ``vbm`` and ``cbm`` in eV against the vacuum
        level, ``gap`` and ``gap_direct`` (smallest vertical gap) in eV.
    energies : ndarray of shape (m,)
        Energies in eV against the vacuum level.
    dos : ndarray of shape (n, m)
        Density of states in states/eV per formula unit, both spins.
    sites : DataFrame
        Per metal atom: ``name`` of the ripple, place ``x`` in angstrom, ``curvature`` in 1/angstrom (positive
        at a trough), ``strain`` of its two bonds along the ripple as a fraction.
    provenance : dict
        Parameters that all share, and code versions.

    Examples
    --------
    >>> from strain2dos.datasets import load_ripples
    >>> load_ripples().table.loc["ripple-0.00-1", ["amplitude", "period"]].tolist()
    [0.0, 1.0]
    """

    table: pd.DataFrame
    energies: NDArray[np.float64]
    dos: NDArray[np.float64]
    sites: pd.DataFrame
    provenance: dict[str, Any]

    def __len__(self) -> int:
        return len(self.table)

    def __repr__(self) -> str:
        grid = f"{self.energies.size} energies {self.energies[0]:g}..{self.energies[-1]:g} eV"
        return f"RippledDOS({len(self)} ripples of {self.provenance['material']}, {grid})"


def load_ripples() -> RippledDOS:
    """Load the bundled first-principles records of bent monolayer MoS2.

    The layer follows a cosine along zigzag and is not stretched: its middle keeps its length. The metal atoms
    stay on the cosine, the chalcogens are relaxed. PBE with spin-orbit coupling in atomic orbitals (double
    zeta with polarization), so energies compare with the flat layer of the same period in this set, not with
    `load_dft`: flat layers of several periods, whose grids differ, tell how far a difference can be trusted.

    Returns
    -------
    RippledDOS
        By period, the flat layer first, then by amplitude.

    References
    ----------
    Computed for this project with GPAW (J. J. Mortensen et al., J. Chem. Phys. 160, 092503 (2024)); recipe
    and licence are in ``data/README.md``.

    Examples
    --------
    >>> from strain2dos.datasets import load_ripples
    >>> data = load_ripples()
    >>> six = data.table[data.table.period == 6]
    >>> (1000 * (six.gap - six.gap.iloc[0])).round().astype(int).tolist()
    [0, -3, -10, -24]
    """
    return read_ripples(data_path("mos2_ripples"))


def read_ripples(folder: str | Path) -> RippledDOS:
    """Read all records of bent layers of a folder, as `strain2dos.simulate.dft.run_ripple` writes them.

    Parameters
    ----------
    folder : path-like
        Folder with one JSON file per ripple.

    Returns
    -------
    RippledDOS
        Sorted by period and amplitude.

    Raises
    ------
    FileNotFoundError
        When the folder holds no record.
    ValueError
        When records differ in more than amplitude and period.

    Examples
    --------
    >>> from strain2dos.datasets import read_ripples
    >>> data = read_ripples("ripples")  # doctest: +SKIP
    """
    paths = sorted(Path(folder).glob("ripple-*.json"))
    if not paths:
        raise FileNotFoundError(
            f"{folder} holds no ripple-*.json; `strain2dos dft run --ripple 1.0 --period 12 --out {folder}` "
            "writes them."
        )
    records = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    records.sort(key=lambda r: (r["parameters"]["period"], r["parameters"]["amplitude"]))
    shared = [{k: v for k, v in r["parameters"].items() if k not in _OWN} for r in records]
    for record, parameters in zip(records, shared, strict=True):
        if parameters != shared[0]:
            other = {k: v for k, v in parameters.items() if v != shared[0][k]}
            raise ValueError(
                f"record {record['name']} has {other}, unlike {records[0]['name']}; records of two recipes "
                "do not make one set, so read them from two folders."
            )
    return RippledDOS(
        table=pd.DataFrame([_row(r) for r in records], index=pd.Index([r["name"] for r in records])),
        energies=np.array(records[0]["energy_vs_vacuum_eV"]),
        dos=np.array([r["dos_states_per_eV_formula"] for r in records]),
        sites=pd.concat([_sites(r) for r in records], ignore_index=True),
        provenance={**shared[0], "versions": records[0]["versions"], "license": "CC0-1.0"},
    )


def _row(record: dict[str, Any]) -> dict[str, float]:
    largest = record["largest_curvature"]
    return {
        **{key: record["parameters"][key] for key in _OWN},
        "wavelength": record["wavelength"],
        "radius": 0.1 / largest if largest > 0 else np.inf,
        "mean_square_curvature": 100.0 * float(np.mean(np.square(record["curvature"]))),
        **{key.lower(): record[key] for key in ("VBM", "CBM", "gap", "gap_direct")},
    }


def _sites(record: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "name": record["name"],
            "x": record["metal_x"],
            "curvature": record["curvature"],
            "strain": record["local_strain"],
        }
    )
