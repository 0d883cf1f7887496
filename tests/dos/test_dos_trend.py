# SPDX-License-Identifier: BSD-3-Clause
"""The Gaussian process: closed forms for groups left out, against refits without them."""

import numpy as np
import pytest
import torch
from scipy.stats import norm

from strain2dos.dos._common.groups import held_out_groups, thin
from strain2dos.dos._process.kernels import (
    Kernel,
    _criterion_with_gradient,
    predictive_density,
    weigh_kernels,
)
from strain2dos.dos._process.regression import Trend, fit_mixture, fit_trend, mixture


@pytest.fixture
def problem():
    random = np.random.RandomState(0)
    groups = np.repeat(np.arange(8), [1, 4, 3, 1, 5, 2, 4, 4])
    features = random.normal(size=(8, 2))[groups] + 0.2 * random.normal(size=(len(groups), 2))
    outputs = np.column_stack([np.sin(features[:, 0]), features[:, 1] ** 2, features.sum(1)])
    return features, outputs - outputs.mean(0), groups, random


KERNEL = Kernel("matern52", np.array([1.0, 2.0]), 0.5, 1e-2)


def test_left_out_predictions_equal_refits_without_the_group(problem):
    features, outputs, groups, random = problem
    held_out = fit_trend(KERNEL, features, outputs, groups, random)[1]
    for group in np.unique(groups):
        out = groups == group
        refit = fit_trend(KERNEL, features[~out], outputs[~out], groups[~out], random)[0]
        np.testing.assert_allclose(held_out[out], refit.predict(features[out])[0], atol=1e-8)


def test_criterion_equals_the_density_of_each_group_given_the_others(problem):
    features, outputs, groups, _ = problem
    blocks = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    found = predictive_density(KERNEL, features, outputs, blocks)
    matrix = KERNEL(features, features) + KERNEL.noise * np.eye(len(features))
    means, sizes = np.empty_like(outputs), np.empty(len(outputs))
    for block in blocks:
        rest = np.setdiff1d(np.arange(len(features)), block)
        gain = matrix[np.ix_(block, rest)] @ np.linalg.inv(matrix[np.ix_(rest, rest)])
        means[block] = gain @ outputs[rest]
        sizes[block] = np.diag(matrix[np.ix_(block, block)] - gain @ matrix[np.ix_(rest, block)])
    misses = np.square(outputs - means) / sizes[:, None]
    sigma2 = np.mean([misses[block].mean() for block in blocks])
    logs = norm(means, np.sqrt(sigma2 * sizes)[:, None]).logpdf(outputs)
    wanted = -sum(logs[block].mean() for block in blocks)
    assert found == pytest.approx(wanted - 0.5 * len(blocks) * np.log(2 * np.pi), abs=1e-6)


@pytest.mark.parametrize("family", ["gaussian", "matern52", "matern32"])
@pytest.mark.parametrize("single", [True, False])
def test_gradient_of_the_criterion_agrees_with_differences(problem, family, single):
    features, outputs, groups, _ = problem
    groups = np.arange(len(groups)) if single else groups
    blocks = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    start = np.log([1.0, 2.0, 0.5, 1e-2])
    value = _criterion_with_gradient(family, features, outputs, blocks, start)
    at = start + 0.1
    for k in range(4):
        step = np.zeros(4)
        step[k] = 1e-5
        slope = (value(at + step)[0] - value(at - step)[0]) / 2e-5
        assert value(at)[1][k] == pytest.approx(slope, rel=1e-4, abs=1e-5)
    kernel = Kernel(family, np.exp(start[:2]), 0.5, 1e-2)
    assert value(start)[0] == pytest.approx(predictive_density(kernel, features, outputs, blocks), abs=1e-6)


def test_process_passes_through_exact_data_and_knows_it():
    features = np.linspace(-1.5, 1.5, 9)[:, None]
    outputs = np.sin(2 * features)
    kernel = Kernel("gaussian", np.array([0.8]), 0.1, 1e-8)
    trend = fit_trend(kernel, features, outputs, np.arange(9), np.random.RandomState(0))[0]
    mean, variance = trend.predict(features)
    np.testing.assert_allclose(mean, outputs, atol=1e-6)
    assert variance.max() < 1e-3 * trend.predict(np.array([[4.0]]))[1].min()


def test_many_rows_are_followed_through_fewer_points():
    random = np.random.RandomState(0)
    features = random.uniform(-2, 2, (1500, 1))
    outputs = np.sin(2 * features)
    kernel = Kernel("gaussian", np.array([0.7]), 0.1, 1e-4)
    trend, held_out = fit_trend(kernel, features, outputs, np.arange(1500), random)
    assert len(trend.points) < 1500
    assert np.abs(held_out - outputs).max() < 1e-2
    at = np.linspace(-1.9, 1.9, 50)[:, None]
    np.testing.assert_allclose(trend.predict(at)[0], np.sin(2 * at), atol=1e-2)


def test_shares_add_to_one_and_noise_features_get_long_scales():
    random = np.random.RandomState(0)
    groups = np.repeat(np.arange(12), 8)
    signal = np.linspace(-1.5, 1.5, 12)[groups]
    features = np.column_stack([signal + 0.02 * random.normal(size=96), random.normal(size=96)])
    outputs = np.column_stack([np.sin(2 * signal), np.cos(2 * signal)])
    kernels = weigh_kernels(features, outputs, groups, random, refine=True)
    assert sum(share for share, _ in kernels) == pytest.approx(1.0)
    best = kernels[0][1]
    assert best.length[1] > 5 * best.length[0]


def test_mixture_is_the_weighed_mean_and_survives_its_state(problem):
    features, outputs, groups, random = problem
    kernels = [(0.25, KERNEL), (0.75, KERNEL._replace(family="gaussian"))]
    trends, _ = fit_mixture(kernels, features, outputs, groups, random)
    mean, variance = mixture([Trend.from_state(trend.state()) for trend in trends], features)
    parts = [
        fit_trend(kernel, features, outputs, groups, random)[0].predict(features)[0] for _, kernel in kernels
    ]
    np.testing.assert_allclose(mean, 0.25 * parts[0] + 0.75 * parts[1], atol=1e-12)
    assert (variance > 0).all()


def test_members_take_turns_so_that_every_group_is_held_out():
    groups = np.repeat(np.arange(10), 3)
    masks = held_out_groups(groups, 5, 0.2, np.random.RandomState(0))
    assert np.sum(masks, axis=0).tolist() == [1] * 30
    assert all(mask.sum() == 6 for mask in masks)


def test_thinning_keeps_all_groups():
    groups = np.repeat(np.arange(20), np.arange(1, 21))
    rows = thin(groups, 60, np.random.RandomState(0))
    assert len(rows) == 60
    assert len(np.unique(groups[rows])) == 20
    assert np.bincount(groups[rows]).max() <= 4


def test_gradients_leave_no_trace_in_torch():
    before = torch.random.get_rng_state()
    random = np.random.RandomState(0)
    x = random.normal(size=(10, 1))
    weigh_kernels(x, np.sin(x), np.arange(10), random, refine=True)
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("noise", [1e-4, 1e-6, 1e-8])
def test_small_variances_survive_the_large_constant(noise):
    # the oracle solves the same equations with 50 digits
    import mpmath

    random = np.random.RandomState(1)
    points, new = random.normal(size=(24, 2)), random.normal(scale=0.5, size=(4, 2))
    kernel = Kernel("gaussian", np.array([2.0, 3.0]), 0.1, noise)
    outputs = np.sin(points[:, :1])
    trend, _ = fit_trend(kernel, points, outputs, np.arange(24), random)
    found = trend.predict(new)[1][:, 0] / trend.variance[0] - noise
    with mpmath.workdps(50):
        inverse = mpmath.inverse(mpmath.matrix(kernel(points, points)) + noise * mpmath.eye(24))
        cross = mpmath.matrix(kernel(new, points))
        explained = cross * inverse * cross.T
        wanted = [float(kernel.diagonal(new)[i] - explained[i, i]) for i in range(4)]
    # entries of the matrix are rounded in either way, relative to the constant of 100
    np.testing.assert_allclose(found, wanted, rtol=0.02)
