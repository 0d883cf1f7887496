# SPDX-License-Identifier: BSD-3-Clause
"""Positions of lines, without noise, beside the density of states: what a bundled model is trained on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from strain2dos.datasets._bundled.dft import load_dft
from strain2dos.datasets._bundled.mos2_dft import phonons_of
from strain2dos.datasets._raman.line_positions import line_positions
from strain2dos.datasets._strained import StrainedDOS
from strain2dos.raman._materials.lookup import material_modes
from strain2dos.raman._strain.plausibility import DOPING_LIMITS
from strain2dos.simulate._raman.phonons import known_parameters

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

    Positions of MoS2 follow from the strain through the rates of the table of lines; of the other layers,
    whose rates are not all measured, from the phonons of the records, moved by one constant per line to the
    measured unstrained ones. They are exact: the noise of a spectrum and the error of its calibration are
    those of the user, who knows them, and are carried through the model instead. Doping, which moves lines
    and leaves the density of states, covers evenly what samples show; where its rates are not known, A1'
    moves as far as that of MoS2 does, and E' does not. The two branches of a split line weigh unequally.

    Parameters
    ----------
    material : str, default="MoS2"
        A layer with bundled states whose E' and A1' stand apart.
    per_state : int, default=2
        Rows of each state; doping is drawn evenly between them.
    random_state : int, RandomState or None, default=None
        Seed.

    Returns
    -------
    PositionDOS

    Raises
    ------
    ValueError
        For a layer whose lines coincide (WSe2): one position cannot tell strain from doping.
    """
    lines = {mode.name for mode in material_modes(material, optional=True)}
    if not lines >= {"E'", "A1'"}:
        raise ValueError(
            f"material must have E' and A1' apart, but {material!r} has {sorted(lines)}: one position cannot "
            "tell strain from doping."
        )
    states = load_dft(material)
    if states.edge_targets is None or states.gap is None:
        raise ValueError(f"the bundled states of {material} hold no band edges.")
    random = check_random_state(random_state)
    n = per_state * len(states)
    rows = np.arange(n) % len(states)
    low, high = DOPING_LIMITS
    doping = low + (high - low) * (np.arange(n) // len(states) + random.uniform(size=n)) / per_state
    lower, upper, a_mode = _lines(material, states.subset(rows), doping).T
    share = random.uniform(*_SHARE, size=n)
    e_mode = {
        "E'_center": share * lower + (1 - share) * upper,
        "E'-_center": lower,
        "E'+_center": upper,
    }
    # in rising order, as a featurizer has them
    found = e_mode | {"A1'_center": a_mode} if a_mode[0] > upper[0] else {"A1'_center": a_mode} | e_mode
    features = pd.DataFrame(found)
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


def _lines(material: str, states: StrainedDOS, doping: Array) -> Array:
    """Positions [E'-, E'+, A1'] (n, 3) in cm-1 of doped states."""
    if np.isfinite(known_parameters(material).a_doping):
        return line_positions(states.strain, None, doping=doping, material=material)
    neutral = line_positions(
        states.strain,
        phonons_of(states),
        doping=np.zeros(len(doping)),
        phonons="dft",
        calibration="offset",
        material=material,
    )
    neutral[:, 2] += known_parameters("MoS2").a_doping * doping
    return neutral
