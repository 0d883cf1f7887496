# SPDX-License-Identifier: BSD-3-Clause
"""A cube as the caller has it, brought to (y, x, column) with the columns that the model was fitted on."""

from __future__ import annotations

import numpy as np
import xarray as xr

from strain2dos._estimators.columns import column_order, feature_names
from strain2dos._estimators.fitting import as_fitted
from strain2dos.mapping._pixels.model import FittedModel
from strain2dos.raman._features.axis import align_shift, describe_axis
from strain2dos.raman._features.units import in_wavenumbers


def as_cube(cube: xr.DataArray | np.ndarray) -> xr.DataArray:
    """Bring a cube to dims (y, x, shift) or (y, x, feature).

    Parameters
    ----------
    cube : DataArray or array of shape (y, x, k)
        A DataArray may have its dims in any order; one with dims (y, x) only, such as a strain map, becomes a
        cube of one feature with the map's name.

    Returns
    -------
    DataArray of shape (y, x, k)

    Raises
    ------
    ValueError
        If a dimension is missing, the cube is empty, or its axis is in a unit that cannot be converted to
        cm-1.
    """
    if not isinstance(cube, xr.DataArray):
        if np.ndim(cube) != 3:
            raise ValueError(f"cube must have 3 axes (y, x, column), but its shape is {np.shape(cube)}.")
        cube = xr.DataArray(cube, dims=("y", "x", "feature"))
    if set(cube.dims) == {"y", "x"}:
        cube = cube.expand_dims(feature=[str(cube.name or "strain")], axis=-1)
    column = next((dim for dim in ("shift", "feature") if dim in cube.dims), None)
    if column is None or set(cube.dims) != {"y", "x", column}:
        raise ValueError(
            "cube must have the dims (y, x, shift) or (y, x, feature), but has "
            f"{tuple(map(str, cube.dims))}; rename them with cube.rename(...)."
        )
    cube = cube.transpose("y", "x", column)
    if 0 in cube.shape:
        raise ValueError(f"cube holds no pixel: its shape is {dict(cube.sizes)}.")
    return in_wavenumbers(cube) if column == "shift" else cube


def align_columns(cube: xr.DataArray, model: FittedModel) -> xr.DataArray:
    """Order the columns of ``cube`` as ``model`` was fitted on them, by coordinate.

    Raises
    ------
    ValueError
        If the shift axes or the feature names do not agree, or their numbers differ.
    """
    dim = str(cube.dims[-1])
    axis = _fitted_axis(model)
    if dim == "shift" and axis is not None and dim in cube.coords:
        return align_shift(cube, axis)
    if dim == "feature" and axis is not None and dim in cube.coords:
        raise ValueError(
            "cube has dims (y, x, feature), but the model starts with a featurizer for spectra (y, x, "
            "shift); map spectra, or take the model's later steps, for example model[1:]."
        )
    names = feature_names(model.first)
    if dim == "feature" and names is not None and dim in cube.coords:
        have = [str(name) for name in cube[dim].values]
        order = column_order(have, names, what="cube", noun="features")
        cube = cube.isel({dim: order}) if have != names else cube
    if dim == "shift" and names is not None and axis is None:
        _refuse_spectra(cube, names)
    expected = getattr(model.first, "n_features_in_", None)
    if expected is not None and cube.sizes[dim] != expected:
        raise ValueError(
            f"cube has {cube.sizes[dim]} columns along {dim!r}, but the model was fitted on {expected}."
        )
    return cube


def refuse_indices(model: FittedModel) -> None:
    """Refuse a featurizer that was made without an axis.

    Raises
    ------
    ValueError
        Its positions are detector indices, which mean another shift on another detector.
    """
    if model.featurizer is not None and as_fitted(model.featurizer).shift is None:
        raise ValueError(
            f"the model's {type(model.featurizer).__name__} was made without an axis, so its positions are "
            "detector indices rather than Raman shifts in cm-1, and no map can be made of them; make it with "
            "the axis of the spectra, RamanFeaturizer(shift), and fit the model again."
        )


def column_names(cube: xr.DataArray, model: FittedModel) -> tuple[str, ...]:
    """Names of the "features" of a map: the featurizer's, else those of the model or cube."""
    if model.featurizer is not None:
        return tuple(map(str, model.featurizer.get_feature_names_out()))
    dim = cube.dims[-1]
    named = dim in cube.coords
    return tuple(
        feature_names(model.first) or (str(v) if named else f"x{i}" for i, v in enumerate(cube[dim].values))
    )


def _fitted_axis(model: FittedModel) -> np.ndarray | None:
    """Shift axis on which the featurizer was fitted, or None."""
    for name in ("shift_", "shift"):
        axis: object = getattr(model.featurizer, name, None)
        if axis is not None:
            return np.asarray(axis, dtype=np.float64)
    return None


def _refuse_spectra(cube: xr.DataArray, names: list[str]) -> None:
    """Refuse spectra where the model was fitted on columns whose names are no Raman shifts."""
    try:
        axis = np.array([float(name) for name in names])
    except ValueError:
        raise ValueError(
            f"cube holds spectra (y, x, shift), but the model was fitted on the columns {names}; map a cube "
            "(y, x, feature) of these, or a pipeline that begins with RamanFeaturizer(shift)."
        ) from None
    if "shift" in cube.coords and not np.array_equal(axis, cube["shift"].values):
        raise ValueError(
            f"the cube's shift axis, {describe_axis(cube['shift'].values)}, is not that of the columns that "
            f"the model was fitted on, {describe_axis(axis)}; interpolate it with cube.interp(shift=...)."
        )
