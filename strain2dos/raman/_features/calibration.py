# SPDX-License-Identifier: BSD-3-Clause
"""Where the unstrained lines of a sample lie, and with which error: common to all of its spectra."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from strain2dos.raman._materials.lookup import RamanMode

Position = float | Sequence[float]

LITERATURE = "literature: unstrained positions of natural monolayers scatter by this much"
GIVEN = "unstrained positions as given"

# Further from the table than this no unstrained line of the same material has been reported, and no axis that
# reference="Si" can correct is off by more.
_FAR = 20.0


class Positions(Protocol):
    """What is calibrated of a `SpectraFit`."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def params(self) -> NDArray[np.float64]: ...
    @property
    def names(self) -> tuple[str, ...]: ...


Fit = TypeVar("Fit", bound=Positions)


@dataclass(frozen=True)
class LineCalibration:
    """What is added to the positions of each line, and the error that all spectra share.

    With it, the unstrained material lies at the positions of the table of lines, for which rates and models
    hold. The error does not average out over the pixels of a map: it moves all of them together.

    Attributes
    ----------
    names : tuple of str
        Lines.
    shift : tuple of float
        Added to the position of each, in cm-1.
    sigma : tuple of float
        One standard deviation of the unstrained position, in cm-1.
    source : str
        Where the unstrained positions come from.

    Examples
    --------
    >>> from strain2dos.raman import LineCalibration, material_modes
    >>> LineCalibration.from_unstrained(
    ...     {"E'": (384.2, 0.05), "A1'": (403.1, 0.05)}, material_modes("MoS2")
    ... )
    LineCalibration(names=("E'", "A1'"), shift=(0.4, -0.4), sigma=(0.05, 0.05), source='unstrained ...given')
    >>> LineCalibration.from_unstrained(None, material_modes("MoS2")).sigma
    (0.5, 0.7)
    """

    names: tuple[str, ...]
    shift: tuple[float, ...]
    sigma: tuple[float, ...]
    source: str = LITERATURE

    @classmethod
    def from_unstrained(
        cls, unstrained: Mapping[str, Position] | None, modes: Sequence[RamanMode]
    ) -> "LineCalibration":
        """Calibration of lines by the positions of the unstrained material.

        Parameters
        ----------
        unstrained : mapping of str to float or (float, float), or None
            Position in cm-1, or position and its standard deviation, of each line. None: the table's, with
            the spread of published ones.
        modes : sequence of RamanMode
            The lines that are fitted.

        Raises
        ------
        ValueError
            For a line that is not fitted, or a position that no unstrained line has.
        """
        known = {mode.name: mode for mode in modes}
        if unstrained is None:
            spread = {name: mode.spread_of("position") for name, mode in known.items()}
            stated = {name: float(value) for name, value in spread.items() if isinstance(value, float)}
            return cls(tuple(stated), (0.0,) * len(stated), tuple(stated.values()), LITERATURE)
        names, shifts, sigmas = [], [], []
        for name, value in unstrained.items():
            if name not in known:
                raise ValueError(f"unstrained names {name!r}, but the lines are {sorted(known)}.")
            position, sigma = _position(name, value)
            shift = known[name].position - position
            if not abs(shift) < _FAR:
                raise ValueError(
                    f"unstrained[{name!r}] is {position}, but unstrained {name} lies near "
                    f"{known[name].position:g} cm-1; give the position after the correction by reference=."
                )
            names.append(name)
            shifts.append(round(shift, 9))
            sigmas.append(sigma)
        return cls(tuple(names), tuple(shifts), tuple(sigmas), GIVEN)

    def of(self, columns: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Shift and common standard deviation in cm-1 of each column, 0 for what is not a position.

        Both branches of a line that splits move with it.

        Parameters
        ----------
        columns : sequence of str of length k
            Such as ``"E'_center"`` or ``"E'-_center"``.

        Returns
        -------
        shift : (k,) ndarray
            What is added to each column.
        sigma : (k,) ndarray
            Its standard deviation.
        """
        table = dict(zip(self.names, zip(self.shift, self.sigma, strict=True), strict=True))
        found = np.zeros((2, len(columns)))
        for j, column in enumerate(columns):
            line, _, kind = column.rpartition("_")
            if kind == "center":
                found[:, j] = table.get(line, table.get(line[:-1], (0.0, 0.0)))
        return found[0], found[1]

    def applied_to(self, fit: Fit) -> Fit:
        """The fit with calibrated positions; distances between lines stay as measured.

        Parameters
        ----------
        fit : SpectraFit
            As measured.

        Returns
        -------
        SpectraFit
            A new one.
        """
        shift, _ = self.of(fit.names)
        return replace(fit, params=fit.params + shift, calibration=self)


def _position(name: str, value: Position) -> tuple[float, float]:
    numbers = np.asarray(value, dtype=float).ravel()
    if numbers.size not in (1, 2) or not np.all(np.isfinite(numbers)) or numbers[-1] < 0:
        raise ValueError(
            f"unstrained[{name!r}] must be a position or (position, error) in cm-1, but is {value!r}."
        )
    return float(numbers[0]), float(numbers[1]) if numbers.size == 2 else 0.0
