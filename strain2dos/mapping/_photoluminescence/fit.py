# SPDX-License-Identifier: BSD-3-Clause
"""Exciton energies of every pixel of a photoluminescence map."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.optimize import least_squares
from tqdm import tqdm

from strain2dos.mapping._photoluminescence.axis import axis_unit, spectral_dim, to_energy
from strain2dos.mapping._photoluminescence.lines import MAX_WIDTH, MIN_WIDTH, OFFSETS, LineModel

_SIGNIFICANCE = 8.0  # area over its error: of 10^5 spectra of white noise none passes
_POOR = 0.1  # what the lines leave beyond the noise (rms) over the height of A
_FIELDS = {"center": "eV", "fwhm": "eV", "area": ""}


class PLStatus(IntEnum):
    """Why a pixel of a photoluminescence map has, or lacks, an exciton energy.

    Examples
    --------
    >>> from strain2dos.mapping import PLStatus
    >>> PLStatus(2).words
    'no line stands out of the noise'
    """

    OK = 0
    INPUT_NOT_FINITE = 1
    NO_LINE = 2
    AT_THE_EDGE = 3
    NOT_CONVERGED = 4
    IMPLAUSIBLE_WIDTH = 5
    POOR_FIT = 6

    @property
    def words(self) -> str:
        """The status as a user reads it."""
        return _WORDS[self]


_WORDS = {
    PLStatus.OK: "ok",
    PLStatus.INPUT_NOT_FINITE: "the spectrum has fewer than 12 finite points",
    PLStatus.NO_LINE: "no line stands out of the noise",
    PLStatus.AT_THE_EDGE: "the line lies at the edge of the axis",
    PLStatus.NOT_CONVERGED: "the fit did not converge",
    PLStatus.IMPLAUSIBLE_WIDTH: "the line is narrower or broader than an exciton line",
    PLStatus.POOR_FIT: "the lines do not describe the spectrum",
}


def fit_pl(
    cube: xr.DataArray,
    *,
    lines: Sequence[str] = ("A",),
    unit: str | None = None,
    air: bool = True,
    progress: bool = False,
) -> xr.Dataset:
    r"""Fit the exciton lines in every spectrum of a photoluminescence cube.

    Spectra over wavelength are brought to photon energy, their intensities with the Jacobian
    :math:`|d\lambda/dE| = \lambda^2/hc`: without it a line 60 meV wide at 1.85 eV would lie 0.5 meV too
    high. The model is a sum of pseudo-Voigt lines with one mixing on a straight background.

    Parameters
    ----------
    cube : DataArray
        Spectra with a dim ``energy``, ``wavelength`` or ``shift`` with coordinates; all other dims are kept,
        so that a map (y, x), a line scan and a single spectrum work alike.
    lines : sequence of {"A", "trion", "B"}, default=("A",)
        Lines to fit; "A" must be among them. Trion and B are held within their usual distances from A.
    unit : {"nm", "eV"}, default=None
        Unit of the axis, where its ``units`` attribute does not state it.
    air : bool, default=True
        Whether wavelengths are those in air, as spectrometers give them; False for vacuum.
    progress : bool, default=False
        Show a progress bar.

    Returns
    -------
    Dataset
        For each line ``LINE_center`` and ``LINE_fwhm`` in eV and ``LINE_area`` with ``_std`` each, and
        ``status`` (`PLStatus`). Where the status is not 0 they are NaN. Errors are from the covariance of the
        fit with the noise read off neighboring points, times the square root of chi-square per point where it
        exceeds 1.

    Raises
    ------
    ValueError
        If the axis has no unit, another unit than nm or eV, or fewer than 12 points, or a line is unknown.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from strain2dos.mapping import fit_pl
    >>> energy = np.linspace(1.6, 2.1, 200)
    >>> line = 500 / (1 + ((energy - 1.85) / 0.03) ** 2) + np.random.default_rng(0).normal(
    ...     0, 5, 200
    ... )
    >>> cube = xr.DataArray(
    ...     line, dims="energy", coords={"energy": ("energy", energy, {"units": "eV"})}
    ... )
    >>> result = fit_pl(cube)
    >>> (
    ...     round(float(result.A_center), 3),
    ...     bool(result.A_center_std < 1e-3),
    ...     int(result.status),
    ... )
    (1.85, True, 0)
    """
    lines = _checked_lines(lines)
    dim = spectral_dim(cube)
    stated = axis_unit(cube, unit)
    if cube.sizes[dim] < 12:
        raise ValueError(f"a spectrum needs at least 12 points, but {dim!r} has {cube.sizes[dim]}.")
    axis = np.asarray(cube[dim].values, dtype=np.float64)
    energies, factor, order = to_energy(axis, stated, air=air)
    cube = cube.transpose(..., dim)
    spectra = np.asarray(cube.values, dtype=np.float64).reshape(-1, len(axis))[:, order]
    model = LineModel(lines, float(energies.mean()), float(np.ptp(energies) / 2))
    rows = tqdm(spectra, desc="photoluminescence", unit="spectra", disable=not progress)
    found = [_fit_spectrum(model, energies, factor, row) for row in rows]
    return _as_dataset(cube, dim, lines, found, {"axis_unit": stated, "wavelengths_in_air": int(air)})


def _checked_lines(lines: Sequence[str]) -> tuple[str, ...]:
    given = (lines,) if isinstance(lines, str) else tuple(lines)
    unknown = [line for line in given if line not in OFFSETS]
    if unknown or "A" not in given or len(set(given)) != len(given):
        raise ValueError(
            f"lines must be some of {tuple(OFFSETS)}, each once and 'A' among them, but got {given}."
        )
    return ("A", *(line for line in OFFSETS if line in given and line != "A"))


def _noise(counts: NDArray[np.float64]) -> float:
    """Standard deviation of white noise from second differences, robust against the lines."""
    second = counts[2:] - 2 * counts[1:-1] + counts[:-2]
    return float(1.4826 * np.median(np.abs(second - np.median(second))) / np.sqrt(6))


def _fit_spectrum(
    model: LineModel, energies: NDArray[np.float64], factor: NDArray[np.float64], counts: NDArray[np.float64]
) -> tuple[PLStatus, NDArray[np.float64], NDArray[np.float64]]:
    """Status, values (3 per line) and their errors."""
    nothing = np.full(3 * len(model.lines), np.nan)
    known = np.isfinite(counts)
    if known.sum() < 12:
        return PLStatus.INPUT_NOT_FINITE, nothing, nothing
    x, y = energies[known], (counts * factor)[known]
    noise = max(_noise(counts[known]), 1e-9 * float(np.abs(counts[known]).max()), 1e-300)
    sigma = noise * factor[known]
    start, low, high = model.start_and_bounds(x, y)
    scale = np.maximum(np.abs(start), [1.0, 1.0, 1.0, *[1e-2, 1e-2, 1e-12] * len(model.lines)])
    result = least_squares(
        lambda p: (model.values_and_jacobian(x, p)[0] - y) / sigma,
        np.clip(start, low + 1e-12, high - 1e-12),
        jac=lambda p: model.values_and_jacobian(x, p)[1] / sigma[:, np.newaxis],
        bounds=(low, high),
        x_scale=scale,
        max_nfev=200,
    )
    if result.status <= 0:
        return PLStatus.NOT_CONVERGED, nothing, nothing
    chi2 = float(2 * result.cost / max(len(x) - model.n_parameters, 1))
    scaled = result.jac * scale
    covariance = np.linalg.pinv(scaled.T @ scaled, hermitian=True) * np.outer(scale, scale) * max(chi2, 1.0)
    left = np.sqrt(max(np.mean(((result.fun * sigma) ** 2) - sigma**2), 0.0))
    area_error = float(np.sqrt(covariance[5, 5]))
    status = _judge(model, x, result.x, area_error / np.sqrt(max(chi2, 1.0)), float(left))
    if status == PLStatus.OK and result.x[5] < _SIGNIFICANCE * area_error:
        status = PLStatus.NO_LINE  # the noise is not white, or what is left over is as large as the line
    if status != PLStatus.OK:
        return status, nothing, nothing
    values = result.x[3:].copy()
    values[::3] = model.centers(result.x)
    to_centers = np.eye(len(values))
    to_centers[3::3, 0] = 1.0
    own = to_centers @ covariance[3:, 3:] @ to_centers.T
    return status, values, np.sqrt(np.diag(own))


def _judge(
    model: LineModel,
    x: NDArray[np.float64],
    p: NDArray[np.float64],
    area_error: float,
    left: float,
) -> PLStatus:
    center, width, area = p[3:6]
    if area < _SIGNIFICANCE * area_error:
        return PLStatus.NO_LINE
    if min(center - x[0], x[-1] - center) < width / 2:
        return PLStatus.AT_THE_EDGE
    if not MIN_WIDTH <= width <= MAX_WIDTH:
        return PLStatus.IMPLAUSIBLE_WIDTH
    at_center = model.values_and_jacobian(np.array([center]), p)[1][0, 5]
    return PLStatus.POOR_FIT if left > _POOR * area * at_center else PLStatus.OK


def _as_dataset(
    cube: xr.DataArray,
    dim: str,
    lines: tuple[str, ...],
    found: list[tuple[PLStatus, NDArray[np.float64], NDArray[np.float64]]],
    attrs: dict[str, str | int],
) -> xr.Dataset:
    dims = [d for d in cube.dims if d != dim]
    shape = [cube.sizes[d] for d in dims]
    coords = {name: c for name, c in cube.coords.items() if dim not in c.dims}
    out: dict[str, xr.DataArray] = {}
    both = np.array([[values, errors] for _, values, errors in found])
    for k, line in enumerate(lines):
        for j, (field, unit) in enumerate(_FIELDS.items()):
            for part, ending in enumerate(("", "_std")):
                words = f"{'error of the ' if part else ''}{field} of the {line} line"
                out[f"{line}_{field}{ending}"] = xr.DataArray(
                    both[:, part, 3 * k + j].reshape(shape),
                    dims=dims,
                    coords=coords,
                    attrs={"long_name": words, "units": unit or str(cube.attrs.get("units", ""))},
                )
    out["status"] = xr.DataArray(
        np.array([status for status, _, _ in found], dtype=np.uint8).reshape(shape),
        dims=dims,
        coords=coords,
        attrs={
            "long_name": "why a pixel has no result",
            "flag_values": np.array(list(PLStatus), dtype=np.uint8),
            "flag_meanings": " ".join(status.name.lower() for status in PLStatus),
        },
    )
    return xr.Dataset(out, attrs=attrs)
