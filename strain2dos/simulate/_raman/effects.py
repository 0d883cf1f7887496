# SPDX-License-Identifier: BSD-3-Clause
"""What measured spectra show besides the lines of a clean monolayer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from strain2dos.simulate._raman.known_bands import known_bands

SMOOTHINGS = ("savgol", "mean")


@dataclass(frozen=True)
class SpectrumEffects:
    """Bands of defects and substrates, foreign lines, steps, fringes, and what instruments do to noise.

    Every effect is off by default. What is per spectrum may be one number for all, or an array with one value
    per spectrum (of any shape, in C order).

    Parameters
    ----------
    bands : mapping of str to array-like, default={}
        Heights of further lines over that of E', by their names in the table: "LO(M)", "ZO(M)" and "2LA" (see
        :func:`strain2dos.raman.material_modes`), which move with their line and vanish off the flake, and
        "Si", "Al2O3", "Al2O3(378)", which do not.
    band_fwhm : mapping of str to array-like, default={}
        Full widths in cm-1 of these lines, instead of those of the table.
    foreign_lines : array-like of shape (k, 3) or (n, k, 3), optional
        Position (cm-1), full width (cm-1) and height over that of E' of lines of the laser's plasma or of
        lamps. The instrument does not widen them: give the width as seen.
    step : array-like of shape (2,) or (n, 2), optional
        Place (cm-1) and height over that of E' of a step in the background, where two windows of the
        spectrometer were stitched; a negative one lowers what lies beyond, down to no counts.
    fringes : tuple of float, optional
        (amplitude, period in cm-1) or (amplitude, period, phase in radians): the light is multiplied by
        1 + amplitude sin(2 pi shift / period + phase). Without a phase each spectrum draws its own.
    axis_offset : array-like, default=0.0
        How far everything, the silicon line included, appears above its true position, in cm-1. An array
        makes the axis drift from spectrum to spectrum.
    native_shift : array-like of shape (k,), optional
        Axis of the detector. Spectra are recorded there and interpolated linearly to ``shift``, which makes
        neighboring points share their noise.
    noise_correlation : float, default=0.0
        Standard deviation in points of the Gaussian that read-out noise is smoothed with; its size stays.
    pink_noise : float, default=0.0
        Standard deviation in counts of noise whose power falls as 1/f along the axis.
    smoothing : tuple, optional
        ("savgol", points, degree) or ("mean", points): what the recording program did to the spectrum.

    Raises
    ------
    ValueError
        Where a band is not in the table or a value is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> from strain2dos.simulate import SpectrumEffects, simulate_spectra
    >>> effects = SpectrumEffects(bands={"LO(M)": 0.5, "Si": 3.0}, axis_offset=7.7)
    >>> shift = np.arange(340.0, 560.0, 0.5)
    >>> spectrum = simulate_spectra(
    ...     [[384.6, 384.6, 402.7]], shift, effects=effects, random_state=0
    ... )[0]
    >>> float(shift[spectrum.argmax()])
    528.5
    """

    bands: Mapping[str, ArrayLike] = field(default_factory=dict)
    band_fwhm: Mapping[str, ArrayLike] = field(default_factory=dict)
    foreign_lines: ArrayLike | None = None
    step: ArrayLike | None = None
    fringes: tuple[float, ...] | None = None
    axis_offset: ArrayLike = 0.0
    native_shift: ArrayLike | None = None
    noise_correlation: float = 0.0
    pink_noise: float = 0.0
    smoothing: tuple[Any, ...] | None = None

    def __post_init__(self) -> None:
        """Refuse what no spectrum can have."""
        unknown = [name for name in (*self.bands, *self.band_fwhm) if name not in known_bands()]
        if unknown:
            raise ValueError(f"bands names {unknown}, but the table has {sorted(known_bands())}.")
        if self.foreign_lines is not None and np.shape(self.foreign_lines)[-1:] != (3,):
            raise ValueError(
                "foreign_lines must have rows of position, width and height, but has shape "
                f"{np.shape(self.foreign_lines)}; pass ((409.0, 2.0, 0.3),) for one line."
            )
        if self.step is not None and np.shape(self.step)[-1:] != (2,):
            raise ValueError(
                f"step must be a place and a height, or one row of them per spectrum, but has shape "
                f"{np.shape(self.step)}; pass (394.0, 0.2)."
            )
        if self.fringes is not None and len(self.fringes) not in (2, 3):
            raise ValueError(f"fringes must be (amplitude, period[, phase]), but is {self.fringes!r}.")
        if self.noise_correlation < 0 or self.pink_noise < 0:
            raise ValueError(
                "noise_correlation and pink_noise must not be negative, but are "
                f"{self.noise_correlation} and {self.pink_noise}."
            )
        if self.smoothing is not None and self.smoothing[0] not in SMOOTHINGS:
            raise ValueError(
                "smoothing must be ('savgol', points, degree) or ('mean', points), but is "
                f"{self.smoothing!r}."
            )

    def provenance(self) -> dict[str, Any]:
        """Every effect that is on, as plain values that a file can hold; arrays by their extremes.

        Returns
        -------
        dict
            Value by name of the effect.
        """
        stated: dict[str, Any] = {}
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, Mapping):
                stated |= {f"{item.name} {name}": _plain(one) for name, one in value.items()}
            elif value is not None and np.any(np.asarray(value, dtype=object) != item.default):
                stated[item.name] = str(value) if item.name == "smoothing" else _plain(value)
        return stated


def _plain(value: ArrayLike) -> float | list[float]:
    array = np.asarray(value, dtype=np.float64)
    if array.ndim == 0:
        return float(array)
    few = array.ravel() if array.size <= 6 else np.array([array.min(), array.max()])
    return [float(number) for number in few]
