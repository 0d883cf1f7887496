# SPDX-License-Identifier: BSD-3-Clause
"""In what samples and instruments differ besides the strain."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strain2dos.raman._materials.lookup import material_modes
from strain2dos.simulate._raman.effects import SpectrumEffects

Array = NDArray[np.float64]


def _spreads() -> tuple[float, float]:
    e_mode, a_mode = (mode.spread_of("position") for mode in material_modes("MoS2"))
    return float(e_mode), float(a_mode)  # type: ignore[arg-type]


@dataclass(frozen=True)
class SampleVariation:
    """How far unstrained monolayers and the ways to measure them differ from each other.

    Parameters
    ----------
    calibration : tuple of float, default=(0.5, 0.7)
        Standard deviations in cm-1 of the unstrained positions of E' and A1' from sample to sample: the
        spread of the table of lines.
    temperature : float, default=15.0
        Standard deviation in kelvin.
    defects : float, default=0.0
        Share of the spectra that show defects: bands LO(M) of 0.1 to 0.5 and ZO(M) of 0.02 to 0.15 of the
        height of E', and lines up to 1.6 times as wide. The fit takes the bands apart from the lines: a model
        trained with 0.3 predicts the gap of simulated flakes, with defects or without, no better than one
        trained without (4.8 against 4.3 meV, seven seeds), and 1.4 % of its spectra are flagged.
    smoothing : float, default=0.3
        Share of the spectra whose neighboring points share their noise, as after an interpolation to another
        axis.

    Examples
    --------
    >>> from strain2dos.datasets import SampleVariation, make_raman_dos
    >>> calibrated = SampleVariation(calibration=(0.05, 0.05))
    >>> make_raman_dos(32, variation=calibrated, random_state=0).provenance[
    ...     "variation calibration"
    ... ]
    [0.05, 0.05]
    """

    calibration: tuple[float, float] = _spreads()
    temperature: float = 15.0
    defects: float = 0.0
    smoothing: float = 0.3

    def __post_init__(self) -> None:
        """Refuse what is neither a spread nor a share."""
        if min(*self.calibration, self.temperature) < 0 or not all(
            0 <= share <= 1 for share in (self.defects, self.smoothing)
        ):
            raise ValueError(
                f"calibration and temperature must be standard deviations, defects and smoothing shares in "
                f"[0, 1], but the variation is {self}."
            )

    def provenance(self) -> dict[str, Any]:
        """Every constant, as plain values.

        Returns
        -------
        dict
            Value by name of the field.
        """
        return {
            f"variation {name}": list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }


@dataclass(frozen=True)
class Drawn:
    """What was drawn for n spectra.

    Attributes
    ----------
    moved : ndarray of shape (n, 3)
        Added to [E'-, E'+, A1'] in cm-1 by the sample.
    warmer : ndarray of shape (n,)
        Kelvin above the temperature of the measurement.
    defects : ndarray of shape (n,)
        Height of LO(M) over that of E', 0 without defects.
    smoothed : ndarray of shape (n,) of bool
        Whether neighboring points share their noise.
    """

    moved: Array
    warmer: Array
    defects: Array
    smoothed: NDArray[np.bool_]

    @property
    def widening(self) -> Array:
        """By how much defects widen the lines, (n, 1)."""
        return 1.0 + 1.2 * self.defects[:, None]

    def effects(self, rows: NDArray[np.intp], axis: Array) -> SpectrumEffects:
        """Effects of some rows, all smoothed or none."""
        height = self.defects[rows]
        bands = {"LO(M)": height, "ZO(M)": 0.3 * height} if height.any() else {}
        # half a point beside the axis: every value is the mean of two of the detector
        native = None
        if self.smoothed[rows].any():
            step = np.diff(axis)
            native = np.r_[axis[0] - 0.5 * step[0], axis + 0.5 * np.r_[step, step[-1]]]
        return SpectrumEffects(bands=bands, native_shift=native)


def draw(variation: SampleVariation, n: int, rng: np.random.RandomState) -> Drawn:
    """Draw what n spectra differ in; no number is drawn for what does not vary."""
    e_mode, a_mode = variation.calibration
    moved = np.zeros((n, 3))
    if e_mode or a_mode:
        drawn = rng.normal(size=(2, n)) * [[e_mode], [a_mode]]
        moved = drawn[[0, 0, 1]].T
    warmer = rng.normal(0.0, variation.temperature, n) if variation.temperature else np.zeros(n)
    defects = np.zeros(n)
    if variation.defects:
        defects = np.where(rng.uniform(size=n) < variation.defects, rng.uniform(0.1, 0.5, n), 0.0)
    smoothed = np.zeros(n, dtype=bool)
    if variation.smoothing:
        smoothed = rng.uniform(size=n) < variation.smoothing
    return Drawn(moved, warmer, defects, smoothed)
