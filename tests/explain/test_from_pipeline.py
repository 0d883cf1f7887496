# SPDX-License-Identifier: BSD-3-Clause
"""Explanations of spectra: features and their errors come from the fits."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from sklearn.base import BaseEstimator, RegressorMixin, TransformerMixin
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from strain2dos import BandEdges, DOSExplainer, RamanFeaturizer
from strain2dos.dos import feature_covariance

ENERGIES = np.linspace(-7.0, -3.0, 9)


class LinearGap(RegressorMixin, BaseEstimator):
    """A gap linear in the features, so that its error is known on paper."""

    def fit(self, X, y=None):
        self.energies_, self.n_features_in_ = ENERGIES, np.shape(X)[1]
        self.slope_ = 0.01 * np.arange(1, self.n_features_in_ + 1)
        return self

    def predict(self, X):
        return np.ones((len(X), len(ENERGIES)))

    def predict_edges(self, X):
        gap = 1.8 + (np.asarray(X) - 390.0) @ self.slope_
        return BandEdges(-6.0 + 0.0 * gap, -6.0 + gap, gap)


class Moments(TransformerMixin, BaseEstimator):
    """Stands for a featurizer: total and centroid; no centroid without signal."""

    def __init__(self, shift=None):
        self.shift = shift

    def fit(self, X, y=None):
        self.n_features_in_ = np.shape(X)[1]
        return self

    def transform(self, X):
        area = X.sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.column_stack([area, (X * np.arange(X.shape[1])).sum(axis=1) / area])

    def get_feature_names_out(self, input_features=None):
        return np.array(["area", "centroid"], dtype=object)


def test_pipelines_are_explained_in_terms_of_their_features(rng):
    spectra = rng.uniform(0.5, 1.5, (30, 12))
    pipeline = make_pipeline(Moments(), StandardScaler(), Ridge()).fit(spectra, rng.normal(size=(30, 5)))
    explanation = DOSExplainer.from_pipeline(pipeline, spectra).explain(spectra[:3])
    assert explanation.feature_names == ("area", "centroid")
    features = pipeline[0].transform(spectra)
    np.testing.assert_allclose(explanation.data, features[:3])
    direct = DOSExplainer(pipeline[1:], features).explain(features[:3])
    np.testing.assert_allclose(explanation.values, direct.values, atol=1e-12)
    np.testing.assert_allclose(explanation.predictions, pipeline.predict(spectra[:3]), atol=1e-9)
    named = DOSExplainer.from_pipeline(pipeline, spectra, at="standardscaler", feature_names=["a", "b"])
    np.testing.assert_allclose(named.explain(spectra[:3]).values, direct.values, atol=1e-12)
    with pytest.raises(ValueError, match="from_pipeline"):
        DOSExplainer(pipeline, spectra)
    with pytest.raises(ValueError, match="names no transformer"):
        DOSExplainer.from_pipeline(pipeline, spectra, at="ridge")


def test_spectra_without_features_are_flagged_not_lost(rng):
    spectra = rng.uniform(0.5, 1.5, (20, 12))
    pipeline = make_pipeline(Moments(), StandardScaler(), Ridge()).fit(spectra, rng.normal(size=(20, 5)))
    broken = spectra.copy()
    broken[1], broken[2, 3] = 0.0, np.nan
    with pytest.warns(UserWarning, match="2 of 20 background spectra"):
        explainer = DOSExplainer.from_pipeline(pipeline, broken)
    with pytest.warns(UserWarning, match="2 of 4 samples"):
        explanation = explainer.explain(broken[:4])
    np.testing.assert_array_equal(np.isnan(explanation.values).all(axis=(1, 2)), [False, True, True, False])
    with pytest.raises(ValueError, match="none of the 1 samples"):
        DOSExplainer(Ridge().fit(np.eye(2), np.eye(2)), np.eye(2)).explain([[np.nan, 1.0]])


@pytest.fixture(scope="module")
def of_spectra():
    """A pipeline from spectra to a gap of strain, and spectra of two rows of pixels, one of them dark."""
    shift = np.linspace(360.0, 430.0, 141)
    rng = np.random.default_rng(6)
    at = rng.uniform(0.0, 2.0, 7)[:, None]
    lines = [(384.0 - 4.0 * at, 1.5), (403.0 - 1.5 * at, 2.5)]
    spectra = 20.0 + sum(800.0 / (1.0 + ((shift - center) / half) ** 2) for center, half in lines)
    spectra += rng.normal(0.0, 10.0, spectra.shape)
    featurizer = RamanFeaturizer(shift, split=False).fit(spectra)
    names = [str(name) for name in featurizer.get_feature_names_out()]
    X = pd.DataFrame(featurizer.transform(spectra), columns=names)
    pipeline = make_pipeline(FrozenEstimator(featurizer), LinearGap()).fit(spectra)
    cube = np.concatenate([spectra[:5], np.zeros((1, 141))]).reshape(2, 3, 141)
    return pipeline, spectra, X, xr.DataArray(cube, dims=("y", "x", "shift"), coords={"shift": shift})


def test_a_map_of_spectra_divides_the_variance_of_the_gap_by_the_covariance_of_the_fits(of_spectra):
    pipeline, spectra, X, cube = of_spectra
    with pytest.warns(UserWarning, match="1 of 6 samples"):
        found = DOSExplainer.from_pipeline(pipeline, spectra).explain_map(cube, groups=None)
    features, covariance = feature_covariance(pipeline[0], spectra[:5])
    np.testing.assert_allclose(found["data"].values.reshape(6, -1)[:5], features)
    slope = pipeline[1].slope_
    variance = np.einsum("i,nij,j->n", slope, covariance, slope)
    error, share = found["gap_error"].values.ravel(), found["gap_error_share"].values.reshape(6, -1)
    np.testing.assert_allclose(error[:5], np.sqrt(variance), rtol=1e-6)
    expected = slope * (covariance @ slope) / variance[:, None]
    np.testing.assert_allclose(share[:5], expected, atol=1e-6)
    assert np.isnan(error[5])
    assert np.isnan(share[5]).all()
    assert list(found["source"].values) == list(X)


def test_features_are_summed_as_asked_and_an_unknown_way_is_refused(of_spectra):
    pipeline, spectra, X, cube = of_spectra
    explainer = DOSExplainer.from_pipeline(pipeline, spectra)
    bright = cube.isel(y=[0])
    whole = explainer.explain_map(bright, groups=None, errors=False)
    summed = explainer.explain_map(bright, groups={"lines": list(X)}, errors=False)
    np.testing.assert_allclose(
        summed["gap_values"].sel(feature="lines"), whole["gap_values"].sum("feature"), atol=1e-12
    )
    assert summed.attrs["groups"] == f"The shares of {', '.join(X)} are given as sums."
    with pytest.raises(ValueError, match="groups must be 'collinear', None or a mapping"):
        explainer.explain_map(bright, groups="all", errors=False)


def test_the_steps_that_prepare_features_are_chosen_by_number_or_name(of_spectra):
    pipeline, spectra, X, _ = of_spectra
    by_name = DOSExplainer.from_pipeline(pipeline, spectra, at="frozenestimator")
    by_number = DOSExplainer.from_pipeline(pipeline, spectra, at=1)
    np.testing.assert_array_equal(by_name.background, X)
    np.testing.assert_array_equal(by_number.background, X)
    with pytest.raises(ValueError, match="names no transformer of the pipeline; its transformers are"):
        DOSExplainer.from_pipeline(pipeline, spectra, at="scaler")
    with pytest.raises(ValueError, match="must leave at least the regressor of the pipeline's 2 steps"):
        DOSExplainer.from_pipeline(pipeline, spectra, at=2)
