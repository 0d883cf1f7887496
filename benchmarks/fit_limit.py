# SPDX-License-Identifier: BSD-3-Clause
"""How far is the peak fit from what the processor can do? Time by stage, floating-point operations, bytes.

Run ``python benchmarks/fit_limit.py``. One thread, two Lorentzians and a linear baseline as in
``fit_speed.py``. Stages are timed by running the compiled pipeline up to each of them.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from _machine import machine
from fit_speed import make_spectra
from numba import njit

from strain2dos.raman import RamanFeaturizer
from strain2dos.raman._fitting import batch as _batch
from strain2dos.raman._fitting import levenberg_marquardt as _kernel
from strain2dos.raman._fitting import normal_equations as _linear
from strain2dos.raman._fitting import selection as _selection
from strain2dos.raman._fitting import spikes as _screen
from strain2dos.raman._fitting import window as _window
from strain2dos.raman._fitting.engine import FitOptions, _empty
from strain2dos.raman._fitting.profiles import PSEUDO_VOIGT
from strain2dos.raman._fitting.records import AUTO_NOISE, MASK, SIGNAL, SMOOTH, SPECTRUM, Problem

STAGES = ("usable points", "cosmic rays", "lines and range", "plain fit and its noise", "screen")
# Per point: residual of a linear baseline, two Lorentzians of 12, products of nine rows (multiply and add).
FLOPS_PER_POINT = 5 + 2 * 12 + 2 * 45
# Mean number of evaluations of the model per fit, counted with an instrumented copy (3.3 at 110 points).
EVALUATIONS = 3.2


@njit
def run(spectra, problem, family, upto):
    s = _batch._allocate(problem, family)
    size = problem.x.size
    for row in range(spectra.shape[0]):
        for k in range(size):
            s.points[SPECTRUM, k] = spectra[row, k]
        _, n_good, low, high = _screen.usable_points(s.points[SPECTRUM], s.points[MASK], size, 8)
        if upto == 0:
            continue
        n_good -= _screen.mask_spikes(
            s.points[SPECTRUM], s.points[MASK], size, low, high, problem.narrowest, s.points[SMOOTH],
            s.points[SIGNAL],
        )  # fmt: skip
        if upto == 1:
            continue
        view = _window.prepare_fit_window(problem, family, 0.0, n_good, low, high, False, s)
        if upto == 2:
            continue
        noise2, _, largest, _ = _selection.fit_plain(problem, family, view, s)
        if upto == 3:
            continue
        _selection.add_known_lines(problem, family, view, noise2, largest, 1, s)


@njit
def products(J, m, A, repeats):
    for _ in range(repeats):
        _linear.normal_equations(J, 0, J.shape[0] - 3, m, A)


@njit
def evaluations(x, y, sw, m, p, group, J, repeats):
    for _ in range(repeats):
        _kernel.evaluate(0, x, y, sw, m, p, 2, 2, 2, group, J)


def least(call: Callable[[], object], times: int = 7) -> float:
    """Least seconds of several calls; the first compiles and does not count."""
    call()
    seconds = []
    for _ in range(times):
        begin = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - begin)
    return min(seconds)


def stages(n_points: int, n: int) -> dict[str, float]:
    """Microseconds of each stage per spectrum."""
    x, spectra, _ = make_spectra(n, n_points, seed=0)
    group = RamanFeaturizer(x, split=False).fit(spectra[:2])._plan(keep=False).groups[0]
    shared = (
        "x", "basis", "pair", "required", "fwhm_limit", "checked", "narrowest", "margin",
        "taps", "norm", "bin", "bins",
    )  # fmt: skip
    switches = {
        "noise": AUTO_NOISE,
        "adaptive": True,
        "despike": True,
        "always": False,
        "keep": False,
        "show": False,
    }
    problem = Problem(shape=0, **switches, **{name: getattr(group, name) for name in shared})
    spectra = np.ascontiguousarray(spectra[:, group.columns])
    before, times = 0.0, {}
    for upto, name in enumerate(STAGES):
        total = 1e6 / n * least(lambda upto=upto: run(spectra, problem, group.family, upto))
        times[name] = total - before
        before = total
    out = _empty(group, n, PSEUDO_VOIGT, FitOptions("auto", "auto", True, False, False))
    rest = (problem, problem._replace(shape=PSEUDO_VOIGT), group.family, out)
    times["whole fit, compiled as one"] = (
        1e6 / n * least(lambda: _batch.fit_rows(spectra, np.zeros(n), *rest))
    )
    return times


def kernels(n_points: int) -> dict[str, float]:
    """Microseconds of one evaluation of the model and of one set of products, data in the cache."""
    m = -(-n_points // _linear.LANES) * _linear.LANES
    x, weights = np.linspace(360.0, 430.0, m), np.ones(m)
    J, A_ = np.random.default_rng(0).random((12, m)), np.zeros((12, 12))
    p, group = np.array([384.0, 404.0, 0.8, 0.9, 1.5, 2.5, 0.1, 0.01]), np.array([0, 1])
    return {
        "evaluation": 1e2 * least(lambda: evaluations(x, weights, weights, m, p, group, J, 10_000)),
        "products": 1e2 * least(lambda: products(J, m, A_, 10_000)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=4000)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "output" / "fit_limit.json")
    options = parser.parse_args()
    results = {}
    for n_points in (110, 180):
        times, parts = stages(n_points, options.n), kernels(n_points)
        m = -(-n_points // _linear.LANES) * _linear.LANES
        # the rate of the products, which are nothing but multiply-adds, stands for what the core can do
        peak = 2 * 45 * m / parts["products"] / 1e3
        whole = times["whole fit, compiled as one"]
        # every fit proposes a step per evaluation; the least-squares stage is evaluations, products and steps
        flops = EVALUATIONS * FLOPS_PER_POINT * n_points
        rate = flops / whole / 1e3
        results[f"{n_points} points"] = {
            "microseconds": times | parts,
            "gflops_of_products": peak,
            "gflops_of_whole_fit": rate,
            "bytes_per_spectrum": 8 * n_points,
            "gigabytes_per_s": 8e-3 * n_points / whole,
        }
        print(f"\n{n_points} points")
        for name, value in (times | parts).items():
            print(f"{name:28s}{value:8.2f} us")
        print(f"least squares: {flops / 1e3:.0f} kflop in {EVALUATIONS} evaluations, {rate:.1f} Gflop/s")
        print(f"products alone: {peak:.1f} Gflop/s; spectra read at {8e-3 * n_points / whole:.2f} GB/s")
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(
        json.dumps({"machine": machine("numpy", "numba"), "results": results}, indent=1)
    )


if __name__ == "__main__":
    main()
