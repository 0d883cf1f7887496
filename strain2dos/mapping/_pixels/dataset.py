# SPDX-License-Identifier: BSD-3-Clause
"""The Dataset in which a map is handed over: dims, coordinates, units and provenance."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from sklearn.base import BaseEstimator

import strain2dos
from strain2dos._grids import energy_coordinate
from strain2dos.mapping._pixels.evaluate import PixelEvaluator
from strain2dos.mapping._pixels.lines import common_gap_error
from strain2dos.mapping._pixels.status import FIT_CODES, PixelStatus
from strain2dos.raman._features.to_xarray import places_of
from strain2dos.raman._strain.plausibility import LineReason

_ATTRS: dict[str, dict[str, Any]] = {
    "dos": {"long_name": "density of states", "units": "states/eV/cell"},
    "dos_std": {"long_name": "standard deviation of the density of states", "units": "states/eV/cell"},
    "vbm": {"long_name": "valence band maximum", "units": "eV"},
    "cbm": {"long_name": "conduction band minimum", "units": "eV"},
    "gap": {"long_name": "band gap", "units": "eV"},
    "gap_direct": {"long_name": "direct band gap at K", "units": "eV"},
    "valleys": {"long_name": "energies of the valleys", "units": "eV"},
    "strain": {"long_name": "mean in-plane strain, (exx + eyy) / 2", "units": "1"},
    "shear": {"long_name": "shear, sqrt((exx - eyy)^2 + 4 exy^2)", "units": "1"},
    "doping": {"long_name": "electron density", "units": "1e13 cm-2"},
    "energy_slopes": {"long_name": "change of energies with positions of lines", "units": "eV cm"},
    "edge_valleys": {"long_name": "valleys of the valence and the conduction edge", "units": "1"},
    "domain_score": {"long_name": "distance from the training set", "units": "1"},
    "domain_reason": {
        "long_name": "why a pixel lies outside the training domain",
        "flag_values": np.array([int(code) for code in LineReason], dtype=np.float64),
        "flag_meanings": " ".join(code.name.lower() for code in LineReason),
    },
    "features": {"long_name": "features seen by the regressor"},
    "status": {
        "long_name": "why a pixel has no result",
        "flag_values": np.array([int(code) for code in PixelStatus], dtype=np.uint8),
        "flag_meanings": " ".join(code.name.lower() for code in PixelStatus),
    },
}
_ATTRS |= {
    f"{name}{ending}": {
        "long_name": f"{words} of the {_ATTRS[name]['long_name']}",
        "units": _ATTRS[name]["units"],
    }
    for name in ("vbm", "cbm", "gap", "gap_direct", "strain", "shear", "doping")
    for ending, words in (
        ("_std", "standard deviation"),
        ("_common_std", "error, common to all pixels,"),
    )
}
_LAST_DIM = {
    "dos": "energy",
    "dos_std": "energy",
    "features": "feature",
    "valleys": "valley",
    "energy_slopes": "slope",
}
_ATTRS["shear_std"]["comment"] = (
    "Where the fit found one line the shear is 0, and 1.645 times this is the largest that the spectrum "
    "hides in one case of ten."
)
# Their zero or their size depends on the functional of the calculation that was learned.
_OF_THE_FUNCTIONAL = ("vbm", "cbm", "gap", "gap_direct", "valleys", "dos")


def dims_of(name: str) -> tuple[str, ...]:
    """Dims of the quantity ``name`` in a mapped Dataset."""
    return ("y", "x", _LAST_DIM[name]) if name in _LAST_DIM else ("y", "x")


def attrs_of(name: str, functional: str | None = None) -> dict[str, Any]:
    """Attributes (units, long_name, flags, functional) of the quantity ``name``."""
    known = {"functional": functional} if functional and name in _OF_THE_FUNCTIONAL else {}
    return {**_ATTRS[name], **known}


def map_coords(cube: xr.DataArray, evaluator: PixelEvaluator) -> dict[str, xr.DataArray]:
    """Coordinates of the map: those of the cube along y and x, energies and feature names as needed."""
    coords = places_of(cube)
    for dim in ("y", "x"):
        coords.setdefault(dim, xr.DataArray(np.arange(cube.sizes[dim]), dims=dim, attrs={"units": "pixel"}))
    if {"dos", "dos_std"} & set(evaluator.quantities):
        coords["energy"] = energy_coordinate(evaluator.model.energies, evaluator.n_energies)
    if "features" in evaluator.quantities:
        coords["feature"] = xr.DataArray(np.array(evaluator.columns, dtype=str), dims="feature")
    if "valleys" in evaluator.quantities:
        coords["valley"] = xr.DataArray(np.array(evaluator.model.valleys, dtype=str), dims="valley")
    return coords


def build_dataset(
    values: dict[str, Any], cube: xr.DataArray, evaluator: PixelEvaluator, estimator: BaseEstimator
) -> xr.Dataset:
    """Assemble arrays of shape (y, x) or (y, x, column) into the Dataset of a map."""
    functional = evaluator.functional
    variables = {name: (dims_of(name), array, attrs_of(name, functional)) for name, array in values.items()}
    if "gap" in variables:
        variables["gap"][2].update(common_gap_error(evaluator.model))
    return xr.Dataset(variables, coords=map_coords(cube, evaluator), attrs=map_attrs(estimator, evaluator))


def map_attrs(estimator: BaseEstimator, evaluator: PixelEvaluator) -> dict[str, str]:
    """Global attributes: the same model gives the same words, without a time stamp."""
    left_out = {"left_out": ", ".join(evaluator.left_out)} if evaluator.left_out else {}
    with np.printoptions(threshold=8, edgeitems=2):
        model = " ".join(repr(estimator).split())
    return {
        "title": "electronic structure mapped by strain2dos",
        "Conventions": "CF-1.11",
        "strain2dos_version": strain2dos.__version__,
        "model": model,
        **left_out,
    }


def count_masked(status: np.ndarray) -> tuple[int, int, int]:
    """Numbers of pixels that are ok, without finite input, and without finite features."""
    status = np.asarray(status)
    ok, no_input = (int((status == kind).sum()) for kind in (PixelStatus.OK, PixelStatus.INPUT_NOT_FINITE))
    lost = (status == PixelStatus.FEATURES_NOT_FINITE) | (
        (status > FIT_CODES) & (status < PixelStatus.NOT_COMPUTED)
    )
    return ok, no_input, int(lost.sum())
