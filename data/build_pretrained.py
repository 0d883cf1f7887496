# SPDX-License-Identifier: BSD-3-Clause
"""Rebuild the models that come with the package: ``python build_pretrained.py [MATERIAL ...]``.

For each material: ``pretrained/MATERIAL.skops``, the regressor, and ``pretrained/MATERIAL.json``, its figures
of merit for strain states that were left out, its checksum, and those of the records that it was trained on.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

from strain2dos.datasets import load_dft
from strain2dos.datasets._pretrained.load import MATERIALS
from strain2dos.datasets._pretrained.positions import position_dos
from strain2dos.datasets._pretrained.training import FOLDS, OPTIONS, held_out_merit, train_pretrained
from strain2dos.io import save_model

HERE = Path(__file__).parent


def build(material: str) -> None:
    """Write the two files of a material."""
    folder = HERE / "pretrained"
    folder.mkdir(exist_ok=True)
    features = list(position_dos(material, random_state=0).features.columns)
    functional = str(load_dft(material).provenance["recipe"]["xc"])
    known = {"material": material, "features": features, "functional": functional}
    path = save_model(train_pretrained(material), folder / f"{material.lower()}.skops", metadata=known)
    records = (HERE / f"{material.lower()}_dft" / "SHA256SUMS").read_text(encoding="utf-8").split()
    document = {
        **known,
        "energy_reference": "vacuum level",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "records_sha256": dict(zip(records[1::2], records[::2], strict=True)),
        "options": {**OPTIONS, "hidden_layer_sizes": list(OPTIONS["hidden_layer_sizes"])},
        "held_out": {"what": f"strain states, in {FOLDS} folds", **held_out_merit(material)},
    }
    path.with_suffix(".json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(document["held_out"], indent=1))


if __name__ == "__main__":
    for name in sys.argv[1:] or MATERIALS:
        build(name)
