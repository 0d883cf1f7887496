# SPDX-License-Identifier: BSD-3-Clause
"""A model and the spectra or strains it is to be used on, checked against each other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from strain2dos.cli._common.console import say
from strain2dos.cli._common.options import StrainUnit, require_unit

if TYPE_CHECKING:
    import xarray as xr
    from sklearn.base import RegressorMixin
    from sklearn.pipeline import Pipeline


def read_map(
    model: Path, data: Path, unit: StrainUnit | None
) -> tuple[RegressorMixin, xr.DataArray, dict[str, Any]]:
    """Load a model and the map that it needs.

    Parameters
    ----------
    model : Path
        File written by ``save_model``.
    data : Path
        Strain map for a model that takes strain, else spectra.
    unit : StrainUnit or None
        Unit of the strain in `data`.

    Returns
    -------
    estimator
        The model, its featurizer set to the axis of the spectra.
    DataArray
        Strain map (y, x), or spectra with the dim shift.
    dict
        Metadata of the model.

    Raises
    ------
    ValueError
        If a file is damaged, the strain of model and map is in different units, or the axis of the spectra is
        in a unit that cannot be converted to cm-1.
    """
    from strain2dos import load_model
    from strain2dos.datasets import read_strain_map
    from strain2dos.io import read_raman
    from strain2dos.raman._features.units import in_wavenumbers

    estimator, metadata = load_model(model, return_metadata=True)
    if takes_spectra(estimator):
        if unit is not None:
            say(f"warning: {model} takes Raman spectra, so --strain-unit {unit} has no effect.")
        spectra = in_wavenumbers(read_raman(data))
        if converted := spectra["shift"].attrs.get("converted_from"):
            say(f"the axis of {data} is in {converted}; the laser line of the file converts it to cm-1.")
        return on_axis(estimator, spectra), spectra, metadata
    unit = require_unit(data, unit)
    try:
        strain = read_strain_map(data, strain_unit=str(unit))
    except ValueError as error:
        raise ValueError(_words_on_spectra(model, data) or str(error)) from error
    _units_agree(metadata.get("strain_unit"), strain.attrs["strain_unit"], unit=unit, model=model, data=data)
    return estimator, strain, metadata


def _words_on_spectra(model: Path, data: Path) -> str:
    """Words for a file of spectra given to a model that takes strain; none for another file."""
    import warnings

    from strain2dos.io import read_raman

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            layout = read_raman(data).attrs["layout"]
    except (ValueError, ImportError, OSError):
        return ""
    return (
        f"{data} holds spectra ({layout}), but {model} takes strain; give a map of strain, or a model that "
        "was trained on spectra."
    )


def takes_spectra(estimator: RegressorMixin) -> bool:
    """Whether the first step of a model reads spectra on an axis of Raman shifts."""
    from strain2dos._estimators.wrappers import look_through

    return hasattr(look_through(estimator).first, "shift")


def on_axis(pipeline: Pipeline, spectra: xr.DataArray) -> Pipeline:
    """Set the featurizer of a pipeline to the axis of `spectra`: fitting it learns nothing but the axis."""
    from strain2dos._estimators.fitting import as_fitted
    from strain2dos.mapping import recalibrate

    axis, featurizer = spectra["shift"].values.astype(np.float64), pipeline[0]
    if np.array_equal(featurizer.shift_, axis):
        return pipeline
    known = as_fitted(featurizer)
    moved = recalibrate(pipeline, axis, reference=known.reference, unstrained=known.unstrained)
    say(
        f"the spectra lie on {_words(axis)}, the training spectra on {_words(featurizer.shift_)}; lines are "
        "fitted on the axis of the spectra."
    )
    return moved


def _words(axis: np.ndarray) -> str:
    return f"{axis.min():.5g} to {axis.max():.5g} cm-1 in {axis.size} points"


def _units_agree(trained: str | None, stated: str, *, unit: str, model: Path, data: Path) -> None:
    if trained is None:
        say(f"warning: {model} does not state the unit of its strain; {data} is taken to be in the same.")
    elif trained != stated:
        ways = "label" if trained == "label" else "fraction or percent"
        raise ValueError(
            f"{model} was trained on strain in the unit {trained!r}, but {data} is stated to be in "
            f"{str(unit)!r}; give a map in the model's unit with --strain-unit {ways}, or train a model on "
            f"{str(unit)!r}."
        )
