# SPDX-License-Identifier: BSD-3-Clause
"""Models of the user's own: which are taken for a flake, and how errors of positions reach their energies."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from strain2dos import BandEdges, RamanFeaturizer, load_pretrained
from strain2dos.mapping._flake.model import choose_model
from strain2dos.mapping._flake.propagation import energies_of
from strain2dos.mapping._flake.scissor import Scissor
from strain2dos.mapping._flake.shared import unstrained_features
from strain2dos.mapping._pixels.model import FittedModel

SHIFT = np.linspace(360.0, 430.0, 141)
VBM, CBM = np.array([0.02, -0.01, 0.0, 0.01]), np.array([-0.05, 0.03, 0.02, -0.04])


class LinearEdges(RegressorMixin, BaseEstimator):
    """Edges linear in the positions, so that their slopes are known."""

    def fit(self, X, y=None):
        self.energies_, self.n_features_in_ = np.linspace(-7.0, -3.0, 9), 4
        return self

    def predict(self, X):
        return np.ones((len(X), 9))

    def predict_edges(self, X):
        vbm, cbm = -6.0 + (np.asarray(X) - 390.0) @ VBM, -4.4 + (np.asarray(X) - 390.0) @ CBM
        return BandEdges(vbm, cbm, cbm - vbm)


def test_errors_of_positions_reach_edges_and_gap_by_the_slopes_of_any_model():
    model = FittedModel.from_estimator(
        make_pipeline(FunctionTransformer(), LinearEdges()).fit(np.ones((1, 4)))
    )
    rows = np.array([[384.6, 384.6, 384.6, 402.7], [380.3, 379.9, 380.7, 400.2]])
    found = energies_of(model, rows)
    assert found.names == ("vbm", "cbm", "gap")
    expected = np.array([VBM, CBM, CBM - VBM])
    np.testing.assert_allclose(found.slopes, np.tile(expected, (2, 1, 1)), atol=1e-10)
    root = np.random.default_rng(3).normal(size=(4, 4)) * 0.1
    covariance = root @ root.T
    spread = np.sqrt(np.einsum("mp,pq,mq->m", expected, covariance, expected))
    np.testing.assert_allclose(found.spread(np.stack([covariance] * 2)), [spread] * 2, rtol=1e-8)
    np.testing.assert_array_equal(found.std, 0.0)
    assert found.valleys is None


def test_differences_give_the_slopes_that_the_kernels_give():
    featurizer, regressor = load_pretrained("MoS2")
    rows = np.array([[384.4, 384.2, 384.6, 402.6], [381.9, 381.5, 382.3, 401.2]])
    by_kernels = energies_of(FittedModel.from_estimator(make_pipeline(featurizer, regressor)), rows)
    longer = make_pipeline(featurizer, FunctionTransformer(), regressor)
    by_differences = energies_of(FittedModel.from_estimator(longer), rows)
    assert by_differences.names == by_kernels.names == ("vbm", "cbm", "gap", "gap_direct")
    np.testing.assert_allclose(by_differences.values, by_kernels.values, atol=1e-9)
    np.testing.assert_allclose(by_differences.std, by_kernels.std, rtol=1e-6)
    # a step of 0.05 cm-1 against the length over which the model bends
    largest = np.abs(by_kernels.slopes).max()
    np.testing.assert_allclose(by_differences.slopes, by_kernels.slopes, atol=0.02 * largest)


def test_a_model_without_spectra_or_for_another_material_is_refused_with_the_way_out():
    with pytest.raises(ValueError, match=r"model \(Ridge\) takes no spectra: its first step must be a Raman"):
        choose_model(Ridge(), "MoS2")
    ws2 = make_pipeline(RamanFeaturizer(SHIFT, material="WS2"), Ridge())
    with pytest.raises(ValueError, match="fits the lines of WS2, but material is 'MoS2'; pass material="):
        choose_model(ws2, "MoS2")
    assert choose_model(ws2, "WS2").pipeline is ws2


def test_the_unstrained_layer_is_known_from_positions_alone_and_a_scissor_names_itself():
    wide = RamanFeaturizer(SHIFT, features=("center", "fwhm")).fit(np.ones((1, SHIFT.size)))
    model = FittedModel.from_estimator(make_pipeline(wide, LinearEdges()))
    with pytest.raises(
        ValueError, match=r"^what a model gives for the unstrained layer .* fit it with features="
    ):
        unstrained_features(model)
    with pytest.raises(ValueError, match=r"^scissor is 1.88 eV, but what a model gives"):
        Scissor.to(1.88, model)
