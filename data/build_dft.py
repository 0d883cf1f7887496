# SPDX-License-Identifier: BSD-3-Clause
"""Rebuild the compact sets from the full records: ``python build_dft.py [MATERIAL ...]``, all by default.

``ws2_dft_records`` beside this script holds one JSON file per strain state of WS2, as ``strain2dos dft run``
writes them. ``ws2_dft`` receives

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

HERE = Path(__file__).parent
CURVES = ("energy_vs_vacuum_eV", "dos_states_per_eV_cell")
SHARED = ("parameters", "versions")
MATERIALS = ("MoS2", "WS2", "MoSe2", "WSe2")
DECIMALS = 8  # far below what the calculations settle; symmetry leaves zeros up to such noise


def read_records(folder: Path) -> list[dict[str, Any]]:
    """Read all records of a folder, in the order of their strain: trace first, then exx, exy."""
    records = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
    if not records:
        raise SystemExit(f"{folder} holds no *.json record; give the folder with one file per strain state.")
    for record in records:
        for key in (*SHARED, CURVES[0]):
            if record[key] != records[0][key]:
                raise SystemExit(f"record {record['name']} has another {key} than {records[0]['name']}.")
    if not any(r["exx"] == r["eyy"] == r["exy"] == 0 for r in records):
        raise SystemExit(
            f"{folder} holds {len(records)} records, but not the unstrained state, which a set needs: "
            "changes with strain are measured against it."
        )
    return sorted(records, key=lambda r: (round(r["exx"] + r["eyy"], 9), r["exx"], r["exy"]))


def rounded(value: Any) -> Any:
    """The same value with `DECIMALS` digits after the point in every number."""
    if isinstance(value, float):
        return round(value, DECIMALS) + 0.0
    if isinstance(value, list):
        return [rounded(item) for item in value]
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return value


def dos_table(records: list[dict[str, Any]]) -> str:
    """The curves as CSV text; one energy grid for all is part of the format."""
    lines = [",".join(["energy_eV", *(record["name"] for record in records)])]
    for i, energy in enumerate(records[0][CURVES[0]]):
        lines.append(",".join([repr(energy), *(repr(record[CURVES[1]][i]) for record in records)]))
    return "\n".join(lines) + "\n"


def build(folder: Path, out: Path) -> None:
    """Write the three files."""
    out.mkdir(parents=True, exist_ok=True)
    records = read_records(folder)
    states = [rounded({k: v for k, v in r.items() if k not in (*CURVES, *SHARED)}) for r in records]
    recipe = records[0]["parameters"] | {"versions": records[0]["versions"]}
    document = {"format": 2, "recipe": recipe, "states": states}
    files = {"records.json": json.dumps(document, indent=1) + "\n", "dos.csv": dos_table(records)}
    for name, text in files.items():
        (out / name).write_bytes(text.encode())
    sums = [f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n" for name, text in sorted(files.items())]
    (out / "SHA256SUMS").write_bytes("".join(sums).encode())


if __name__ == "__main__":
    for material in sys.argv[1:] or MATERIALS:
        records = HERE / f"{material.lower()}_dft_records"
        if (records / "bi+0.json").exists() or sys.argv[1:]:
            build(records, HERE / f"{material.lower()}_dft")
        else:
            print(f"{material}: the unstrained state, bi+0, is not calculated yet")
