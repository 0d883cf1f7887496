# SPDX-License-Identifier: BSD-3-Clause
"""The lines of the table beside those of a clean monolayer, and where strain moves them."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from strain2dos.raman._materials.lookup import REFERENCES, SUBSTRATES, RamanMode, material_modes

Array = NDArray[np.float64]


@cache
def known_bands() -> dict[str, RamanMode]:
    """Lines that can be added to a spectrum of MoS2, by name."""
    optional = {mode.name: mode for mode in material_modes("MoS2", optional=True) if mode.optional}
    return optional | SUBSTRATES | REFERENCES


def band_position(mode: RamanMode, lines: Array) -> Array:
    """Positions (n,) in cm-1: beside its own line, wherever strain has moved that, or fixed (substrates)."""
    if mode.name in SUBSTRATES or mode.name in REFERENCES or mode.anchor is None:
        return np.full(len(lines), mode.position)
    anchor = next(one for one in material_modes("MoS2") if one.name == mode.anchor[0])
    moved = lines[:, :2].mean(axis=1) if anchor.splits else lines[:, 2]
    return moved + mode.position - anchor.position
