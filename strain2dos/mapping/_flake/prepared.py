# SPDX-License-Identifier: BSD-3-Clause
"""Spectra of a flake on a grid, with the model that maps them calibrated for the sample."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike
from sklearn.pipeline import Pipeline

from strain2dos._estimators.fitting import as_fitted, clone_as_fitted
from strain2dos.mapping._flake.lines import fitting_more, optional_lines
from strain2dos.mapping._flake.model import choose_model
from strain2dos.mapping._flake.source import flake_cube, refuse_light
from strain2dos.mapping._recalibrate import recalibrate

Positions = Mapping[str, float | Sequence[float]] | Sequence[float]


@dataclass(frozen=True)
class PreparedFlake:
    """What `map_flake` evaluates.

    Attributes
    ----------
    cube : DataArray of shape (y, x, n_shift)
        Spectra with their axis in cm-1.
    pipeline : Pipeline
        Fitted; its featurizer has the axis of the cube and the calibration of the sample.
    name : str
        Where the model comes from.
    functional : str or None
        Of the calculation that it learned.
    source_file : str or None
        Name of the file of the spectra.
    """

    cube: xr.DataArray
    pipeline: Pipeline
    name: str
    functional: str | None
    source_file: str | None = None

    def provenance(self) -> dict[str, Any]:
        """Material, model, file and calibration, as plain values that a file can hold."""
        featurizer = as_fitted(self.pipeline[0])
        known: dict[str, Any] = {"material": featurizer.material, "model_name": self.name}
        if self.source_file is not None:
            known["source_file"] = self.source_file
        for key in ("layout", "converted_from"):
            if value := self.cube.attrs.get(key, self.cube["shift"].attrs.get(key)):
                known[f"source_{key}"] = str(value)
        if featurizer.modes == "all":
            known["lines"] = "optional ones too"
        known["reference"] = featurizer.reference or "none"
        known["lineshape"] = featurizer.lineshape
        positions = featurizer.unstrained
        known["unstrained_positions"] = (
            "of the table of lines"
            if positions is None
            else "; ".join(f"{name}: {_with_error(value)} cm-1" for name, value in positions.items())
        )
        return known


def prepare_flake(
    source: xr.DataArray | str | os.PathLike[str],
    *,
    reference: str | None = None,
    unstrained: Positions | None = None,
    unstrained_region: tuple[float, float, float, float] | None = None,
    noise: str | None = None,
    lineshape: str | None = None,
    laser_nm: float | None = None,
    material: str | None = "MoS2",
    model: Pipeline | str | os.PathLike[str] | None = None,
) -> PreparedFlake:
    """Choose the model, read the spectra and calibrate it; parameters as of `map_flake`.

    Without a material that of the model is taken.
    """
    chosen = choose_model(model, material)
    cube = flake_cube(source, laser_nm)
    refuse_light(cube)
    changed = {"noise": noise, "lineshape": lineshape}
    changed = {key: value for key, value in changed.items() if value is not None}
    pipeline = _with(chosen.pipeline, changed)
    if model is None and (others := optional_lines(chosen.pipeline)):
        pipeline = fitting_more(pipeline, _with(chosen.pipeline, changed | others), cube, reference)
    place = cube["shift"]
    if unstrained_region is not None:
        place = cube.compute() if cube.chunks is not None else cube
    pipeline = recalibrate(
        pipeline, place, reference=reference, unstrained=_by_line(unstrained), region=unstrained_region
    )
    file = os.path.basename(os.fspath(source)) if isinstance(source, (str, os.PathLike)) else None
    return PreparedFlake(cube, pipeline, chosen.name, chosen.functional, file)


def _with(pipeline: Pipeline, parameters: dict[str, Any]) -> Pipeline:
    """Pipeline whose featurizer has other parameters."""
    if not parameters:
        return pipeline
    (name, featurizer), *rest = pipeline.steps
    return Pipeline([(name, clone_as_fitted(featurizer).set_params(**parameters)), *rest])


def _by_line(given: Positions | None) -> Mapping[str, float | Sequence[float]] | None:
    """Give positions by line; two numbers are those of E' and A1'."""
    if given is None or isinstance(given, Mapping):
        return given
    numbers = np.asarray(given, dtype=float).ravel()
    if numbers.size != 2:
        raise ValueError(
            f"unstrained must be the positions of E' and A1' in cm-1, or a mapping of lines to positions, "
            f"but is {given!r}; a place of the map goes into unstrained_region."
        )
    return {"E'": float(numbers[0]), "A1'": float(numbers[1])}


def _with_error(position: ArrayLike) -> str:
    return " +- ".join(f"{number:.3f}" for number in np.atleast_1d(position).tolist())
