# SPDX-License-Identifier: BSD-3-Clause
"""Can these positions be those of one layer of the material, strained and doped as samples are?"""

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strain2dos.raman._materials.lookup import material_modes

Floats = NDArray[np.float64]

# Monolayers lie 17 to 20.8 cm-1 apart, two layers 22, three 23 (Lee et al., ACS Nano 4, 2695 (2010)).
MOST_APART = 21.0
# In 1e13 electrons/cm2, read with the default coefficients. Natural monolayers (384 to 386 and 402.5 to 405
# cm-1, at most 20.8 apart) read as -1.3 to +0.6, most of which is the error of the unstrained positions; two
# layers read as -1.6, and gates dope to about +1.5 before lines broaden.
DOPING_LIMITS = (-1.4, 1.5)
# Biaxial strain that the bundled first-principles states span.
STRAIN_LIMITS = (-0.04, 0.06)
# No electrons move the lines that far: another material, or other lines taken for E' and A1'.
_OTHER_MATERIAL = 4.0
# Both lines off by nearly the same amount, and by more than samples differ: the axis.
_AXIS_OFF, _ALIKE = 2.5, 1.2
# Standard deviations of a row that its limits are widened by.
_ALLOWED = 2.0


class LineReason(IntEnum):
    """Why line positions lie outside the range of one layer of the material, or of a training set.

    Examples
    --------
    >>> from strain2dos.raman import LineReason
    >>> LineReason.LAYERS.words
    'more than one layer?'
    """

    INSIDE = 0
    LAYERS = 1
    DOPING = 2
    STRAIN = 3
    MATERIAL = 4
    CALIBRATION = 5
    NO_POSITIONS = 6
    TRAINING = 7

    @property
    def words(self) -> str:
        """The reason in a few words; empty for INSIDE."""
        return _WORDS[self]


_WORDS = {
    LineReason.INSIDE: "",
    LineReason.LAYERS: "more than one layer?",
    LineReason.DOPING: "doped beyond the training set",
    LineReason.STRAIN: "strained beyond the training set",
    LineReason.MATERIAL: "another material, or other lines taken for E' and A1'?",
    LineReason.CALIBRATION: "axis off? Both lines are moved alike; calibrate it (reference, unstrained)",
    LineReason.NO_POSITIONS: "no positions",
    LineReason.TRAINING: "outside of the states of the training set",
}


class LineJudgment(NamedTuple):
    """How far positions lie outside, and why.

    Attributes
    ----------
    score : (n,) ndarray
        Above 1: outside. NaN without positions.
    reason : (n,) ndarray of int
        `LineReason` codes.
    """

    score: Floats
    reason: NDArray[np.int64]


def judge_positions(
    positions: ArrayLike,
    sigma: ArrayLike | None = None,
    *,
    shift: ArrayLike = (0.0, 0.0),
    material: str = "MoS2",
    strain_limits: tuple[float, float] = STRAIN_LIMITS,
) -> LineJudgment:
    """Judge positions of E' and A1' by the strain and doping that they read as.

    Two positions determine strain and doping exactly, so another layer shows as p-doping: two layers read as
    -1.6e13/cm2 and tension. Strain moves the lines apart too; "more than one layer?" is asked where they are
    more than 21 cm-1 apart and strain does not explain it.

    Parameters
    ----------
    positions : array-like of shape (n, 2)
        Calibrated positions of E' and A1' in cm-1.
    sigma : array-like of shape (n, 2), optional
        Their standard deviations; limits are widened by two of them.
    shift : array-like of shape (2,), default=(0, 0)
        What calibration by ``unstrained=`` added. The number of layers and the axis are judged without it.
    material : str, default="MoS2"
        Whose lines these are.
    strain_limits : tuple of float, default=(-0.04, 0.06)
        Biaxial strain, as a fraction, that the model was trained on.

    Returns
    -------
    LineJudgment
        Score and reason of each row.

    Raises
    ------
    ValueError
        For a material whose rates are not known, or positions of another shape.

    Examples
    --------
    >>> from strain2dos.raman import LineReason, judge_positions
    >>> positions = [
    ...     [384.6, 402.7],
    ...     [384.5, 401.6],
    ...     [383.2, 405.1],
    ...     [392.3, 410.4],
    ...     [356.0, 417.5],
    ... ]
    >>> [LineReason(code).name for code in judge_positions(positions).reason]
    ['INSIDE', 'INSIDE', 'LAYERS', 'CALIBRATION', 'MATERIAL']
    """
    found = np.asarray(positions, dtype=float)
    if found.ndim != 2 or found.shape[1] != 2:
        raise ValueError(f"positions must have shape (n, 2) for E' and A1', but has {found.shape}.")
    origin, inverse = _coefficients(material)
    errors = np.zeros_like(found) if sigma is None else np.asarray(sigma, dtype=float)
    margin = _ALLOWED * np.sqrt(np.square(errors) @ np.square(inverse).T)
    strain, doping = ((found - origin) @ inverse.T).T
    raw = found - np.asarray(shift, dtype=float)
    raw_doping = ((raw - origin) @ inverse.T)[:, 1]
    ratios = {
        LineReason.DOPING: np.maximum(
            doping / (DOPING_LIMITS[1] + margin[:, 1]), doping / (DOPING_LIMITS[0] - margin[:, 1])
        ),
        LineReason.STRAIN: np.maximum(
            strain / (strain_limits[1] + margin[:, 0]), strain / (strain_limits[0] - margin[:, 0])
        ),
        LineReason.LAYERS: np.minimum(
            raw_doping / (DOPING_LIMITS[0] - margin[:, 1]), (raw[:, 1] - raw[:, 0]) / MOST_APART
        ),
    }
    score = np.max(list(ratios.values()), axis=0)
    reason = _reasons(ratios, score, raw - origin, doping)
    return LineJudgment(score, reason)


def _coefficients(material: str) -> tuple[Floats, Floats]:
    """Positions of E' and A1', and the inverse that gives strain (fraction) and doping."""
    lines = [mode for mode in material_modes(material) if mode.name in ("E'", "A1'")]
    rates = [(mode.biaxial_rate, mode.doping_rate) for mode in lines]
    if len(lines) != 2 or any(rate is None for pair in rates for rate in pair):
        raise ValueError(
            f"how strain and doping move E' and A1' of {material} is not in the table, so its positions "
            "cannot be judged; use StrainDopingSeparator with rates of your own."
        )
    matrix = np.array(rates, dtype=float) * [100.0, 1.0]
    return np.array([mode.position for mode in lines]), np.linalg.inv(matrix)


def _reasons(ratios: dict[LineReason, Floats], score: Floats, moved: Floats, doping: Floats) -> NDArray:
    outside = score > 1
    with np.errstate(invalid="ignore"):
        layers = ratios[LineReason.LAYERS] > 1
        alike = abs(moved[:, 1] - moved[:, 0]) < _ALIKE
        axis = alike & (abs(moved.mean(axis=1)) > _AXIS_OFF)
        strained = ratios[LineReason.STRAIN] >= ratios[LineReason.DOPING]
        other = abs(doping) > _OTHER_MATERIAL
    chosen = np.select(
        [~np.isfinite(score), ~outside, axis, other, layers, strained],
        [LineReason.NO_POSITIONS, LineReason.INSIDE, LineReason.CALIBRATION, LineReason.MATERIAL,
         LineReason.LAYERS, LineReason.STRAIN],
        LineReason.DOPING,
    )  # fmt: skip
    return chosen.astype(np.int64)
