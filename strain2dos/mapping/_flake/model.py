# SPDX-License-Identifier: BSD-3-Clause
"""The model of a flake: bundled, from a file or given."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from sklearn.pipeline import Pipeline

from strain2dos.datasets._pretrained.load import load_with_merit
from strain2dos.io import load_model
from strain2dos.raman import RamanFeaturizer


@dataclass(frozen=True)
class NamedModel:
    """A pipeline with its name and its functional.

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


def choose_model(model: Pipeline | str | os.PathLike[str] | None, material: str | None) -> NamedModel:
    """Load the bundled model, a model file, or take a pipeline as it is.

    Without a material that of the model is taken, and MoS2 without a model.

    Raises
    ------
    ValueError
        If there is none for the material, or it takes no spectra or those of another material.
    """
    if model is None:
        material = "MoS2" if material is None else material
        pipeline, merit = load_with_merit(material)
        name = f"bundled {material}, sha256 {merit['sha256'][:12]}"
        return NamedModel(pipeline, name, merit["functional"])
    if isinstance(model, (str, os.PathLike)):
        pipeline, known = load_model(model, return_metadata=True)
        found = NamedModel(pipeline, Path(model).name, known.get("functional"))
    else:
        found = NamedModel(model, type(model).__name__, None)
    steps = getattr(found.pipeline, "steps", ())
    if not steps or not isinstance(steps[0][1], RamanFeaturizer):
        raise ValueError(
            f"model ({found.name}) takes no spectra: its first step must be a RamanFeaturizer (make one by "
            "raman_pipeline); leave it out for the model that comes with the package."
        )
    known_material = steps[0][1].material
    if material not in (None, known_material):
        raise ValueError(
            f"model ({found.name}) fits the lines of {known_material}, but material is {material!r}; pass "
            f"material={known_material!r}, or another model."
        )
    return found
