# SPDX-License-Identifier: BSD-3-Clause
"""What the networks buy, over the number of first-principles curves.

DOSRegressor is trained on a part of the first-principles states, with networks and without, and predicts all
other states. Run as

    python benchmarks/learning_curve.py [--sizes 8 16 24 32 48] [--repeats 3]

Every finished figure is kept in ``benchmarks/output``: an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from _machine import machine
from tqdm import tqdm

from strain2dos import DOSRegressor
from strain2dos.datasets import StrainedDOS, load_mos2_dft
from strain2dos.dos import metrics
from strain2dos.simulate import strain_invariants

OUTPUT = Path(__file__).parent / "output" / "learning_curve"
THRESHOLD, REFERENCE = 0.15, -5.3


def figures(model: Any, X: np.ndarray, data: StrainedDOS) -> dict[str, float]:
    """Return the figures of merit of a fitted model."""
    found = model.predict(X)
    where = {"energies": data.energies, "threshold": THRESHOLD, "reference": REFERENCE}
    return {
        "gap_mae_meV": metrics.gap_mae(data.dos, found, **where),
        "r2": metrics.r2_per_curve(data.dos, found),
        "wasserstein_meV": metrics.wasserstein(data.dos, found, energies=data.energies),
    }


def run(kind: str, size: int, seed: int, data: StrainedDOS) -> dict[str, Any]:
    """Train on `size` states with networks and without; both predict the other states."""
    kept = OUTPUT / f"{kind}_{len(data)}_{size}_{seed}.json"
    if kept.exists():
        return json.loads(kept.read_text())
    X = strain_invariants(data.strain) if kind == "invariants" else data.phonons
    order = np.random.RandomState(seed).permutation(len(data))
    train, test = order[:size], order[size:]
    row: dict[str, Any] = {"features": kind, "size": size, "seed": seed}
    for name, hidden in (("without", ()), ("with", (64, 64))):
        model = DOSRegressor(data.energies, representation="cdf", hidden_layer_sizes=hidden, random_state=0)
        model.fit(X[train], data.dos[train])
        row[name] = figures(model, X[test], data.subset(test))
    row["weight"] = model.network_weight_
    kept.write_text(json.dumps(row))
    return row


def show(rows: list[dict[str, Any]]) -> None:
    """Print means over the repeats."""
    print(f"\n{'features':12}{'states':>7}{'':4}{'gap MAE [meV]':^26}{'R2':^24}{'W1 [meV]':^22}{'weight':>7}")
    print(f"{'':23}" + f"{'without':>12}{'with':>12}" * 3)
    for kind, size in sorted({(row["features"], row["size"]) for row in rows}):
        some = [row for row in rows if (row["features"], row["size"]) == (kind, size)]
        cells = [
            format(np.mean([row[name][key] for row in some]), f"12.{digits}f")
            for key, digits in (("gap_mae_meV", 1), ("r2", 4), ("wasserstein_meV", 2))
            for name in ("without", "with")
        ]
        weight = np.mean([row["weight"] for row in some])
        print(f"{kind:12}{size:>7}{'':4}" + "".join(cells) + f"{weight:7.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[8, 12, 16, 24, 32, 48])
    parser.add_argument("--repeats", type=int, default=3, help="random choices of the training states")
    options = parser.parse_args()
    OUTPUT.mkdir(parents=True, exist_ok=True)
    data = load_mos2_dft()
    sizes = [size for size in options.sizes if size <= len(data) - 4]
    rows = []
    for kind in ("invariants", "phonons"):
        tasks = [(size, seed) for size in sizes for seed in range(options.repeats)]
        for size, seed in tqdm(tasks, desc=kind, leave=False, mininterval=1.0):
            rows.append(run(kind, size, seed, data))
    show(rows)
    answer = {"machine": machine("numpy", "torch"), "rows": rows}
    (OUTPUT.parent / "learning_curve.json").write_text(json.dumps(answer, indent=1) + "\n")


if __name__ == "__main__":
    main()
