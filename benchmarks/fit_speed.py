# SPDX-License-Identifier: BSD-3-Clause
"""Spectra per second and centre errors of our fit, ramansep, scipy and lmfit, in one process on one thread.

Run ``python benchmarks/fit_speed.py`` (``--n 2000`` for a quick look). Prints a table and writes
``benchmarks/output/fit_speed.json``.
"""

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
from scipy.optimize import curve_fit
from threadpoolctl import threadpool_limits

from strain2dos.raman import RamanFeaturizer

SNR = 40.0
HEIGHT, FWHM = (100.0, 120.0), (3.0, 5.0)
LEVEL, SLOPE = 50.0, 0.3
MIDDLE = 395.0


def model(x, c1, c2, h1, h2, g1, g2, level, slope):
    return h1 / (1 + ((x - c1) / g1) ** 2) + h2 / (1 + ((x - c2) / g2) ** 2) + level + slope * (x - MIDDLE)


def derivatives(x, c1, c2, h1, h2, g1, g2, level, slope):
    columns = []
    for c, h, g in ((c1, h1, g1), (c2, h2, g2)):
        z = (x - c) / g
        q = 1 / (1 + z * z)
        columns.append((2 * h / g * z * q * q, q, 2 * h / g * z * z * q * q))
    (a1, b1, d1), (a2, b2, d2) = columns
    return np.column_stack([a1, a2, b1, b2, d1, d2, np.ones_like(x), x - MIDDLE])


def make_spectra(n: int, n_points: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = np.linspace(360.0, 430.0, n_points)
    centers = np.column_stack([384.0 + rng.normal(0, 1.0, n), 404.0 + rng.normal(0, 0.5, n)])
    Y = LEVEL + SLOPE * (x - MIDDLE) + rng.normal(0, HEIGHT[0] / SNR, (n, n_points))
    for c, h, w in zip(centers.T, HEIGHT, FWHM, strict=True):
        Y += h / (1 + 4 * ((x - c[:, None]) / w) ** 2)
    return x, Y, centers


def start(y: np.ndarray) -> list[float]:
    return [384.0, 404.0, np.ptp(y), np.ptp(y), 1.5, 2.5, float(y.min()), 0.0]


def ours(x: np.ndarray, Y: np.ndarray, *, n_jobs: int = 1, split: bool | str = False) -> np.ndarray:
    featurizer = RamanFeaturizer(x, split=split, n_jobs=n_jobs, features=("center",)).fit(Y[:2])
    features = featurizer.transform(Y)
    names = featurizer.get_feature_names_out().tolist()
    return features[:, [names.index("E'_center"), names.index("A1'_center")]]


def with_ramansep(x: np.ndarray, Y: np.ndarray) -> np.ndarray:
    import ramansep

    result = ramansep.fit_map(
        x, Y[None], (365.0, 394.0), (394.5, 425.0), 384.0, 404.0, baseline="linear", joint=True
    )
    return np.column_stack([result.dw1.ravel() + 384.0, result.dw2.ravel() + 404.0])


def with_scipy(x: np.ndarray, Y: np.ndarray) -> np.ndarray:
    return np.array([curve_fit(model, x, y, start(y), jac=derivatives)[0][:2] for y in Y])


def with_lmfit(x: np.ndarray, Y: np.ndarray) -> np.ndarray:
    import lmfit

    peer = lmfit.Model(model)
    out = []
    for y in Y:
        values = dict(zip(peer.param_names, start(y), strict=True))
        best = peer.fit(y, x=x, **values).best_values
        out.append((best["c1"], best["c2"]))
    return np.array(out)


def measure(fit: Callable, x: np.ndarray, Y: np.ndarray, truth: np.ndarray, repeats: int) -> dict[str, float]:
    seconds = []
    for _ in range(repeats):
        with threadpool_limits(1):
            begin = time.perf_counter()
            centers = fit(x, Y)
            seconds.append(time.perf_counter() - begin)
    error = centers - truth
    # Over 1 cm-1 (30 standard errors) off: another minimum. One of them would be the whole RMSE.
    good = (np.abs(error) < 1.0).all(axis=1)
    return {
        "spectra": len(Y),
        "seconds": min(seconds),
        "spectra_per_s": len(Y) / min(seconds),
        "rmse_E": float(np.sqrt(np.mean(error[good, 0] ** 2))),
        "rmse_A1": float(np.sqrt(np.mean(error[good, 1] ** 2))),
        "right_share": float(good.mean()),
    }


def cramer_rao(x: np.ndarray) -> list[float]:
    J = derivatives(x, 384.0, 404.0, *HEIGHT, FWHM[0] / 2, FWHM[1] / 2, LEVEL, SLOPE)
    return (np.sqrt(np.diag(np.linalg.inv(J.T @ J)))[:2] * HEIGHT[0] / SNR).tolist()


def compare(n: int, n_points: int) -> dict[str, dict[str, float]]:
    x, Y, truth = make_spectra(n, n_points, seed=0)
    subset = {"ramansep": min(n, 2000), "scipy": min(n, 500), "lmfit": min(n, 60)}
    ours(x, Y[:2], split="auto")  # compiles, or loads what was compiled before
    rows = {
        "strain2dos": measure(ours, x, Y, truth, 5),
        "strain2dos, split='auto'": measure(lambda x, Y: ours(x, Y, split="auto"), x, Y, truth, 3),
        "strain2dos, all threads": measure(lambda x, Y: ours(x, Y, n_jobs=-1), x, Y, truth, 5),
    }
    peers = {
        "ramansep fit_map(joint=True)": ("ramansep", with_ramansep, 1),
        "scipy curve_fit, analytic Jacobian": ("scipy", with_scipy, 2),
        "lmfit": ("lmfit", with_lmfit, 1),
    }
    for name, (key, fit, repeats) in peers.items():
        m = subset[key]
        rows[name] = measure(fit, x, Y[:m], truth[:m], repeats)
    for row in rows.values():
        row["ours_is_faster_by"] = rows["strain2dos"]["spectra_per_s"] / row["spectra_per_s"]
    return rows


def hardware() -> dict[str, str | int | None]:
    names = ("strain2dos", "numpy", "scipy", "numba", "lmfit", "ramansep")
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        cpu = next(
            (line.split(":")[1].strip() for line in info.read_text().splitlines() if "model name" in line),
            cpu,
        )
    return {"cpu": cpu, "cores": os.cpu_count(), "python": platform.python_version()} | {
        k: version(k) for k in names
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=20_000, help="spectra for our fit; peers get fewer")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "output" / "fit_speed.json")
    options = parser.parse_args()
    results = {}
    for n_points in (110, 180):
        rows = compare(options.n, n_points)
        x = np.linspace(360.0, 430.0, n_points)
        results[f"{n_points} points"] = {"cramer_rao_centres": cramer_rao(x), "rows": rows}
        print(f"\n{n_points} points, signal to noise {SNR:g}, Cramer-Rao (E', A1'): ", end="")
        print(", ".join(f"{v:.4f}" for v in cramer_rao(x)), "cm-1")
        print(f"{'':36s}{'spectra/s':>11s}{'ours x':>9s}{'RMSE E prime':>14s}{'RMSE A1':>10s}{'right':>9s}")
        for name, row in rows.items():
            print(
                f"{name:36s}{row['spectra_per_s']:11.0f}{row['ours_is_faster_by']:9.1f}"
                f"{row['rmse_E']:14.4f}{row['rmse_A1']:10.4f}{row['right_share']:9.3f}"
            )
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps({"machine": hardware(), "results": results}, indent=1))
    print(f"\nwritten: {options.output}")


if __name__ == "__main__":
    main()
