# SPDX-License-Identifier: BSD-3-Clause
"""What the regressor is told against what the curves say."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from strain2dos.dos._edges.reading import check_energies

Array = NDArray[np.float64]


def check_grid(model: Any, curves: Array) -> Array:
    """Return the energies of the curves, numbers of the columns where none were given."""
    if model.energies is None:
        return np.arange(curves.shape[1], dtype=np.float64)
    given = np.asarray(model.energies, dtype=np.float64)
    if given.ndim != 1 or len(given) != curves.shape[1]:
        raise ValueError(
            f"energies has shape {given.shape}, but y has {curves.shape[1]} columns; pass the grid on which "
            "the curves in y are given, one energy per column."
        )
    return check_energies(given) if len(given) > 1 else given


def check_nonnegative(model: Any, curves: Array, energies: Array) -> bool:
    """Tell whether predictions may not be negative; a negative density in the curves is an error."""
    lowest = curves.min()
    if model.nonnegative == "auto":
        return bool(lowest >= 0)
    if model.nonnegative and lowest < 0:
        row, column = np.unravel_index(np.argmin(curves), curves.shape)
        raise ValueError(
            f"a density of states cannot be negative, but y[{row}, {column}] = {lowest:g} (at "
            f"{energies[column]:g}); mend the curve, or pass nonnegative=False if y is no density."
        )
    return bool(model.nonnegative)


def check_reference(model: Any, energies: Array, curves: Array) -> float:
    """Return an energy inside the gap."""
    if model.edge_reference != "auto":
        given = float(model.edge_reference)
        if not energies[0] <= given <= energies[-1]:
            raise ValueError(
                f"edge_reference = {given:g} eV lies outside the grid of {energies[0]:g} to {energies[-1]:g} "
                'eV; pass an energy inside the gap, or edge_reference="auto".'
            )
        return given
    # the middle of the widest stretch that is empty in every training curve and has bands on both sides
    empty = curves.max(0) < model.edge_threshold
    bounds = np.flatnonzero(np.diff(np.r_[0, empty.astype(int), 0]))
    runs = [(a, b - 1) for a, b in bounds.reshape(-1, 2) if a > 0 and b < len(energies)]
    if not runs:
        return float(energies[np.argmin(curves.mean(0))])
    first, last = max(runs, key=lambda run: energies[run[1]] - energies[run[0]])
    return float(0.5 * (energies[first] + energies[last]))
