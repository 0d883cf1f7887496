# SPDX-License-Identifier: BSD-3-Clause
"""Cubes that fit no model are refused before anything is computed, with the way out."""

import numpy as np
import pytest
import xarray as xr
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from strain2dos import RamanFeaturizer
from strain2dos.mapping._pixels.cube import align_columns, as_cube
from strain2dos.mapping._pixels.model import FittedModel

SHIFT = np.linspace(360.0, 430.0, 141)


def test_a_cube_needs_two_places_and_one_column_axis():
    with pytest.raises(ValueError, match=r"must have 3 axes \(y, x, column\), but its shape is \(2, 3\)"):
        as_cube(np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r"but has \('y', 'x', 'wave'\); rename them with cube.rename"):
        as_cube(xr.DataArray(np.zeros((2, 3, 4)), dims=("y", "x", "wave")))
    assert as_cube(xr.DataArray(np.zeros((3, 4, 2)), dims=("feature", "y", "x"))).dims == (
        "y",
        "x",
        "feature",
    )


def test_a_map_of_strain_is_a_cube_of_one_feature_with_its_name():
    cube = as_cube(xr.DataArray(np.zeros((2, 3)), dims=("y", "x"), name="trace"))
    assert cube.sizes == {"y": 2, "x": 3, "feature": 1}
    assert list(cube["feature"].values) == ["trace"]


def test_features_are_refused_by_a_model_of_spectra_and_too_many_columns_by_any():
    featurizer = RamanFeaturizer(SHIFT).fit(np.ones((1, SHIFT.size)))
    spectra = FittedModel.from_estimator(make_pipeline(featurizer, Ridge().fit(np.eye(4), np.eye(4))))
    cube = xr.DataArray(np.zeros((1, 1, 4)), dims=("y", "x", "feature"), coords={"feature": list("abcd")})
    with pytest.raises(ValueError, match=r"map spectra, or take the model's later steps, .* model\[1:\]"):
        align_columns(cube, spectra)
    bare = FittedModel.from_estimator(Ridge().fit(np.eye(3), np.eye(3)))
    with pytest.raises(ValueError, match="cube has 4 columns along 'feature', but the model was fitted on 3"):
        align_columns(cube, bare)
