# SPDX-License-Identifier: BSD-3-Clause
"""A layer with a sinusoidal ripple: what was asked for, its atoms, its local curvature and strain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import cumulative_simpson
from scipy.optimize import brentq

from strain2dos.simulate.dft._materials import layer_of
from strain2dos.simulate.dft._recipe import Parameters

if TYPE_CHECKING:
    from ase import Atoms

Array = NDArray[np.float64]

_FINE = 4001  # points on one period for arc lengths: 1e-9 of the length


@dataclass(frozen=True)
class Ripple(Parameters):
    """A rippled monolayer, and all that decides the outcome of its calculation.

    The middle of the layer follows ``z = amplitude cos(2 pi x / wavelength)`` along zigzag. Its arc keeps the
    length of `period` unstrained cells, so that the layer bends without being stretched; the wavelength is
    therefore shorter than `period` lattice constants.

    Parameters
    ----------
    amplitude : float
        Amplitude in angstrom; half the height from trough to crest.
    period : int
        Unit cells along zigzag in one period of the ripple.
    material : {"MoS2", "WS2", "MoSe2", "WSe2"}
        The layer.
    a0 : float, optional
        Lattice constant in angstrom; the PBE minimum when left out.
    vacuum : float
        Vacuum beyond the outermost atoms on either side, in angstrom.
    basis : str
        Atomic orbitals of the calculation (LCAO); plane waves do not fit in memory for cells this large.
    spacing : float
        Spacing of the real-space grid in angstrom.
    n_k_scf, n_k_dos : int
        k-points per reciprocal vector of the unit cell for the density and for the DOS; the rippled cell has
        as many fewer as it is longer. With 0.2 angstrom and 9 k-points in place of 0.25 and 6, both edges of
        flat MoS2 lie lower by 6 to 9 meV and the gap is 3 meV larger, at three times the time.
    fermi_width : float
        Width of the Fermi-Dirac occupations in eV.
    max_force : float
        Forces that are left on the chalcogens in eV/angstrom; the metal atoms stay on the ripple.
    width : float
        Standard deviation of the Gaussian on the DOS in eV.
    energies : tuple of float
        First and last energy of the DOS in eV against the vacuum level, and the step.

    Raises
    ------
    ValueError
        For a negative amplitude, a period below 1, a ripple steeper than its period allows, or an unknown
        material.

    Examples
    --------
    >>> from strain2dos.simulate.dft import Ripple
    >>> ripple = Ripple(amplitude=1.0, period=12)
    >>> round(ripple.wavelength, 2), round(1 / ripple.largest_curvature, 1)
    (37.95, 36.5)
    """

    amplitude: float
    period: int
    material: str = "MoS2"
    a0: float | None = None
    vacuum: float = 6.0
    basis: str = "dzp"
    spacing: float = 0.25
    n_k_scf: int = 6
    n_k_dos: int = 36
    fermi_width: float = 0.01
    max_force: float = 0.03
    width: float = 0.05
    energies: tuple[float, float, float] = (-9.0, -2.5, 0.01)

    def __post_init__(self) -> None:
        if self.a0 is None:
            object.__setattr__(self, "a0", layer_of(self.material).a0)
        if self.period < 1 or not 0 <= self.amplitude < self.period * self._a0 / 5:
            raise ValueError(
                "a ripple needs a period of at least one cell and an amplitude from 0 to a fifth of its "
                f"length, but period is {self.period} and amplitude {self.amplitude} angstrom; the largest "
                f"amplitude for this period is {max(self.period, 1) * self._a0 / 5:.2f}."
            )

    @property
    def _a0(self) -> float:
        return layer_of(self.material).a0 if self.a0 is None else self.a0

    @property
    def arc(self) -> float:
        """Length of the layer's middle in angstrom."""
        return self.period * self._a0

    @property
    def wavelength(self) -> float:
        """Length of the cell in angstrom: that at which the arc has its length."""
        if self.amplitude == 0:
            return self.arc
        return float(brentq(lambda x: _arc(self.amplitude, x)[-1] - self.arc, self.arc / 4, self.arc))

    @property
    def largest_curvature(self) -> float:
        """Curvature at crest and trough in 1/angstrom."""
        return self.amplitude * (2 * np.pi / self.wavelength) ** 2

    @property
    def name(self) -> str:
        """Name of its record."""
        return f"ripple-{self.amplitude:.2f}-{self.period}"


def _arc(amplitude: float, wavelength: float) -> Array:
    """Arc length up to each of `_FINE` even points of one period."""
    x = np.linspace(0.0, wavelength, _FINE)
    slope = amplitude * 2 * np.pi / wavelength * np.sin(2 * np.pi * x / wavelength)
    return cumulative_simpson(np.sqrt(1 + slope**2), x=x, initial=0.0)


def on_ripple(ripple: Ripple, arc: Array, offset: Array) -> tuple[Array, Array]:
    """Place points at given arc lengths, `offset` above the middle along its normal: x and z in angstrom."""
    length = ripple.wavelength
    x = np.interp(arc, _arc(ripple.amplitude, length), np.linspace(0.0, length, _FINE))
    wave = 2 * np.pi / length
    z = ripple.amplitude * np.cos(wave * x)
    slope = -ripple.amplitude * wave * np.sin(wave * x)
    norm = np.sqrt(1 + slope**2)
    return x - offset * slope / norm, z + offset / norm


def rippled_cell(ripple: Ripple) -> Atoms:
    """Build the rectangular cell of one period: 6 atoms per unit cell along zigzag, metal atoms first."""
    from ase import Atoms

    layer = layer_of(ripple.material)
    a, half = ripple._a0, layer.thickness / 2
    column = np.arange(ripple.period) * a
    across = np.sqrt(3) * a
    # (arc length, y, offset) of the metal at the origin and in the middle, and of the chalcogens between them
    basis = [(0.0, 0.0, 0.0), (a / 2, across / 2, 0.0)]
    basis += [(x, y, z) for x, y in ((a / 2, across / 6), (0.0, across * 2 / 3)) for z in (half, -half)]
    arc, y, offset = (np.concatenate([column * (i == 0) + b[i] for b in basis]) for i in range(3))
    x, z = on_ripple(ripple, arc, offset)
    height = np.ptp(z) + 2 * ripple.vacuum
    positions = np.column_stack([x, y, z - z.min() + ripple.vacuum])
    symbols = [layer.metal] * (2 * ripple.period) + [layer.chalcogen] * (4 * ripple.period)
    return Atoms(symbols, positions, cell=[ripple.wavelength, across, height], pbc=(True, True, False))


def curvature(ripple: Ripple, x: Array) -> Array:
    """Curvature of the layer's middle in 1/angstrom at places along the cell; positive at a trough."""
    wave = 2 * np.pi / ripple.wavelength
    slope = -ripple.amplitude * wave * np.sin(wave * x)
    return -ripple.amplitude * wave**2 * np.cos(wave * x) / (1 + slope**2) ** 1.5


def local_strain(ripple: Ripple, positions: Array) -> Array:
    """Change of each metal atom's mean distance to its two neighbors along zigzag, as a fraction."""
    metal = positions[: 2 * ripple.period].reshape(2, ripple.period, 3)
    step = np.roll(metal, -1, axis=1) - metal
    step[:, -1, 0] += ripple.wavelength
    ahead = np.linalg.norm(step, axis=2)
    return ((ahead + np.roll(ahead, 1, axis=1)) / 2 / ripple._a0 - 1).reshape(-1)
