# SPDX-License-Identifier: BSD-3-Clause
"""Raman spectra of a monolayer as a spectrometer would record them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state

from strain2dos._renamed import renamed_parameters
from strain2dos.simulate._raman.bands import added_lines, per_spectrum, stitching_step
from strain2dos.simulate._raman.effects import SpectrumEffects
from strain2dos.simulate._raman.lines import voigt
from strain2dos.simulate._raman.polarization import polarized_intensities
from strain2dos.simulate._raman.recording import fringe_factor, read_out, recorded


@renamed_parameters(polarisation="polarization")
def simulate_spectra(
    phonons: ArrayLike,
    shift: ArrayLike,
    *,
    fwhm: ArrayLike = (2.5, 4.8),
    height: ArrayLike = (2000.0, 2500.0),
    baseline: ArrayLike = (200.0, 0.0),
    instrument_fwhm: float = 0.0,
    polarization: ArrayLike | None = None,
    strain: ArrayLike | None = None,
    shot_noise: bool = True,
    read_noise: float = 5.0,
    cosmic_rays: float = 0.0,
    effects: SpectrumEffects | None = None,
    random_state: int | np.random.RandomState | None = None,
) -> NDArray[np.float64]:
    """Spectra with the lines E'-, E'+ and A1', a sloping or curved background and the noise of a CCD.

    Each spectrum is a sum of three Lorentzian lines, widened by the instrument, on a polynomial baseline.
    Without polarization analysis both E' branches carry half of the height of E'; with it,
    :func:`polarized_intensities` gives the part of each line that shows. Counts are Poisson distributed, the
    read-out adds Gaussian noise, cosmic rays add spikes of one to three pixels.

    Parameters
    ----------
    phonons : array-like of shape (n, 3)
        Line positions [E'-, E'+, A1'] in cm-1. A row with NaN gives baseline and noise only (no flake).
    shift : array-like of shape (m,)
        Raman shift axis in cm-1.
    fwhm : array-like of shape (2,) or (n, 2), default=(2.5, 4.8)
        Full widths of E' and A1' in cm-1, without the instrument.
    height : array-like of shape (2,) or (n, 2), default=(2000.0, 2500.0)
        Peak heights of an unsplit E' and of A1' in counts, before the instrument widens the lines: their
        areas do not depend on it. With ``polarization``, the height of A1' is the one for parallel
        polarizations.
    baseline : array-like of shape (k,) or (n, k), default=(200.0, 0.0)
        Background at the middle of the axis in counts, its slope in counts per cm-1, and, for a curved one,
        the coefficients in counts of the Legendre polynomials P2, P3, ... in the axis scaled to -1 ... 1.
        Where the sum is below zero it is zero.
    instrument_fwhm : float, default=0.0
        Full width at half maximum of the spectrometer's Gaussian response in cm-1.
    polarization : array-like of shape (2,) or (n, 2), optional
        Angles of the incident and the scattered electric field against x (zigzag) in radians; needs
        ``strain``. Left out: no analyzer.
    strain : array-like of shape (n, 3), optional
        [exx, eyy, exy] as fractions: the axes along which the E' branches vibrate. Used with ``polarization``
        alone.
    shot_noise : bool, default=True
        Draw Poisson counts; False keeps the expected counts.
    read_noise : float, default=5.0
        Standard deviation of the read-out in counts.
    cosmic_rays : float, default=0.0
        Probability that a spectrum is hit.
    effects : SpectrumEffects, optional
        What measured spectra show besides: bands of defects and substrates, foreign lines, steps, fringes, an
        axis that is off, noise that neighboring points share.
    random_state : int, RandomState or None, default=None
        Seed of all noise.

    Returns
    -------
    ndarray of shape (n, m)
        Counts.

    Raises
    ------
    ValueError
        When shapes disagree, a width is not positive, a probability or noise is out of range, or
        ``polarization`` comes without ``strain``.

    Examples
    --------
    >>> import numpy as np
    >>> from strain2dos.simulate import simulate_spectra, strained_phonons
    >>> shift = np.arange(360.0, 430.0, 0.5)
    >>> spectra = simulate_spectra(
    ...     strained_phonons([[0.0, 0.0, 0.0]]), shift, random_state=0
    ... )
    >>> spectra.shape, float(shift[spectra[0].argmax()])
    ((1, 140), 403.0)
    """
    lines = np.asarray(phonons, dtype=np.float64)
    axis = np.asarray(shift, dtype=np.float64)
    if lines.ndim != 2 or lines.shape[1] != 3 or axis.ndim != 1:
        raise ValueError(
            f"phonons must have shape (n, 3) and shift (m,), but have {lines.shape} and {axis.shape}; "
            "strained_phonons gives the former."
        )
    _check_noise(read_noise, cosmic_rays)
    widths, heights = _per_spectrum(fwhm, len(lines), "fwhm"), _per_spectrum(height, len(lines), "height")
    _check_widths(widths, instrument_fwhm)
    shares = _shares(len(lines), polarization, strain)
    effects = SpectrumEffects() if effects is None else effects
    native = axis if effects.native_shift is None else np.asarray(effects.native_shift, dtype=np.float64)
    offset = per_spectrum(effects.axis_offset, len(lines), "axis_offset")
    rng = check_random_state(random_state)
    counts = _background(baseline, len(lines), native)
    counts += _lines(lines + offset, native, widths, heights, shares, instrument_fwhm)
    counts += added_lines(lines, native, heights[:, 0], effects, instrument_fwhm)
    if effects.step is not None:
        counts = np.maximum(counts + stitching_step(native, heights[:, 0], effects), 0.0)
    counts *= fringe_factor(len(lines), native, effects, rng)
    if shot_noise:
        counts = rng.poisson(counts).astype(np.float64)
    if read_noise > 0 or effects.pink_noise > 0:
        counts += read_out(counts.shape, read_noise, effects, rng)
    if cosmic_rays > 0:
        _add_cosmic_rays(counts, cosmic_rays, rng)
    return recorded(counts, native, axis, effects)


def _check_noise(read_noise: float, cosmic_rays: float) -> None:
    if not 0 <= cosmic_rays <= 1 or read_noise < 0:
        raise ValueError(
            f"cosmic_rays must be a probability in [0, 1] and read_noise >= 0, but are {cosmic_rays} and "
            f"{read_noise}."
        )


def _check_widths(widths: NDArray[np.float64], instrument_fwhm: float) -> None:
    if (widths <= 0).any():
        raise ValueError(f"fwhm must be positive, but its smallest value is {widths.min()}.")
    if not 0 <= instrument_fwhm < np.inf:
        raise ValueError(
            f"instrument_fwhm must be a width in cm-1, 0 for an ideal instrument, but is {instrument_fwhm}."
        )


def _per_spectrum(value: ArrayLike, n: int, name: str) -> NDArray[np.float64]:
    array = np.asarray(value, dtype=np.float64)
    if array.shape not in ((2,), (n, 2)):
        raise ValueError(f"{name} must have shape (2,) or ({n}, 2), but has {array.shape}.")
    return np.broadcast_to(array, (n, 2))


def _shares(n: int, polarization: ArrayLike | None, strain: ArrayLike | None) -> NDArray[np.float64]:
    """Part of the height of E', E' and A1' that each line shows, shape (n, 3)."""
    if polarization is None:
        # without an analyzer both branches of the doublet scatter alike, so each has half of the line
        return np.broadcast_to([0.5, 0.5, 1.0], (n, 3))
    if strain is None:
        raise ValueError(
            "polarization needs strain, whose axes the branches of E' follow, but strain is None; "
            "pass strain=np.zeros((n, 3)) for unstrained samples."
        )
    shares = polarized_intensities(strain, polarization)
    if len(shares) != n:
        raise ValueError(f"strain must have one row per spectrum ({n}), but has {len(shares)}.")
    return shares


def _background(baseline: ArrayLike, n: int, axis: NDArray[np.float64]) -> NDArray[np.float64]:
    """Level, slope and Legendre terms on the axis, shape (n, m), cut off at zero."""
    terms = np.asarray(baseline, dtype=np.float64)
    if terms.ndim not in (1, 2) or (terms.ndim == 2 and len(terms) != n) or terms.shape[-1] == 0:
        raise ValueError(
            f"baseline must have shape (k,) or ({n}, k) with level, slope and further terms, but has "
            f"{terms.shape}."
        )
    terms = np.broadcast_to(terms, (n, terms.shape[-1]))
    first, last = (axis[0], axis[-1]) if axis.size else (0.0, 0.0)
    offset = axis - 0.5 * (first + last)
    level = terms[:, :1] + np.zeros_like(axis)
    if terms.shape[1] > 1:
        level += terms[:, 1:2] * offset
    if terms.shape[1] > 2:
        scaled = offset / (0.5 * abs(last - first) or 1.0)
        level += terms[:, 2:] @ np.polynomial.legendre.legvander(scaled, terms.shape[1] - 1)[:, 2:].T
    return np.maximum(level, 0.0)


def _lines(
    lines: NDArray[np.float64],
    axis: NDArray[np.float64],
    widths: NDArray[np.float64],
    heights: NDArray[np.float64],
    shares: NDArray[np.float64],
    instrument_fwhm: float,
) -> NDArray[np.float64]:
    """All lines of every spectrum, shape (n, m); rows without lines (NaN) give zero."""
    counts = np.zeros((len(lines), axis.size))
    for mode, column in ((0, 0), (1, 0), (2, 1)):
        top = (shares[:, mode] * heights[:, column])[:, None]
        counts += np.nan_to_num(
            voigt(axis, lines[:, mode, None], widths[:, column, None], top, instrument_fwhm)
        )
    return counts


def _add_cosmic_rays(counts: NDArray[np.float64], probability: float, rng: np.random.RandomState) -> None:
    n, m = counts.shape
    for row in np.flatnonzero(rng.uniform(size=n) < probability):
        start, length = rng.randint(m), rng.randint(1, 4)
        counts[row, start : start + length] += rng.uniform(2.0, 20.0) * (np.ptp(counts[row]) + 1.0)
