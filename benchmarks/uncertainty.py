# SPDX-License-Identifier: BSD-3-Clause
"""Whether bands hold what they promise, and whether the domain score separates inside from outside.

Bands: the first-principles states are left out a fifth at a time, `ConformalDOSRegressor` is fitted on the
others, and its bands are compared with the curves left out. Domain: every state is left out once, which puts
corners of the hull outside; strains 1.2 to 2 times as large lie outside too, their phonons by Grueneisen
parameters. Run as

    python benchmarks/uncertainty.py [--level 0.9] [--folds 5] [--jobs 2]

Predictions of finished folds are kept in ``benchmarks/output/uncertainty``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from _machine import machine
from _splits import inside_hull
from sklearn.model_selection import KFold
from tqdm import tqdm

from strain2dos import ConformalDOSRegressor, DOSRegressor
from strain2dos.datasets import StrainedDOS, load_mos2_dft
from strain2dos.dos.metrics import interval_coverage, interval_width
from strain2dos.simulate import strain_invariants, strained_phonons

OUTPUT = Path(__file__).parent / "output"
SCALES = np.linspace(1.2, 2.0, 5)


def bands(name: str, X: np.ndarray, data: StrainedDOS, options: argparse.Namespace) -> dict[str, Any]:
    """Cover states that were left out; a state is inside if its fold's training states enclose it."""
    plane = strain_invariants(data.strain)[:, :2]
    found: dict[str, list[Any]] = {key: [] for key in ("inside", "covered", "width", "vbm", "cbm", "gap")}
    splits = KFold(options.folds, shuffle=True, random_state=0).split(X)
    for number, (train, test) in enumerate(tqdm(splits, desc=f"bands from {name}", leave=False)):
        kept = OUTPUT / "uncertainty" / f"{name}-{len(X)}-{options.level}-{options.folds}-{number}.json"
        if not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(json.dumps(one_fold(X, data, train, test, plane, options)))
        for key, values in json.loads(kept.read_text()).items():
            found[key] += values
    return {key: np.array(values) for key, values in found.items()}


def one_fold(
    X: np.ndarray,
    data: StrainedDOS,
    train: np.ndarray,
    test: np.ndarray,
    plane: np.ndarray,
    options: argparse.Namespace,
) -> dict[str, list[Any]]:
    """Fit on the training states and compare intervals with the truth."""
    model = ConformalDOSRegressor(
        DOSRegressor(data.energies, random_state=0), level=options.level, n_jobs=options.jobs
    )
    model.fit(X[train], data.dos[train], edges=data.valleys.iloc[train])
    interval = model.predict_interval(X[test])
    edges = model.predict_edge_intervals(X[test])
    answer = {
        "inside": inside_hull(plane[test], plane[train]).tolist(),
        "covered": [interval_coverage(data.dos[[i]], interval[[k]]) for k, i in enumerate(test)],
        "width": [interval_width(interval[[k]]) for k in range(len(test))],
    }
    for key in ("vbm", "cbm", "gap"):
        low, high = getattr(edges, key).T
        truth = getattr(data, key)[test]
        answer[key] = [
            [float(held), float(1e3 * size)]
            for held, size in zip((truth >= low) & (truth <= high), high - low, strict=True)
        ]
    return answer


def flags(
    X: np.ndarray, data: StrainedDOS, n_invariants: int = 3, noise: float = 0.0, copies: int = 1
) -> dict[str, float]:
    """Leave every state out once; return the share flagged of those inside and outside of the others.

    Inside and outside are decided by the first `n_invariants` strain invariants. By all three, a state whose
    shear points where no training state's does lies outside; features that know nothing of the third, as
    lines by Grueneisen parameters, are judged by trace and shear, with noise and with strains scaled up.
    """
    spread = strain_invariants(data.strain).std(0)[:n_invariants]
    invariants = strain_invariants(data.strain)[:, :n_invariants] / spread
    random = np.random.RandomState(0)
    rows, states = np.repeat(X, copies, axis=0), np.repeat(np.arange(len(X)), copies)
    rows = rows + noise * random.standard_normal(rows.shape)
    flagged: dict[bool, list[float]] = {True: [], False: []}
    quick = {"representation": "grid", "n_members": 1, "max_epochs": 1, "random_state": 0}
    for state in tqdm(range(len(X)), desc="domain", leave=False):
        train = states != state
        model = DOSRegressor(data.energies, **quick)
        model.fit(rows[train], data.dos[states[train]], groups=states[train])
        others = np.delete(invariants, state, axis=0)
        is_inside = bool(inside_hull(invariants[[state]], others)[0])
        flagged[is_inside].append(float(np.mean(~model.in_domain(rows[~train]))))
    if n_invariants < 3:
        model.fit(rows, data.dos[states], groups=states)
        for scale in SCALES:
            strain = scale * data.strain
            outside = ~inside_hull(strain_invariants(strain)[:, :n_invariants] / spread, invariants)
            lines = strained_phonons(strain[outside])
            lines = lines + noise * random.standard_normal(lines.shape)
            flagged[False] += (~model.in_domain(lines)).astype(float).tolist()
    return {
        "inside": len(flagged[True]),
        "inside flagged [%]": 100 * float(np.mean(flagged[True])),
        "outside": len(flagged[False]),
        "outside flagged [%]": 100 * float(np.mean(flagged[False])),
    }


def show_bands(name: str, found: dict[str, Any], level: float) -> dict[str, Any]:
    """Print coverage and widths, for all states and for those inside."""
    row: dict[str, Any] = {"features": name, "level": level}
    for label, chosen in (("all", np.ones(len(found["inside"]), dtype=bool)), ("inside", found["inside"])):
        row[label] = {
            "states": int(chosen.sum()),
            "covered [%]": 100 * float(found["covered"][chosen].mean()),
        }
        row[label]["width [states/eV/cell]"] = float(found["width"][chosen].mean())
        for key in ("vbm", "cbm", "gap"):
            held, width = found[key][chosen].mean(0)
            row[label] |= {f"{key} covered [%]": 100 * float(held), f"{key} width [meV]": float(width)}
        print(f"{name:11} {label:7}" + ", ".join(f"{key} {value:.4g}" for key, value in row[label].items()))
    return row


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--level", type=float, default=0.9)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    data = load_mos2_dft()
    features = {"phonons": data.phonons, "invariants": strain_invariants(data.strain)}
    rows = [show_bands(name, bands(name, X, data, options), options.level) for name, X in features.items()]
    domain = {
        "strain tensor": flags(data.strain, data),
        "strain invariants": flags(features["invariants"], data),
        "phonons of first principles": flags(data.phonons, data),
        "Grueneisen phonons, 0.15 cm-1 of noise": flags(strained_phonons(data.strain), data, 2, 0.15, 4),
    }
    for name, row in domain.items():
        print(f"{name:40}" + ", ".join(f"{key} {value:.3g}" for key, value in row.items()))
    record = {"machine": machine("numpy", "torch", "scikit-learn"), "bands": rows, "domain": domain}
    OUTPUT.mkdir(exist_ok=True)
    (OUTPUT / "uncertainty.json").write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
