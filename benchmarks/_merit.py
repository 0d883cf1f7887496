# SPDX-License-Identifier: BSD-3-Clause
"""Figures of merit of one method on held-out curves."""

from __future__ import annotations

from typing import Any

import numpy as np
from _tasks import Task
from numpy.typing import NDArray

from strain2dos import band_edges
from strain2dos.dos import metrics

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

MARGIN = 0.2  # eV; four times the broadening of the bundled curves, so that true curves are empty there


def figures(task: Task, rows: Rows, curves: Array, edges: Array | None) -> dict[str, Any]:
    """Give the figures of predicted curves and edges of some rows, means over these rows.

    Edges read from curves are compared with edges read from the true curves, learned ones with eigenvalues.
    A predicted curve without an edge that the true one has makes its error infinite.
    """
    truth, energies = task.data.dos[rows], task.data.energies
    where: dict[str, Any] = {
        "energies": energies,
        "threshold": task.threshold,
        "reference": task.reference[rows],
    }
    miss = gap_miss(task, rows, curves)
    learned = None if edges is None else 1e3 * (np.diff(edges)[:, 0] - np.diff(task.data.edges[rows])[:, 0])
    return {
        "predictions": len(rows),
        "states": len(np.unique(task.groups[rows])),
        "gap_mae_meV": metrics.gap_mae(truth, curves, **where),
        "gap_worst_meV": float(np.nanmax(np.abs(miss))),
        "learned_gap_mae_meV": None if learned is None else float(np.abs(learned).mean()),
        "learned_gap_worst_meV": None if learned is None else float(np.abs(learned).max()),
        "vbm_mae_meV": metrics.vbm_mae(truth, curves, **where),
        "cbm_mae_meV": metrics.cbm_mae(truth, curves, **where),
        "r2": metrics.r2_per_curve(truth, curves),
        "mae": metrics.dos_mae(truth, curves),
        "relative_l1_percent": 100 * metrics.relative_l1(truth, curves),
        "wasserstein_meV": metrics.wasserstein(truth, curves, energies=energies),
        "negative_percent": 100 * metrics.negative_share(truth, curves),
        "in_gap_percent": 100 * in_gap(task, rows, curves),
        "name": [task.data.name[row] for row in rows],
        "gap_miss_meV": miss.tolist(),
        "learned_gap_miss_meV": None if learned is None else learned.tolist(),
    }


def gap_miss(task: Task, rows: Rows, curves: Array) -> Array:
    """Give predicted less true gap of every row, read from curves [meV]; NaN where there is no true gap."""
    gaps = [
        band_edges(task.data.energies, dos, threshold=task.threshold, reference=task.reference[rows]).gap
        for dos in (task.data.dos[rows], curves)
    ]
    return 1e3 * np.where(np.isnan(gaps[1]) & np.isfinite(gaps[0]), np.inf, gaps[1] - gaps[0])


def in_gap(task: Task, rows: Rows, curves: Array) -> float:
    """Give the mean size of predicted densities deep inside the true gap against the mean of the true curve.

    Deep inside: more than 0.2 eV from both edges. Sizes, since ripples about zero would average out.
    States whose gap is too narrow for that are left out; NaN if all are.
    """
    edges = task.data.edges
    if edges is None:
        read = band_edges(
            task.data.energies, task.data.dos, threshold=task.threshold, reference=task.reference
        )
        edges = np.column_stack([read.vbm, read.cbm])
    energies, shares = task.data.energies, []
    for row, curve in zip(rows, curves, strict=True):
        deep = (energies > edges[row, 0] + MARGIN) & (energies < edges[row, 1] - MARGIN)
        if deep.any():
            shares.append(np.abs(curve[deep]).mean() / task.data.dos[row].mean())
    return float(np.mean(shares)) if shares else float("nan")
