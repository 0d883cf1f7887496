# SPDX-License-Identifier: BSD-3-Clause
"""What a model trained on tight-binding curves buys, over the number of first-principles curves.

DOSRegressor is trained on a part of the first-principles states, alone and with a prior that was trained on
5,000 tight-binding curves, and predicts all other states. Run as

    python benchmarks/learning_curve.py [--tight-binding 5000] [--sizes 4 6 8 12 16 24 32 48] [--repeats 3]

Curves and the fitted prior are kept in ``benchmarks/output``, and so is every finished figure: an interrupted
run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from _machine import machine
from sklearn.frozen import FrozenEstimator
from tqdm import tqdm

from strain2dos import DOSRegressor, load_model, save_model
from strain2dos.datasets import StrainedDOS, load_mos2_dft, make_strained_dos
from strain2dos.dos import metrics
from strain2dos.simulate import strain_invariants, strained_phonons

OUTPUT = Path(__file__).parent / "output" / "learning_curve"
THRESHOLD, REFERENCE = 0.15, -5.3


def tight_binding(n: int, energies: np.ndarray) -> StrainedDOS:
    """Return the curves to pre-train on; principal strains up to 6 %, a little past the model's validity."""
    kept = OUTPUT / f"tight_binding_{n}.npz"
    if kept.exists():
        found = np.load(kept)
        return StrainedDOS(found["strain"], energies, found["dos"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        data = make_strained_dos(n, energies=energies, n_k=48, max_strain=0.06, random_state=0, progress=True)
    np.savez_compressed(kept, strain=data.strain, dos=data.dos)
    return data


def features_of(kind: str, strain: np.ndarray, data: StrainedDOS) -> np.ndarray:
    """Return features of strains outside of the set; phonons on the scale of the calculated ones."""
    if kind == "invariants":
        return strain_invariants(strain)
    unstrained = int(np.argmin(np.abs(data.strain).sum(1)))
    offset = data.phonons[unstrained] - strained_phonons(np.zeros((1, 3)))[0]
    return strained_phonons(strain) + offset


def prior_for(kind: str, data: StrainedDOS, n: int) -> Any:
    """Return the fitted prior, from disk where it was fitted before."""
    kept = OUTPUT / f"prior_{kind}_{n}.skops"
    if kept.exists():
        return load_model(kept)
    curves = tight_binding(n, data.energies)
    model = DOSRegressor(
        data.energies, representation="cdf", n_members=2, max_epochs=60, random_state=0, verbose=True
    )
    model.fit(features_of(kind, curves.strain, data), curves.dos)
    save_model(model, kept)
    return model


def figures(model: Any, X: np.ndarray, data: StrainedDOS) -> dict[str, float]:
    """Return the figures of merit of a fitted model."""
    found = model.predict(X)
    where = {"energies": data.energies, "threshold": THRESHOLD, "reference": REFERENCE}
    return {
        "gap_mae_meV": metrics.gap_mae(data.dos, found, **where),
        "r2": metrics.r2_per_curve(data.dos, found),
        "wasserstein_meV": metrics.wasserstein(data.dos, found, energies=data.energies),
    }


def run(kind: str, size: int, seed: int, data: StrainedDOS, prior: Any) -> dict[str, Any]:
    """Train on `size` states alone and with the prior; both predict the other states."""
    kept = OUTPUT / f"{kind}_{len(data)}_{size}_{seed}.json"
    if kept.exists():
        return json.loads(kept.read_text())
    X = strain_invariants(data.strain) if kind == "invariants" else data.phonons
    order = np.random.RandomState(seed).permutation(len(data))
    train, test = order[:size], order[size:]
    row: dict[str, Any] = {"features": kind, "size": size, "seed": seed}
    for name, given in (("alone", None), ("with prior", FrozenEstimator(prior))):
        model = DOSRegressor(data.energies, representation="cdf", prior=given, random_state=0)
        model.fit(X[train], data.dos[train])
        row[name] = figures(model, X[test], data.subset(test))
    row["prior_weight"] = model.prior_weight_
    row["prior as it is"] = figures(prior, X[test], data.subset(test))
    kept.write_text(json.dumps(row))
    return row


def show(rows: list[dict[str, Any]]) -> None:
    """Print means over the repeats."""
    print(f"\n{'features':12}{'states':>7}{'':4}{'gap MAE [meV]':^26}{'R2':^24}{'W1 [meV]':^22}{'share':>7}")
    print(f"{'':23}" + f"{'alone':>12}{'with prior':>12}" * 3)
    for kind, size in sorted({(row["features"], row["size"]) for row in rows}):
        some = [row for row in rows if (row["features"], row["size"]) == (kind, size)]
        cells = [
            format(np.mean([row[name][key] for row in some]), f"12.{digits}f")
            for key, digits in (("gap_mae_meV", 1), ("r2", 4), ("wasserstein_meV", 2))
            for name in ("alone", "with prior")
        ]
        share = np.mean([row["prior_weight"] for row in some])
        print(f"{kind:12}{size:>7}{'':4}" + "".join(cells) + f"{share:7.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tight-binding", type=int, default=5000, help="curves to pre-train on")
    parser.add_argument("--sizes", type=int, nargs="+", default=[4, 6, 8, 12, 16, 24, 32, 48])
    parser.add_argument("--repeats", type=int, default=3, help="random choices of the training states")
    options = parser.parse_args()
    OUTPUT.mkdir(parents=True, exist_ok=True)
    data = load_mos2_dft()
    sizes = [size for size in options.sizes if size <= len(data) - 4]
    rows = []
    for kind in ("invariants", "phonons"):
        prior = prior_for(kind, data, options.tight_binding)
        tasks = [(size, seed) for size in sizes for seed in range(options.repeats)]
        for size, seed in tqdm(tasks, desc=kind, leave=False, mininterval=1.0):
            rows.append(run(kind, size, seed, data, prior))
    show(rows)
    answer = {"machine": machine("numpy", "torch"), "tight_binding": options.tight_binding, "rows": rows}
    (OUTPUT.parent / "learning_curve.json").write_text(json.dumps(answer, indent=1) + "\n")


if __name__ == "__main__":
    main()
