# SPDX-License-Identifier: BSD-3-Clause
"""Raman spectra of a monolayer as a spectrometer would record them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state


def lorentzian(
    shift: ArrayLike, centre: ArrayLike, fwhm: ArrayLike, height: ArrayLike
) -> NDArray[np.float64]:
    """Lorentzian line, by full width at half maximum and peak height.

    Parameters
    ----------
    shift : array-like of shape (m,)
        Raman shift in cm-1.
    centre, fwhm, height : array-like broadcastable with ``shift``
        Position and full width in cm-1; height in counts. Columns of shape (n, 1) give n lines.

    Returns
    -------
    ndarray
        The line; its area is pi/2 x height x fwhm.

    Examples
    --------
    >>> from strain2dos.simulate import lorentzian
    >>> lorentzian([383.0, 385.0], 385.0, 4.0, 100.0)
    array([ 50., 100.])
    """
    u = 2 * (np.asarray(shift, dtype=np.float64) - centre) / fwhm
    return height / (1 + u * u)


def simulate_spectra(
    phonons: ArrayLike,
    shift: ArrayLike,
    *,
    fwhm: ArrayLike = (2.5, 4.8),
    height: ArrayLike = (2000.0, 2500.0),
    baseline: ArrayLike = (200.0, 0.0),
    shot_noise: bool = True,
    read_noise: float = 5.0,
    cosmic_rays: float = 0.0,
    random_state: int | np.random.RandomState | None = None,
) -> NDArray[np.float64]:
    """Spectra with the lines E'-, E'+ and A1', a sloping background and the noise of a CCD.

    Each spectrum is a sum of three Lorentzian lines on a straight baseline. Both E' branches carry half of
    the height of E', as without polarisation analysis. Counts are Poisson distributed, the read-out adds
    Gaussian noise, cosmic rays add spikes of one to three pixels.

    Parameters
    ----------
    phonons : array-like of shape (n, 3)
        Line positions [E'-, E'+, A1'] in cm-1. A row with NaN gives baseline and noise only (no flake).
    shift : array-like of shape (m,)
        Raman shift axis in cm-1.
    fwhm : array-like of shape (2,) or (n, 2), default=(2.5, 4.8)
        Full widths of E' and A1' in cm-1.
    height : array-like of shape (2,) or (n, 2), default=(2000.0, 2500.0)
        Peak heights of an unsplit E' and of A1' in counts.
    baseline : array-like of shape (2,) or (n, 2), default=(200.0, 0.0)
        Background at the middle of the axis in counts, and its slope in counts per cm-1; never below zero.
    shot_noise : bool, default=True
        Draw Poisson counts; False keeps the expected counts.
    read_noise : float, default=5.0
        Standard deviation of the read-out in counts.
    cosmic_rays : float, default=0.0
        Probability that a spectrum is hit.
    random_state : int, RandomState or None, default=None
        Seed of all noise.

    Returns
    -------
    ndarray of shape (n, m)
        Counts.

    Raises
    ------
    ValueError
        When shapes disagree, a width is not positive, or a probability or noise is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from strain2dos.simulate import simulate_spectra, strained_phonons
    >>> shift = np.arange(360.0, 430.0, 0.5)
    >>> spectra = simulate_spectra(strained_phonons([[0.0, 0.0, 0.0]]), shift, random_state=0)
    >>> spectra.shape, shift[spectra[0].argmax()]
    ((1, 140), np.float64(404.0))
    """
    lines = np.asarray(phonons, dtype=np.float64)
    axis = np.asarray(shift, dtype=np.float64)
    if lines.ndim != 2 or lines.shape[1] != 3 or axis.ndim != 1:
        raise ValueError(
            f"phonons must have shape (n, 3) and shift (m,), but have {lines.shape} and {axis.shape}; "
            "strained_phonons gives the former."
        )
    if not 0 <= cosmic_rays <= 1 or read_noise < 0:
        raise ValueError(
            f"cosmic_rays must be a probability in [0, 1] and read_noise >= 0, but are {cosmic_rays} and "
            f"{read_noise}."
        )
    widths, heights, background = (_per_spectrum(v, len(lines), k) for k, v in _named(fwhm, height, baseline))
    if (widths <= 0).any():
        raise ValueError(f"fwhm must be positive, but its smallest value is {widths.min()}.")
    counts = expected_counts(lines, axis, widths, heights, background)
    rng = check_random_state(random_state)
    if shot_noise:
        counts = rng.poisson(counts).astype(np.float64)
    if read_noise > 0:
        counts += rng.normal(0.0, read_noise, counts.shape)
    if cosmic_rays > 0:
        _add_cosmic_rays(counts, cosmic_rays, rng)
    return counts


def expected_counts(
    lines: NDArray[np.float64],
    axis: NDArray[np.float64],
    widths: NDArray[np.float64],
    heights: NDArray[np.float64],
    background: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Noise-free spectra, shape (n, m); rows without lines (NaN) keep their background."""
    middle = 0.5 * (axis[0] + axis[-1]) if axis.size else 0.0
    counts = np.maximum(background[:, :1] + background[:, 1:] * (axis - middle), 0.0)
    # without an analyser both branches of the doublet scatter alike, so each has half of the line
    for mode, column, share in ((0, 0, 0.5), (1, 0, 0.5), (2, 1, 1.0)):
        one = slice(column, column + 1)
        counts += np.nan_to_num(
            lorentzian(axis, lines[:, mode, None], widths[:, one], share * heights[:, one])
        )
    return counts


def _named(fwhm: ArrayLike, height: ArrayLike, baseline: ArrayLike) -> list[tuple[str, ArrayLike]]:
    return [("fwhm", fwhm), ("height", height), ("baseline", baseline)]


def _per_spectrum(value: ArrayLike, n: int, name: str) -> NDArray[np.float64]:
    array = np.asarray(value, dtype=np.float64)
    if array.shape not in ((2,), (n, 2)):
        raise ValueError(f"{name} must have shape (2,) or ({n}, 2), but has {array.shape}.")
    return np.broadcast_to(array, (n, 2))


def _add_cosmic_rays(counts: NDArray[np.float64], probability: float, rng: np.random.RandomState) -> None:
    n, m = counts.shape
    for row in np.flatnonzero(rng.uniform(size=n) < probability):
        start, length = rng.randint(m), rng.randint(1, 4)
        counts[row, start : start + length] += rng.uniform(2.0, 20.0) * (np.ptp(counts[row]) + 1.0)
