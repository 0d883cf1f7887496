# SPDX-License-Identifier: BSD-3-Clause
"""Time to train: DOSRegressor on the bundled states against the original notebooks' network on pairs.

    python benchmarks/training.py [--table train_dos.csv] [--epochs 500] [--patience 30] [--fresh]

The notebooks train on 51,850 (energy, strain) pairs: 50 columns of a table times 1037 energies, one number
out of each pair, batches of 32. Both run in this process, one after the other, on one thread, since times
of two runs do not compare. The ratio is between the median of five fits of DOSRegressor with its defaults
(after one that warms up) and the single run of the pair network. Without ``--table`` the pairs are generated
at the same size. The finished run is kept in ``benchmarks/output/training.json`` and shown again unless the
options change or ``--fresh`` is given.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from _machine import machine
from _pair_network import pair_network, pairs_of
from tqdm import tqdm

from strain2dos import DOSRegressor
from strain2dos.datasets import load_mos2_dft, read_dos_table

OUTPUT = Path(__file__).parent / "output"
N_CURVES, N_ENERGIES = 50, 1037


def pairs(table: Path | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return strains (n, 1), energies and curves of the notebooks' job, scaled copies included."""
    if table is not None:
        data = read_dos_table(table, strain_unit="fraction", drop_scaled_copies=False)
        return data.strain[:, :1], data.energies, data.dos
    strain = np.linspace(0.0, 0.5, N_CURVES)[:, None]
    energies = np.linspace(-1.246, 0.826, N_ENERGIES)
    half = 0.5 - 0.8 * strain
    return strain, energies, 40 * np.logaddexp(0.0, (np.abs(energies) - half) / 0.05)


def time_ours(repeats: int = 5) -> dict[str, Any]:
    """Fit the default regressor to phonons, curves and edges of the bundled states."""
    data = load_mos2_dft()
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        model = DOSRegressor(data.energies, random_state=0).fit(data.phonons, data.dos, edges=data.valleys)
        times.append(time.perf_counter() - start)
    return {
        "seconds": float(np.median(times[1:])),
        "states": len(data),
        "all": times,
        "epochs": [len(history["train_loss"]) for history in model.history_],
    }


def time_pairs(table: Path | None, epochs: int, patience: int) -> dict[str, Any]:
    """Train the notebooks' network on pairs, with a line of progress."""
    X, energies, Y = pairs(table)
    with tqdm(
        total=1, desc=f"pair network on {Y.size} pairs", bar_format="{desc} [{elapsed}]{postfix}"
    ) as bar:
        start = time.perf_counter()
        pair_network(
            pairs_of(X, energies),
            Y.ravel(),
            epochs=epochs,
            patience=patience,
            tick=lambda epoch: bar.set_postfix(epoch=epoch, refresh=epoch % 10 == 0),
        )
        return {"seconds": time.perf_counter() - start, "pairs": int(Y.size)}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--table", type=Path, help="DOS table of the original notebooks")
    parser.add_argument("--epochs", type=int, default=500, help="most epochs of the pair network")
    parser.add_argument("--patience", type=int, default=30, help="its epochs without improvement")
    parser.add_argument("--fresh", action="store_true", help="time again")
    options = parser.parse_args()
    asked = {"table": str(options.table), "epochs": options.epochs, "patience": options.patience}
    kept = OUTPUT / "training.json"
    record = json.loads(kept.read_text()) if kept.exists() and not options.fresh else {}
    if record.get("options") != asked:
        import torch

        torch.set_num_threads(1)
        record = {"options": asked, "machine": machine("torch", "skorch", "scikit-learn", "numpy")}
        record["DOSRegressor"] = time_ours()
        record["pair network"] = time_pairs(options.table, options.epochs, options.patience)
        record["ratio"] = record["pair network"]["seconds"] / record["DOSRegressor"]["seconds"]
        OUTPUT.mkdir(exist_ok=True)
        kept.write_text(json.dumps(record, indent=1) + "\n")
    ours, theirs = record["DOSRegressor"], record["pair network"]
    print(", ".join(f"{name} {value}" for name, value in record["machine"].items()))
    print(
        f"DOSRegressor, {ours['states']} states, epochs {ours['epochs']}: {ours['seconds']:.2f} s "
        "(median of 5 fits)"
    )
    print(
        f"pair network, {theirs['pairs']} pairs, at most {options.epochs} epochs: {theirs['seconds']:.1f} s"
    )
    print(f"ratio: {record['ratio']:.0f}")


if __name__ == "__main__":
    main()
