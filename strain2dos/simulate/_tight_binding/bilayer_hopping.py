# SPDX-License-Identifier: BSD-3-Clause
"""How strongly the valence tops of two layers mix at Gamma, and how that fades away from Gamma."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from strain2dos.simulate._tight_binding.terms import load_tables

Array = NDArray[np.float64]

#: |t| between the valence states at Gamma of the layers of untwisted MX2 bilayers, in eV; `HOPPING_SOURCE`.
GAMMA_HOPPING = {"MoS2": 0.50, "WS2": 0.42, "MoSe2": 0.51, "WSe2": 0.47}
HOPPING_SOURCE = (
    "Table 1 of 'Toward direct band gaps in typical 2D transition-metal dichalcogenides junctions via real "
    "and energy spaces tuning', Commun. Mater. (2024), doi 10.1038/s43246-024-00631-z"
)

# From a metal to its three chalcogens, as lattice vectors between their cells (star 1 of the monolayer).
_STAR = np.array([(-1, -1), (0, 0), (-1, 0)])


def split_pair(materials: str) -> tuple[str, str]:
    """Check the name of a stack and give its lower and upper layer."""
    known = sorted(load_tables()["materials"])
    layers = materials.split("/") if isinstance(materials, str) else []
    if len(layers) != 2 or any(layer not in known for layer in layers):
        raise ValueError(
            f"materials must name two layers of {known} with a slash between, such as 'MoS2/WS2' or "
            f"'MoS2/MoS2' for the bilayer, but is {materials!r}."
        )
    return layers[0], layers[1]


def resolve_hopping(layers: tuple[str, str], hopping: float | None) -> float:
    """Give the hopping in eV: the one asked for, or the geometric mean of the two materials' values."""
    if hopping is None:
        # A hopping through the tails of two states is a product of one factor per layer.
        return float(np.sqrt(GAMMA_HOPPING[layers[0]] * GAMMA_HOPPING[layers[1]]))
    value = float(hopping)
    if not (np.isfinite(value) and 0 <= value <= 2):
        raise ValueError(
            f"hopping must be an energy in eV between 0 (layers apart) and 2, but is {hopping!r}; pass None "
            f"for the value of the pair."
        )
    return value


def star_factor(k_reduced: Array) -> NDArray[np.complex128]:
    """Mean of e^{i k.R} over the three metals around a chalcogen: 1 at Gamma, 0 at K; k is (..., 2).

    In the 2H stack the upper metals sit on the lower chalcogens, so the three facing chalcogens of the other
    layer give its complex conjugate.
    """
    return np.exp(2j * np.pi * (k_reduced @ _STAR.T)).mean(axis=-1)


def hybrids_at(k_reduced: Array, at_gamma: Array, n_metal: int) -> NDArray[np.complex128]:
    """Spread a state known at Gamma over k as one local orbital: a chalcogen and its three metals.

    Parameters
    ----------
    k_reduced : ndarray of shape (n, 2) or (m, n, 2)
        The k-points.
    at_gamma : ndarray of shape (m, size)
        Orbital amplitudes at Gamma, the metal's first.
    n_metal : int
        How many of them are the metal's.

    Returns
    -------
    ndarray of shape (m, n, size)
        Amplitudes at k; the metals' fade with the interference of the three.
    """
    factor = np.ones((*k_reduced.shape[:-1], at_gamma.shape[-1]), dtype=np.complex128)
    factor[..., :n_metal] = star_factor(k_reduced)[..., None]
    return np.multiply(factor, at_gamma[:, None])
