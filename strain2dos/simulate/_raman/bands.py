# SPDX-License-Identifier: BSD-3-Clause
"""Lines beside those of a clean monolayer: defects, substrates, lamps."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strain2dos.simulate._raman.effects import SpectrumEffects
from strain2dos.simulate._raman.known_bands import band_position, known_bands
from strain2dos.simulate._raman.lines import lorentzian, voigt

Array = NDArray[np.float64]


def per_spectrum(value: ArrayLike, n: int, name: str) -> Array:
    """One value per spectrum, as a column (n, 1).

    Raises
    ------
    ValueError
        For another number of values.
    """
    array = np.asarray(value, dtype=np.float64).ravel()
    if array.size not in (1, n):
        raise ValueError(
            f"{name} must be one number or one per spectrum ({n}), but has shape {np.shape(value)}."
        )
    return np.broadcast_to(array, (n,))[:, None]


def added_lines(
    lines: Array, axis: Array, height: Array, effects: SpectrumEffects, instrument_fwhm: float
) -> Array:
    """Counts (n, m) of the bands and foreign lines.

    Parameters
    ----------
    lines : ndarray of shape (n, 3)
        [E'-, E'+, A1'] in cm-1; NaN off the flake.
    axis : ndarray of shape (m,)
        Raman shift in cm-1.
    height : ndarray of shape (n,)
        Height of E' in counts, to which those of the bands are relative.
    effects : SpectrumEffects
    instrument_fwhm : float
        Width of the spectrometer's response in cm-1.
    """
    n = len(lines)
    offset = per_spectrum(effects.axis_offset, n, "axis_offset")
    counts = np.zeros((n, axis.size))
    for name, share in effects.bands.items():
        mode = known_bands()[name]
        position = band_position(mode, lines)
        width = per_spectrum(effects.band_fwhm.get(name, mode.fwhm), n, f"band_fwhm[{name!r}]")
        top = per_spectrum(share, n, f"bands[{name!r}]") * height[:, None]
        counts += np.nan_to_num(voigt(axis, position[:, None] + offset, width, top, instrument_fwhm))
    if effects.foreign_lines is not None:
        foreign = np.asarray(effects.foreign_lines, dtype=np.float64)
        foreign = np.broadcast_to(foreign, (n, *foreign.shape[-2:]))
        for position, width, share in np.moveaxis(foreign, 0, -1):
            counts += lorentzian(axis, position[:, None] + offset, width[:, None], (share * height)[:, None])
    return counts


def stitching_step(axis: Array, height: Array, effects: SpectrumEffects) -> Array:
    """Counts (n, m) of the step where two windows were stitched; ``height`` (n,) is that of E'.

    Raises
    ------
    ValueError
        For another number of steps than spectra.
    """
    place, share = np.moveaxis(np.asarray(effects.step, dtype=np.float64), -1, 0)
    n = len(height)
    beyond = axis > per_spectrum(place, n, "step")
    return beyond * per_spectrum(share, n, "step") * height[:, None]
