# SPDX-License-Identifier: BSD-3-Clause
"""Intervals of band edges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from strain2dos.dos._edges.reading import BandEdges


class EdgeIntervals(NamedTuple):
    """Lower and upper bounds of valence band maximum, conduction band minimum and gap, in eV.

    Attributes
    ----------
    vbm : ndarray of shape (n_samples, 2)
        Bounds of the valence band maximum [eV]; NaN where none is predicted.
    cbm : ndarray of shape (n_samples, 2)
        Bounds of the conduction band minimum [eV]; NaN where none is predicted.
    gap : ndarray of shape (n_samples, 2)
        Bounds of the gap [eV], not negative.

    Examples
    --------
    >>> import numpy as np
    >>> from strain2dos import ConformalDOSRegressor, DOSRegressor
    >>> energies = np.linspace(-2.0, 2.0, 101)
    >>> strain = np.linspace(0.0, 0.06, 6)[:, None]
    >>> dos = np.clip(np.abs(energies) - (0.8 - 5 * strain), 0.0, None)
    >>> inner = DOSRegressor(
    ...     energies, hidden_layer_sizes=(8,), n_members=1, max_epochs=5, random_state=0
    ... )
    >>> model = ConformalDOSRegressor(inner, level=0.8).fit(strain, dos)
    >>> low, high = model.predict_edge_intervals([[0.025]]).gap[0]
    >>> bool(low < 1.39 < high)
    True
    """

    vbm: NDArray[np.float64]
    cbm: NDArray[np.float64]
    gap: NDArray[np.float64]


def edge_intervals(edges: BandEdges, widths: Sequence[float | NDArray[np.float64]]) -> EdgeIntervals:
    """Return intervals of the given half widths [eV], one per edge or per row, around predicted edges."""
    vbm, cbm, gap = (
        np.stack([edge - width, edge + width], axis=-1) for edge, width in zip(edges, widths, strict=True)
    )
    return EdgeIntervals(vbm, cbm, np.maximum(gap, 0.0))
