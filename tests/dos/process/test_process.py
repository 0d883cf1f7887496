# SPDX-License-Identifier: BSD-3-Clause
"""Gaussian processes: closed forms against refits, and posteriors against scikit-learn's."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import norm
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, DotProduct, Matern, WhiteKernel

from strain2dos.dos._common.groups import held_out_groups, subsample_by_group
from strain2dos.dos._process import plain
from strain2dos.dos._process.closed_form import LeftOutLoss, value_and_slope
from strain2dos.dos._process.covariance import CONSTANT, FACTORS, FAMILIES, SLOPES, Covariance, stationary
from strain2dos.dos._process.density import left_out, negative_log_density, rows_of_groups
from strain2dos.dos._process.heads import Heads, fit_head
from strain2dos.dos._process.mixture import load, mixed
from strain2dos.dos._process.plain import Kernel, _Known, _value_with_gradient, weighted_kernels
from strain2dos.dos._process.posterior import condition


@pytest.fixture
def problem():
    random = np.random.RandomState(0)
    groups = np.repeat(np.arange(8), [1, 4, 3, 1, 5, 2, 4, 4])
    features = random.normal(size=(8, 2))[groups] + 0.2 * random.normal(size=(len(groups), 2))
    outputs = np.column_stack([np.sin(features[:, 0]), features[:, 1] ** 2, features.sum(1)])
    return features, outputs - outputs.mean(0), groups, random


def members(hidden=(), n=2):
    """Two members whose lengths differ, with a network or without."""
    lengths = np.array([[1.0, 2.0], [0.7, 3.0]])[:n]
    bend = np.array([0.0, 0.4])[:n]
    made = Covariance(
        "matern52", lengths, np.full(n, 0.5), np.full(n, 1e-2), quadratic=bend, hidden=hidden, seed=3
    )
    if hidden:
        made.log_reach.data += 2.0
    return made.requires_grad_(False)


def predict(process, features):
    mean, variance = load(process, "cpu").members(torch.from_numpy(features))
    return mean.numpy(), variance.numpy()


@pytest.mark.parametrize("hidden", [(), (8, 8)])
def test_left_out_predictions_equal_refits_without_the_group(problem, hidden):
    features, outputs, groups, random = problem
    shares = np.full(2, 0.5)
    held = condition(members(hidden), features, outputs, groups, shares, random, "cpu")[1]
    for group in np.unique(groups):
        out = groups == group
        rest = np.unique(groups[~out], return_inverse=True)[1]
        refit = condition(members(hidden), features[~out], outputs[~out], rest, shares, random, "cpu")[0]
        np.testing.assert_allclose(held.mean[:, out], predict(refit, features[out])[0], atol=1e-8)


@pytest.mark.parametrize("hidden", [(), (8, 8)])
def test_criterion_equals_the_density_of_each_group_given_the_others(problem, hidden):
    features, outputs, groups, _ = problem
    matrices = members(hidden)(torch.from_numpy(features))
    blocks = [torch.from_numpy(rows) for rows in rows_of_groups(groups)]
    found = left_out(matrices, torch.from_numpy(outputs), blocks)
    value = negative_log_density(found, torch.ones_like(found.misfit))
    for k, matrix in enumerate(matrices.numpy()):
        means, sizes = np.empty_like(outputs), np.empty(len(outputs))
        for group in np.unique(groups):
            block, rest = np.flatnonzero(groups == group), np.flatnonzero(groups != group)
            gain = matrix[np.ix_(block, rest)] @ np.linalg.inv(matrix[np.ix_(rest, rest)])
            means[block] = gain @ outputs[rest]
            sizes[block] = np.diag(matrix[np.ix_(block, block)] - gain @ matrix[np.ix_(rest, block)])
        misses = np.square(outputs - means) / sizes[:, None]
        sigma2 = np.mean([misses[groups == group].mean() for group in np.unique(groups)])
        logs = norm(means, np.sqrt(sigma2 * sizes)[:, None]).logpdf(outputs)
        wanted = -np.mean([logs[groups == group].mean() for group in np.unique(groups)])
        assert float(value[k]) == pytest.approx(wanted - 0.5 * np.log(2 * np.pi), abs=1e-7)


@pytest.mark.parametrize("family", ["gaussian", "matern52", "matern32"])
@pytest.mark.parametrize("single", [True, False])
def test_gradient_of_the_criterion_agrees_with_differences(problem, family, single):
    features, outputs, groups, _ = problem
    known = _Known(features, outputs, np.arange(len(groups)) if single else groups)
    start = np.log([1.0, 2.0, 0.5, 1e-2])
    kernel = Kernel(family, np.exp(start[:2]), 0.5, 1e-2)
    value = _value_with_gradient(kernel, known, start)
    assert value(start)[0] == pytest.approx(known.of_kernel(kernel), abs=1e-6)
    at = start + 0.1
    gradient = value(at)[1]
    for k in range(4):
        step = np.zeros(4)
        step[k] = 1e-5
        slope = (value(at + step)[0] - value(at - step)[0]) / 2e-5
        assert gradient[k] == pytest.approx(slope, rel=1e-4, abs=1e-5)


def test_posterior_equals_that_of_scikit_learn_with_the_same_kernel(problem):
    features, outputs, groups, random = problem
    covariance = Covariance("matern52", np.array([[1.3, 1.3]]), np.array([0.5]), np.array([1e-2]))
    process, _ = condition(covariance, features, outputs, groups, np.ones(1), random, "cpu")
    kernel = (
        ConstantKernel(1.0) * Matern(1.3, nu=2.5)
        + ConstantKernel(0.5 / 1.3**2) * DotProduct(1e-9)
        + ConstantKernel(CONSTANT)
        + WhiteKernel(1e-2)
    )
    peer = GaussianProcessRegressor(kernel, alpha=0.0, optimizer=None).fit(features, outputs)
    new = random.normal(size=(20, 2))
    mean, variance = predict(process, new)
    wanted, std = peer.predict(new, return_std=True)
    np.testing.assert_allclose(mean[0], wanted, atol=1e-8)
    np.testing.assert_allclose(variance[0] / process.variance[0], np.square(std), rtol=3e-3)


def test_process_passes_through_exact_data_with_no_variance_there():
    features = np.linspace(-1.5, 1.5, 9)[:, None]
    outputs = np.sin(2 * features)
    covariance = Covariance("gaussian", np.array([[0.8]]), np.array([0.1]), np.array([1e-8]))
    process, _ = condition(
        covariance, features, outputs, np.arange(9), np.ones(1), np.random.RandomState(0), "cpu"
    )
    mean, variance = predict(process, features)
    np.testing.assert_allclose(mean[0], outputs, atol=1e-6)
    assert variance.max() < 1e-3 * predict(process, np.array([[4.0]]))[1].min()


@pytest.mark.parametrize("hidden", [(), (4,)])
def test_many_rows_are_followed_through_fewer_points(hidden):
    random = np.random.RandomState(0)
    features = random.uniform(-2, 2, (1500, 1))
    outputs = np.sin(2 * features)
    covariance = Covariance(
        "gaussian", np.full((2, 1), 0.7), np.full(2, 0.1), np.full(2, 1e-4), hidden=hidden
    )
    process, held = condition(
        covariance.requires_grad_(False), features, outputs, np.arange(1500), np.full(2, 0.5), random, "cpu"
    )
    assert len(process.points) < 1500
    assert np.abs(held.mean - outputs).max() < 1e-2
    at = np.linspace(-1.9, 1.9, 50)[:, None]
    np.testing.assert_allclose(predict(process, at)[0], np.stack([np.sin(2 * at)] * 2), atol=1e-2)


def test_weights_add_to_one_and_noise_features_get_long_scales():
    random = np.random.RandomState(0)
    groups = np.repeat(np.arange(12), 8)
    signal = np.linspace(-1.5, 1.5, 12)[groups]
    features = np.column_stack([signal + 0.02 * random.normal(size=96), random.normal(size=96)])
    outputs = np.column_stack([np.sin(2 * signal), np.cos(2 * signal)])
    kernels = weighted_kernels(features, outputs, groups, random, refine=True)
    assert sum(kernel.weight for kernel in kernels) == pytest.approx(1.0)
    best = max(kernels, key=lambda kernel: kernel.weight)
    assert best.length[1] > 5 * best.length[0]


def test_many_rows_keep_the_few_kernels_that_predict_left_out_groups_as_well_as_all(monkeypatch):
    random = np.random.RandomState(0)
    groups = np.repeat(np.arange(24), 8)
    signal = np.linspace(-1.5, 1.5, 24)[groups]
    features = np.column_stack([signal, signal]) + 0.3 * random.normal(size=(192, 2))
    outputs = np.column_stack([np.sin(2 * signal), np.cos(2 * signal)])

    def fitted():
        return fit_head(features, outputs, groups, np.random.RandomState(0))

    few = fitted()
    monkeypatch.setattr(plain, "_enough", lambda kernels, *rest: len(kernels))
    all_of_them = fitted()
    kept, tried = (sum(len(part.noise) for part in each.head.plain) for each in (few, all_of_them))
    assert kept < tried / 2
    error, least = (np.square(each.mean - each.outputs).mean() for each in (few, all_of_them))
    assert error < 1.03 * least


def test_moments_of_a_mixture_are_those_of_drawn_numbers():
    random = np.random.RandomState(0)
    means, variances, weights = (
        random.normal(size=(3, 1, 1)),
        random.uniform(size=(3, 1, 1)),
        np.array([0.2, 0.3, 0.5]),
    )
    member = random.choice(3, 400_000, p=weights)
    drawn = means[member, 0, 0] + np.sqrt(variances[member, 0, 0]) * random.normal(size=len(member))
    mean, variance = mixed(means, variances, weights)
    assert mean.item() == pytest.approx(drawn.mean(), abs=0.01)
    assert variance.item() == pytest.approx(drawn.var(), rel=0.01)


def test_members_take_turns_so_that_every_group_is_held_out():
    out = held_out_groups(10, 5, 0.2, np.random.RandomState(0))
    assert out.sum(0).tolist() == [1] * 10
    assert out.sum(1).tolist() == [2] * 5


def test_thinning_keeps_all_groups():
    groups = np.repeat(np.arange(20), np.arange(1, 21))
    rows = subsample_by_group(groups, 60, np.random.RandomState(0))
    assert len(rows) == 60
    assert len(np.unique(groups[rows])) == 20
    assert np.bincount(groups[rows]).max() <= 4


@pytest.mark.parametrize("noise", [1e-4, 1e-6, 1e-8])
def test_small_variances_survive_the_large_constant(noise):
    # the oracle solves the same equations with 50 digits
    import mpmath

    random = np.random.RandomState(1)
    points, new = random.normal(size=(24, 2)), random.normal(scale=0.5, size=(4, 2))
    covariance = Covariance("gaussian", np.array([[2.0, 3.0]]), np.array([0.1]), np.array([noise]))
    covariance.requires_grad_(False)
    outputs = np.sin(points[:, :1])
    process, _ = condition(covariance, points, outputs, np.arange(24), np.ones(1), random, "cpu")
    found = predict(process, new)[1][0, :, 0] / process.variance[0] - noise
    old, fresh = (covariance.place(torch.from_numpy(part)) for part in (points, new))
    inner, across = covariance.between(old, old)[0].numpy(), covariance.between(fresh, old)[0].numpy()
    own = covariance.diagonal(fresh)[0].numpy()
    with mpmath.workdps(50):
        inverse = mpmath.inverse(mpmath.matrix(inner) + noise * mpmath.eye(24))
        cross = mpmath.matrix(across)
        explained = cross * inverse * cross.T
        wanted = [float(own[i] - explained[i, i]) for i in range(4)]
    # entries of the matrix are rounded in either way, relative to the constant of 100
    np.testing.assert_allclose(found, wanted, rtol=0.02)


def test_a_head_without_any_variance_predicts_its_level():
    head = fit_head(
        np.arange(6.0)[:, None], np.full((6, 2), 3.0), np.arange(6), np.random.RandomState(0)
    ).head
    assert head.scale == 1.0
    assert head.mean.tolist() == [3.0, 3.0]


def test_rows_with_loose_noise_count_as_in_a_process_with_a_noise_for_each_row(problem):
    features, outputs, groups, random = problem
    loose = random.uniform(1.0, 50.0, len(groups))
    process, _ = condition(members(), features, outputs, groups, np.full(2, 0.5), random, "cpu", loose)
    new = random.normal(size=(7, 2))
    mean, variance = predict(process, new)
    for k, (lengths, bend) in enumerate((([1.0, 2.0], 0.0), ([0.7, 3.0], 0.4))):
        kernel = Matern(lengths, nu=2.5) + ConstantKernel(CONSTANT)
        # sklearn's DotProduct knows no lengths: the linear and quadratic parts are added by hand
        both = [part / np.array(lengths) for part in (features, new)]
        inner, cross = (0.5 * (p + bend * p**2) for p in (both[0] @ both[0].T, both[1] @ both[0].T))
        matrix = kernel(features) + inner + 1e-2 * np.diag(loose)
        weights = np.linalg.solve(matrix, (kernel(new, features) + cross).T)
        np.testing.assert_allclose(mean[k], weights.T @ outputs, atol=1e-8)
        norm2 = np.square(both[1]).sum(1)
        left = CONSTANT + 1 + 0.5 * (norm2 + bend * norm2**2) + 1e-2
        left -= np.einsum("ij,ji->i", kernel(new, features) + cross, weights)
        np.testing.assert_allclose(
            variance[k] / process.variance[k], np.repeat(left[:, None], 3, 1), rtol=1e-2
        )


@pytest.mark.parametrize("quadratic", [0.0, 0.6])
@pytest.mark.parametrize("family", FAMILIES)
def test_the_closed_form_of_groups_left_out_is_what_autograd_gives(problem, family, quadratic):
    x, outputs, groups, random = problem
    loose = random.uniform(0.5, 2.0, len(x))
    blocks = rows_of_groups(groups)
    logs = np.log([0.9, 1.3, 0.3, 1e-3])
    free = torch.tensor(logs, requires_grad=True)
    scaled = torch.from_numpy(x) / torch.exp(free[:2])
    squared = (scaled[:, None] - scaled).square().sum(-1)
    part = stationary(FACTORS[family] * squared, family)[0]
    inner = scaled @ scaled.T
    covariance = part + torch.exp(free[2]) * (inner + quadratic * inner.square()) + CONSTANT
    covariance = covariance + torch.exp(free[3]) * torch.diag(torch.from_numpy(loose))
    outputs, blocks = torch.from_numpy(outputs), [torch.from_numpy(rows) for rows in blocks]
    found = left_out(covariance[None], outputs, blocks)
    known = 8 * negative_log_density(found, torch.ones_like(found.misfit))[0]
    rows = torch.from_numpy(x), outputs, torch.from_numpy(loose)
    value, slope = value_and_slope(family, logs, *rows, blocks, quadratic)
    assert value == pytest.approx(float(known.detach()), rel=1e-9)
    np.testing.assert_allclose(slope, torch.autograd.grad(known, free)[0].numpy(), rtol=1e-7)


def test_the_loss_of_groups_that_are_seen_has_the_slope_of_autograd(problem):
    _, outputs, groups, random = problem
    n, blocks = len(groups), [torch.from_numpy(rows) for rows in rows_of_groups(groups)]
    roots = torch.from_numpy(random.normal(size=(3, n, n)))
    covariance = (roots @ roots.mT / n + torch.eye(n)).requires_grad_()
    counted = torch.from_numpy((random.uniform(size=(3, sum(map(len, blocks)))) > 0.3).astype(float))
    outputs, weights = torch.from_numpy(outputs).expand(3, -1, -1), torch.tensor([1.0, 0.5, 2.0])
    known = negative_log_density(left_out(covariance, outputs, blocks), counted)
    found = LeftOutLoss.apply(covariance, outputs, blocks, counted)
    np.testing.assert_allclose(found.detach().numpy(), known.detach().numpy(), rtol=1e-12)
    slopes = [torch.autograd.grad((weights * loss).sum(), covariance)[0] for loss in (found, known)]
    # covariances are symmetric, so only that part of a slope counts
    one, other = ((slope + slope.mT).numpy() for slope in slopes)
    np.testing.assert_allclose(one, other, rtol=1e-8, atol=1e-12)
    singular = torch.zeros((1, n, n), dtype=torch.float64)
    assert LeftOutLoss.apply(singular, outputs[:1], blocks, counted[:1]).item() == np.inf


@pytest.mark.parametrize("family", FAMILIES)
def test_the_stationary_part_is_that_of_scikit_learn_and_its_slope_that_of_autograd(family):
    apart = torch.linspace(0.0, 4.0, 60, dtype=torch.float64, requires_grad=True)
    part, change = stationary(FACTORS[family] * apart, family)
    known = RBF() if family == "gaussian" else Matern(nu={"matern52": 2.5, "matern32": 1.5}[family])
    truth = known(np.sqrt(apart.detach().numpy())[:, None], np.zeros((1, 1)))[:, 0]
    np.testing.assert_allclose(part.detach().numpy(), truth, rtol=1e-12)
    # at no distance the root's derivative is cut off
    slope = torch.autograd.grad(part.sum(), apart, retain_graph=True)[0][1:]
    np.testing.assert_allclose((SLOPES[family] * change).detach().numpy()[1:], slope.numpy(), rtol=1e-10)
    without = [values.numpy() for values in stationary(FACTORS[family] * apart.detach(), family)]
    np.testing.assert_array_equal(without, [part.detach().numpy(), change.detach().numpy()])


def _error_beyond(n, bent):
    states, beyond = np.linspace(-1.0, 1.0, n)[:, None], np.array([[1.5]])

    def response(x):
        return 0.3 * x - 0.4 * x**2 + 0.01 * np.sin(9.0 * x)

    head = fit_head(states, response(states), np.arange(n), np.random.RandomState(0), bent=bent).head
    found = Heads(head, ()).loaded("cpu").curve(beyond)[0].mean.numpy()
    return abs(found - response(beyond)).item()


def test_a_response_that_bends_goes_on_beyond_the_states_as_it_bends_among_them():
    # by the slope at the last state it would be off by 0.1
    assert _error_beyond(31, bent=True) < 0.02
    assert _error_beyond(31, bent=False) > 0.04


def test_few_states_do_not_decide_on_a_quadratic_part():
    assert _error_beyond(29, bent=True) == _error_beyond(29, bent=False)


def test_kernels_of_valleys_with_a_quadratic_part_are_refused():
    states = np.linspace(-1.0, 1.0, 6)[:, None]
    head = fit_head(states, states**2, np.arange(6), np.random.RandomState(0)).head
    bent = replace(head, plain=tuple(replace(part, quadratic=part.noise) for part in head.plain))
    Heads(head, (head,), pair_factors=np.ones((0, 1))).check()
    with pytest.raises(ValueError, match="kernels of valleys have no quadratic part"):
        Heads(head, (bent,), pair_factors=np.ones((0, 1))).check()
    negative = replace(head, plain=tuple(replace(part, quadratic=-part.noise) for part in head.plain))
    with pytest.raises(ValueError, match="must not be negative"):
        Heads(negative, ()).check()
