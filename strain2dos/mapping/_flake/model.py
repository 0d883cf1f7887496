# SPDX-License-Identifier: BSD-3-Clause
"""The model of a flake: bundled, from a file or given, on the axis of its spectra and calibrated for it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import xarray as xr
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from strain2dos.datasets import load_pretrained, pretrained_merit
from strain2dos.io import load_model
from strain2dos.mapping._recalibrate import recalibrate
from strain2dos.raman import RamanFeaturizer


@dataclass(frozen=True)
class NamedModel:
    """A pipeline with what has to be said of it.

    Attributes
    ----------
    pipeline : Pipeline
        Begins with a `RamanFeaturizer`.
    name : str
        Where it comes from.
    functional : str or None
        Of the calculation that it learned.
    """

    pipeline: Pipeline
    name: str
    functional: str | None


def choose_model(model: Pipeline | str | os.PathLike[str] | None, material: str) -> NamedModel:
    """Load the bundled model, a model file, or take a pipeline as it is.

    Raises
    ------
    ValueError
        If there is none for the material, or it takes no spectra or those of another material.
    """
    if model is None:
        merit = pretrained_merit(material)
        name = f"bundled {material}, sha256 {merit['sha256'][:12]}"
        return NamedModel(load_pretrained(material), name, merit["functional"])
    if isinstance(model, (str, os.PathLike)):
        pipeline, known = load_model(model, return_metadata=True)
        found = NamedModel(pipeline, Path(model).name, known.get("functional"))
    else:
        found = NamedModel(model, type(model).__name__, None)
    steps = getattr(found.pipeline, "steps", ())
    if not steps or not isinstance(steps[0][1], RamanFeaturizer):
        raise ValueError(
            f"model ({found.name}) takes no spectra: its first step must be a RamanFeaturizer; make one by "
            "raman_pipeline, or leave model out for the one that comes with the package."
        )
    known_material = steps[0][1].material
    if known_material != material:
        raise ValueError(
            f"model ({found.name}) fits the lines of {known_material}, but material is {material!r}; pass "
            f"material={known_material!r}, or another model."
        )
    return found


def with_noise(model: NamedModel, noise: str) -> NamedModel:
    """Give the featurizer another model of the noise."""
    (name, featurizer), *rest = model.pipeline.steps
    other = clone(featurizer).set_params(noise=noise)
    return replace(model, pipeline=Pipeline([(name, other), *rest]))


def calibrated(
    model: NamedModel,
    cube: xr.DataArray,
    *,
    reference: str | None,
    unstrained: Mapping[str, float | Sequence[float]] | None,
    region: tuple[float, float, float, float] | None,
) -> Pipeline:
    """Set the featurizer to the axis of the cube and to the calibration of the sample."""
    place = cube.compute() if region is not None and cube.chunks is not None else cube
    shift = place if region is not None else cube["shift"]
    return recalibrate(model.pipeline, shift, reference=reference, unstrained=unstrained, region=region)
