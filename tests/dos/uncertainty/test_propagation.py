# SPDX-License-Identifier: BSD-3-Clause
"""Errors of features carried to curves and edges, against closed forms and repeated measurements."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from strain2dos import DOSRegressor, RamanFeaturizer
from strain2dos.datasets import load_mos2_dft, make_raman_dos
from strain2dos.dos import BandEdges, feature_covariance, propagate_noise
from strain2dos.mapping import propagate_spectra


class Linear(RegressorMixin, BaseEstimator):
    """Curves and edges that are linear in the features."""

    edges_learned_ = True

    def __init__(self, slopes=None):
        self.slopes = slopes

    def predict(self, X, return_std=False):
        dos = X @ self.slopes
        return (dos, np.full_like(dos, 0.3)) if return_std else dos

    def predict_edges(self, X):
        vbm, cbm = X[:, 0], 2 * X[:, 1] - X[:, 0]
        return BandEdges(vbm, cbm, cbm - vbm)


def covariances(random, n, k, scales=None):
    factor = random.normal(size=(n, k, k)) * (np.ones(k) if scales is None else scales)[:, None]
    return factor @ factor.transpose(0, 2, 1)


def test_the_standard_deviation_of_a_linear_model_is_exact():
    random = np.random.RandomState(0)
    slopes, X = random.normal(size=(4, 30)), random.normal(size=(7, 4))
    scales = np.array([0.1, 1e4, 1e-3, 1.0])
    covariance = covariances(random, 7, 4, scales)
    found = propagate_noise(Linear(slopes), X, covariance)
    np.testing.assert_allclose(
        found.dos_std**2, np.einsum("kj,nkl,lj->nj", slopes, covariance, slopes), rtol=1e-7
    )
    np.testing.assert_array_equal(found.dos, X @ slopes)
    for name, weights in (("vbm", [1, 0, 0, 0]), ("cbm", [-1, 2, 0, 0]), ("gap", [-2, 2, 0, 0])):
        wanted = np.sqrt(np.einsum("k,nkl,l->n", weights, covariance, weights))
        np.testing.assert_allclose(getattr(found, f"{name}_std"), wanted, rtol=1e-7)
    np.testing.assert_array_equal(found.edges.vbm, X[:, 0])
    both = propagate_noise(Linear(slopes), X, covariance, model_std=True)
    np.testing.assert_allclose(both.dos_std, np.hypot(found.dos_std, 0.3), rtol=1e-12)


def test_columns_that_follow_from_others_and_one_covariance_for_all_rows():
    random = np.random.RandomState(0)
    slopes = random.normal(size=(3, 10))
    maker = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 1.0]])
    covariance = maker @ np.diag([0.04, 0.09]) @ maker.T
    found = propagate_noise(Linear(slopes), random.normal(size=(5, 3)), covariance)
    wanted = np.sqrt(np.einsum("kj,kl,lj->j", slopes, covariance, slopes))
    np.testing.assert_allclose(found.dos_std, np.tile(wanted, (5, 1)), rtol=1e-7)


def test_draws_agree_with_the_linear_rule_for_small_errors_and_repeat_with_the_seed():
    random = np.random.RandomState(0)
    strain = np.linspace(0, 0.06, 12)[:, None]
    energies = np.linspace(-2, 2, 81)
    dos = 0.1 * np.logaddexp(0, (np.abs(energies) - (0.9 - 6 * strain)) / 0.1)
    model = DOSRegressor(energies, representation="grid", hidden_layer_sizes=(8,), n_members=1, max_epochs=5)
    model.set_params(random_state=0).fit(np.column_stack([385 - 500 * strain, 404 - 170 * strain]), dos)
    X = np.column_stack([385 - 500 * strain, 404 - 170 * strain])[[3, 5, 8]] + random.normal(0, 0.1, (3, 2))
    covariance = covariances(random, 3, 2, np.full(2, 0.02))
    linear = propagate_noise(model, X, covariance)
    one, two = (
        propagate_noise(model, X, covariance, method="monte-carlo", n_draws=2000, random_state=3)
        for _ in range(2)
    )
    assert np.array_equal(one.dos_std, two.dos_std)
    assert np.array_equal(one.gap_std, two.gap_std)
    # a standard deviation from 2000 draws has a relative standard error of 1.6 %
    strong = linear.dos_std > 1e-3 * linear.dos_std.max()
    np.testing.assert_allclose(one.dos_std[strong], linear.dos_std[strong], rtol=0.07)
    np.testing.assert_allclose(one.gap_std, linear.gap_std, rtol=0.07)


class Blurred(Linear):
    """The same with standard deviations of the edges that grow from row to row."""

    def predict_edges(self, X, return_std=False):
        edges = super().predict_edges(X)
        sizes = 0.01 * (1 + np.abs(X[:, 0]))
        return (edges, BandEdges(sizes, 2 * sizes, 3 * sizes)) if return_std else edges


@pytest.mark.parametrize("method", ["linear", "monte-carlo"])
def test_learned_edges_add_their_own_deviation_and_edges_read_from_curves_none(method):
    random = np.random.RandomState(0)
    slopes, X = random.normal(size=(4, 30)), random.normal(size=(7, 4))
    covariance = covariances(random, 7, 4)
    X[3, 1] = np.nan
    model, options = Blurred(slopes), {"method": method, "random_state": 0}
    alone, both = (propagate_noise(model, X, covariance, model_std=own, **options) for own in (False, True))
    sizes = 0.01 * (1 + np.abs(X[:, 0]))
    sizes[3] = np.nan
    for name, factor in (("vbm_std", 1), ("cbm_std", 2), ("gap_std", 3)):
        wanted = getattr(alone, name) ** 2 + (factor * sizes) ** 2
        np.testing.assert_allclose(getattr(both, name) ** 2, wanted, rtol=1e-12)
        assert (np.isfinite(wanted) == [True, True, True, False, True, True, True]).all()
    model.edges_learned_ = False
    read = propagate_noise(model, X, covariance, model_std=True, **options)
    np.testing.assert_array_equal(read.gap_std, alone.gap_std)
    np.testing.assert_array_equal(read.dos_std, both.dos_std)


def test_the_deviation_of_learned_edges_is_that_of_features_and_edges_drawn_together():
    random = np.random.RandomState(0)
    strain = np.repeat(np.linspace(0, 0.06, 20), 2)[:, None]  # twice each, so that the noise shows
    energies = np.linspace(-2, 2, 81)
    dos = 0.1 * np.logaddexp(0, (np.abs(energies) - (0.9 - 6 * strain)) / 0.1)
    lines = np.column_stack([385 - 500 * strain, 404 - 170 * strain])
    edges = np.column_stack([-0.9 + 6 * strain, 0.9 - 6 * strain]) + random.normal(0, 0.02, (40, 2))
    model = DOSRegressor(energies, representation="grid", hidden_layer_sizes=(8,), n_members=1, max_epochs=5)
    model.set_params(random_state=0).fit(lines, dos, edges=edges)
    along = np.array([[500.0, 170.0]]) / np.hypot(500, 170)
    row, covariance = np.array([[370.2, 399.1]]), 2.0 * along.T @ along + 4e-4 * np.eye(2)
    found = propagate_noise(model, row, covariance, model_std=True)
    # every draw of the features is given one draw of the edges, so that its scatter holds both
    draws = random.multivariate_normal(row[0], covariance, size=20_000)
    means, sizes = model.predict_edges(draws, return_std=True)
    for name in ("vbm", "cbm", "gap"):
        mean, size = getattr(means, name), getattr(sizes, name)
        assert 0.2 < size.mean() / mean.std() < 5, "one part hides the other"
        assert getattr(found, f"{name}_std")[0] == pytest.approx(random.normal(mean, size).std(), rel=0.03)


def test_rows_that_are_not_finite_give_nan_and_leave_the_others_alone():
    random = np.random.RandomState(0)
    slopes, X = random.normal(size=(2, 5)), random.normal(size=(4, 2))
    covariance = covariances(random, 4, 2)
    clean = propagate_noise(Linear(slopes), X, covariance)
    X[1, 0], covariance[2, 1, 1] = np.nan, np.inf
    found = propagate_noise(Linear(slopes), X, covariance)
    for ours, theirs in ((found.dos_std, clean.dos_std), (found.gap_std, clean.gap_std)):
        assert np.isnan(ours[[1, 2]]).all()
        np.testing.assert_array_equal(ours[[0, 3]], theirs[[0, 3]])
    nothing = propagate_noise(Linear(slopes), np.full((3, 2), np.nan), covariance[:3])
    assert nothing.dos.shape[0] == 3


def test_no_error_gives_no_standard_deviation():
    found = propagate_noise(Linear(np.ones((2, 5))), np.ones((3, 2)), np.zeros((2, 2)))
    assert np.array_equal(found.dos_std, np.zeros((3, 5)))
    assert np.array_equal(found.gap_std, np.zeros(3))


def test_regressors_without_edges_and_with_named_features():
    frame = pd.DataFrame({"E'_center": [384.0, 380.0, 377.0], "A1'_center": [404.0, 403.0, 401.0]})
    curves = np.random.RandomState(0).normal(size=(3, 6))
    model = make_pipeline(StandardScaler(), LinearRegression()).fit(frame, curves)
    found = propagate_noise(model, frame, np.diag([0.04, 0.01]))
    slopes = model[-1].coef_ / model[0].scale_
    wanted = np.sqrt(np.square(slopes) @ [0.04, 0.01])
    np.testing.assert_allclose(found.dos_std, np.tile(wanted, (3, 1)), rtol=1e-7)
    assert found.edges is None
    assert found.gap_std is None


def test_a_covariance_that_is_none_is_refused():
    model, X = Linear(np.ones((2, 5))), np.ones((3, 2))
    with pytest.raises(ValueError, match=r"\(3, 2, 2\) or \(2, 2\).*shape is \(3, 2\)"):
        propagate_noise(model, X, np.ones((3, 2)))
    with pytest.raises(ValueError, match="symmetric"):
        propagate_noise(model, X, [[1.0, 0.5], [0.0, 1.0]])
    with pytest.raises(ValueError, match="negative eigenvalue"):
        propagate_noise(model, X, [[1.0, 2.0], [2.0, 1.0]])
    with pytest.raises(ValueError, match="linear"):
        propagate_noise(model, X, np.eye(2), method="jackknife")


@pytest.fixture(scope="module")
def pipeline():
    states = load_mos2_dft()
    # one line describes E' only where its branches lie close together
    close = np.flatnonzero(states.phonons[:, 1] - states.phonons[:, 0] < 4.0)
    data = make_raman_dos(96, data=states.subset(close), random_state=0)
    featurizer = RamanFeaturizer(data.shift, split=False, features=("center", "difference"), noise="poisson")
    regressor = DOSRegressor(
        data.energies, hidden_layer_sizes=(8,), n_members=1, max_epochs=5, random_state=0
    )
    model = make_pipeline(featurizer, StandardScaler(), regressor)
    known = {"dosregressor__groups": data.groups, "dosregressor__edges": data.edges}
    return model.fit(data.spectra, data.dos, **known), data


def test_the_covariance_of_features_is_that_of_their_columns(pipeline):
    model, data = pipeline
    features, covariance = feature_covariance(model[0], data.spectra[:5])
    np.testing.assert_array_equal(features, model[0].transform(data.spectra[:5]))
    names = list(model[0].get_feature_names_out())
    assert names == ["E'_center", "A1'_center", "A1'-E'"]
    difference = np.array([-1.0, 1.0, -1.0])
    np.testing.assert_allclose(np.einsum("k,nkl,l->n", difference, covariance, difference), 0, atol=1e-9)


def test_error_bars_of_a_spectrum_are_the_scatter_of_repeated_measurements(pipeline):
    model, _ = pipeline
    shift = model[0].shift_
    clean = 30 + sum(
        900 / (1 + ((shift - center) / half) ** 2) for center, half in ((379.0, 2.0), (399.5, 2.6))
    )
    spectra = np.random.RandomState(0).poisson(clean, size=(400, shift.size)).astype(float)
    predicted = propagate_spectra(model, spectra)
    np.testing.assert_array_equal(predicted.dos, model.predict(spectra))
    # 400 repeats: a standard deviation has a relative standard error of 3.5 %
    assert np.median(predicted.gap_std) == pytest.approx(predicted.edges.gap.std(ddof=1), rel=0.12)
    scatter = predicted.dos.std(0, ddof=1)
    strong = scatter > 0.2 * scatter.max()
    np.testing.assert_allclose(np.median(predicted.dos_std, axis=0)[strong], scatter[strong], rtol=0.15)


def test_spectra_without_a_trusted_fit_give_nan_and_other_pipelines_are_refused(pipeline):
    model, data = pipeline
    spectra = data.spectra[:3].copy()
    spectra[1] = 0.0
    found = propagate_spectra(model, spectra)
    assert np.isnan(found.dos_std[1]).all()
    assert np.isfinite(found.dos_std[[0, 2]]).all()
    with pytest.raises(ValueError, match="first step is StandardScaler"):
        propagate_spectra(model[1:], spectra)
