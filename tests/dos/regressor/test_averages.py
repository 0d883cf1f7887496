# SPDX-License-Identifier: BSD-3-Clause
"""Means over rows, summed without a curve for each, against means of the curves."""

from copy import copy
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from strain2dos import DOSRegressor
from strain2dos.datasets import load_mos2_dft
from strain2dos.dos._regressor.averages import Averages
from strain2dos.dos._representations.basis import build_basis

DATA = load_mos2_dft()
COARSE = DATA.energies[::8]
UNEVEN = np.unique(np.r_[DATA.energies[::12], DATA.energies[::10]])
GRIDS = {"even": COARSE, "uneven": UNEVEN}


PLAIN = {"hidden_layer_sizes": ()}
NETWORKS = {"n_members": 3, "max_epochs": 40}


@cache
def fitted(grid, representation, networks):
    energies = GRIDS[grid]
    curves = np.array([np.interp(energies, DATA.energies, curve) for curve in DATA.dos])
    options = NETWORKS if networks else PLAIN
    model = DOSRegressor(energies, representation=representation, random_state=0, **options)
    return model.fit(DATA.phonons, curves, edges=DATA.edge_targets)


def altered(model, **heads):
    """Return the model with other heads."""
    twin = copy(model)
    twin.fitted_ = replace(model.fitted_, heads=replace(model.fitted_.heads, **heads))
    return twin


def rows_near(n, width):
    random = np.random.RandomState(1)
    return DATA.phonons[random.randint(0, len(DATA), n)] + width * random.standard_normal((n, 3))


@pytest.mark.parametrize(
    ("grid", "representation", "networks"),
    [("even", "cdf", False), ("uneven", "cdf", False), ("even", "cdf", True), ("even", "grid", False)],
)
def test_averages_are_means_of_predictions(grid, representation, networks):
    model = fitted(grid, representation, networks)
    weights = np.random.RandomState(0).dirichlet(np.ones(7))
    # within the training states and far outside, where energies change places
    X = np.concatenate([rows_near(7 * 40, 0.3), rows_near(7 * 40, 6.0)])
    found = Averages.of(model).curves(X, weights)
    expected = np.einsum("b,gbm->gm", weights, model.predict(X).reshape(80, 7, -1))
    np.testing.assert_allclose(found, expected, atol=1e-10 * expected.max())
    edges = Averages.of(model).edges(X)
    for name, known in model.predict_edges(X)._asdict().items():
        np.testing.assert_allclose(getattr(edges, name), known, atol=1e-10)


@pytest.mark.parametrize("family", ["gaussian", "matern52", "matern32"])
def test_joint_edges_are_means_of_the_edges_of_joined_rows(family):
    model = fitted("even", "grid", False)
    # whichever kernels the data chose: all valleys by one family, of two kernels each
    valleys = []
    for head in model.fitted_.heads.valleys:
        part = replace(head.plain[0], family=family)
        own = part.member_weights / part.member_weights.sum()
        shares = [replace(part, member_weights=share * own) for share in (0.3, 0.7)]
        valleys.append(replace(head, plain=(shares[0], replace(shares[1], lengths=1.2 * part.lengths))))
    model = altered(model, valleys=tuple(valleys))
    weights = np.random.RandomState(0).dirichlet(np.ones(11))
    X, background = rows_near(21, 2.0), rows_near(11, 1.0)
    members = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 0], [1, 1, 1], [0, 1, 1]], dtype=bool)
    found = Averages.of(model).joint_edges(background, weights).means(X, members)
    rows = np.where(members[:, None], X[:, None, None], background)
    for k, known in enumerate(model.predict_edges(rows.reshape(-1, 3))):
        expected = known.reshape(rows.shape[:3]) @ weights
        np.testing.assert_allclose(found[..., k], expected, atol=1e-9)


def test_several_members_with_a_network_are_mixed_as_in_a_prediction():
    model = fitted("even", "cdf", True)
    assert model.fitted_.heads.network is not None
    # the weight is what data decide; here it must count
    model = altered(model, network_weight=0.6)
    X = rows_near(120, 2.0)
    found = Averages.of(model).curves(X, np.full(12, 1 / 12))
    expected = model.predict(X).reshape(10, 12, -1).mean(axis=1)
    np.testing.assert_allclose(found, expected, atol=1e-10 * expected.max())


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("scatter", [0.0, 0.01, 0.2, 3.0])
def test_jumps_sum_to_the_mean_of_decoded_curves(grid, scatter):
    energies = GRIDS[grid]
    curves = np.array([np.interp(energies, DATA.energies, curve) for curve in DATA.dos])
    form = build_basis("cdf", energies, curves, True, -5.4, 0.1)[0].representation
    random = np.random.RandomState(2)
    latent = form.encode(curves)[:60]
    # energies in disorder are kept apart, those that leave the window count where they crossed its end
    latent = latent + scatter * np.abs(latent).mean() * random.standard_normal(latent.shape) * 0.01
    latent[::5] *= 1.0 + 0.3 * scatter
    variance = np.square(scatter * 0.05 * random.uniform(0, 1, latent.shape))
    variance[::3] = 0.0
    weights = random.dirichlet(np.ones(6))
    found = form.averaged(latent, variance, weights)
    expected = np.einsum("b,gbm->gm", weights, form.expected(latent, variance).reshape(10, 6, -1))
    np.testing.assert_allclose(found, expected, atol=1e-11 * expected.max())
    assert (found >= 0).all()


def test_only_own_predictions_are_averaged_without_them():
    class Shifted(DOSRegressor):
        def predict(self, X, return_std=False):
            return super().predict(X) + 1.0

    assert Averages.of(Shifted(COARSE)) is None
    assert Averages.of("no regressor") is None
