# SPDX-License-Identifier: BSD-3-Clause
"""Thousands of noisy rows: time to fit and to predict, and errors on states that were left out.

Tight-binding states of MoS2 give curves and phonons; each state gets several rows with noise on each line.
States that no method has seen are predicted by DOSRegressor, with networks and without, and by
a tuned multilayer perceptron on principal components. Times are of one process on one thread. Run as

    python benchmarks/many_rows.py [--rows 3000 30000] [--noise 0.1] [--curves 100000]
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from _machine import machine
from _peers import REGRESSORS, on_scores
from threadpoolctl import threadpool_limits

from strain2dos import DOSRegressor
from strain2dos.datasets import StrainedDOS, make_strained_dos
from strain2dos.dos import metrics

OUTPUT = Path(__file__).parent / "output"
PEER = "MLP on PCA scores"
N_TEST = 300
WHERE = {"threshold": 0.15, "reference": -5.3}


def noisy(data: StrainedDOS, states: np.ndarray, noise: float, seed: int) -> np.ndarray:
    """Return phonons of some states with noise [cm-1]; of two E' lines the lower one comes first."""
    X = data.phonons[states] + noise * np.random.RandomState(seed).standard_normal((len(states), 3))
    X[:, :2].sort(axis=1)
    return X


def states_for(n_rows: int) -> tuple[StrainedDOS, np.ndarray]:
    """Return training states and the states to be predicted, and the state of each training row."""
    n_states = max(n_rows // 10, min(n_rows, 1000))
    data = make_strained_dos(n_states + N_TEST, n_k=48, random_state=0)
    return data, np.resize(np.arange(n_states), n_rows)


def compare(n_rows: int, noise: float) -> list[dict[str, Any]]:
    """Fit all methods on so many rows and predict the states left out."""
    data, states = states_for(n_rows)
    X, Y = noisy(data, states, noise, 0), data.dos[states]
    left_out = np.arange(len(data))[-N_TEST:]
    X_new, truth = noisy(data, left_out, noise, 1), data.dos[left_out]

    def ours(**changes: Any) -> Callable[[], np.ndarray]:
        model = DOSRegressor(data.energies, random_state=0, **changes)
        return lambda: model.fit(X, Y, groups=states).predict(X_new)

    methods = {
        "DOSRegressor": ours(),
        "DOSRegressor, no networks": ours(hidden_layer_sizes=()),
        PEER: lambda: on_scores(REGRESSORS[PEER])(X, Y, X_new, states),
    }
    rows = []
    for name, fit_predict in methods.items():
        start = time.process_time()
        found = fit_predict()
        row = {
            "rows": n_rows,
            "states": int(states.max() + 1),
            "method": name,
            "processor seconds": time.process_time() - start,
            "r2": metrics.r2_per_curve(truth, found),
            "gap_mae_meV": metrics.gap_mae(truth, found, energies=data.energies, **WHERE),
        }
        print(", ".join(f"{key} {value}" for key, value in row.items()), flush=True)
        rows.append(row)
    return rows


def many_curves(n_curves: int) -> dict[str, float]:
    """Predict so many curves with their standard deviations, from a default fit of 300 states."""
    data = make_strained_dos(300, n_k=48, random_state=0)
    model = DOSRegressor(data.energies, random_state=0).fit(data.phonons, data.dos)
    X = noisy(data, np.resize(np.arange(300), n_curves), 0.1, 0)
    model.predict(X[:240], return_std=True)
    times = {}
    for name, std in (("mean", False), ("mean and std", True)):
        start = time.process_time()
        # parts, so that curves need not all be held at once
        for part in np.array_split(X, max(1, n_curves // 10_000)):
            model.predict(part, return_std=std)
        times[name] = time.process_time() - start
    print(f"{n_curves} curves: " + ", ".join(f"{name} {value:.1f} s" for name, value in times.items()))
    return {"curves": n_curves, **times}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, nargs="+", default=[3000, 30_000])
    parser.add_argument("--noise", type=float, default=0.1, help="standard deviation of each line [cm-1]")
    parser.add_argument(
        "--curves", type=int, default=100_000, help="curves to be predicted with std; 0: none"
    )
    options = parser.parse_args()
    with threadpool_limits(1):
        curves = many_curves(options.curves) if options.curves else None
        rows = [row for n_rows in options.rows for row in compare(n_rows, options.noise)]
    OUTPUT.mkdir(exist_ok=True)
    record = {"machine": machine("torch", "skorch", "scikit-learn", "numpy"), "rows": rows, "curves": curves}
    (OUTPUT / "many_rows.json").write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
