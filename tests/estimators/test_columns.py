# SPDX-License-Identifier: BSD-3-Clause
"""Columns go by name wherever there are names, whatever library the table comes from."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import xarray as xr
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from strain2dos import ConformalDOSRegressor, DOSExplainer, SpatialMapper
from strain2dos._estimators.columns import column_names
from strain2dos.dos import propagate_noise

NAMES = ["E'_center", "A1'_center", "2LA_center"]


class Exchanged:
    """A table that offers the dataframe interchange protocol and nothing else."""

    def __init__(self, frame):
        self._frame = frame

    def __dataframe__(self, **options):
        return self

    def column_names(self):
        return list(self._frame.columns)

    def __array__(self, dtype=None, copy=None):
        return self._frame.to_numpy(dtype=dtype)


def as_xarray(frame):
    return xr.DataArray(frame.to_numpy(), dims=("sample", "feature"), coords={"feature": list(frame.columns)})


TABLES = {"pandas": lambda frame: frame, "polars": pl.from_pandas, "protocol": Exchanged, "xarray": as_xarray}


@pytest.fixture(params=TABLES)
def table(request):
    return TABLES[request.param]


@pytest.fixture(scope="module")
def frame():
    return pd.DataFrame(np.random.default_rng(1).normal(size=(20, 3)), columns=NAMES)


@pytest.fixture(scope="module")
def model(frame):
    y = np.random.default_rng(2).normal(size=(3, 6))
    return make_pipeline(StandardScaler(), Ridge(1e-3)).fit(frame, frame.to_numpy() @ y)


def test_names_are_read_from_any_table(table, frame):
    assert column_names(table(frame)) == NAMES
    assert column_names(frame.to_numpy()) is None
    assert column_names(frame.set_axis([0, 1, 2], axis=1)) is None


def test_explanations_do_not_depend_on_the_order_of_columns(table, frame, model):
    wanted = DOSExplainer(model, frame).explain(frame[:4])
    turned = table(frame[NAMES[::-1]])
    found = DOSExplainer(model, turned).explain(table(frame[:4][NAMES[::-1]]))
    assert found.feature_names == tuple(NAMES)
    np.testing.assert_array_equal(found.values, wanted.values)
    np.testing.assert_array_equal(found.data, frame[:4].to_numpy())
    np.testing.assert_allclose(found.predictions, model.predict(frame[:4]), atol=1e-9)


def test_without_names_in_the_model_the_background_decides(table, frame, model):
    nameless = make_pipeline(StandardScaler(), Ridge(1e-3)).fit(frame.to_numpy(), model.predict(frame))
    explainer = DOSExplainer(nameless, table(frame))
    wanted = explainer.explain(frame[:4].to_numpy())
    assert wanted.feature_names == tuple(NAMES)
    found = explainer.explain(table(frame[:4][NAMES[::-1]]))
    np.testing.assert_array_equal(found.values, wanted.values)


def test_foreign_and_missing_columns_are_refused_in_the_words_of_scikit_learn(table, frame, model):
    renamed = table(frame.rename(columns={"2LA_center": "LA_center"}))
    words = (
        r"should match those that were passed during fit.\nFeature names unseen at fit time:\n- LA_center\n"
    )
    words += r"Feature names seen at fit time, yet now missing:\n- 2LA_center\n"
    with pytest.raises(ValueError, match=f"background has the columns.*{words}"):
        DOSExplainer(model, renamed)
    with pytest.raises(ValueError, match=f"X has the columns.*{words}"):
        DOSExplainer(model, frame).explain(renamed)
    with pytest.raises(ValueError, match=f"X has the columns.*{words}"):
        propagate_noise(model, renamed, np.eye(3))
    with pytest.raises(ValueError, match="yet now missing:\n- 2LA_center"):
        DOSExplainer(model, frame).explain(table(frame[NAMES[:2]]))


def test_a_feature_that_stands_twice_in_a_cube_is_refused(model):
    twice = [*NAMES[:2], NAMES[0]]
    cube = xr.DataArray(np.zeros((1, 1, 3)), dims=("y", "x", "feature"), coords={"feature": twice})
    with pytest.raises(
        ValueError, match=r"(?s)cube has the features.*- 2LA_center\n.*than once:\n- E'_center"
    ):
        SpatialMapper(model, quantities=("dos",)).predict_map(cube)


def test_error_bars_do_not_depend_on_the_order_of_columns(table, frame, model):
    random = np.random.default_rng(3)
    half = random.normal(size=(3, 3))
    covariance = pd.DataFrame(half @ half.T, index=NAMES, columns=NAMES)
    wanted = propagate_noise(model, frame.to_numpy(), covariance.to_numpy())
    turned = NAMES[::-1]
    for given in (covariance, covariance.loc[turned, turned], covariance.loc[turned, turned].to_numpy()):
        found = propagate_noise(model, table(frame[turned]), given)
        np.testing.assert_allclose(found.dos, wanted.dos, atol=1e-12)
        np.testing.assert_allclose(found.dos_std, wanted.dos_std, rtol=1e-9)
    each = np.broadcast_to(covariance.loc[turned, turned].to_numpy(), (20, 3, 3))
    found = propagate_noise(model, table(frame[turned]), each)
    np.testing.assert_allclose(found.dos_std, wanted.dos_std, rtol=1e-9)
    with pytest.raises(ValueError, match="same names along both axes"):
        propagate_noise(model, frame, covariance.loc[turned])


def test_bands_keep_the_names_of_the_columns_and_scikit_learns_rule_of_order(frame):
    y = frame.to_numpy() @ np.random.default_rng(2).normal(size=(3, 6))
    foreign = frame.rename(columns={"2LA_center": "LA_center"})
    for table, renamed in ((frame, foreign), (pl.from_pandas(frame), pl.from_pandas(foreign))):
        model = ConformalDOSRegressor(make_pipeline(StandardScaler(), Ridge(1e-3)), level=0.5)
        model.fit(table, y)
        assert list(model.feature_names_in_) == NAMES
        assert model.n_features_in_ == 3
        band = model.predict_interval(table)
        assert ((band[..., 0] <= y) & (y <= band[..., 1])).all(axis=1).mean() > 0.3
        with pytest.raises(ValueError, match="must be in the same order as they were in fit"):
            model.predict_interval(table[NAMES[::-1]])
        with pytest.raises(ValueError, match="unseen at fit time:\n- LA_center"):
            model.predict(renamed)


def test_spectra_for_a_model_of_named_features_are_refused(model):
    cube = xr.DataArray(np.zeros((2, 2, 3)), dims=("y", "x", "shift"), coords={"shift": [1.0, 2.0, 3.0]})
    with pytest.raises(ValueError, match=r"cube holds spectra .* fitted on the columns .*E'_center"):
        SpatialMapper(model, quantities=("dos",)).predict_map(cube)
    channels = pd.DataFrame(np.random.default_rng(0).normal(size=(9, 3)), columns=["1.0", "2.0", "3.0"])
    ridge = Ridge().fit(channels, np.eye(9))
    assert SpatialMapper(ridge, quantities=("dos",)).predict_map(cube).status.values.tolist() == [
        [0, 0],
        [0, 0],
    ]
    with pytest.raises(ValueError, match="2 to 4 cm-1 in 3 points, is not that of the columns"):
        SpatialMapper(ridge).predict_map(cube.assign_coords(shift=[2.0, 3.0, 4.0]))
