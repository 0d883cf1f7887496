# SPDX-License-Identifier: BSD-3-Clause
"""Photoluminescence of the same flake, brought onto its pixels and compared with its gap."""

from __future__ import annotations

import os

import numpy as np
import xarray as xr

from strain2dos.io import read_raman
from strain2dos.mapping._photoluminescence.comparison import compare_with_pl
from strain2dos.mapping._photoluminescence.fit import fit_pl
from strain2dos.mapping._photoluminescence.registration import register_maps

Light = xr.Dataset | xr.DataArray | str | os.PathLike[str]
PeakEnergies = tuple[xr.DataArray, xr.DataArray | None]


def add_light(flake: xr.Dataset, light: PeakEnergies, *, max_shift: float) -> xr.Dataset:
    """Add ``pl_energy`` with its error, and the comparison in the attributes.

    Parameters
    ----------
    flake : Dataset
        With ``gap_direct`` or ``gap``.
    light : (DataArray, DataArray or None)
        From `read_light`.
    max_shift : float
        Largest shift that is searched.
    """
    energy, error = light
    gap = flake["gap_direct"] if "gap_direct" in flake else flake["gap"]
    moved = register_maps(energy, gap, max_shift=max_shift)
    keep = {"units": "eV", "long_name": "photoluminescence energy (A exciton)"}
    shift = {key: moved.attrs[key] for key in ("shift_x", "shift_y")}
    # values alone: the positions of the flake, with their units, stay as they are
    flake = flake.assign(pl_energy=(moved.dims, moved.values, keep | shift))
    if error is not None:
        placed = error.assign_coords(x=error.x + shift["shift_x"], y=error.y + shift["shift_y"])
        for name in ("x", "y"):  # accepted as of one unit above
            placed[name].attrs = dict(gap[name].attrs)
        words = {"units": "eV", "long_name": "standard deviation of the photoluminescence energy"}
        errors = register_maps(placed, gap)
        flake["pl_energy_std"] = (errors.dims, errors.values, words)
    try:
        compared = compare_with_pl(flake, flake)
    except ValueError as trouble:
        flake.attrs["pl_comparison"] = f"not compared: {trouble}"
        return flake
    flake.attrs |= {
        f"pl_{name}": value for name, value in compared.to_dict().items() if value not in (None, "")
    }
    flake.attrs["pl_comparison"] = compared.words(str(gap.name))
    return flake


def read_light(pl: Light, *, unit: str | None, progress: bool) -> PeakEnergies:
    """Peak energies in eV (y, x) and, where they are known, their errors.

    Parameters
    ----------
    pl : path, DataArray or Dataset
        As for `map_flake`.
    unit : {"nm", "eV"} or None
        Of the axis of spectra that do not state it.
    progress : bool
        Show a progress bar while lines are fitted.

    Raises
    ------
    ValueError
        If spectra have no unit, or there are no energies in eV.
    """
    if isinstance(pl, (str, os.PathLike)):
        pl = read_raman(pl)
    if isinstance(pl, xr.DataArray):
        if set(pl.dims) == {"y", "x"}:
            return _checked(pl), None
        pl = fit_pl(pl, unit=unit, progress=progress)
    name = next((key for key in ("A_center", "pl_energy", "pl") if key in pl), None)
    if name is None:
        raise ValueError(
            f"pl has none of A_center, pl_energy and pl; it has {sorted(map(str, pl.data_vars))}. Pass the "
            "cube of spectra, or what fit_pl made of it."
        )
    return _checked(pl[name]), pl.get(f"{name}_std")


def _checked(energy: xr.DataArray) -> xr.DataArray:
    middle = float(np.nanmedian(energy.values)) if np.isfinite(energy.values).any() else float("nan")
    if not 0.3 < middle < 10.0:
        raise ValueError(
            f"pl must hold energies in eV, but their median is {middle:g}; convert wavelengths by "
            "1239.84 / nm, or pass the cube of spectra."
        )
    return energy
