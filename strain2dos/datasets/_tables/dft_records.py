# SPDX-License-Identifier: BSD-3-Clause
"""First-principles records as one set: from a folder that `strain2dos dft run` filled."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strain2dos.datasets._strained import StrainedDOS

CURVES = ("energy_vs_vacuum_eV", "dos_states_per_eV_cell")


def read_dft_records(folder: str | Path) -> StrainedDOS:
    """Read all first-principles records of a folder.

    Parameters
    ----------
    folder : path-like
        Folder with one JSON file per strain state, as `strain2dos.simulate.dft.run_plan` writes it. Runs that
        are not finished have none yet.

    Returns
    -------
    StrainedDOS
        As from `load_dft`, sorted by strain: trace first, then exx and exy.

    Raises
    ------
    FileNotFoundError
        When the folder holds no record.
    ValueError
        When a file is not a record, or records have different energies or recipes.

    Examples
    --------
    >>> from strain2dos.datasets import read_dft_records
    >>> data = read_dft_records("records")  # doctest: +SKIP
    """
    paths = sorted(Path(folder).glob("*.json"))
    if not paths:
        raise FileNotFoundError(
            f"{folder} holds no *.json record; `strain2dos dft run --out {folder}` writes them."
        )
    records = [_read(path) for path in paths]
    records.sort(key=strain_order)
    for record in records[1:]:
        if record[CURVES[0]] != records[0][CURVES[0]] or record["parameters"] != records[0]["parameters"]:
            raise ValueError(
                f"record {record['name']} has other energies or parameters than {records[0]['name']}; "
                "records of two recipes do not make one set, so read them from two folders."
            )
    return as_strained_dos(
        records,
        np.array(records[0][CURVES[0]]),
        np.array([record[CURVES[1]] for record in records]),
        {**records[0]["parameters"], "versions": records[0]["versions"]},
    )


def strain_order(record: dict[str, Any]) -> tuple[float, float, float]:
    """Sort key of records: trace of the strain, then exx, then exy."""
    return round(record["exx"] + record["eyy"], 9), record["exx"], record["exy"]


def as_strained_dos(
    states: Sequence[dict[str, Any]],
    energies: NDArray[np.float64],
    dos: NDArray[np.float64],
    recipe: dict[str, Any],
) -> StrainedDOS:
    """Make the set from records and their curves."""
    extra = {"gap_direct": np.array([s["gap_direct"] for s in states])}
    extra |= {key: np.array([s[key.upper()[:3] + "_at"] for s in states]) for key in ("vbm_at", "cbm_at")}
    extra |= {key: np.array([s["valleys"][key] for s in states]) for key in states[0]["valleys"]}
    return StrainedDOS(
        strain=np.array([[s["exx"], s["eyy"], s["exy"]] for s in states]),
        phonons=np.array([[*sorted(s["phonon"]["E"]), s["phonon"]["A1"]] for s in states]),
        energies=energies,
        dos=dos,
        vbm=np.array([s["VBM"] for s in states]),
        cbm=np.array([s["CBM"] for s in states]),
        gap=np.array([s["gap"] for s in states]),
        name=[s["name"] for s in states],
        extra=extra,
        provenance={
            "material": recipe.get("material", "MoS2"),  # the first records hold no other
            "method": "density functional theory (PBE with spin-orbit coupling)",
            "recipe": recipe,
            "strain_unit": "fraction",
            "dos_unit": "states/eV/cell",
            "energy_reference": "vacuum level",
        },
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        missing = [
            key for key in ("name", "exx", "valleys", "phonon", "parameters", *CURVES) if key not in record
        ]
    except (json.JSONDecodeError, TypeError) as error:
        raise ValueError(f"{path} is not a record: {error}.") from error
    if missing:
        raise ValueError(f"{path} is not a record of a strain state: it lacks {', '.join(missing)}.")
    return record
