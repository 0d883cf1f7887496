# SPDX-License-Identifier: BSD-3-Clause
"""Fit spectra side by side, with errors, and judge each fit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from strain2dos._noise import white_noise
from strain2dos.mapping._photoluminescence.least_squares import fit_batch
from strain2dos.mapping._photoluminescence.lines import MAX_WIDTH, MIN_WIDTH, LineModel
from strain2dos.mapping._photoluminescence.status import PLStatus

Array = NDArray[np.float64]

# Two lines on a sloping background have nine parameters; three more points show what is left over.
FEWEST_POINTS = 12
_SIGNIFICANCE = 8.0  # area over its error: of 10^5 spectra of white noise none passes
_POOR = 0.1  # what the lines leave beyond the noise (rms) over the height of A


def fit_spectra(
    model: LineModel, energies: Array, factor: Array, spectra: Array
) -> tuple[NDArray[np.uint8], Array]:
    """Status (n,), and values with their errors (n, 2, 3 per line) of spectra (n, n_points)."""
    status = np.full(len(spectra), PLStatus.INPUT_NOT_FINITE, dtype=np.uint8)
    both = np.full((len(spectra), 2, 3 * len(model.lines)), np.nan)
    known = np.isfinite(spectra)
    rows = np.flatnonzero(known.sum(axis=1) >= FEWEST_POINTS)
    if not rows.size:
        return status, both
    known, spectra = known[rows], spectra[rows]
    sigma = np.empty_like(spectra)
    starts = []
    for i, (use, counts) in enumerate(zip(known, spectra, strict=True)):
        seen = counts[use]
        sigma[i] = max(float(white_noise(seen)), 1e-9 * float(np.abs(seen).max()), 1e-300) * factor
        starts.append(model.start_and_bounds(energies[use], seen * factor[use]))
    start, low, high = np.swapaxes(starts, 0, 1)
    y = np.where(known, spectra, 0.0) * factor
    weight = np.where(known, 1.0 / sigma, 0.0)
    fit = fit_batch(model, energies, y, weight, start, np.stack([low, high]))
    chi2 = (fit.residual**2).sum(axis=1) / np.maximum(known.sum(axis=1) - model.n_parameters, 1)
    covariance = _covariance(fit.normal) * np.maximum(chi2, 1.0)[:, np.newaxis, np.newaxis]
    excess = np.where(known, (fit.residual**2 - 1.0) * sigma**2, 0.0).sum(axis=1) / known.sum(axis=1)
    left = np.sqrt(np.maximum(excess, 0.0))
    area_error = np.sqrt(covariance[:, 5, 5])
    ends = energies[[known.argmax(axis=1), len(energies) - 1 - known[:, ::-1].argmax(axis=1)]]
    found = _judge(model, ends, fit.p, area_error / np.sqrt(np.maximum(chi2, 1.0)), left)
    # the noise is not white, or what is left over is as large as the line
    found[(found == PLStatus.OK) & (fit.p[:, 5] < _SIGNIFICANCE * area_error)] = PLStatus.NO_LINE
    status[rows] = np.where(fit.converged, found, PLStatus.NOT_CONVERGED)
    both[rows] = _values_and_errors(model, fit.p, covariance)
    both[status != PLStatus.OK] = np.nan
    return status, both


def _covariance(normal: Array) -> Array:
    """Inverse of the normal matrices; parameters are scaled to unit size first."""
    size = np.sqrt(np.diagonal(normal, axis1=1, axis2=2))
    size = np.where(size > 0, size, 1.0)
    scale = size[:, :, np.newaxis] * size[:, np.newaxis, :]
    return np.linalg.pinv(normal / scale, hermitian=True) / scale


def _values_and_errors(model: LineModel, p: Array, covariance: Array) -> Array:
    """Center, width and area of each line, and their errors: (n, 2, 3 per line).

    A line without area has no center and no width.
    """
    values = p[:, 3:].copy()
    values[:, ::3] = model.centers(p)
    to_centers = np.eye(values.shape[1])
    to_centers[3::3, 0] = 1.0
    own = to_centers @ covariance[:, 3:, 3:] @ to_centers.T
    both = np.stack([values, np.sqrt(np.diagonal(own, axis1=1, axis2=2))], axis=1)
    none = p[:, 5::3] <= 0.0
    for part in (both[:, :, 0::3], both[:, :, 1::3]):
        part[np.repeat(none[:, np.newaxis], 2, axis=1)] = np.nan
    return both


def _judge(model: LineModel, ends: Array, p: Array, area_error: Array, left: Array) -> NDArray[np.uint8]:
    """Status (n,) of fits: the first of the reasons that holds.

    Parameters
    ----------
    model : LineModel
    ends : (2, n) ndarray
        First and last energy of each spectrum.
    p : (n, k) ndarray
    area_error : (n,) ndarray
        From the noise alone.
    left : (n,) ndarray
        What the lines leave beyond the noise (rms).
    """
    center, width, area = p[:, 3:6].T
    height = area * model.values_and_jacobian(center[:, np.newaxis], p)[1][:, 0, 5]
    reasons = {
        PLStatus.NO_LINE: area < _SIGNIFICANCE * area_error,
        PLStatus.AT_THE_EDGE: np.minimum(center - ends[0], ends[1] - center) < width / 2,
        PLStatus.IMPLAUSIBLE_WIDTH: (width < MIN_WIDTH) | (width > MAX_WIDTH),
        PLStatus.POOR_FIT: left > _POOR * height,
    }
    codes = [np.uint8(code) for code in reasons]
    return np.select(list(reasons.values()), codes, np.uint8(PLStatus.OK))
