# SPDX-License-Identifier: BSD-3-Clause
"""Seconds per tight-binding DOS curve, against a plain loop over k-points, and the share spent in LAPACK.

Both run on one core in one process; the curves include refined band edges, the plain loop has none.

Run: python benchmarks/tight_binding.py [--curves 1000] [--loop-curves 3] [--n-k 96]
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from pathlib import Path
from unittest import mock

import numpy as np
from threadpoolctl import threadpool_limits

from strain2dos.datasets import make_strained_dos
from strain2dos.simulate import TightBindingTMD
from strain2dos.simulate._tight_binding.terms import (
    HOPS,
    block_terms,
    load_parameters,
    spin_orbit,
    strain_weights,
)
from strain2dos.simulate._tight_binding.triangles import EnergyWindow, states_between

WIDTH = 0.05


def loop_over_k(energies: np.ndarray, strain: np.ndarray, n_k: int) -> np.ndarray:
    """One DOS the plain way: every k-point of the grid, the whole 11 x 11 matrix, one eigvalsh each."""
    values = load_parameters("MoS2", "gamma")
    hops = np.zeros((len(HOPS), 11, 11), dtype=complex)
    for parity, block in (("odd", slice(0, 5)), ("even", slice(5, 11))):
        hops[:, block, block] = np.tensordot(
            block_terms(values, parity), strain_weights(strain), ((1,), (0,))
        )
        hops[0, block, block] += spin_orbit(values, parity)
    bands = np.empty((n_k, n_k, 11))
    for i in range(n_k):
        for j in range(n_k):
            phases = np.exp(2j * np.pi * (HOPS @ np.array([i, j])) / n_k)
            bands[i, j] = np.linalg.eigvalsh(np.tensordot(phases, hops, 1))
    window = EnergyWindow(energies, WIDTH)
    return 2 * window.to_dos(states_between(bands, window.edges))


def timed_lapack(n_curves: int, n_k: int) -> tuple[object, float, float]:
    """Make the curves; give them with the wall seconds and the seconds inside numpy's eigvalsh."""
    plain, spent = np.linalg.eigvalsh, [0.0]

    def clocked(matrix: np.ndarray) -> np.ndarray:
        start = time.perf_counter()
        values = plain(matrix)
        spent[0] += time.perf_counter() - start
        return values

    with mock.patch.object(np.linalg, "eigvalsh", clocked):
        start = time.perf_counter()
        data = make_strained_dos(n_curves, random_state=0, n_k=n_k, width=WIDTH, progress=True)
        wall = time.perf_counter() - start
    return data, wall, spent[0]


def measure(n_curves: int, n_looped: int, n_k: int) -> dict[str, object]:
    """Time both ways on the same strains."""
    make_strained_dos(1, random_state=0, n_k=6)  # compile first
    start = time.perf_counter()
    TightBindingTMD("MoS2")
    setup = time.perf_counter() - start
    data, wall, lapack = timed_lapack(n_curves, n_k)

    chosen = data.strain[:n_looped]
    start = time.perf_counter()
    looped = np.stack([loop_over_k(data.energies, strain, n_k) for strain in chosen])
    loop = (time.perf_counter() - start) / len(chosen)
    difference = np.abs(looped - data.dos[: len(chosen)]).sum() / looped.sum()

    per_curve = wall / n_curves
    return {
        "curves": n_curves,
        "n_k": n_k,
        "seconds_per_curve": per_curve,
        "share_in_lapack": lapack / wall,
        "loop_curves": len(chosen),
        "loop_seconds_per_curve": loop,
        "loop_over_batched": loop / per_curve,
        "relative_l1_difference_of_the_two": difference,
        "seconds_to_set_up_a_model": setup,
        "machine": f"{platform.machine()}, one core, numpy {np.__version__}",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--curves", type=int, default=100)
    parser.add_argument("--loop-curves", type=int, default=3, help="curves made by the plain loop")
    parser.add_argument("--n-k", type=int, default=96)
    parser.add_argument(
        "--output", type=Path, default=Path(__file__).parent / "output" / "tight_binding.json"
    )
    options = parser.parse_args()
    with threadpool_limits(1):
        figures = measure(options.curves, options.loop_curves, options.n_k)
    for key, value in figures.items():
        print(f"{key:36s} {value:.4g}" if isinstance(value, float) else f"{key:36s} {value}")
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
