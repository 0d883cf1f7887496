# SPDX-License-Identifier: BSD-3-Clause
"""Fitted features as an xarray.Dataset on the coordinates of a map."""

from collections.abc import Hashable

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from strain2dos.raman._features.units import in_wavenumbers
from strain2dos.raman._features.values import FittedValues
from strain2dos.raman._fitting.status import FitStatus

_WORDS = {"center": "center", "fwhm": "full width at half maximum", "area": "area"}


def fit_to_dataset(fit: FittedValues, like: xr.DataArray) -> xr.Dataset:
    """See `SpectraFit.to_dataset`."""
    fit.require_shift("a map of features")
    shift = "shift" if "shift" in like.dims else like.dims[-1]
    dims = tuple(dim for dim in like.dims if dim != shift)
    sizes = tuple(like.sizes[dim] for dim in dims)
    if int(np.prod(sizes)) != len(fit.status):
        raise ValueError(
            f"like holds {int(np.prod(sizes))} spectra ({dict(zip(map(str, dims), sizes, strict=True))}), "
            f"but {len(fit.status)} were fitted; pass the cube whose spectra these are."
        )
    good = fit.status == FitStatus.OK
    # features are in cm-1, whatever the axis of `like` is in: one that cannot be converted was not fitted
    unit = "points" if str(like.coords.get(shift, like).attrs.get("units", "")) == "points" else "cm-1"
    if unit == "cm-1":
        in_wavenumbers(like, str(shift))
    counts = str(like.attrs.get("units", "counts"))
    variables: dict[str, tuple[tuple[Hashable, ...], NDArray, dict[str, object]]] = {}

    def put(name: str, values: NDArray, attrs: dict[str, object]) -> None:
        variables[name] = (dims, np.where(good, values, np.nan).reshape(sizes), attrs)

    for j, name in enumerate(fit.names):
        words, units = _described(name, unit, counts)
        attrs: dict[str, object] = {"long_name": words, "units": units}
        if fit.calibration is not None and fit.common_sigma[j]:
            attrs |= {"common_error": float(fit.common_sigma[j]), "common_error_of": fit.calibration.source}
        put(name, fit.params[:, j], attrs)
        put(
            f"{name}_sigma",
            fit.sigma[:, j],
            {"long_name": f"standard deviation of {words}", "units": units},
        )
    put("chi2", fit.chi2, {"long_name": "weighted sum of squared residuals"})
    put(
        "split_probability",
        fit.split_probability,
        {"long_name": "probability that the line is a doublet", "units": "1"},
    )
    variables["status"] = (dims, np.asarray(fit.status).reshape(sizes), status_attrs())
    return xr.Dataset(variables, places_of(like, dims))


def status_attrs() -> dict[str, object]:
    """Attributes of a map of `FitStatus` codes."""
    return {
        "long_name": "why a spectrum has no features",
        "flag_values": np.array([int(code) for code in FitStatus], dtype=np.int64),
        "flag_meanings": " ".join(code.name.lower() for code in FitStatus),
    }


def places_of(cube: xr.DataArray, dims: tuple[Hashable, ...] = ("y", "x")) -> dict[str, xr.DataArray]:
    """Coordinates of a cube along some of its dims."""
    coords = {str(name): value for name, value in cube.coords.items() if set(value.dims) <= set(dims)}
    return {name: value.reset_coords(drop=True) for name, value in coords.items()}


def _described(name: str, unit: str, counts: str) -> tuple[str, str]:
    """Words and unit of a feature."""
    mode, _, kind = name.rpartition("_")
    if kind not in _WORDS:
        return f"distance {name}", unit
    return f"{mode} {_WORDS[kind]}", f"{counts} {unit}" if kind == "area" else unit
