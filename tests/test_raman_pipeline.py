# SPDX-License-Identifier: BSD-3-Clause
"""The recommended pipeline: positions in, curves and gaps out, whatever was measured for how long."""

import numpy as np
import pytest

from strain2dos import RamanFeaturizer, raman_pipeline
from strain2dos.datasets import make_raman_dos
from strain2dos.dos import feature_covariance


@pytest.fixture(scope="module")
def data():
    return make_raman_dos(122, random_state=0)


@pytest.fixture(scope="module")
def model(data):
    pipeline = raman_pipeline(data.shift, data.energies, n_members=1, max_epochs=20, random_state=0)
    return pipeline.fit(
        data.spectra, data.dos, dosregressor__groups=data.groups, dosregressor__edges=data.edge_targets
    )


def gap(model, spectra):
    return model[-1].predict_edges(model[:-1].transform(spectra)).gap


@pytest.mark.parametrize("factor", [0.01, 0.1, 10.0, 100.0])
def test_the_gap_does_not_depend_on_how_many_counts_were_taken(model, data, factor):
    # 0.1 meV; positions of the same spectrum at another scale agree to the tolerance of the fit
    np.testing.assert_allclose(gap(model, factor * data.spectra), gap(model, data.spectra), atol=1e-4)


def test_only_positions_are_features_by_default(data):
    names = RamanFeaturizer(data.shift).fit(data.spectra).get_feature_names_out()
    assert names.tolist() == ["E'_center", "E'-_center", "E'+_center", "A1'_center"]


def test_areas_on_request_are_shares(data):
    featurizer = RamanFeaturizer(data.shift, features=("area",)).fit(data.spectra)
    shares = featurizer.transform(data.spectra)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, rtol=1e-12)
    np.testing.assert_allclose(featurizer.transform(50 * data.spectra), shares, rtol=1e-5)
    fit = featurizer.fit_spectra(data.spectra)
    areas = fit.params[:, [fit.names.index("E'_area"), fit.names.index("A1'_area")]]
    np.testing.assert_allclose(shares, areas / areas.sum(axis=1, keepdims=True), rtol=1e-12)


def test_the_covariance_of_shares_is_that_of_draws_of_the_areas(data):
    featurizer = RamanFeaturizer(data.shift, features=("center", "area")).fit(data.spectra)
    fit = featurizer.fit_spectra(data.spectra[:1])
    _, covariance = feature_covariance(featurizer, data.spectra[:1])
    draws = np.random.default_rng(0).multivariate_normal(fit.params[0], fit.covariance[0], 200_000)
    names = list(fit.names)
    j = [names.index("E'_area"), names.index("A1'_area")]
    draws[:, j] /= draws[:, j].sum(axis=1, keepdims=True)
    chosen = [names.index(name) for name in featurizer.get_feature_names_out()]
    expected = np.cov(draws[:, chosen].T)
    sizes = np.sqrt(np.diag(expected))
    np.testing.assert_allclose(
        covariance[0] / np.outer(sizes, sizes), expected / np.outer(sizes, sizes), atol=0.02
    )


def test_material_reference_and_unstrained_positions_reach_the_featurizer(data):
    pipeline = raman_pipeline(
        data.shift, data.energies, reference="Si", unstrained={"E'": 384.0}, hidden_layer_sizes=(8,)
    )
    assert (pipeline[0].reference, pipeline[0].unstrained) == ("Si", {"E'": 384.0})
    assert pipeline[1].hidden_layer_sizes == (8,)
