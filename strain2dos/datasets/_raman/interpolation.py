# SPDX-License-Identifier: BSD-3-Clause
"""Band edges and phonons between the first-principles states, kinks kept."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import RBFInterpolator

from strain2dos.datasets._bundled.mos2_dft import load_mos2_dft, phonons_of
from strain2dos.simulate._strain_symmetry import strain_invariants

VALLEYS = ("VB_K", "VB_G", "VB_Q", "CB_K", "CB_G", "CB_Q")


@lru_cache(maxsize=1)
def _interpolator() -> RBFInterpolator:
    data = load_mos2_dft()
    lower, upper, a1 = phonons_of(data).T
    values = np.column_stack([*(data.extra[key] for key in VALLEYS), (lower + upper) / 2, upper - lower, a1])
    return RBFInterpolator(100 * strain_invariants(data.strain), values, kernel="cubic", degree=1)


def interpolate_states(strain: ArrayLike) -> dict[str, NDArray[np.float64]]:
    """Interpolate valley energies and phonons of the bundled MoS2 states to any strain.

    Every valley is smooth in strain, while VBM and CBM have kinks where valleys cross. So the valleys are
    interpolated one by one (cubic radial basis functions with a linear polynomial, in the three strain
    invariants), and the edges are taken afterwards.

    Parameters
    ----------
    strain : array-like of shape (n, 3)
        Tensors [exx, eyy, exy] as fractions, x along zigzag. NaN rows give NaN.

    Returns
    -------
    dict of str to ndarray
        Valley energies in eV, ``vbm``, ``cbm``, ``gap``, ``gap_direct`` (at K) of shape (n,), and ``phonons``
        of shape (n, 3) in cm-1 [E'-, E'+, A1'].
    """
    strain = np.asarray(strain, dtype=np.float64)
    known = np.isfinite(strain).all(axis=1)
    values = np.full((len(strain), len(VALLEYS) + 3), np.nan)
    if known.any():
        values[known] = _interpolator()(100 * strain_invariants(strain[known]))
    result = dict(zip(VALLEYS, values.T, strict=False))
    result["vbm"] = np.max([result[key] for key in VALLEYS[:3]], axis=0)
    result["cbm"] = np.min([result[key] for key in VALLEYS[3:]], axis=0)
    result["gap"] = result["cbm"] - result["vbm"]
    result["gap_direct"] = result["CB_K"] - result["VB_K"]
    center, split, a1 = values[:, 6], np.maximum(values[:, 7], 0.0), values[:, 8]
    result["phonons"] = np.column_stack([center - split / 2, center + split / 2, a1])
    return result
