# SPDX-License-Identifier: BSD-3-Clause
"""Maps from Zarr to Zarr with one and with two worker processes: rates, efficiency, bytes moved, exponent.

    python benchmarks/cluster.py [--spectra 10000 100000 1000000] [--workers 1 2] [--store DIR]

Each map runs spectra of 184 points through the recommended pipeline (without networks) and writes edges,
domain score and line positions with their records, in blocks of 5 000 spectra. Workers have one thread each.
Both cluster sizes run in the same process one after the other, so that other load hits them alike; seconds
of processor time of the workers do not depend on it. Bytes moved are those that the loopback device carried
meanwhile, which includes other programs, so run it where there are none:

    unshare -n sh -c "ip link set lo up; python benchmarks/cluster.py"
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import xarray as xr
from _machine import machine

from strain2dos import SpatialMapper, raman_pipeline
from strain2dos.datasets import make_raman_dos

OUTPUT = Path(__file__).parent / "output"
N_X, ROWS = 1000, 5
QUANTITIES = ("gap", "vbm", "cbm", "domain_score", "features")


def trained() -> tuple[Any, np.ndarray, np.ndarray]:
    """Return a pipeline, spectra that it was not trained on, and their axis."""
    data = make_raman_dos(320, random_state=0)
    pipeline = raman_pipeline(data.shift, data.energies, hidden_layer_sizes=(), random_state=0)
    pipeline.fit(
        data.spectra, data.dos, dosregressor__groups=data.groups, dosregressor__edges=data.edge_targets
    )
    return pipeline, make_raman_dos(N_X, random_state=1).spectra, data.shift


def write_cube(path: Path, n_spectra: int, spectra: np.ndarray, shift: np.ndarray) -> None:
    """Write a cube of float32, row by row with new noise in each."""
    n_y = n_spectra // N_X
    rng = np.random.default_rng(0)
    import dask.array as da
    import zarr

    layout = xr.DataArray(
        da.zeros((n_y, N_X, shift.size), dtype=np.float32, chunks=(ROWS, N_X, -1)),
        dims=("y", "x", "shift"),
        coords={"shift": ("shift", shift, {"units": "cm-1"})},
        name="intensity",
    )
    layout.to_dataset().to_zarr(path, zarr_format=3, consolidated=False, compute=False)
    array = zarr.open_array(path, path="intensity", mode="r+")
    for start in range(0, n_y, ROWS):
        rows = np.stack([np.roll(spectra, k, axis=0) for k in range(min(ROWS, n_y - start))])
        array[start : start + len(rows)] = rng.poisson(rows.clip(0))


def one_map(pipeline: Any, source: Path, target: Path) -> dict[str, float]:
    """Map a cube with the client that is there; seconds, and bytes over the loopback device."""
    cube = xr.open_zarr(source, consolidated=False).intensity
    before, start = psutil.net_io_counters(pernic=True)["lo"].bytes_sent, time.perf_counter()
    SpatialMapper(pipeline, quantities=QUANTITIES, chunks=ROWS).to_zarr(cube, target)
    seconds = time.perf_counter() - start
    moved = psutil.net_io_counters(pernic=True)["lo"].bytes_sent - before
    return {"seconds": seconds, "moved": moved}


def exponent(results: list[dict[str, Any]], workers: int, of: str) -> float:
    """Slope of log(time) against log(spectra)."""
    rows = [(row["spectra"], row[of]) for row in results if row["workers"] == workers]
    return float(np.polyfit(*np.log(np.array(rows)).T, 1)[0])


def measure(spectra: list[int], workers: list[int], folder: Path) -> list[dict[str, Any]]:
    """Time all sizes on all clusters."""
    import distributed

    pipeline, measured, shift = trained()
    results = []
    for n_spectra in spectra:
        source = folder / "cube.zarr"
        write_cube(source, n_spectra, measured, shift)
        for count in workers:
            options = {"n_workers": count, "threads_per_worker": 1, "dashboard_address": ":0"}
            with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
                client.wait_for_workers(count)
                # imports and compiled loops are in place before the clock starts
                client.run(_warm, pipeline, measured[:50])
                before = sum(client.run(time.process_time).values())
                found = one_map(pipeline, source, folder / "map.zarr")
                found["worker_cpu_seconds"] = sum(client.run(time.process_time).values()) - before
                found["worker_peak_bytes"] = max(client.run(_peak_bytes).values())
            row = {"spectra": n_spectra, "workers": count} | found
            size = sum(p.stat().st_size for p in (folder / "map.zarr").rglob("*") if p.is_file())
            results.append(row | {"rate": n_spectra / found["seconds"], "store_bytes": size})
            print(json.dumps(results[-1]), flush=True)
            shutil.rmtree(folder / "map.zarr")
        shutil.rmtree(source)
    return results


def _warm(pipeline: Any, spectra: np.ndarray) -> None:
    SpatialMapper(pipeline, quantities=QUANTITIES).predict_map(spectra[np.newaxis])


def _peak_bytes() -> int:
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--spectra", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--store", type=Path, default=None, help="folder for the cubes; temporary by default")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.store) as name:
        results = measure(options.spectra, options.workers, Path(name))
    few, many = min(options.workers), max(options.workers)
    summary = {
        "exponent": {
            of: {count: exponent(results, count, of) for count in options.workers}
            for of in ("seconds", "worker_cpu_seconds")
            if len(options.spectra) > 1
        },
        "efficiency": {
            one["spectra"]: one["seconds"] * few / (other["seconds"] * many)
            for one, other in pairwise(sorted(results, key=lambda row: (row["spectra"], row["workers"])))
            if one["spectra"] == other["spectra"]
        },
        "machine": machine("dask", "distributed", "zarr", "xarray"),
    }
    OUTPUT.mkdir(exist_ok=True)
    (OUTPUT / "cluster.json").write_text(json.dumps({"maps": results} | summary, indent=1) + "\n")
    print(json.dumps(summary, indent=1))


if __name__ == "__main__":
    main()
