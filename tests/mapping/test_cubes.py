# SPDX-License-Identifier: BSD-3-Clause
"""Cubes that fit no model are refused before anything is computed, with the way out."""

import numpy as np
import pandas as pd
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


def test_spectra_are_refused_by_a_model_of_named_features_and_by_one_of_other_shifts():
    cube = xr.DataArray(
        np.zeros((1, 1, 3)), dims=("y", "x", "shift"), coords={"shift": [380.0, 381.0, 382.0]}
    )
    rows = np.eye(3)
    features = Ridge().fit(pd.DataFrame(rows, columns=["exx", "eyy", "exy"]), rows)
    with pytest.raises(ValueError, match=r"was fitted on the columns \['exx', 'eyy', 'exy'\]; map a cube"):
        align_columns(cube, FittedModel.from_estimator(features))
    other = Ridge().fit(pd.DataFrame(rows, columns=["380.0", "381.0", "382.5"]), rows)
    with pytest.raises(ValueError, match=r"380 to 382 cm-1 in 3 points, is not that of the columns"):
        align_columns(cube, FittedModel.from_estimator(other))
    same = Ridge().fit(pd.DataFrame(rows, columns=["380.0", "381.0", "382.0"]), rows)
    xr.testing.assert_identical(align_columns(cube, FittedModel.from_estimator(same)), cube)


def test_columns_of_features_go_by_name_in_any_order():
    rows = np.eye(2)
    model = FittedModel.from_estimator(Ridge().fit(pd.DataFrame(rows, columns=["exx", "eyy"]), rows))
    cube = xr.DataArray([[[1.0, 2.0]]], dims=("y", "x", "feature"), coords={"feature": ["eyy", "exx"]})
    assert align_columns(cube, model).values.tolist() == [[[2.0, 1.0]]]
    with pytest.raises(TypeError, match="first step is RamanFeaturizer, but its first step is Ridge"):
        _ = model.reads_spectra_by
