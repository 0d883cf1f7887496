# SPDX-License-Identifier: BSD-3-Clause
"""The conduction band moved to a gap that the user states for the unstrained layer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strain2dos.mapping._flake.shared import unstrained_features
from strain2dos.mapping._pixels.model import FittedModel

Array = NDArray[np.float64]

# In eV. Semiconducting monolayers have gaps in between; a number in meV or nm lies beyond.
_LIMITS = (0.1, 10.0)


@dataclass(frozen=True)
class Scissor:
    """A rigid shift of the conduction band.

    It changes where the gap starts, not how it answers to strain: the slopes stay those of the functional.

    Attributes
    ----------
    gap : float
        Of the unstrained layer, as stated by the user, in eV.
    shift : float
        Added to the energies of the conduction band, in eV.
    energies : ndarray of shape (n_energies,) or None
        Grid of the curves.
    middle : float
        Energy inside the gap, below which a curve belongs to the valence band.
    """

    gap: float
    shift: float
    energies: Array | None
    middle: float

    @classmethod
    def to(cls, gap: float, model: FittedModel) -> Scissor:
        """Set the gap that the model gives the unstrained layer.

        Raises
        ------
        ValueError
            If the gap is no gap in eV, or the features of the model are not positions alone.
        """
        if not _LIMITS[0] <= gap <= _LIMITS[1]:
            raise ValueError(
                f"scissor is the gap of the unstrained layer in eV, between {_LIMITS[0]} and {_LIMITS[1]}, "
                f"but is {gap!r}; the optical gap of MoS2 is about 1.88 eV."
            )
        try:
            Z = model.chain.after(1).transform(unstrained_features(model))
        except ValueError as error:
            raise ValueError(f"scissor is {gap:g} eV, but {error}") from None
        found = model.edges(Z)
        middle = float(0.5 * (found["vbm"][0] + found["cbm"][0]))
        energies = None if model.energies is None else np.asarray(model.energies, dtype=np.float64)
        return cls(float(gap), float(gap - found["gap"][0]), energies, middle)

    @property
    def words(self) -> str:
        """What was done, for attributes and figures."""
        return (
            f"conduction band moved by {self.shift:+.3f} eV, so that the gap of the unstrained layer is "
            f"{self.gap:g} eV as stated"
        )

    def applied(self, found: dict[str, Array], model: FittedModel) -> dict[str, Array]:
        """Move the energies of the conduction band, gaps and curves among quantities."""
        moved = dict(found)
        for name in ("cbm", "gap", "gap_direct"):
            if name in moved:
                moved[name] = moved[name] + self.shift
        if "valleys" in moved:
            conduction = np.arange(moved["valleys"].shape[1]) >= model.final.n_valence_
            moved["valleys"] = moved["valleys"] + self.shift * conduction
        for name in {"dos", "dos_std"} & moved.keys():
            moved[name] = self._curves(moved[name])
        return moved

    def _curves(self, dos: Array) -> Array:
        """Curves whose part above the middle of the gap is moved; the gap in between stays empty."""
        if self.energies is None:
            return dos
        above = self.energies - self.shift > self.middle
        source = np.where(above, self.energies - self.shift, self.energies)
        kept = above | (self.energies <= self.middle)
        return np.array([np.where(kept, np.interp(source, self.energies, curve), 0.0) for curve in dos])
