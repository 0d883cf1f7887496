# SPDX-License-Identifier: BSD-3-Clause
"""Parameters of the regressor against its data."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from strain2dos.dos._edges.reading import check_energies
from strain2dos.dos._edges.targets import EdgeTargets
from strain2dos.dos._edges.threshold import default_edge_threshold

Array = NDArray[np.float64]

# labels of columns are often rounded: they may differ from the energies by this share of a step
_LABEL_TOLERANCE = 0.1
_NAMED_ROWS = 5
# one row that is left of many is an accident
_FEWEST_ROWS = 2


def check_features(X: Array, names: ArrayLike | None, policy: str) -> NDArray[np.intp]:
    """Return the rows to leave out of the training: those with features that are not finite.

    "raise" makes them an error, "omit" a warning; both name the rows and the likely reason.
    """
    bad = ~np.isfinite(X)
    rows, columns = np.flatnonzero(bad.any(1)), np.flatnonzero(bad.any(0))
    if not rows.size:
        return rows
    what = "infinity" if np.isinf(X[bad]).any() else "NaN"
    listed = ", ".join(map(str, rows[:_NAMED_ROWS])) + (", ..." if len(rows) > _NAMED_ROWS else "")
    of = [str(np.asarray(names)[k]) if names is not None else str(k) for k in columns[:_NAMED_ROWS]]
    found = f"{len(rows)} of {len(X)} rows (rows {listed}) in columns {', '.join(of)}"
    if policy == "raise":
        raise ValueError(
            f"Input X contains {what}: {found}. A spectrum whose fit failed has no line positions; pass "
            'nan_policy="omit" to leave such rows out of the training, or leave them out yourself: '
            "good = np.isfinite(X).all(axis=1); fit(X[good], y[good])."
        )
    if len(X) - len(rows) < _FEWEST_ROWS:
        raise ValueError(
            f'Input X contains {what}: {found}, so that nan_policy="omit" leaves {len(X) - len(rows)} '
            f"for the training, which needs {_FEWEST_ROWS}; fit_spectra(spectra).status of a RamanFeaturizer "
            "names why a spectrum has no line positions."
        )
    without = int(np.isnan(X).all(1).sum())
    why = "of which none has a feature, as a spectrum whose fit is flagged"
    if without < len(rows):
        why = f"{without} of which have no feature at all, as a spectrum whose fit is flagged"
    warnings.warn(
        f'left out of the training, as nan_policy="omit" asks, because X contains {what}: {found}, {why}. '
        "fit_spectra(spectra).status of a RamanFeaturizer names the reason; omitted_ holds the rows.",
        UserWarning,
        stacklevel=4,
    )
    return rows


def labels_of(y: object) -> Array | None:
    """Return energies that label the columns of a table, None where its labels are no energies."""
    columns = getattr(y, "columns", None)
    if columns is None or isinstance(columns, pd.RangeIndex):
        return None
    try:
        found = np.asarray([float(label) for label in columns])
    except (TypeError, ValueError):
        return None
    counted = np.array_equal(found, np.arange(len(found))) or np.array_equal(
        found, np.arange(1, len(found) + 1)
    )
    return None if counted or len(found) < 2 else found


def check_grid(given: ArrayLike | None, labels: Array | None, n_energies: int) -> Array | None:
    """Return the energies of the curves: the given ones, else the labels of the columns, else None."""
    if given is None:
        return None if labels is None else check_energies(labels)
    energies = np.array(given, dtype=np.float64)
    if energies.ndim != 1 or len(energies) != n_energies:
        raise ValueError(
            f"energies has shape {energies.shape}, but y has {n_energies} columns; pass the grid on which "
            "the curves in y are given, one energy per column."
        )
    if n_energies == 1:
        return energies
    energies = check_energies(energies)
    if labels is not None:
        apart = np.abs(labels - energies)
        column = int(np.argmax(apart))
        if apart[column] > _LABEL_TOLERANCE * np.diff(energies).max():
            raise ValueError(
                f"column {column} of y is labeled {labels[column]:g}, but energies[{column}] = "
                f"{energies[column]:g} eV; pass the energies that label the columns of y, or y.to_numpy() if "
                "its labels are no energies."
            )
    return energies


def check_nonnegative(wanted: bool | str, curves: Array, energies: Array | None) -> bool:
    """Whether predictions may not be negative; a negative density in the curves is an error."""
    lowest = curves.min()
    if wanted == "auto":
        return bool(lowest >= 0)
    if wanted and lowest < 0:
        row, column = np.unravel_index(np.argmin(curves), curves.shape)
        where = "" if energies is None else f" (at {energies[column]:g})"
        raise ValueError(
            f"a density of states cannot be negative, but y[{row}, {column}] = {lowest:g}{where}; fix the "
            "curve, or pass nonnegative=False if y is no density."
        )
    return bool(wanted)


def check_threshold(wanted: float | str, energies: Array | None, curves: Array) -> float:
    """Return the density at which a band begins; "auto" takes it from the curves."""
    if not isinstance(wanted, str):
        return float(wanted)
    # without energies, or where no curve has states, no edge is ever read
    if energies is None or not np.median(curves.max(1)) > 0:
        return 0.1
    return default_edge_threshold(curves)


def check_reference(wanted: float | str, threshold: float, energies: Array, curves: Array) -> float:
    """Return an energy inside the gap."""
    if not isinstance(wanted, str):
        given = float(wanted)
        if not energies[0] <= given <= energies[-1]:
            raise ValueError(
                f"edge_reference = {given:g} eV lies outside the grid of {energies[0]:g} to {energies[-1]:g} "
                'eV; pass an energy inside the gap, or edge_reference="auto".'
            )
        return given
    # the middle of the widest stretch that is empty in every training curve and has bands on both sides
    empty = curves.max(0) < threshold
    bounds = np.flatnonzero(np.diff(np.r_[0, empty.astype(int), 0]))
    runs = [(a, b - 1) for a, b in bounds.reshape(-1, 2) if a > 0 and b < len(energies)]
    if not runs:
        return float(energies[np.argmin(curves.mean(0))])
    first, last = max(runs, key=lambda run: energies[run[1]] - energies[run[0]])
    return float(0.5 * (energies[first] + energies[last]))


def check_edge_energies(known: EdgeTargets, energies: Array | None) -> None:
    """Refuse edges that are swapped, or in another unit than the energies of the curves."""
    vbm, cbm = known.edges.T
    if (vbm > cbm).any():
        row = int(np.argmax(vbm - cbm))
        raise ValueError(
            f"the valence band maximum must lie below the conduction band minimum, but edges[{row}] has them "
            f"at {vbm[row]:g} and {cbm[row]:g} eV; give the valence band first, np.column_stack([vbm, cbm]), "
            "and leave out metallic states."
        )
    if energies is None:
        return
    span = energies[-1] - energies[0]
    far = (vbm < energies[0] - span) | (cbm > energies[-1] + span)
    if far.any():
        row = int(np.argmax(far))
        raise ValueError(
            f"edges[{row}] = [{vbm[row]:g}, {cbm[row]:g}] lies far outside the energies of the curves, "
            f"{energies[0]:g} to {energies[-1]:g} eV; give edges in eV, with the same zero as the energies."
        )
