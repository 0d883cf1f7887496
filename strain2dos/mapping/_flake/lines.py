# SPDX-License-Identifier: BSD-3-Clause
"""Whether bands beside the lines of a layer have to be fitted, as its spectra show."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from sklearn.pipeline import Pipeline

from strain2dos._estimators.fitting import as_fitted
from strain2dos.mapping._recalibrate import recalibrate
from strain2dos.raman._materials.lookup import material_modes

# Spectra of a map that are fitted both ways.
_TRIED = 64


def optional_lines(pipeline: Pipeline) -> dict[str, Any]:
    """Parameters by which the featurizer of a fitted model fits the optional lines of its layer too.

    Empty where it does already, or where none of them stands in the window of a usual line, as the 2LA band
    of WS2 does, which is as strong as E' under 514 and 532 nm and absent under other lasers.
    """
    featurizer = as_fitted(pipeline[0])
    modes = material_modes(featurizer.material, optional=True)
    usual = [mode for mode in modes if not mode.optional]
    beside = any(
        other.window[0] < mode.position < other.window[1] or mode.window[0] < other.position < mode.window[1]
        for mode in usual
        for other in modes
        if other.optional and other.anchor is None
    )
    if featurizer.modes != "auto" or not beside:
        return {}
    return {"modes": "all", "features": tuple(map(str, pipeline[0].get_feature_names_out()))}


def fitting_more(first: Pipeline, second: Pipeline, cube: xr.DataArray, reference: str | None) -> Pipeline:
    """Take the pipeline that fits more of some spectra, the first where both fit as many.

    Parameters
    ----------
    first, second : Pipeline
        The second is not taken where the axis does not hold its lines.
    cube : DataArray of shape (y, x, n_shift)
        Spectra, on disk or in memory.
    reference : {"Si"} or None
        As of `map_flake`.
    """
    places = np.linspace(0, cube.sizes["y"] * cube.sizes["x"] - 1, _TRIED).round().astype(int)
    rows, columns = np.unravel_index(np.unique(places), (cube.sizes["y"], cube.sizes["x"]))
    some = cube.isel(y=xr.DataArray(rows, dims="n"), x=xr.DataArray(columns, dims="n"))
    spectra = some.transpose("n", "shift").values

    def fitted(pipeline: Pipeline) -> int:
        featurizer = recalibrate(pipeline, cube["shift"], reference=reference)[0]
        return int((featurizer.transform_with_status(spectra)[1] == 0).sum())

    try:
        return second if fitted(second) > fitted(first) else first
    except ValueError:
        return first
