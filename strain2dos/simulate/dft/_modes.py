# SPDX-License-Identifier: BSD-3-Clause
"""Raman-active Gamma modes from forces: the three optical modes that are even under z -> -z."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# sqrt(eV / angstrom^2 / u) / (2 pi c) in cm-1, with CODATA 2018 values of e, u and c
_WAVENUMBER = 521.47083
MOVES = ("x", "y", "z")  # the metal against both chalcogens in the plane; these apart along z


def displaced(positions: NDArray[np.float64], move: str, distance: float) -> NDArray[np.float64]:
    """Move the metal in the plane, or the two chalcogen planes apart, by a distance in angstrom."""
    moved = positions.copy()
    if move == "z":
        top, bottom = (1, 2) if positions[1, 2] > positions[2, 2] else (2, 1)
        moved[top, 2] += distance
        moved[bottom, 2] -= distance
    else:
        moved[0, MOVES.index(move)] += distance
    return moved


def conjugate_force(positions: NDArray[np.float64], forces: NDArray[np.float64]) -> NDArray[np.float64]:
    """Forces along the three coordinates of `MOVES`, in eV/angstrom."""
    top, bottom = (1, 2) if positions[1, 2] > positions[2, 2] else (2, 1)
    return np.array([forces[0, 0], forces[0, 1], forces[top, 2] - forces[bottom, 2]])


def gamma_modes(
    forces: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]],
    masses: NDArray[np.float64],
    distance: float,
    strain: tuple[float, float, float] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Frequencies of E'-, E'+ and A1' from central differences of forces.

    The energy depends on the place of the metal M against the chalcogens X (in the plane) and on the distance
    of the X planes alone: translations cost nothing, so three coordinates with the reduced mass
    2 m_X m_M / (2 m_X + m_M) and with 2 m_X hold all mirror-even optical modes.

    Parameters
    ----------
    forces : dict
        Per move of `MOVES`, the conjugate forces (3,) at +distance and at -distance, in eV/angstrom.
    masses : ndarray of shape (3,)
        Masses of M, X, X in u.
    distance : float
        Displacement in angstrom.
    strain : tuple of float, optional
        Strain (exx, eyy, exy); the stiffness is then made as symmetric as this strain leaves the crystal,
        which takes out couplings and splittings that cannot be, left over from the convergence of forces.

    Returns
    -------
    wavenumbers : ndarray of shape (3,)
        E'-, E'+, A1' in cm-1; A1' is the mode with most motion along z. Unstable modes are negative.
    vectors : ndarray of shape (3, 3)
        Mass-weighted eigenvectors in the coordinates of `MOVES`, one column per mode.
    """
    stiffness = np.array([(forces[move][1] - forces[move][0]) / (2 * distance) for move in MOVES])
    stiffness = _symmetrised((stiffness + stiffness.T) / 2, strain)
    metal, chalcogens = masses[0], masses[1] + masses[2]
    mass = np.array([metal * chalcogens / (metal + chalcogens)] * 2 + [chalcogens])
    dynamical = stiffness / np.sqrt(np.outer(mass, mass))
    squares, vectors = np.linalg.eigh(dynamical)
    a1 = int(np.argmax(np.abs(vectors[2])))
    order = [i for i in range(3) if i != a1] + [a1]
    wavenumbers = np.sign(squares) * np.sqrt(np.abs(squares)) * _WAVENUMBER
    return wavenumbers[order], vectors[:, order]


def _symmetrised(
    stiffness: NDArray[np.float64], strain: tuple[float, float, float] | None
) -> NDArray[np.float64]:
    if strain is None or strain[2] != 0:
        return stiffness
    kept = stiffness.copy()
    kept[0, 1:] = kept[1:, 0] = 0.0  # the mirror x -> -x
    if strain[0] == strain[1]:  # the threefold axis
        kept[1, 2] = kept[2, 1] = 0.0
        kept[0, 0] = kept[1, 1] = (stiffness[0, 0] + stiffness[1, 1]) / 2
    return kept
