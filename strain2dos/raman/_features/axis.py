# SPDX-License-Identifier: BSD-3-Clause
"""The Raman shift axis: checks that name what is wrong with it, and the modes seen through it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strain2dos.raman._features.units import axis_of, in_wavenumbers
from strain2dos.raman._fitting.extras import without_known_bands
from strain2dos.raman._materials.lookup import SUBSTRATES, RamanMode, material_modes

if TYPE_CHECKING:
    import xarray as xr

# Measured axes differ by rounding when files store them in single precision: far below a pixel of the
# detector.
_AXIS_TOLERANCE = 1e-2


def check_shift(shift: ArrayLike | None, n_features: int) -> NDArray[np.float64]:
    """Axis as float64, strictly monotonic; the column index where ``shift`` is None.

    Raises
    ------
    ValueError
        Wrong length or shape, values that are not finite, or an axis that is not strictly monotonic.
    """
    if shift is None:
        return np.arange(n_features, dtype=float)
    axis = np.array(axis_of(shift), dtype=float)
    if axis.ndim != 1 or axis.size != n_features:
        raise ValueError(
            f"shift must have one value per column of X, but has shape {axis.shape} and X has {n_features} "
            "columns; pass the axis of these spectra, in cm-1."
        )
    if not np.all(np.isfinite(axis)):
        k = int(np.flatnonzero(~np.isfinite(axis))[0])
        raise ValueError(
            f"shift must be finite, but shift[{k}] = {axis[k]}; drop this column from shift and X."
        )
    step = np.diff(axis)
    sign = 1.0 if step.sum() >= 0 else -1.0
    if np.any(sign * step <= 0):
        k = int(np.flatnonzero(sign * step <= 0)[0]) + 1
        if axis[k] == axis[k - 1]:
            raise ValueError(
                f"shift must be strictly monotonic, but shift[{k}] = {axis[k]:.2f} repeats shift[{k - 1}]; "
                "drop repeated points or pass the axis as the instrument wrote it."
            )
        raise ValueError(
            f"shift must be strictly monotonic, but shift[{k}] = {axis[k]:.2f} turns back after "
            f"shift[{k - 1}] = {axis[k - 1]:.2f}; sort the axis together with the columns of X."
        )
    return axis


def align_shift(cube: xr.DataArray, axis: NDArray[np.float64]) -> xr.DataArray:
    """Bring the dim "shift" of a cube into the order of an axis that it agrees with.

    Raises
    ------
    ValueError
        If the axes do not agree.
    """
    have = np.asarray(cube["shift"].values, dtype=np.float64)
    tolerance = _AXIS_TOLERANCE * float(np.median(np.abs(np.diff(axis)))) if len(axis) > 1 else 0.0
    if have.shape == axis.shape:
        if np.all(np.abs(have - axis) <= tolerance):
            return cube
        if np.all(np.abs(have[::-1] - axis) <= tolerance):
            return cube.isel(shift=slice(None, None, -1))
    raise ValueError(
        f"the cube's shift axis, {describe_axis(have)}, is not the axis that the featurizer was fitted on, "
        f"{describe_axis(axis)}; interpolate the cube with cube.interp(shift=...), set the model to its axis "
        "by recalibrate(model, cube), or fit the model on this axis."
    )


def spectra_of(cube: xr.DataArray, axis: NDArray[np.float64] | None) -> xr.DataArray:
    """Spectra (..., shift) of a cube with its dims in any order, in cm-1 and in the order of ``axis``.

    Raises
    ------
    ValueError
        If the axes do not agree, or that of the cube cannot be brought to cm-1.
    """
    cube = in_wavenumbers(cube)
    if axis is not None and "shift" in cube.coords:
        cube = align_shift(cube, axis)
    return cube.transpose(..., "shift")


def describe_axis(axis: NDArray[np.float64]) -> str:
    """Ends and number of points of an axis, for messages."""
    return f"{axis.min():.6g} to {axis.max():.6g} cm-1 in {len(axis)} points"


def refuse_curves(y: object) -> None:
    """Raise where curves (n, m) would be learned from positions in points, which no other detector shares.

    Raises
    ------
    ValueError
        If y holds curves.
    """
    shape = np.asarray(y).shape
    if len(shape) == 2 and shape[1] > 1:
        raise ValueError(
            f"y holds curves of {shape[1]} points, but the featurizer has no axis: line positions would be "
            "detector indices, and curves learned from them would hold for this detector alone. Make it with "
            "the Raman shift of the columns of X, RamanFeaturizer(shift)."
        )


def select_modes(material: str, modes: str | Sequence[str | RamanMode]) -> tuple[RamanMode, ...]:
    """Modes by name or as given, in rising order.

    "auto" gives the default lines of the material, "all" the optional ones too. Where a named optional line
    lies beside another named line (2LA of WS2 beside E'), each is sought on its own side of the middle
    between them; modes given as `RamanMode` keep their window.

    Raises
    ------
    ValueError
        For an unknown material or mode name, or an empty list.
    """
    if isinstance(modes, str):
        if modes == "auto":
            return material_modes(material)
        modes = [m.name for m in material_modes(material, optional=True)] if modes == "all" else [modes]
    chosen, own = [], []
    for mode in modes:
        if isinstance(mode, RamanMode):
            own.append(mode)
            continue
        known = {m.name: m for m in material_modes(material, optional=True)}
        if mode not in known | SUBSTRATES:
            raise ValueError(
                f"modes holds {mode!r}, but {material} has {sorted(known)} and substrates "
                f"{sorted(SUBSTRATES)}; pass one of these names or a RamanMode."
            )
        chosen.append((known | SUBSTRATES)[mode])
    if not chosen and not own:
        raise ValueError("modes is empty; pass at least one mode, or modes='auto' for those of the material.")
    return tuple(sorted([*_side_by_side(chosen, material), *own], key=lambda mode: mode.position))


def _side_by_side(modes: list[RamanMode], material: str) -> list[RamanMode]:
    """Cut windows that overlap with that of an optional line: both would start on the higher of the two.

    Bands that are fitted beside the others are left alone: they are not sought by their maximum.
    """
    modes = sorted(modes, key=lambda mode: mode.position)
    sought = without_known_bands(tuple(modes), material)
    tied = [mode for mode in modes if mode not in sought]
    modes = list(sought)
    for j in range(1, len(modes)):
        first, second = modes[j - 1], modes[j]
        if (first.optional or second.optional) and first.window[1] > second.window[0]:
            middle = 0.5 * (first.position + second.position)
            modes[j - 1] = replace(first, window=(first.window[0], middle))
            modes[j] = replace(second, window=(middle, second.window[1]))
    return [*modes, *tied]


def index_modes(modes: tuple[RamanMode, ...], n_features: int) -> tuple[RamanMode, ...]:
    """Let the same lines be sought in order over the whole index axis; all lengths are then in points."""
    window = (0.0, float(max(n_features - 1, 1)))
    return tuple(replace(mode, window=window, fwhm=4.0, margin=float(n_features)) for mode in modes)
