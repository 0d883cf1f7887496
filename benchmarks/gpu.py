# SPDX-License-Identifier: BSD-3-Clause
"""Time to fit and to predict on a CUDA device against the CPU.

    python benchmarks/gpu.py [--rows 1000000] [--curves 5000] [--fresh]

Fits: DOSRegressor with its defaults on the bundled states, and on generated curves of two bands whose edges
move with three features. Predictions: 1e4, 1e5 and 1e6 rows of 651 energies in calls of at most 50,000 rows,
so that memory does not grow with the number of rows, on the CPU (one thread) and on the device, both in
double precision by the same code; curves are decoded on the CPU in either case. Every time is that of one run
after one that warms up; errors are the largest difference to the CPU on the first call against the largest
density, and that of the gap [eV]. The
finished run is kept in ``benchmarks/output/gpu.json`` and shown again unless the options
change or ``--fresh`` is given. Without a CUDA device nothing is run or written.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _machine import machine

from strain2dos import DOSRegressor, band_edges
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


def time_fits(device: torch.device, n_curves: int) -> list[dict[str, Any]]:
    """Fit on the CPU and on the device."""
    data = load_mos2_dft()
    jobs = [("bundled states", data.energies, data.phonons, data.dos)]
    if n_curves:
        jobs.append((f"{n_curves} made curves", *made(n_curves)))
    rows = []
    for name, energies, X, y in jobs:
        row: dict[str, Any] = {"job": name}
        # the first fit on a device loads its libraries
        DOSRegressor(energies, max_epochs=2, device=str(device), random_state=0).fit(X[:16], y[:16])
        for where in ("cpu", str(device)):
            model = DOSRegressor(energies, device=where, random_state=0)
            row[f"{where}_s"], _ = timed(lambda: model.fit(X, y), device)  # noqa: B023
        rows.append(row)
    return rows


def in_calls(predict: Callable[[np.ndarray], np.ndarray], X: np.ndarray) -> np.ndarray:
    """Predict call by call and return what the first one gave."""
    first = predict(X[:CALL])
    for start in range(CALL, len(X), CALL):
        predict(X[start : start + CALL])
    return first


def time_predictions(device: torch.device, most: int) -> list[dict[str, Any]]:
    """Predict the bundled states' curves for rows between and around them."""
    data = load_mos2_dft()
    model = DOSRegressor(data.energies, random_state=0).fit(data.phonons, data.dos)
    random = np.random.default_rng(0)
    rows = []
    for size in [n for n in SIZES if n < most] + ([most] if most else []):
        X = data.phonons[random.integers(len(data.phonons), size=size)] + random.normal(size=(size, 3))
        row: dict[str, Any] = {"rows": size, "representation": model.representation_}
        first: dict[str, np.ndarray] = {}
        for name, where in (("cpu", "cpu"), ("device", str(device))):
            model.set_params(device=where)
            model.predict(X[:CALL])
            row[f"{name}_s"], first[name] = timed(lambda: in_calls(model.predict, X), device)  # noqa: B023
        edges = {"threshold": model.edge_threshold_, "reference": model.edge_reference_}
        gaps = [band_edges(data.energies, first[name], **edges).gap for name in ("cpu", "device")]
        row["error"] = float(np.abs(first["device"] - first["cpu"]).max() / first["cpu"].max())
        row["gap_error"] = float(np.nanmax(np.abs(gaps[1] - gaps[0])))
        rows.append(row)
    return rows


def show(record: dict[str, Any]) -> None:
    """Print the tables."""
    print(", ".join(f"{name} {value}" for name, value in record["machine"].items()))
    device = record["options"]["device"]
    if record["fit"]:
        print(f"{'fit':24}{'CPU [s]':>10}{device + ' [s]':>12}{'ratio':>8}")
    for row in record["fit"]:
        here, there = row["cpu_s"], row[f"{device}_s"]
        print(f"{row['job']:24}{here:10.2f}{there:12.2f}{here / there:8.2f}")
    print(f"{'rows':24}{'CPU [s]':>10}{device + ' [s]':>12}{'ratio':>8}{'DOS error':>11}{'gap [eV]':>10}")
    for row in record["predict"]:
        here, there = row["cpu_s"], row["device_s"]
        print(f"{row['rows']:<24}{here:10.2f}{there:12.2f}{here / there:8.2f}", end="")
        print(f"{row['error']:11.1e}{row['gap_error']:10.1e}")


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
    if record.get("options") != asked:
        record = {"options": asked, "machine": machine("torch", "skorch", "numpy")}
        record["machine"] |= {"gpu": torch.cuda.get_device_name(device), "cuda": str(torch.version.cuda)}
        record["fit"] = time_fits(device, options.curves)
        record["predict"] = time_predictions(device, options.rows)
        OUTPUT.mkdir(exist_ok=True)
        kept.write_text(json.dumps(record, indent=1) + "\n")
    show(record)


if __name__ == "__main__":
    main()
