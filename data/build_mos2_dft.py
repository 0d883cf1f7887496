# SPDX-License-Identifier: BSD-3-Clause
"""Rebuild the compact MoS2 set from the full records: ``python build_mos2_dft.py RECORDS [OUT]``.

RECORDS is a folder with one JSON file per strain state. OUT (``mos2_dft`` beside this script) receives

- ``records.json``: what all states share (``recipe``) and, per state, everything but the curve;
- ``dos.csv``: energies in the first column, one column per state, with the digits of the records;
- ``SHA256SUMS``: checksums that ``sha256sum --check`` reads.

The files depend on the records alone, byte for byte, so a rebuild shows as an empty diff.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

CURVES = ("energy_vs_vacuum_eV", "dos_states_per_eV_cell")
# symmetry leaves these at zero but for the noise of the relaxation
POSITION_DECIMALS = 8


def read_records(folder: Path) -> list[dict[str, Any]]:
    """Read all records of a folder, in the order of their strain: trace first, then exx, exy."""
    records = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
    if not records:
        raise SystemExit(f"{folder} holds no *.json record; give the folder with one file per strain state.")
    return sorted(records, key=lambda r: (round(r["exx"] + r["eyy"], 9), r["exx"], r["exy"]))


def shared_parameters(records: list[dict[str, Any]]) -> dict[str, Any]:
    """The parameters that have one value in all records."""
    first = records[0]["parameters"]
    return {k: v for k, v in first.items() if all(r["parameters"].get(k, ...) == v for r in records)}


def compact(record: dict[str, Any], shared: dict[str, Any]) -> dict[str, Any]:
    """One record without its curve and without the parameters that all records share."""
    state = {key: value for key, value in record.items() if key not in (*CURVES, "parameters")}
    state["positions"] = [[round(x, POSITION_DECIMALS) + 0.0 for x in atom] for atom in record["positions"]]
    state["timings_s"] = {key: round(value, 1) for key, value in record["timings_s"].items()}
    own = {key: value for key, value in record["parameters"].items() if key not in shared}
    return state | ({"parameters": own} if own else {})


def dos_table(records: list[dict[str, Any]]) -> str:
    """The curves as CSV text; one energy grid for all is part of the format."""
    energies = records[0][CURVES[0]]
    for record in records:
        if record[CURVES[0]] != energies:
            raise SystemExit(f"record {record['name']} has another energy grid than {records[0]['name']}.")
    lines = [",".join(["energy_eV", *(record["name"] for record in records)])]
    for i, energy in enumerate(energies):
        lines.append(",".join([repr(energy), *(repr(record[CURVES[1]][i]) for record in records)]))
    return "\n".join(lines) + "\n"


def build(folder: Path, out: Path) -> None:
    """Write the three files."""
    out.mkdir(parents=True, exist_ok=True)
    records = read_records(folder)
    shared = shared_parameters(records)
    document = {"format": 1, "recipe": shared, "states": [compact(record, shared) for record in records]}
    files = {"records.json": json.dumps(document, indent=1) + "\n", "dos.csv": dos_table(records)}
    for name, text in files.items():
        (out / name).write_bytes(text.encode())
    sums = [f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n" for name, text in sorted(files.items())]
    (out / "SHA256SUMS").write_bytes("".join(sums).encode())


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        raise SystemExit(__doc__)
    build(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) == 3 else Path(__file__).parent / "mos2_dft")
