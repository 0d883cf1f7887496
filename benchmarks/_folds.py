# SPDX-License-Identifier: BSD-3-Clause
"""Predictions of one fold, kept on disk for as long as the data and the code that made them stay the same."""

from __future__ import annotations

import hashlib
import pickle
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from _methods import OWN, Prediction, predict, predict_pairs
from _splits import LEAKY_PAIRS, Fold, Split
from _tasks import Task, known_edges
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from tqdm import tqdm

import strain2dos.dos

HERE = Path(__file__).parent
Rows = NDArray[np.intp]


def predict_fold(
    task: Task, split: Split, method: str, fold: Fold, cache: Path, fresh: bool, bar: tqdm
) -> tuple[Prediction, float]:
    """Give the predictions of one fold, kept or new, and the processor time they took [s]."""
    kept = cache / f"{fingerprint(task, split, method, fold)}.npz"
    if fresh or not kept.exists():
        keep(kept, *timed(task, split, method, fold, bar))
    bar.update()
    with np.load(kept) as stored:
        return Prediction(stored["curves"], stored.get("edges")), float(stored["seconds"])


def timed(task: Task, split: Split, method: str, fold: Fold, bar: tqdm) -> tuple[Prediction, float]:
    """Predict one fold on one thread and count its processor time, which leaves out what else runs."""
    shown = time.perf_counter()

    def tick(epoch: int) -> None:
        nonlocal shown
        if time.perf_counter() - shown >= bar.mininterval:
            shown = time.perf_counter()
            bar.set_postfix(epoch=epoch)

    start = time.process_time()
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        if split.name == LEAKY_PAIRS:
            answer = Prediction(predict_pairs(task, fold, tick))
        else:
            answer = predict(method, task, fold, tick)
    bar.set_postfix(refresh=False)
    return answer, time.process_time() - start


def together(task: Task, split: Split, found: Sequence[Prediction]) -> tuple[Rows, Prediction]:
    """Join the predictions of all folds, with the row of each; points of a curve become that curve."""
    if split.name == LEAKY_PAIRS:
        curves = np.full(task.data.dos.size, np.nan)
        for fold, part in zip(split.folds, found, strict=True):
            curves[fold.test] = part.curves
        return np.arange(len(task.X)), Prediction(curves.reshape(task.data.dos.shape))
    edges = None if found[0].edges is None else np.concatenate([part.edges for part in found])
    rows = np.concatenate([fold.test for fold in split.folds])
    return rows, Prediction(np.concatenate([part.curves for part in found]), edges)


def fingerprint(task: Task, split: Split, method: str, fold: Fold) -> str:
    """Name a fold by all that its predictions depend on: data, rows, method and code."""
    code = sorted(Path(strain2dos.dos.__file__).parent.rglob("*.py")) if method in OWN else []
    code += [HERE / name for name in ("_methods.py", "_peers.py", "_pair_network.py")]
    edges = known_edges(task.data, np.arange(len(task.X)))
    arrays = [task.X, task.data.energies, task.data.dos, task.groups, fold.train, fold.test]
    parts = [np.ascontiguousarray(part).tobytes() for part in arrays]
    parts += [path.read_bytes() for path in code] + [pickle.dumps((method, edges))]
    return hashlib.sha256(b"".join(parts)).hexdigest()[:20]


def keep(path: Path, answer: Prediction, seconds: float) -> None:
    """Write the predictions of a fold in one step, so that an interrupted run leaves no half file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {"curves": answer.curves, "seconds": np.array(seconds)}
    if answer.edges is not None:
        arrays["edges"] = answer.edges
    partial = path.with_suffix(".part.npz")
    np.savez(partial, **arrays)
    partial.replace(path)
