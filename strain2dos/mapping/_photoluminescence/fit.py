# SPDX-License-Identifier: BSD-3-Clause
"""Exciton energies of every pixel of a photoluminescence map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from tqdm import tqdm

from strain2dos.mapping._photoluminescence.axis import axis_unit, spectral_dim, to_energy
from strain2dos.mapping._photoluminescence.lines import OFFSETS, LineModel
from strain2dos.mapping._photoluminescence.spectra import FEWEST_POINTS, fit_spectra
from strain2dos.mapping._photoluminescence.status import PLStatus

Array = NDArray[np.float64]

_AT_ONCE = 256  # spectra that are fitted side by side
_FIELDS = {"center": "eV", "fwhm": "eV", "area": ""}


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
        ``status`` (`PLStatus`). Where the status is not 0 they are NaN, and so are center and width of a
        trion or B whose area is 0. Errors are from the covariance of the fit with the noise read off
        neighboring points, times the square root of chi-square per point where it exceeds 1.

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
    if cube.sizes[dim] < FEWEST_POINTS:
        raise ValueError(
            f"a spectrum needs at least {FEWEST_POINTS} points, but {dim!r} has {cube.sizes[dim]}."
        )
    axis = np.asarray(cube[dim].values, dtype=np.float64)
    energies, factor, order = to_energy(axis, stated, air=air)
    cube = cube.transpose(..., dim)
    spectra = np.asarray(cube.values, dtype=np.float64).reshape(-1, len(axis))[:, order]
    model = LineModel(lines, float(energies.mean()), float(np.ptp(energies) / 2))
    status = np.empty(len(spectra), dtype=np.uint8)
    both = np.empty((len(spectra), 2, 3 * len(lines)))
    with tqdm(total=len(spectra), desc="photoluminescence", unit="spectra", disable=not progress) as bar:
        for first in range(0, len(spectra), _AT_ONCE):
            rows = slice(first, first + _AT_ONCE)
            status[rows], both[rows] = fit_spectra(model, energies, factor, spectra[rows])
            bar.update(len(status[rows]))
    attrs: dict[str, str | int] = {"axis_unit": stated, "wavelengths_in_air": int(air)}
    return _as_dataset(cube, dim, lines, status, both, attrs)


def _checked_lines(lines: Sequence[str]) -> tuple[str, ...]:
    given = (lines,) if isinstance(lines, str) else tuple(lines)
    unknown = [line for line in given if line not in OFFSETS]
    if unknown or "A" not in given or len(set(given)) != len(given):
        raise ValueError(
            f"lines must be some of {tuple(OFFSETS)}, each once and 'A' among them, but got {given}."
        )
    return ("A", *(line for line in OFFSETS if line in given and line != "A"))


def _as_dataset(
    cube: xr.DataArray,
    dim: str,
    lines: tuple[str, ...],
    status: NDArray[np.uint8],
    both: Array,
    attrs: dict[str, str | int],
) -> xr.Dataset:
    dims = [d for d in cube.dims if d != dim]
    shape = [cube.sizes[d] for d in dims]
    coords = {name: c for name, c in cube.coords.items() if dim not in c.dims}
    out: dict[str, xr.DataArray] = {}
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
        status.reshape(shape),
        dims=dims,
        coords=coords,
        attrs={
            "long_name": "why a pixel has no result",
            "flag_values": np.array(list(PLStatus), dtype=np.uint8),
            "flag_meanings": " ".join(code.name.lower() for code in PLStatus),
        },
    )
    return xr.Dataset(out, attrs=attrs)
