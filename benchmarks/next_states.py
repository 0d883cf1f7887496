# SPDX-License-Identifier: BSD-3-Clause
"""Which states to calculate: error of a model against the number of its states, by the order they came in.

A third of the first-principles states of MoS2 is held out. The others are added in the order of a scrambled
Sobol sequence (the state nearest to each of its points), in random order, or as `suggest_states` chooses,
which begins with the first eight of the Sobol order and is asked anew at each size. Run as

    python benchmarks/next_states.py [--sizes 12 16 24 32] [--repeats 6]

Every finished value is kept in ``benchmarks/output``: an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
from _machine import machine
from scipy.stats import qmc

from strain2dos import DOSRegressor
from strain2dos.datasets import StrainedDOS, load_dft, suggest_states
from strain2dos.dos import metrics
from strain2dos.simulate import fundamental_strain, strain_invariants

OUTPUT = Path(__file__).parent / "output" / "next_states"
ORDERS = ("Sobol", "random", "suggested")
BEGIN = 8


def figures(data: StrainedDOS, train: list[int], test: np.ndarray) -> dict[str, float]:
    """Errors of a model of some states for others."""
    X = strain_invariants(data.strain)
    model = DOSRegressor(data.energies, hidden_layer_sizes=(), random_state=0)
    model.fit(X[train], data.dos[train], edges=data.edge_targets.iloc[train])
    edges, curves = model.predict_edges(X[test]), model.predict(X[test])
    return {
        "gap_mae_meV": float(1000 * np.abs(edges.gap - data.gap[test]).mean()),
        "wasserstein_meV": float(metrics.wasserstein(data.dos[test], curves, energies=data.energies)),
    }


def sobol_order(data: StrainedDOS, pool: list[int], seed: int) -> list[int]:
    """Rows of the pool in the order in which the points of a Sobol sequence come close to them."""
    low, high = np.array([-0.04, -0.04, -0.02]), np.array([0.06, 0.06, 0.02])
    points = fundamental_strain(low + qmc.Sobol(3, scramble=True, seed=seed).random_base2(10) * (high - low))
    reduced, left = fundamental_strain(data.strain), list(pool)
    return [
        left.pop(int(np.argmin(np.linalg.norm(reduced[left] - point, axis=1))))
        for point in points[: len(pool)]
    ]


def suggested(data: StrainedDOS, pool: list[int], have: list[int], n: int) -> list[int]:
    """Add `n` rows of the pool to those that are there, as `suggest_states` chooses."""
    rest = [row for row in pool if row not in have]
    plan = pd.DataFrame(data.strain[rest], columns=["exx", "eyy", "exy"])
    plan.insert(0, "name", [data.name[row] for row in rest])
    names = suggest_states(data.subset(have), n, candidates=plan)["name"]
    return [*have, *(data.name.index(name) for name in names)]


def run(data: StrainedDOS, seed: int, sizes: list[int]) -> list[dict[str, float | int | str]]:
    """Errors of one choice of held-out states, for all orders and sizes."""
    random = np.random.RandomState(seed)
    rows = random.permutation(len(data))
    test, pool = rows[: len(data) // 3], sorted(rows[len(data) // 3 :].tolist())
    by_sobol, by_chance = sobol_order(data, pool, seed), random.permutation(pool).tolist()
    have, found = by_sobol[:BEGIN], []
    for size in sizes:
        path = OUTPUT / f"{len(data)}_{BEGIN}_{seed}_{size}.json"
        if path.exists():
            kept = json.loads(path.read_text())
            have = [data.name.index(name) for name in kept["suggested"]]
        else:
            have = suggested(data, pool, have, size - len(have))
            orders = (by_sobol[:size], by_chance[:size], have)
            errors = {name: figures(data, order, test) for name, order in zip(ORDERS, orders, strict=True)}
            kept = {"errors": errors, "suggested": [data.name[row] for row in have]}
            path.write_text(json.dumps(kept))
        found += [{"seed": seed, "size": size, "order": k, **v} for k, v in kept["errors"].items()]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[12, 16, 24, 32])
    parser.add_argument("--repeats", type=int, default=6, help="choices of the held-out states")
    options = parser.parse_args()
    OUTPUT.mkdir(parents=True, exist_ok=True)
    data = load_dft("MoS2")
    rows = [row for seed in range(options.repeats) for row in run(data, seed, options.sizes)]
    table = pd.DataFrame(rows).pivot_table(
        index="size", columns="order", values=["gap_mae_meV", "wasserstein_meV"], aggfunc="mean"
    )
    print(table.round(1).to_string())
    answer = {"machine": machine("numpy", "torch"), "rows": rows}
    (OUTPUT.parent / "next_states.json").write_text(json.dumps(answer, indent=1) + "\n")


if __name__ == "__main__":
    main()
