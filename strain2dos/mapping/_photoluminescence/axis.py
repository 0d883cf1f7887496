# SPDX-License-Identifier: BSD-3-Clause
"""Spectra over wavelength brought to photon energy."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import constants

# h c in eV nm, CODATA through scipy: E (eV) = HC / wavelength (nm), wavelength in vacuum.
HC = constants.h * constants.c / constants.e * 1e9
# Refractive index of standard air at 650 nm (Ciddor, Appl. Opt. 35, 1566 (1996)). Spectrometers give
# wavelengths in air; taken for vacuum they make energies 0.5 meV too high.
N_AIR = 1.000276
_UNITS = {"nm": "nm", "nanometer": "nm", "nanometers": "nm", "ev": "eV", "electronvolt": "eV"}
_SPECTRAL = ("energy", "wavelength", "shift")


def spectral_dim(cube: xr.DataArray) -> str:
    """Give the dim of the cube that holds the spectrum.

    Raises
    ------
    ValueError
        If there is none of energy, wavelength and shift, or it has no coordinate.
    """
    for dim in _SPECTRAL:
        if dim in cube.dims and dim in cube.coords:
            return dim
    raise ValueError(
        f"a photoluminescence cube needs a dim with coordinates named one of {', '.join(_SPECTRAL)}, but has "
        f"the dims {tuple(map(str, cube.dims))}; rename it, for example "
        f"cube.rename({{'{cube.dims[-1]}': 'energy'}})."
    )


def axis_unit(cube: xr.DataArray, unit: str | None) -> str:
    """Unit of the spectral axis, "nm" or "eV": as passed, else as the axis states it.

    Raises
    ------
    ValueError
        If neither states it, the unit is another one, or the values cannot be in it.
    """
    dim = spectral_dim(cube)
    stated = unit if unit is not None else cube[dim].attrs.get("units")
    known = _UNITS.get(str(stated).strip().lower())
    axis = np.asarray(cube[dim].values, dtype=np.float64)
    span = f"{axis.min():g} to {axis.max():g}"
    if known is None:
        raise ValueError(
            f"the unit of the photoluminescence axis is {stated!r} (values {span}); pass unit='nm' or "
            "unit='eV' (pl_unit= to map_flake)."
        )
    low, high = (200.0, 3000.0) if known == "nm" else (0.4, 6.0)
    if not (np.isfinite(axis).all() and axis.min() >= low and axis.max() <= high):
        raise ValueError(
            f"the photoluminescence axis runs from {span}, which cannot be in {known} (from {low:g} to "
            f"{high:g}); pass the unit that the instrument wrote."
        )
    return known


def to_energy(
    axis: NDArray[np.float64], unit: str, *, air: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.intp]]:
    r"""Give photon energies (n,) in ascending order, the factor of the intensities, and the points' order.

    Intensities per wavelength become intensities per energy by the Jacobian
    :math:`|d\lambda / dE| = \lambda^2 / hc`; it is scaled to a mean of 1, so that counts keep their size.

    Parameters
    ----------
    axis : array of shape (n,)
        Wavelengths in nm or energies in eV.
    unit : {"nm", "eV"}
        Unit of the axis.
    air : bool
        Whether wavelengths are those in air.
    """
    if unit == "eV":
        energies, factor = axis.astype(np.float64), np.ones(len(axis))
    else:
        energies = HC / (axis * (N_AIR if air else 1.0))
        factor = axis**2 / np.mean(axis**2)
    order = np.argsort(energies, kind="stable")
    return energies[order], factor[order], order
