# SPDX-License-Identifier: BSD-3-Clause
"""Time to predict a map of 33 x 33 pixels at 1037 energies: one call against one call per pixel and energy.

    python benchmarks/map_speed.py [--calls 2000] [--spectra 1000000]

The original notebooks ask a network for one number at a time, 1.13 million times. Here the same network
(128-128-64-32-1, under torch) is timed over ``--calls`` such calls and the rest is extrapolated; Keras, which
the notebooks use, takes longer per call. Training is no part of these times: the network has random weights.

Then spectra of simulated pixels, each with new noise, are written to a NetCDF file and mapped by `map_flake`
to gap, strain and their errors, and the domain (``--spectra 0`` leaves this out). Shares of the stages are
seconds spent in each over those of all; two chunks are at work at once.
"""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from fit_memory import peak_of

from strain2dos import DOSRegressor, map_flake
from strain2dos.datasets import make_raman_map
from strain2dos.mapping._flake import evaluate
from strain2dos.mapping._flake.strain import StrainLines
from strain2dos.mapping._pixels.evaluate import PixelEvaluator
from strain2dos.raman import RamanFeaturizer

OUTPUT = Path(__file__).parent / "output"
PIXELS, ENERGIES = 33 * 33, 1037


def curves(strain: np.ndarray, energies: np.ndarray) -> np.ndarray:
    """Return smooth densities with a gap that closes with strain."""
    half = 0.9 - 0.8 * strain
    return np.logaddexp(0.0, (np.abs(energies) - half) / 0.05) * 2.0


def one_call(strain_map: np.ndarray, repeats: int = 5) -> tuple[float, float]:
    """Return training time and the median time of one call for the whole map [s]."""
    energies = np.linspace(-1.246, 0.826, ENERGIES)
    strain = np.array([0, 0.033, 0.057, 0.1, 0.13, 0.2, 0.22, 0.27, 0.33])[:, None]
    start = time.perf_counter()
    model = DOSRegressor(energies, random_state=0).fit(strain, curves(strain, energies))
    trained = time.perf_counter() - start
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        answer = model.predict(strain_map.reshape(-1, 1))
        times.append(time.perf_counter() - start)
    if answer.shape != (PIXELS, ENERGIES):
        raise RuntimeError(f"the map has shape {answer.shape}")
    return trained, float(np.median(times))


def per_number(n_calls: int) -> float:
    """Return the time of one call for one pixel and energy [s]."""
    import torch
    from torch import nn

    torch.set_num_threads(1)
    layers: list[nn.Module] = []
    for wide, narrow in ((2, 128), (128, 128), (128, 64), (64, 32)):
        layers += [nn.Linear(wide, narrow), nn.ReLU()]
    net = nn.Sequential(*layers, nn.Linear(32, 1)).eval()
    pairs = np.random.RandomState(0).uniform(size=(n_calls, 1, 2))
    with torch.no_grad():
        net(torch.zeros(1, 2))
        start = time.perf_counter()
        for pair in pairs:
            net(torch.tensor(pair, dtype=torch.float32)).item()
    return (time.perf_counter() - start) / n_calls


QUANTITIES = ("gap", "gap_std", "strain", "strain_std", "domain_score")
# Where the time goes: words, and the function whose calls are timed. Chunks are at work two at a time.
STAGES = {
    "fit": (RamanFeaturizer, "fit_spectra"),
    "positions": (RamanFeaturizer, "features_of"),
    "gaps with their errors": (evaluate, "energies_of"),
    "strain and doping": (StrainLines, "separate"),
    "domain": (PixelEvaluator, "_domain"),
    "score of the domain": (DOSRegressor, "domain_score"),
}


@contextmanager
def timed_stages() -> Iterator[dict[str, float]]:
    """Sum the seconds of each stage over all threads."""
    spent = dict.fromkeys(STAGES, 0.0)
    lock = threading.Lock()

    def timed(words: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            start = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                with lock:
                    spent[words] += time.perf_counter() - start

        return run

    known = {words: getattr(*place) for words, place in STAGES.items()}
    for words, (owner, name) in STAGES.items():
        setattr(owner, name, timed(words, known[words]))
    try:
        yield spent
    finally:
        for words, (owner, name) in STAGES.items():
            setattr(owner, name, known[words])


def write_flake(path: Path, n_spectra: int) -> int:
    """Write a square map of spectra with noise of their own; return how many there are."""
    flake = make_raman_map((48, 48), random_state=0)
    known = flake["intensity"].values[flake["flake"].values].astype(np.float32)
    side, random = round(n_spectra**0.5), np.random.default_rng(0)
    cube = np.empty((side, side, known.shape[1]), dtype=np.float32)
    for row in cube:
        row[:] = known[random.integers(0, len(known), side)]
        row += 0.3 * np.sqrt(np.maximum(row, 1.0)) * random.standard_normal(row.shape, dtype=np.float32)
    shift = ("shift", flake["shift"].values, {"units": "cm-1"})
    layout = xr.DataArray(cube, dims=("y", "x", "shift"), coords={"shift": shift}, name="intensity")
    layout.to_netcdf(path)
    return side * side


def from_file(n_spectra: int) -> dict[str, float]:
    """Return seconds, memory and shares of the stages of a map of spectra out of a file."""
    used = [0.0]
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder) / "small.nc", Path(folder) / "large.nc"
        write_flake(small, 400)
        n = write_flake(large, n_spectra)
        map_flake(small, quantities=QUANTITIES)

        def work() -> None:
            start = time.process_time()
            map_flake(large, quantities=QUANTITIES)
            used[0] = time.process_time() - start

        with timed_stages() as spent:
            seconds, memory = peak_of(work)
    total = sum(spent.values())
    found = {"spectra": n, "wall_s": seconds, "processor_s": used[0], "memory_GB": memory / 1e9}
    return found | {f"share of the stages: {words}": part / total for words, part in spent.items()}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=2000, help="single calls to time")
    parser.add_argument("--spectra", type=int, default=1_000_000, help="spectra mapped out of a file")
    options = parser.parse_args()
    strain_map = np.random.RandomState(0).uniform(0, 0.33, size=(33, 33))
    trained, whole = one_call(strain_map)
    single = per_number(options.calls)
    numbers = PIXELS * ENERGIES
    result: dict[str, Any] = {
        "pixels": PIXELS,
        "energies": ENERGIES,
        "one_call_s": whole,
        "per_number_s": single,
        "per_number_calls_timed": options.calls,
        "per_number_total_s_extrapolated": single * numbers,
        "ratio": single * numbers / whole,
        "training_s": trained,
        "machine": f"{platform.machine()}, Python {platform.python_version()}, torch {version('torch')}",
    }
    if options.spectra:
        result["from_a_file"] = from_file(options.spectra)
    OUTPUT.mkdir(exist_ok=True)
    (OUTPUT / "map_speed.json").write_text(json.dumps(result, indent=1) + "\n")
    print(f"{PIXELS} pixels x {ENERGIES} energies = {numbers / 1e6:.2f} million numbers")
    print(f"one call to DOSRegressor.predict   {whole * 1e3:10.1f} ms   (training: {trained:.1f} s)")
    print(f"one call per number, {single * 1e6:5.1f} us   {single * numbers:10.1f} s", end="")
    print(f"    (extrapolated from {options.calls} calls)")
    print(f"ratio                              {result['ratio']:10.0f}")
    for name, value in result.get("from_a_file", {}).items():
        print(f"{name:<34} {value:10.3g}")


if __name__ == "__main__":
    main()
