# SPDX-License-Identifier: BSD-3-Clause
"""Which strain states are worth a first-principles calculation."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import qmc

from strain2dos.simulate._strain_symmetry import fundamental_strain

_SAME = 1e-3  # states closer than this, component by component, give the same physics


def strain_plan(
    n_states: int,
    *,
    normal: tuple[float, float] = (-0.04, 0.06),
    shear: float = 0.02,
    mirror_share: float = 0.5,
    seed: int = 20,
) -> pd.DataFrame:
    """Spread strain states evenly over a range, no two of them equal by symmetry.

    The corners of the range come first, as far as they differ by symmetry, so that what is learned needs no
    extrapolation inside. A scrambled Sobol sequence follows: any beginning of the plan is spread evenly,
    so it can be cut short or extended. States with exy = 0 keep a mirror and cost half; a share of the
    sequence is put there, which bounds the domain of states that differ by symmetry.

    Parameters
    ----------
    n_states : int
        Number of states.
    normal : tuple of float, default=(-0.04, 0.06)
        Range of exx and of eyy, as fractions.
    shear : float, default=0.02
        Largest shear exy, of either sign, as a fraction.
    mirror_share : float, default=0.5
        Share of the sequence with exy = 0.
    seed : int, default=20
        Seed of the sequence.

    Returns
    -------
    pandas.DataFrame
        Columns name, exx, eyy, exy; strains are rounded to 0.01 %, and a name is the strain in per cent.

    Raises
    ------
    ValueError
        When a range is empty or in per cent, or n_states is below 1.

    Examples
    --------
    >>> from strain2dos.simulate import strain_plan
    >>> plan = strain_plan(12)
    >>> print(plan.head(3).to_string(index=False))
               name   exx   eyy  exy
    -4.00-4.00+0.00 -0.04 -0.04 0.00
    -4.00-4.00+2.00 -0.04 -0.04 0.02
    -4.00+6.00+0.00 -0.04  0.06 0.00
    """
    low, high = normal
    if not -0.25 < low < high < 0.25:
        raise ValueError(f"normal must be a rising range of fractions, but is {normal}; 4 % is 0.04.")
    if not 0 <= shear < 0.25:
        raise ValueError(f"shear must be a fraction from 0 to 0.25, but is {shear}; 2 % is 0.02.")
    if not 0 <= mirror_share <= 1:
        raise ValueError(f"mirror_share must lie between 0 and 1, but is {mirror_share}.")
    if int(n_states) != n_states or n_states < 1:
        raise ValueError(f"n_states must be a whole number of at least 1, but is {n_states!r}.")
    corners = [(x, y, s) for x in normal for y in normal for s in (0.0, shear)]
    drawn = qmc.Sobol(3, scramble=True, seed=seed).random_base2(_power(n_states))
    box = np.array([low, low, -shear]) + drawn * np.array([high - low, high - low, 2 * shear])
    # evenly through the sequence: row i has exy = 0 when the count of such rows steps up there
    box[np.diff(np.floor(mirror_share * np.arange(len(box) + 1))) > 0, 2] = 0.0
    chosen = _distinct(np.round(np.vstack([corners, box]), 4) + 0.0, int(n_states))
    names = ["".join(f"{100 * x:+.2f}" for x in state) for state in chosen]
    return pd.DataFrame({"name": names, "exx": chosen[:, 0], "eyy": chosen[:, 1], "exy": chosen[:, 2]})


def _power(n: int) -> int:
    return int(n).bit_length() + 1  # twice what is needed, since equal states are left out


def _distinct(states: np.ndarray, n: int) -> np.ndarray:
    """Take the first n states that differ by symmetry from all before."""
    reduced = fundamental_strain(states)
    kept: list[int] = []
    for i, state in enumerate(reduced):
        if not kept or np.abs(reduced[kept] - state).max(axis=1).min() > _SAME:
            kept.append(i)
        if len(kept) == n:
            break
    return states[kept]
