# SPDX-License-Identifier: BSD-3-Clause
"""Spectra per second and center errors of our fit and of four others in one process run.

They are ramansep, SPECTROview, SciPy and lmfit.

Run ``python benchmarks/fit_speed.py`` (``--n 2000`` for a quick look). All take turns in several rounds, so
that what else the machine does hits all alike; ratios are medians over the rounds. First on one thread, then
on all cores (the peers as processes). Prints tables and writes ``benchmarks/output/fit_speed.json``.

SPECTROview takes part where it is installed. It wants numpy < 2 and a graphical library, so give it an
environment of its own (``pip install spectroview ".[bench]"``) and QT_QPA_PLATFORM=offscreen.
"""

import argparse
import json
import os
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from _machine import machine
from joblib import Parallel, delayed
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


def with_ramansep(x: np.ndarray, Y: np.ndarray, near: tuple[float, float] = (384.0, 404.0)) -> np.ndarray:
    import ramansep

    (first, second), border = near, near[0] + 10.25
    windows = (first - 19.0, border - 0.25), (border + 0.25, second + 21.0)
    result = ramansep.fit_map(x, Y[None], *windows, first, second, baseline="linear", joint=True)
    return np.column_stack([result.dw1.ravel() + first, result.dw2.ravel() + second])


def with_spectroview(x: np.ndarray, Y: np.ndarray, near: tuple[float, ...] = (384.0, 404.0)) -> np.ndarray:
    """Subtract a line through the smoothed ends, then fit; its other settings as the program has them."""
    from spectroview.api import fitting

    peaks = [
        {
            "model": "Lorentzian",
            "x0": {"value": center, "min": center - 10, "max": center + 10},
            "ampli": {"value": 100.0, "min": 0.0},
            "fwhm": {"value": 4.0, "min": 0.5, "max": 20.0},
        }
        for center in near
    ]
    ends = {"mode": "Linear", "attached": True, "sigma": 4, "points": [[x[0], x[-1]], [0.0, 0.0]]}
    result = fitting.apply_fit_model(x, Y, {**fitting.build_fit_model(peaks), "baseline": ends})
    names = result["param_names"]
    return result["params"][:, [names.index("P1_x0"), names.index("P2_x0")]]


def optional(fits: dict) -> dict:
    """What of `fits` can run here: SPECTROview need not be installed."""
    return {name: fit for name, fit in fits.items() if name != "SPECTROview" or find_spec("spectroview")}


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


def in_processes(fit: Callable, jobs: int) -> Callable:
    """Share the spectra among processes that stay alive between calls."""

    def shared(x: np.ndarray, Y: np.ndarray) -> np.ndarray:
        parts = np.array_split(Y, jobs)
        return np.vstack(Parallel(n_jobs=jobs)(delayed(fit)(x, part) for part in parts))

    return shared


def quality(centers: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    error = centers - truth
    # Over 1 cm-1 (30 standard errors) off: another minimum. One of them would be the whole RMSE.
    good = (np.abs(error) < 1.0).all(axis=1)
    rmse = np.sqrt(np.mean(error[good] ** 2, axis=0))
    return {"rmse_E": float(rmse[0]), "rmse_A1": float(rmse[1]), "right_share": float(good.mean())}


def cramer_rao(x: np.ndarray) -> list[float]:
    J = derivatives(x, 384.0, 404.0, *HEIGHT, FWHM[0] / 2, FWHM[1] / 2, LEVEL, SLOPE)
    return (np.sqrt(np.diag(np.linalg.inv(J.T @ J)))[:2] * HEIGHT[0] / SNR).tolist()


def compare(fits: dict[str, tuple[Callable, int]], x, Y, truth, rounds: int) -> dict[str, dict[str, float]]:
    """Let all ``fits`` (function, number of spectra) take turns; the first one is ours."""
    seconds: dict[str, list[float]] = {name: [] for name in fits}
    found = {}
    for _ in range(rounds):
        for name, (fit, m) in fits.items():
            begin = time.perf_counter()
            found[name] = fit(x, Y[:m])
            seconds[name].append((time.perf_counter() - begin) / m)
    ours = np.array(seconds[next(iter(fits))])
    rows = {}
    for name, (_, m) in fits.items():
        ratio = np.array(seconds[name]) / ours
        rows[name] = {
            "spectra": m,
            "spectra_per_s": float(1 / np.median(seconds[name])),
            "ours_is_faster_by": float(np.median(ratio)),
            "from": float(ratio.min()),
            "to": float(ratio.max()),
        } | quality(found[name], truth[:m])
    return rows


def one_thread(x, Y, truth, rounds: int) -> dict[str, dict[str, float]]:
    n = len(Y)
    fits = {
        "strain2dos": (ours, n),
        "strain2dos, split='auto'": (lambda x, Y: ours(x, Y, split="auto"), n),
        "ramansep fit_map(joint=True)": (with_ramansep, n),
        "SPECTROview": (with_spectroview, n),
        "scipy curve_fit, analytic Jacobian": (with_scipy, min(n, 4000)),
        "lmfit": (with_lmfit, min(n, 500)),
    }
    with threadpool_limits(1):
        return compare(optional(fits), x, Y, truth, rounds)


def all_cores(x, Y, truth, rounds: int) -> dict[str, dict[str, float]]:
    n, jobs = len(Y), os.cpu_count() or 1
    fits = {
        "strain2dos": (lambda x, Y: ours(x, Y, n_jobs=-1), n),
        "strain2dos, split='auto'": (lambda x, Y: ours(x, Y, n_jobs=-1, split="auto"), n),
        "ramansep fit_map(joint=True)": (in_processes(with_ramansep, jobs), n),
        "SPECTROview": (in_processes(with_spectroview, jobs), n),
        "scipy curve_fit, analytic Jacobian": (in_processes(with_scipy, jobs), min(n, 4000)),
        "lmfit": (in_processes(with_lmfit, jobs), min(n, 500)),
    }
    return compare(optional(fits), x, Y, truth, rounds)


def show(title: str, rows: dict[str, dict[str, float]]) -> None:
    head = f"{'spectra/s':>11s}{'ours x':>9s}{'from':>8s}{'to':>8s}{'RMSE E prime':>14s}{'RMSE A1':>10s}"
    print(f"{title:36s}{head}{'right':>9s}")
    for name, row in rows.items():
        ratios = "".join(f"{row[key]:{width}.1f}" for key, width in (("from", 8), ("to", 8)))
        print(
            f"{name:36s}{row['spectra_per_s']:11.0f}{row['ours_is_faster_by']:9.1f}{ratios}"
            f"{row['rmse_E']:14.4f}{row['rmse_A1']:10.4f}{row['right_share']:9.3f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=20_000, help="spectra; slow peers get fewer")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "output" / "fit_speed.json")
    options = parser.parse_args()
    results = {}
    for n_points in (110, 180):
        x, Y, truth = make_spectra(options.n, n_points, seed=0)
        ours(x, Y[:2], split="auto")  # compiles, or loads what was compiled before
        bound = cramer_rao(x)
        print(f"\n{n_points} points, signal to noise {SNR:g}, Cramer-Rao {bound[0]:.4f}, {bound[1]:.4f} cm-1")
        tables = {
            "one thread": one_thread(x, Y, truth, options.rounds),
            "all cores": all_cores(x, Y, truth, options.rounds),
        }
        for title, rows in tables.items():
            show(title, rows)
        results[f"{n_points} points"] = {"cramer_rao_centers": bound} | tables
    packages = ("numpy", "scipy", "numba", "lmfit", *optional({"ramansep": 0, "SPECTROview": 0}))
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps({"machine": machine(*packages), "results": results}, indent=1))
    print(f"\nwritten: {options.output}")


if __name__ == "__main__":
    main()
