# SPDX-License-Identifier: BSD-3-Clause
"""Time to fit and to predict on a CUDA device against the CPU.

    python benchmarks/gpu.py [--rows 1000000] [--curves 5000] [--fresh]

Fits: DOSRegressor with its defaults on the bundled states, and on generated curves of two bands whose edges
move with three features. Predictions: 1e4, 1e5 and 1e6 rows of 651 energies in calls of at most 50,000 rows,
so that memory does not grow with the number of rows, on the CPU (one thread) and on the device, both in
double precision by the same code; curves are decoded on the CPU in either case. Curves, curves with their
standard deviations, and edges with theirs are timed. Every time is that of one run after one that warms up;
differences are the largest ones to the CPU on the first call, against the largest density or gap.
The run is kept in ``benchmarks/output/gpu.json`` as it goes on, and shown again unless the options
change or ``--fresh`` is given. Without a CUDA device nothing is run or written.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _machine import machine

from strain2dos import DOSRegressor
from strain2dos.datasets import load_mos2_dft

OUTPUT = Path(__file__).parent / "output"
CALL = 50_000
SIZES = (10_000, 100_000, 1_000_000)


def made(n: int, n_energies: int = 651) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return energies, features (n, 3) and curves of two bands whose edges move with the features."""
    energies = np.linspace(-3.0, 3.0, n_energies)
    X = np.random.RandomState(0).uniform(-1.0, 1.0, size=(n, 3))
    half = 0.9 - 0.2 * X[:, :1] + 0.05 * X[:, 1:2] ** 2
    away = np.abs(energies - 0.1 * X[:, 2:]) - half
    return energies, X, np.logaddexp(0.0, away / 0.05) * 0.1 * (1 + 0.3 * np.sin(4 * away))


def timed(job: Callable[[], Any], device: torch.device) -> tuple[float, Any]:
    """Return seconds and answer of one run, with all work on the device done."""
    start = time.perf_counter()
    answer = job()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - start, answer


def time_fits(device: torch.device, n_curves: int) -> Iterator[dict[str, Any]]:
    """Fit on the CPU and on the device."""
    data = load_mos2_dft()
    jobs = [("bundled states", data.energies, data.phonons, data.dos)]
    if n_curves:
        jobs.append((f"{n_curves} made curves", *made(n_curves)))
    for name, energies, X, y in jobs:
        row: dict[str, Any] = {"job": name}
        # the first fit on a device loads its libraries
        DOSRegressor(energies, max_epochs=2, device=str(device), random_state=0).fit(X[:16], y[:16])
        for where in ("cpu", str(device)):
            model = DOSRegressor(energies, device=where, random_state=0)
            row[f"{where}_s"], _ = timed(lambda: model.fit(X, y), device)  # noqa: B023
        yield row


def in_calls(predict: Callable[[np.ndarray], Any], X: np.ndarray) -> Any:
    """Predict call by call and return what the first one gave."""
    first = predict(X[:CALL])
    for start in range(CALL, len(X), CALL):
        predict(X[start : start + CALL])
    return first


def time_predictions(device: torch.device, most: int) -> Iterator[dict[str, Any]]:
    """Predict the bundled states' curves and edges for rows between and around them."""
    data = load_mos2_dft()
    model = DOSRegressor(data.energies, random_state=0).fit(data.phonons, data.dos, edges=data.valleys)
    random = np.random.default_rng(0)
    jobs: dict[str, Callable[[np.ndarray], Any]] = {
        "curves": model.predict,
        "curves, std": lambda X: model.predict(X, return_std=True),
        "edges, std": lambda X: model.predict_edges(X, return_std=True),
    }
    for size in [n for n in SIZES if n < most] + ([most] if most else []):
        X = data.phonons[random.integers(len(data.phonons), size=size)] + random.normal(size=(size, 3))
        for job, predict in jobs.items():
            row: dict[str, Any] = {"job": f"{size} {job}"}
            first = []
            for where in ("cpu", str(device)):
                model.set_params(device=where)
                predict(X[:1000])
                row[f"{where}_s"], found = timed(lambda: in_calls(predict, X), device)  # noqa: B023
                mean = found if job == "curves" else found[0]
                first.append(mean.gap if job == "edges, std" else mean)
            row["error"] = float(np.nanmax(np.abs(first[1] - first[0])) / np.nanmax(first[0]))
            yield row


def show(rows: Iterable[dict[str, Any]], device: str) -> None:
    """Print the table, row by row."""
    print(f"{'':24}{'CPU [s]':>10}{device + ' [s]':>12}{'ratio':>8}{'difference':>12}")
    for row in rows:
        here, there = row["cpu_s"], row[f"{device}_s"]
        difference = f"{row['error']:12.1e}" if "error" in row else ""
        print(f"{row['job']:24}{here:10.2f}{there:12.2f}{here / there:8.2f}{difference}", flush=True)


def kept_rows(record: dict[str, Any], device: torch.device, path: Path) -> Iterator[dict[str, Any]]:
    """Time job by job and keep each."""
    options = record["options"]
    for row in chain(time_fits(device, options["curves"]), time_predictions(device, options["rows"])):
        record["rows"].append(row)
        path.write_text(json.dumps(record, indent=1) + "\n")
        yield row


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="cuda", help='"cuda" or "cuda:1"')
    parser.add_argument("--rows", type=int, default=SIZES[-1], help="most rows to predict")
    parser.add_argument("--curves", type=int, default=5000, help="made curves to fit, 0 for none")
    parser.add_argument("--fresh", action="store_true", help="time again")
    options = parser.parse_args()
    device = torch.device(options.device)
    if device.type != "cuda" or not torch.cuda.is_available():
        print("no CUDA device: not run")
        return
    asked = {"device": str(device), "rows": options.rows, "curves": options.curves}
    kept = OUTPUT / "gpu.json"
    record = json.loads(kept.read_text()) if kept.exists() and not options.fresh else {}
    known = record.get("options") == asked and record.get("finished", False)
    if not known:
        OUTPUT.mkdir(exist_ok=True)
        record = {"options": asked, "machine": machine("torch", "skorch", "numpy"), "rows": []}
        record["machine"] |= {"gpu": torch.cuda.get_device_name(device), "cuda": str(torch.version.cuda)}
    print(", ".join(f"{name} {value}" for name, value in record["machine"].items()), flush=True)
    show(record["rows"] if known else kept_rows(record, device, kept), str(device))
    kept.write_text(json.dumps(record | {"finished": True}, indent=1) + "\n")


if __name__ == "__main__":
    main()
