# SPDX-License-Identifier: BSD-3-Clause
"""Band edges and valley energies from eigenvalues on a grid of k-points."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from strain2dos.simulate._tight_binding.k_points import highest_maxima, interpolated_maximum, valley_names

Array = NDArray[np.float64]

_VALLEYS = ("K", "G", "Q")
# Highest grid points from which a maximum is sought: as many as there are valleys Q.
_N_STARTS = 6
# Energies of k-points that are equal by symmetry differ by rounding (eV).
_EQUAL = 1e-6


def edges_of(valence: Array, conduction: Array) -> dict[str, Any]:
    """Band edges between the points of the grid, and the best energy of each valley.

    Parameters
    ----------
    valence, conduction : ndarray of shape (n_k, n_k)
        Highest filled and lowest empty band in eV on the whole Brillouin zone.

    Returns
    -------
    dict
        ``VBM``, ``CBM``, ``gap`` and ``gap_direct`` (smallest vertical gap) in eV, interpolated; ``VBM_at``
        and ``CBM_at`` the nearest of K, G (Gamma) and Q (middle of Gamma-K); ``k_VBM``, ``k_CBM`` reduced;
        ``valleys`` with VB_K, VB_G, ..., CB_Q; ``on_grid`` the edges at the grid's own points.
    """
    vbm, k_vbm = _highest(valence)
    negative, k_cbm = _highest(-conduction)
    vertical, _ = _highest(valence - conduction)
    cbm = -negative
    valleys = {f"VB_{name}": _in_valley(valence, name) for name in _VALLEYS}
    valleys |= {f"CB_{name}": -_in_valley(-conduction, name) for name in _VALLEYS}
    return {
        "VBM": vbm,
        "CBM": cbm,
        "gap": cbm - vbm,
        "gap_direct": -vertical,
        "VBM_at": str(valley_names(k_vbm)),
        "CBM_at": str(valley_names(k_cbm)),
        "k_VBM": [round(float(x), 5) for x in k_vbm],
        "k_CBM": [round(float(x), 5) for x in k_cbm],
        "valleys": valleys,
        "on_grid": {"VBM": float(valence.max()), "CBM": float(conduction.min())},
    }


def split_bands(bands: Array, n_filled: int) -> tuple[Array, Array]:
    """Give the highest filled and the lowest empty of sorted bands (..., n_bands)."""
    return bands[..., n_filled - 1], bands[..., n_filled]


def _highest(values: Array) -> tuple[float, Array]:
    found = [interpolated_maximum(values, start) for start in highest_maxima(values, _N_STARTS)]
    return max(found, key=lambda pair: pair[0])


def _in_valley(values: Array, name: str) -> float:
    """Highest energy among the points nearest to K, Gamma or Q, interpolated where it is a maximum.

    Maxima that are equal by symmetry count all, as they do for the band edges: where bands cross nearby,
    splines around them differ by up to 1 meV.
    """
    n_k = values.shape[0]
    grid = np.stack(np.meshgrid(np.arange(n_k), np.arange(n_k), indexing="ij"), axis=-1) / n_k
    inside = np.where(valley_names(grid) == name, values, -np.inf)
    on_grid = float(inside.max())
    starts = highest_maxima(inside, _N_STARTS)
    heights = inside[tuple(np.round(starts.T * n_k).astype(np.intp))]
    found = [interpolated_maximum(values, start) for start in starts[heights > on_grid - _EQUAL]]
    if any(valley_names(k) != name for _, k in found):
        return on_grid
    return max(value for value, _ in found)
