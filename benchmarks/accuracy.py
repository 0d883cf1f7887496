# SPDX-License-Identifier: BSD-3-Clause
"""How well strain states that were left out are predicted, for DOSRegressor and its peers.

One state is left out at a time and predicted from all others. Run as

    python benchmarks/accuracy.py [--table train_dos.csv] [--skip-pair-network]

``--table`` names a table in the layout of the original notebooks (default: ``upstream/train_dos.csv`` in the
folder STRAIN2DOS_REFERENCE; left out where there is none). The predictions of every fold are kept in
``benchmarks/output/folds``, so that an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import time
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import _peers as peers
import numpy as np
from tqdm import tqdm

from strain2dos import DOSRegressor, band_edges
from strain2dos.datasets import load_mos2_dft, read_dos_table
from strain2dos.dos import metrics

OUTPUT = Path(__file__).parent / "output"


class Task(NamedTuple):
    """A data set, the features it is predicted from, and how its edges are read."""

    name: str
    X: np.ndarray
    energies: np.ndarray
    dos: np.ndarray
    edges: np.ndarray | None
    threshold: float
    reference: float
    folds: list[int]


def invariants(strain: np.ndarray) -> np.ndarray:
    """Trace and shear of the strain tensor, which do not depend on how the crystal is turned."""
    exx, eyy, exy = strain.T
    return np.column_stack([exx + eyy, np.hypot(exx - eyy, 2 * exy)])


def tasks(table: Path | None, folds: int | None) -> list[Task]:
    """Return the data sets."""
    found = []
    if table is not None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            data = read_dos_table(table, strain_unit="fraction")
        order = np.argsort(data.strain[:, 0])
        inner = list(range(1, len(order) - 1))[:folds]
        found.append(
            Task(
                "published table", data.strain[order], data.energies, data.dos[order], None, 10.0, 0.0, inner
            )
        )
    data = load_mos2_dft()
    edges = np.column_stack([data.vbm, data.cbm])
    features = {
        "MoS2, strain invariants": invariants(data.strain),
        "MoS2, strain tensor": data.strain,
        "MoS2, phonons": data.phonons,
    }
    rows = list(range(len(data.dos)))[:folds]
    # 0.15 states/eV/cell is where these curves, smeared by 0.05 eV, come closest to the eigenvalue gap
    found += [
        Task(name, X, data.energies, data.dos, edges, 0.15, -5.38, rows) for name, X in features.items()
    ]
    return found


def predict_fold(method: str, task: Task, row: int, bar: tqdm) -> dict[str, Any]:
    """Predict one state from all others; return the curve and, where learned, its edges."""
    keep = np.arange(len(task.dos)) != row
    X, Y, X_new = task.X[keep], task.dos[keep], task.X[[row]]
    edges = None
    start = time.perf_counter()
    if method in peers.INTERPOLATORS:
        curve = peers.INTERPOLATORS[method](X, Y, X_new)
    elif method == "pair network":
        curve = peers.curve_of(peers.pair_network(X, Y, task.energies, bar=bar), X_new, task.energies)
    elif method == "DOSRegressor":
        known = None if task.edges is None else task.edges[keep]
        model = DOSRegressor(task.energies, random_state=0).fit(X, Y, edges=known)
        curve = model.predict(X_new)
        edges = None if known is None else np.array(model.predict_edges(X_new)[:2])[:, 0]
    else:
        build = {
            "GP on PCA scores": lambda: peers.gaussian_process(X.shape[1]),
            "quadratic ridge on PCA scores": peers.quadratic_ridge,
        }[method]
        curve = peers.on_scores(build())(X, Y, X_new)
        if task.edges is not None:
            edges = np.asarray(build().fit(X, task.edges[keep]).predict(X_new))[0]
    seconds = time.perf_counter() - start
    return {
        "curve": np.asarray(curve)[0].tolist(),
        "edges": None if edges is None else edges.tolist(),
        "seconds": seconds,
    }


def run(method: str, task: Task, fresh: bool) -> dict[str, Any]:
    """Predict all folds, from what is kept where possible, and return the figures."""
    bar = tqdm(task.folds, desc=f"{task.name}: {method}", leave=False)
    results = []
    for row in bar:
        key = hashlib.sha256(task.dos.tobytes() + task.X.tobytes()).hexdigest()[:12]
        kept = OUTPUT / "folds" / f"{key}-{method.replace(' ', '_')}-{row}.json"
        # the package changes while it is developed; only peers are worth keeping
        if kept.exists() and not fresh and method != "DOSRegressor":
            results.append(json.loads(kept.read_text()))
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = predict_fold(method, task, row, bar)
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(result))
        results.append(result)
    return figures(method, task, results)


def figures(method: str, task: Task, results: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the figures of merit of one method on one data set."""
    truth, found = task.dos[task.folds], np.array([result["curve"] for result in results])
    where = {"energies": task.energies, "threshold": task.threshold, "reference": task.reference}
    answer = {
        "data": task.name,
        "method": method,
        "folds": len(results),
        "gap_mae_meV": metrics.gap_mae(truth, found, **where),
        "vbm_mae_meV": metrics.vbm_mae(truth, found, **where),
        "cbm_mae_meV": metrics.cbm_mae(truth, found, **where),
        "r2": metrics.r2_per_curve(truth, found),
        "mae": metrics.dos_mae(truth, found),
        "wasserstein_meV": metrics.wasserstein(truth, found, energies=task.energies),
        "negative_percent": 100 * metrics.negative_share(truth, found),
        "seconds_per_fold": float(np.mean([result["seconds"] for result in results])),
        "learned_gap_mae_meV": None,
    }
    if task.edges is not None and results[0]["edges"] is not None:
        gaps = np.array([result["edges"] for result in results])
        miss = (gaps[:, 1] - gaps[:, 0]) - (task.edges[task.folds, 1] - task.edges[task.folds, 0])
        answer["learned_gap_mae_meV"] = float(1e3 * np.abs(miss).mean())
    per_curve = band_edges(task.energies, found, threshold=task.threshold, reference=task.reference).gap
    answer["gap_eV"] = per_curve.tolist()
    return answer


COLUMNS = {
    "gap_mae_meV": "gap",
    "vbm_mae_meV": "VBM",
    "cbm_mae_meV": "CBM",
    "learned_gap_mae_meV": "learned gap",
    "r2": "R2",
    "mae": "MAE",
    "wasserstein_meV": "W1",
    "negative_percent": "neg. %",
    "seconds_per_fold": "s/fold",
}


def show(rows: list[dict[str, Any]]) -> None:
    """Print the table; edges and W1 in meV, MAE in the unit of the curves."""
    print(f"\n{'data':26}{'method':31}" + "".join(f"{name:>12}" for name in COLUMNS.values()))
    for row in rows:
        cells = []
        for key in COLUMNS:
            value = row[key]
            digits = 5 if key == "r2" else 4 if key == "mae" else 2
            cells.append(f"{'-' if value is None else format(value, f'.{digits}f'):>12}")
        print(f"{row['data']:26}{row['method']:31}" + "".join(cells))
    print(
        "one state left out at a time; gap, VBM, CBM: mean absolute errors of edges read from curves [meV];"
    )
    print("learned gap: against eigenvalues [meV]; MAE [states/eV/cell, or the table's unit]; W1 [meV]")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    folder = os.environ.get("STRAIN2DOS_REFERENCE")
    default = Path(folder) / "upstream" / "train_dos.csv" if folder else None
    parser.add_argument("--table", type=Path, default=default, help="DOS table of the original notebooks")
    parser.add_argument("--skip-pair-network", action="store_true", help="leave out the minutes-long network")
    parser.add_argument("--only", nargs="+", help="run these methods only")
    parser.add_argument("--folds", type=int, help="run this many folds per data set")
    parser.add_argument("--fresh", action="store_true", help="forget kept predictions")
    options = parser.parse_args()
    if options.table is not None and not options.table.exists():
        parser.error(f"{options.table} does not exist; pass --table or set STRAIN2DOS_REFERENCE.")
    rows = []
    for task in tasks(options.table, options.folds):
        one = task.X.shape[1] == 1
        methods = [*peers.INTERPOLATORS] if one else ["quadratic ridge on PCA scores"]
        methods += ["GP on PCA scores"]
        if one and not options.skip_pair_network:
            methods.append("pair network")
        methods.append("DOSRegressor")
        chosen = [method for method in methods if options.only is None or method in options.only]
        rows += [run(method, task, options.fresh) for method in chosen]
    show(rows)
    OUTPUT.mkdir(exist_ok=True)
    (OUTPUT / "accuracy.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
