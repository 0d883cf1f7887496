# SPDX-License-Identifier: BSD-3-Clause
"""Spectral axes in other units than cm-1: converted where that is possible, refused where not."""

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    import xarray as xr

Floats = NDArray[np.float64]

_WAVENUMBERS = {"cm-1", "1/cm", "cm^-1", "cm^{-1}", "cm\u207b\u00b9", "cm**-1", "wavenumber", "rel. 1/cm"}
_UNSTATED = {"", "unknown", "arbitrary", "none"}
_PER_EV = 8065.543937  # cm-1 per eV, CODATA 2018
_NM = {
    "nm": 1.0,
    "nanometer": 1.0,
    "nanometers": 1.0,
    "nanometre": 1.0,
    "um": 1e3,
    "\u00b5m": 1e3,
    "\u03bcm": 1e3,
}
_EV = {"ev": 1.0, "mev": 1e-3}
# Photons of lasers have more energy than that, Raman shifts less.
_LARGEST_SHIFT_EV = 0.7


def to_raman_shift(axis: ArrayLike, unit: str, laser_nm: float | None = None) -> Floats:
    """Raman shift in cm-1 of an axis in another unit.

    Parameters
    ----------
    axis : array-like of shape (n_shift,)
        Spectral axis.
    unit : str
        cm-1, nm, um, eV or meV. Energies below 0.7 eV are Raman shifts, others photon energies.
    laser_nm : float, optional
        Wavelength of the laser in nm; needed for wavelengths and photon energies.

    Returns
    -------
    (n_shift,) ndarray
        In cm-1.

    Raises
    ------
    ValueError
        For an unknown unit, or one that cannot be converted without the laser line.

    Examples
    --------
    >>> from strain2dos.raman import to_raman_shift
    >>> to_raman_shift([543.09, 543.65], "nm", laser_nm=532.0).round(0)
    array([384., 403.])
    >>> to_raman_shift([47.68, 49.93], "meV").round(1)
    array([384.6, 402.7])
    """
    values = np.asarray(axis, dtype=np.float64)
    plain = unit.strip().strip("()[]").strip().lower()
    if plain in _WAVENUMBERS:
        return values
    if plain in _EV:
        energy = values * _EV[plain]
        if np.abs(energy).max(initial=0.0) < _LARGEST_SHIFT_EV:
            return energy * _PER_EV
        absolute = energy * _PER_EV
    elif plain in _NM:
        absolute = 1e7 / (values * _NM[plain])
    else:
        raise ValueError(
            f"the spectral axis is in {unit!r}, but lines are known in cm-1; convert it to Raman shift, and "
            'state its unit (cube["shift"].attrs["units"] = "cm-1").'
        )
    if laser_nm is None:
        raise ValueError(
            f"the spectral axis is in {unit} ({values.min():.6g} to {values.max():.6g}), but lines are known "
            "in cm-1, and the laser line is not stated; give it as laser_nm=532.0 "
            "(cube.attrs['laser_nm'] = 532.0)."
        )
    return 1e7 / float(laser_nm) - absolute


def in_wavenumbers(spectra: "xr.DataArray", dim: str = "shift") -> "xr.DataArray":
    """Spectra whose axis is in cm-1 and ascends; converted by the laser line that their attributes state.

    Parameters
    ----------
    spectra : DataArray with a dim "shift"
        The unit of the axis stands in its attribute "units"; none counts as cm-1. The laser line stands in
        ``attrs["laser_nm"]`` or in the instrument's header.
    dim : str, default="shift"
        Name of the axis.

    Returns
    -------
    DataArray
        The same object where nothing had to be converted.

    Raises
    ------
    ValueError
        Where the axis is in a unit that cannot be converted.
    """
    if dim not in spectra.coords:
        return spectra
    unit = str(spectra[dim].attrs.get("units", ""))
    if unit.strip().lower() in _UNSTATED | _WAVENUMBERS:
        return spectra
    shift = to_raman_shift(spectra[dim].values, unit, stated_laser(spectra.attrs))
    label = {"units": "cm-1", "long_name": "Raman shift", "converted_from": unit}
    moved = spectra.assign_coords({dim: (dim, shift, label)})
    return moved if shift.size < 2 or shift[0] < shift[-1] else moved.isel({dim: slice(None, None, -1)})


def stated_laser(attrs: dict[Any, Any]) -> float | None:
    """Wavelength of the laser in nm that attributes or the instrument's header state; None without one."""
    if attrs.get("laser_nm") is not None:
        return float(attrs["laser_nm"])
    try:
        header = json.loads(attrs.get("header", "{}"))
    except (TypeError, ValueError):
        return None
    for key, value in header.items() if isinstance(header, dict) else ():
        name = str(key).lower()
        number = re.search(r"\d+(?:[.,]\d+)?", str(value))
        if number is None or not re.search(r"laser|excitation", name):
            continue
        found = float(number[0].replace(",", "."))
        if 200.0 < found < 2000.0 and not re.search(r"power|filter|grating|time", name):
            return found
        if 5e3 < found < 5e4 and "cm-1" in name:
            return 1e7 / found
    return None


def axis_of(shift: ArrayLike | None) -> ArrayLike | None:
    """Values of an axis; one that states its unit (a coordinate of a DataArray) has to be in cm-1.

    Raises
    ------
    ValueError
        Where it states another unit.
    """
    unit = str(getattr(shift, "attrs", {}).get("units", "")) if shift is not None else ""
    if shift is not None and unit.strip().lower() not in _UNSTATED | _WAVENUMBERS | {"points"}:
        return to_raman_shift(shift, unit)
    return shift
