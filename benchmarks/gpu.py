# SPDX-License-Identifier: BSD-3-Clause
"""Time to fit and to predict on a CUDA device against the CPU.

    python benchmarks/gpu.py [--rows 1000000] [--curves 5000] [--fresh]
    python benchmarks/gpu.py --device cpu --rows 20000      # torch on the CPU against NumPy

Fits: DOSRegressor with its defaults on the bundled states, and on generated curves of two bands whose edges
move with three features. Predictions: 1e4, 1e5 and 1e6 rows of 651 energies in calls of at most 50,000 rows,
so that memory does not grow with the number of rows; NumPy in double precision on one thread against the
device in double and in single precision, times with the transfer to and from the device. Every time is that
of one run after one that warms up; errors are the largest difference to NumPy on the first call against the
largest density, and that of the gap [eV]. The finished run is kept in ``benchmarks/output/gpu.json`` and
shown again unless the options change or ``--fresh`` is given. Without a CUDA device nothing is run or
written; ``--device cpu`` predicts only, and writes nothing either.
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
from strain2dos.dos._common.threads import one_thread
from strain2dos.dos._regressor import predicting as _predicting
from strain2dos.dos._regressor.predicting_torch import curves_on

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
        ways: dict[str, Callable[[np.ndarray], np.ndarray]] = {
            "numpy": lambda part: _predicting.curves(model, part, False),
            "float64": lambda part: curves_on(model, part, False, device, "float64"),
            "float32": lambda part: curves_on(model, part, False, device, "float32"),
        }
        row: dict[str, Any] = {"rows": size, "representation": model.representation_["name"]}
        first: dict[str, np.ndarray] = {}
        with one_thread():
            for name, predict in ways.items():
                predict(X[:CALL])
                row[f"{name}_s"], first[name] = timed(lambda: in_calls(predict, X), device)  # noqa: B023
        where = {"threshold": model.edge_threshold, "reference": model.edge_reference_}
        gap = band_edges(data.energies, first["numpy"], **where).gap
        for name in ("float64", "float32"):
            miss = np.abs(first[name] - first["numpy"]).max() / first["numpy"].max()
            change = band_edges(data.energies, first[name].astype(np.float64), **where).gap - gap
            row[f"{name}_error"], row[f"{name}_gap_error"] = float(miss), float(np.nanmax(np.abs(change)))
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
    print(f"{'predict, rows':24}{'way':>10}{'time [s]':>12}{'ratio':>8}{'DOS error':>11}{'gap [eV]':>10}")
    for row in record["predict"]:
        print(f"{row['rows']:<24}{'numpy':>10}{row['numpy_s']:12.2f}{1:8.2f}")
        for name in ("float64", "float32"):
            seconds, errors = row[f"{name}_s"], (row[f"{name}_error"], row[f"{name}_gap_error"])
            print(f"{'':24}{name:>10}{seconds:12.2f}{row['numpy_s'] / seconds:8.2f}", end="")
            print(f"{errors[0]:11.1e}{errors[1]:10.1e}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="cuda", help='"cuda", "cuda:1", or "cpu" for torch on the CPU')
    parser.add_argument("--rows", type=int, default=SIZES[-1], help="most rows to predict")
    parser.add_argument("--curves", type=int, default=5000, help="made curves to fit, 0 for none")
    parser.add_argument("--fresh", action="store_true", help="time again")
    options = parser.parse_args()
    device = torch.device(options.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        print("no CUDA device: not run")
        return
    asked = {"device": str(device), "rows": options.rows, "curves": options.curves}
    kept = OUTPUT / "gpu.json"
    record = json.loads(kept.read_text()) if kept.exists() and not options.fresh else {}
    if record.get("options") != asked:
        record = {"options": asked, "machine": machine("torch", "skorch", "numpy")}
        if device.type == "cuda":
            record["machine"] |= {
                "gpu": torch.cuda.get_device_name(device),
                "cuda": str(torch.version.cuda),
            }
        record["fit"] = time_fits(device, options.curves) if device.type == "cuda" else []
        record["predict"] = time_predictions(device, options.rows)
        # a trial of torch on the CPU must not pass for a run on a device
        if device.type == "cuda":
            OUTPUT.mkdir(exist_ok=True)
            kept.write_text(json.dumps(record, indent=1) + "\n")
    show(record)


if __name__ == "__main__":
    main()
