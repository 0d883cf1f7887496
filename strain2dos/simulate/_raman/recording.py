# SPDX-License-Identifier: BSD-3-Clause
"""What an instrument and its program do to a spectrum: fringes, noise, interpolation, smoothing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, uniform_filter1d
from scipy.signal import savgol_filter

from strain2dos.simulate._raman.effects import SpectrumEffects

Array = NDArray[np.float64]


def fringe_factor(n: int, axis: Array, effects: SpectrumEffects, rng: np.random.RandomState) -> Array:
    """By how much interference multiplies the light, (n, m)."""
    if effects.fringes is None:
        return np.ones((1, axis.size))
    amplitude, period, *given = effects.fringes
    phase = np.full(n, given[0]) if given else rng.uniform(0.0, 2 * np.pi, n)
    return 1.0 + amplitude * np.sin(2 * np.pi * axis / period + phase[:, None])


def read_out(
    shape: tuple[int, int], read_noise: float, effects: SpectrumEffects, rng: np.random.RandomState
) -> Array:
    """Noise that does not depend on the light, (n, m) in counts."""
    noise = rng.normal(0.0, read_noise, shape)
    if effects.noise_correlation > 0:
        noise = gaussian_filter1d(noise, effects.noise_correlation, axis=1, mode="wrap")
        impulse = np.zeros(max(shape[1], 1))
        impulse[0] = 1.0
        kernel = gaussian_filter1d(impulse, effects.noise_correlation, mode="wrap")
        # what smoothing takes from white noise is given back
        noise /= np.sqrt(np.square(kernel).sum())
    if effects.pink_noise > 0:
        noise += effects.pink_noise * _pink(shape, rng)
    return noise


def _pink(shape: tuple[int, int], rng: np.random.RandomState) -> Array:
    """Noise of unit standard deviation whose power falls as 1/f."""
    spectrum = np.fft.rfft(rng.normal(size=shape), axis=1)
    frequency = np.arange(spectrum.shape[1], dtype=np.float64)
    frequency[0] = np.inf
    noise = np.fft.irfft(spectrum / np.sqrt(frequency), n=shape[1], axis=1)
    return noise / np.maximum(noise.std(axis=1, keepdims=True), 1e-300)


def recorded(counts: Array, native: Array, axis: Array, effects: SpectrumEffects) -> Array:
    """Spectra on the axis that the program wrote, (n, m)."""
    if effects.native_shift is not None:
        order = np.argsort(native)
        counts = np.array([np.interp(axis, native[order], row[order]) for row in counts])
    if effects.smoothing is None:
        return counts
    kind, points, *degree = effects.smoothing
    if kind == "savgol":
        return savgol_filter(counts, points, degree[0] if degree else 2, axis=1)
    return uniform_filter1d(counts, points, axis=1)
