# SPDX-License-Identifier: BSD-3-Clause
"""The stated error follows the errors on left-out groups from place to place."""

from dataclasses import replace

import numpy as np
import pytest

from strain2dos import DOSRegressor
from strain2dos.dos._process.local_scale import LocalScale, NearbyFactors, misfits


def factor(scale, features):
    """Factor of one scale, straight from the distances to all of its points."""
    place, reach = (features - scale.middle) @ scale.axes, 2.0 * scale.reach**2 * scale.axes.shape[1]
    near = np.exp(-np.square(place[:, None] - scale.points).sum(2) / reach)
    return scale.from_sums(place, near @ scale.per_point, reach)


@pytest.fixture(scope="module")
def scattered():
    """A line with scatter that grows from 0.05 in the middle to 0.45 at the ends."""
    x = np.linspace(-2, 2, 400)
    scatter = 0.05 + 0.2 * np.abs(x)
    return x[:, None], scatter, x + scatter * np.random.default_rng(0).standard_normal(400)


@pytest.fixture(scope="module")
def fitted(scattered):
    X, _, y = scattered
    return DOSRegressor(hidden_layer_sizes=(), nonnegative=False, random_state=0).fit(X, y)


def test_the_stated_error_grows_where_the_scatter_grows(scattered, fitted):
    X, scatter, _ = scattered
    std = fitted.predict(X, return_std=True)[1]
    inner, outer = np.abs(X[:, 0]) < 0.3, np.abs(X[:, 0]) > 1.5
    # errors within a quarter of the spread of the states count, so that the ends are seen from one side
    assert np.sqrt(np.mean(std[inner] ** 2)) < 0.15
    assert np.sqrt(np.mean(std[outer] ** 2)) == pytest.approx(np.sqrt(np.mean(scatter[outer] ** 2)), rel=0.2)
    truth = X[:, 0] + scatter * np.random.default_rng(1).standard_normal((50, 400))
    held = np.abs(truth - fitted.predict(X)) <= 1.645 * std
    assert 0.8 < held[:, outer].mean() < 0.95
    one = replace(fitted.fitted_, heads=replace(fitted.fitted_.heads, curve=_everywhere_one(fitted)))
    flat = one.curves(X, "cpu", std=True)[1][:, 0]
    assert np.ptp(flat) < 0.05 * flat.mean()
    assert (np.abs(truth - fitted.predict(X)) <= 1.645 * flat)[:, outer].mean() < 0.75


def _everywhere_one(model):
    return replace(model.fitted_.heads.curve, local=())


def test_the_mean_does_not_depend_on_the_local_scale(scattered, fitted):
    X = scattered[0]
    one = replace(fitted.fitted_, heads=replace(fitted.fitted_.heads, curve=_everywhere_one(fitted)))
    np.testing.assert_array_equal(fitted.predict(X), one.curves(X, "cpu", std=False)[0][:, 0])


def test_draws_scatter_as_the_standard_deviation_states(scattered, fitted):
    X = scattered[0][::50]
    draws = fitted.sample_curves(X, 4000, random_state=0)
    np.testing.assert_allclose(draws.std(1), fitted.predict(X, return_std=True)[1], rtol=0.05)


def test_far_from_all_states_variances_are_those_of_the_process():
    points = np.random.default_rng(0).standard_normal((40, 2))
    (local,) = LocalScale.of(points, np.arange(40), np.full(40, 0.1))
    np.testing.assert_allclose(factor(local, np.full((1, 2), 30.0)), 1.0, rtol=1e-12)
    assert factor(local, np.zeros((1, 2)))[0] < 0.25


def test_errors_that_are_alike_everywhere_keep_one_scale():
    points = np.random.default_rng(0).standard_normal((200, 2))
    found = [
        LocalScale.of(points, np.arange(200), np.random.default_rng(seed).chisquare(1, 200))
        for seed in range(10)
    ]
    assert sum(local == () for local in found) >= 7


def test_rows_of_a_group_count_once_and_loose_ones_less():
    points = np.random.default_rng(0).standard_normal((40, 2))
    misfit = np.square(points[:, 0] * np.random.default_rng(1).standard_normal(40))
    (once,) = LocalScale.of(points, np.arange(40), misfit)
    (twice,) = LocalScale.of(np.tile(points, (2, 1)), np.tile(np.arange(40), 2), np.tile(misfit, 2))
    np.testing.assert_allclose(factor(twice, points), factor(once, points), rtol=1e-12)
    (loose,) = LocalScale.of(points, np.arange(40), misfit, loose=np.full(40, 4.0))
    np.testing.assert_allclose(loose.weight, once.weight / 4, rtol=1e-12)


def test_misfits_are_squared_errors_over_variances():
    truth, mean, variance = np.array([[1.0, 2.0]]), np.array([[0.0, 0.0]]), np.array([[2.0, 8.0]])
    np.testing.assert_allclose(misfits(truth, mean, variance), 0.5)


def test_beyond_the_states_small_errors_nearby_do_not_narrow_the_stated_one():
    # errors half as large as predicted everywhere
    points = np.random.default_rng(0).uniform(-1, 1, (200, 2))
    (scale,) = LocalScale.of(points, np.arange(200), np.full(200, 0.25))
    inside = factor(scale, np.array([[0.0, 0.0]]))
    beyond = factor(scale, points.mean(0) + np.array([[1.9, 0.0]]))
    assert inside[0] < 0.3
    assert beyond[0] == pytest.approx(1.0, abs=0.01)


def test_factors_of_several_outputs_at_once_are_products_of_each_scale():
    random = np.random.RandomState(0)
    points, middle, axes = random.standard_normal((30, 2)), np.zeros(3), random.standard_normal((3, 2))

    def scale(reach, points=points):
        misfit, weight = random.uniform(0.1, 4.0, len(points)), random.uniform(0.2, 1.0, len(points))
        return LocalScale(middle, axes, points, misfit, weight, reach)

    scales = [[scale(0.5), scale(0.25)], [], [scale(0.5), scale(0.7, points[:20])]]
    features = 0.7 * random.standard_normal((50, 3))
    found = NearbyFactors(scales)(features)
    for one, some in zip(found, scales, strict=True):
        known = np.prod([factor(part, features) for part in some], axis=0) * np.ones(50)
        np.testing.assert_allclose(one, known, rtol=1e-12)
    assert np.ptp(found[0]) > 0.5
