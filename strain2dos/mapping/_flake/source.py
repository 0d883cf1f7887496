# SPDX-License-Identifier: BSD-3-Clause
"""Spectra as they come, brought to a cube (y, x, shift) in cm-1."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import xarray as xr

from strain2dos.io import read_raman
from strain2dos.raman._features.units import in_wavenumbers

# In cm-1: no line of a layered semiconductor lies beyond, and photoluminescence begins there.
_BEYOND_LINES = 1000.0


def flake_cube(source: xr.DataArray | str | os.PathLike[str], laser_nm: float | None = None) -> xr.DataArray:
    """Read spectra, bring their axis to cm-1 and lay them on a grid.

    Parameters
    ----------
    source : path or DataArray
        File in a layout of `read_raman`, or spectra with the dim "shift".
    laser_nm : float or None
        Wavelength of the laser, by which an axis in nm or eV is converted; None: as the file states it.

    Returns
    -------
    DataArray of shape (y, x, n_shift)
        Spectra that form no grid stand side by side in one row, with their positions beside them.

    Raises
    ------
    ValueError
        If there is no dim "shift", or its axis is in a unit that cannot be converted.
    """
    if isinstance(source, (str, os.PathLike)):
        spectra = read_raman(source)
        spectra.attrs.setdefault("source_file", Path(source).name)
    elif isinstance(source, xr.DataArray):
        spectra = source
    else:
        raise TypeError(
            f"source must be a file or a DataArray of spectra, but is a {type(source).__name__}; wrap an "
            'array as xr.DataArray(cube, dims=("y", "x", "shift"), coords={"shift": axis}).'
        )
    if "shift" not in spectra.dims or "shift" not in spectra.coords:
        raise ValueError(
            f"source has the dims {tuple(map(str, spectra.dims))}, but spectra need a dim and a coordinate "
            '"shift", the Raman shift in cm-1; rename it with spectra.rename(...).'
        )
    if laser_nm is not None:
        if not 200.0 <= laser_nm <= 2000.0:
            raise ValueError(
                f"laser_nm is the wavelength of the laser in nm, such as 532, but is {laser_nm!r}."
            )
        spectra = spectra.assign_attrs(laser_nm=float(laser_nm))
    return as_grid(in_wavenumbers(spectra))


def refuse_light(cube: xr.DataArray) -> None:
    """Raise a ValueError where the axis of a cube holds no Raman line, as that of photoluminescence."""
    shift = np.asarray(cube["shift"].values, dtype=np.float64)
    if shift.size and shift.min() > _BEYOND_LINES:
        raise ValueError(
            f"the axis covers Raman shifts of {shift.min():.0f} to {shift.max():.0f} cm-1, where the layer "
            "has no line: is this photoluminescence? Give it as pl= beside the Raman spectra. If it "
            "is Raman spectra, laser line or unit of the axis are not those of the file (laser_nm=)."
        )


def as_grid(spectra: xr.DataArray) -> xr.DataArray:
    """Lay spectra that form no grid side by side, as a map of one row that keeps their positions."""
    if {"y", "x"} <= set(spectra.dims):
        return spectra.transpose("y", "x", ...)
    others = [name for name in spectra.dims if name != "shift"]
    if not others:
        return spectra.expand_dims(y=1, x=1)
    if len(others) > 1:
        raise ValueError(
            f"spectra have the dims {tuple(map(str, spectra.dims))}; rename two of them to y and x, and take "
            "one value of the others."
        )
    dim = others[0]
    flat = spectra.transpose(dim, "shift")
    places = {
        f"{name}_position": ("x", coord.values, coord.attrs)
        for name, coord in flat.coords.items()
        if coord.dims == (dim,) and name != dim
    }
    along = flat.coords.get(dim)
    if dim in ("x", "y") and along is not None:
        places |= {f"{dim}_position": ("x", along.values, along.attrs)}
    return xr.DataArray(
        flat.values[np.newaxis],
        dims=("y", "x", "shift"),
        coords={"shift": flat["shift"], **places},
        name=spectra.name,
        attrs=spectra.attrs,
    )
