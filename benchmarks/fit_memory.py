# SPDX-License-Identifier: BSD-3-Clause
"""A million spectra out of a memory-mapped file: rate against the same spectra in memory, and memory needed.

Run ``python benchmarks/fit_memory.py`` (``--n 100000`` for a quick look). Writes a temporary file (0.72 GB)
and ``benchmarks/output/fit_memory.json``.
"""

import argparse
import json
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from _machine import machine
from fit_speed import make_spectra
from tqdm import tqdm

from strain2dos.raman import RamanFeaturizer


def anonymous_memory() -> int:
    """Bytes of this process that no file backs (RssAnon): pages of a memory map can be dropped, these not."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith("RssAnon")).split()[1])


def peak_of(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of ``work`` and by how many bytes the anonymous memory grew at most."""
    before, highest, done = anonymous_memory(), [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.005):
            highest[0] = max(highest[0], anonymous_memory())

    watcher = threading.Thread(target=watch)
    watcher.start()
    begin = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - begin
    done.set()
    watcher.join()
    del result
    return seconds, highest[0] - before


def write_spectra(path: Path, n: int, n_points: int) -> np.ndarray:
    whole = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(n, n_points))
    for start in tqdm(range(0, n, 20_000), desc="write"):
        x, whole[start : start + 20_000], _ = make_spectra(min(20_000, n - start), n_points, seed=start)
    whole.flush()
    return x


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=1_000_000)
    parser.add_argument("--points", type=int, default=180)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "output" / "fit_memory.json")
    options = parser.parse_args()
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        x = write_spectra(Path(folder) / "spectra.npy", options.n, options.points)
        mapped = np.load(Path(folder) / "spectra.npy", mmap_mode="r")
        featurizer = RamanFeaturizer(x).fit(mapped[:2])
        featurizer.fit_spectra(mapped[:2])  # compiles, or loads what was compiled before
        for name, call in (("transform", featurizer.transform), ("fit_spectra", featurizer.fit_spectra)):
            seconds, extra = peak_of(lambda call=call: call(mapped))
            rows[f"{name}, memory map"] = {"spectra_per_s": options.n / seconds, "extra_bytes": extra}
        held = np.array(mapped)
        seconds, extra = peak_of(lambda: featurizer.transform(held))
        rows["transform, in memory"] = {"spectra_per_s": options.n / seconds, "extra_bytes": extra}
    share = rows["transform, memory map"]["spectra_per_s"] / rows["transform, in memory"]["spectra_per_s"]
    print(f"{options.n} spectra of {options.points} points, float32, split='auto', all cores")
    for name, row in rows.items():
        rate, extra = row["spectra_per_s"], row["extra_bytes"] / 1e6
        print(f"{name:26s}{rate:10.0f} spectra/s, at most {extra:7.0f} MB more")
    print(f"rate from the file over rate in memory: {share:.3f}")
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps({"machine": machine("numpy", "numba"), "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
