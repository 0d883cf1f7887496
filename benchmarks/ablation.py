# SPDX-License-Identifier: BSD-3-Clause
"""What each part of the model brings on strain states that were left out: one change at a time.

    python benchmarks/ablation.py [--markdown] [--only "no networks"] [--fresh]

The bundled states are predicted in five folds by state, from phonons and from strain invariants, in the
representation that "auto" chooses for this set. Predictions are kept in
``benchmarks/output/ablation``, so that an interrupted run goes on where it stopped.
``--fresh`` forgets them. One process, one thread.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from _machine import machine
from scipy.integrate import trapezoid
from sklearn.model_selection import KFold
from tqdm import tqdm

from strain2dos import DOSRegressor
from strain2dos.datasets import load_mos2_dft
from strain2dos.dos import metrics
from strain2dos.simulate import strain_invariants

OUTPUT = Path(__file__).parent / "output"
THRESHOLD, REFERENCE = 0.15, -5.38
# two electronvolt on both sides of the gap, well inside the grid
WINDOW = (-7.5, -3.0)
CHANGES: dict[str, dict[str, Any]] = {
    "as it is": {},
    "no networks": {"hidden_layer_sizes": ()},
    "one network": {"n_members": 1},
    "one small layer": {"hidden_layer_sizes": (8,)},
    "no weight decay": {"weight_decay": 0.0},
    "weight decay 1": {"weight_decay": 1.0},
    "50 epochs": {"max_epochs": 50},
    "500 epochs": {"max_epochs": 500},
}
MODELS = {"default": {"representation": "cdf"}}


def predict(X: np.ndarray, data: Any, params: dict[str, Any]) -> dict[str, Any]:
    """Return curves and learned edges of all states, each predicted without its fold."""
    curves, edges, shares = np.empty_like(data.dos), np.empty((len(X), 2)), []
    for train, test in KFold(5, shuffle=True, random_state=0).split(X):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = DOSRegressor(data.energies, random_state=0, **params)
            model.fit(X[train], data.dos[train], edges=data.valleys.iloc[train])
        curves[test] = model.predict(X[test])
        edges[test] = np.column_stack(model.predict_edges(X[test])[:2])
        shares.append(model.network_weight_)
    return {"curves": curves.tolist(), "edges": edges.tolist(), "share": float(np.mean(shares))}


def kept_or_new(X: np.ndarray, data: Any, params: dict[str, Any], fresh: bool) -> dict[str, Any]:
    """Predict, or read what an earlier run of this version predicted."""
    sources = sorted((Path(__file__).parents[1] / "strain2dos" / "dos").rglob("*.py"))
    code = b"".join(source.read_bytes() for source in sources)
    key = hashlib.sha256(code + X.tobytes() + data.dos.tobytes() + repr(params).encode()).hexdigest()[:16]
    path = OUTPUT / "ablation" / f"{key}.json"
    if fresh or not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(predict(X, data, params)))
    return json.loads(path.read_text())


def figures(result: dict[str, Any], data: Any) -> dict[str, float]:
    """Return the figures of merit."""
    truth, found, edges = data.dos, np.array(result["curves"]), np.array(result["edges"])
    energies = data.energies
    where = {"energies": energies, "threshold": THRESHOLD, "reference": REFERENCE}
    inside = (energies > data.edges[:, :1]) & (energies < data.edges[:, 1:])
    counted = (energies >= WINDOW[0]) & (energies <= WINDOW[1])
    excess = np.where(inside, np.maximum(found - truth, 0.0), 0.0)
    return {
        "gap [meV]": metrics.gap_mae(truth, found, **where),
        "learned gap [meV]": float(1e3 * np.abs(np.diff(edges) - np.diff(data.edges)).mean()),
        "W1 [meV]": metrics.wasserstein(truth, found, energies=energies),
        "R2": metrics.r2_per_curve(truth, found),
        "negative [%]": 100 * metrics.negative_share(truth, found),
        "states too many in the gap [1e-3]": float(1e3 * trapezoid(excess, energies).mean()),
        "count error [states]": float(
            np.abs(trapezoid((found - truth)[:, counted], energies[counted])).mean()
        ),
        "weight of the networks": result["share"],
    }


def show(rows: list[dict[str, Any]], markdown: bool) -> None:
    """Print the rows as a table."""
    names = list(rows[0])
    digits = {"R2": 4, "count error [states]": 3, "weight of the networks": 2}
    cells = [
        [row[n] if isinstance(row[n], str) else f"{row[n]:.{digits.get(n, 1)}f}" for n in names]
        for row in rows
    ]
    if markdown:
        print("| " + " | ".join(names) + " |\n|" + "---|" * len(names))
        print("\n".join("| " + " | ".join(line) + " |" for line in cells))
        return
    widths = [max(len(name), *(len(line[k]) for line in cells)) for k, name in enumerate(names)]
    for line in [names, *cells]:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--markdown", action="store_true", help="print the table as markdown")
    parser.add_argument("--only", nargs="+", help="changes whose name begins so (as it is: always)")
    parser.add_argument("--fresh", action="store_true", help="forget kept predictions")
    options = parser.parse_args()
    data = load_mos2_dft()
    features = {"phonons": data.phonons, "invariants": strain_invariants(data.strain)}
    changes = {
        name: params
        for name, params in CHANGES.items()
        if not params or options.only is None or name.startswith(tuple(options.only))
    }
    jobs = [(f, m, c) for m in MODELS for f in features for c in changes]
    rows = []
    for feature, model, change in tqdm(jobs, desc="ablation"):
        params = {**MODELS[model], **changes[change]}
        result = kept_or_new(features[feature], data, params, options.fresh)
        rows.append({"from": feature, "model": model, "change": change, **figures(result, data)})
    show(rows, options.markdown)
    record = {"machine": machine("torch", "skorch", "numpy"), "rows": rows}
    (OUTPUT / "ablation.json").write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
