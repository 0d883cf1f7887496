# SPDX-License-Identifier: BSD-3-Clause
"""Positions of lines, without noise, beside the density of states: what a bundled model is trained on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from strain2dos.datasets._bundled.dft import load_dft
from strain2dos.datasets._raman.line_positions import line_positions, only_mos2
from strain2dos.raman._strain.plausibility import DOPING_LIMITS

Array = NDArray[np.float64]

# The area of a branch, in units of both together: polarization and noise move it by about so much.
_SHARE = (0.35, 0.65)


@dataclass(frozen=True, eq=False)
class PositionDOS:
    """Positions of lines and the density of states that belongs to them.

    Attributes
    ----------
    features : DataFrame of shape (n, 4)
        Positions in cm-1 under the names that `RamanFeaturizer` gives them.
    energies : ndarray of shape (n_energies,)
        In eV against the vacuum level.
    dos : ndarray of shape (n, n_energies)
        In states/eV/cell.
    edges : DataFrame of shape (n, n_valleys)
        Energies of the valleys in eV.
    gap : ndarray of shape (n,)
        In eV.
    strain : ndarray of shape (n, 3)
        [exx, eyy, exy] as fractions.
    doping : ndarray of shape (n,)
        In 1e13 electrons/cm2.
    groups : ndarray of shape (n,)
        Strain state of each row.
    """

    features: pd.DataFrame
    energies: Array
    dos: Array
    edges: pd.DataFrame
    gap: Array
    strain: Array
    doping: Array
    groups: NDArray[np.intp]


def position_dos(
    material: str = "MoS2", *, per_state: int = 2, random_state: int | np.random.RandomState | None = None
) -> PositionDOS:
    """Pair the density of states of each bundled strain state with positions of its lines.

    Positions follow from the strain through the rates of the table of lines and are exact: the noise of a
    spectrum and the error of its calibration are those of the user, who knows them, and are carried through
    the model instead. Doping, which moves lines and leaves the density of states, covers evenly what samples
    show; the two branches of a split line weigh unequally.

    Parameters
    ----------
    material : str, default="MoS2"
        Only MoS2 has rates for both strain and doping, and bundled states.
    per_state : int, default=2
        Rows of each state; doping is drawn evenly between them.
    random_state : int, RandomState or None, default=None
        Seed.

    Returns
    -------
    PositionDOS
    """
    only_mos2(material)
    states = load_dft(material)
    if states.edge_targets is None or states.gap is None:
        raise ValueError(f"the bundled states of {material} hold no band edges.")
    random = check_random_state(random_state)
    n = per_state * len(states)
    rows = np.arange(n) % len(states)
    low, high = DOPING_LIMITS
    doping = low + (high - low) * (np.arange(n) // len(states) + random.uniform(size=n)) / per_state
    lower, upper, a_mode = line_positions(states.strain[rows], None, doping=doping).T
    share = random.uniform(*_SHARE, size=n)
    features = pd.DataFrame(
        {
            "E'_center": share * lower + (1 - share) * upper,
            "E'-_center": lower,
            "E'+_center": upper,
            "A1'_center": a_mode,
        }
    )
    return PositionDOS(
        features,
        states.energies,
        states.dos[rows],
        states.edge_targets.iloc[rows],
        states.gap[rows],
        states.strain[rows],
        doping,
        states.groups[rows],
    )
