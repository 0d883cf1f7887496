# SPDX-License-Identifier: BSD-3-Clause
"""Stated errors of edges follow the errors on states left out of the choice of kernels."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from strain2dos import DOSRegressor
from strain2dos.dos._process.unseen import UnseenRows, gap_factors, rows_of_folds, variance_factor


def _seen(truth, mean, variance=1.0):
    rows = np.arange(len(truth))
    return UnseenRows(
        rows, np.zeros((len(truth), 1)), rows, np.ones(len(rows)), truth, mean, variance + 0.0 * truth
    )


def test_the_factor_widens_intervals_until_nine_tenths_of_the_errors_lie_inside():
    errors = 2.0 * np.random.default_rng(0).standard_normal(4000)
    factor = variance_factor(np.square(errors), np.arange(4000), np.ones(4000))
    assert factor == pytest.approx(4.0, rel=0.05)
    assert np.mean(np.abs(errors) <= 1.6449 * np.sqrt(factor)) == pytest.approx(0.9, abs=1e-3)


def test_a_few_errors_of_another_law_hardly_move_the_factor():
    errors = np.random.default_rng(0).standard_normal(4000)
    errors[:40] *= 50.0
    assert variance_factor(np.square(errors), np.arange(4000), np.ones(4000)) == pytest.approx(1.0, rel=0.1)
    assert np.mean(np.square(errors)) > 10.0


def test_rows_of_a_group_count_once_and_loose_ones_less():
    misfit = np.square(np.random.default_rng(0).standard_normal(60))
    once = variance_factor(misfit, np.arange(60), np.ones(60))
    # three rows of a group spread its weight over three steps of the same height
    thrice = variance_factor(np.repeat(misfit, 3), np.repeat(np.arange(60), 3), np.ones(180))
    assert thrice == pytest.approx(once, rel=0.1)
    large = misfit > np.quantile(misfit, 0.8)
    assert variance_factor(misfit, np.arange(60), np.where(large, 1e6, 1.0)) < 0.7 * once


def test_every_group_is_left_out_once_and_as_a_whole():
    groups = np.repeat(np.arange(33), 2)
    rows, folds = rows_of_folds(groups)
    assert np.array_equal(np.sum(folds, axis=0), np.ones(len(rows)))
    assert all(len(np.unique(groups[rows][out])) * 2 == out.sum() for out in folds)
    many, _ = rows_of_folds(np.repeat(np.arange(30), 50))
    assert len(many) == 128
    assert len(rows_of_folds(np.arange(7))[1]) == 7
    assert rows_of_folds(np.arange(4))[1] == []


def test_of_few_states_one_at_a_corner_does_not_decide():
    errors = norm.ppf((np.arange(20) + 0.5) / 20)
    usual = variance_factor(np.square(errors), np.arange(20), np.ones(20))
    assert usual == pytest.approx(1.0, abs=0.15)
    errors[-2:] *= 100.0
    assert variance_factor(np.square(errors), np.arange(20), np.ones(20)) < 1.5 * usual


def test_intervals_of_few_states_hold_the_gaps_of_others():
    """Kernels chosen with a dozen states state too little: their intervals alone hold 60 % of these gaps."""
    held = []
    for seed in range(8):
        x = np.random.default_rng(seed).uniform(-1.0, 1.0, (72, 2))
        gap = 1.5 + 0.2 * np.sin(2.0 * x[:, 0]) - 0.1 * x[:, 0] * x[:, 1] + 0.05 * np.cos(3.0 * x[:, 1])
        edges = np.column_stack([-5.0 + 0.1 * x[:, 0], gap - 5.0 + 0.1 * x[:, 0]])
        model = DOSRegressor(representation="grid", hidden_layer_sizes=(), random_state=0)
        model.fit(x[:12], np.ones((12, 3)) + x[:12, :1], edges=edges[:12])
        found, std = model.predict_edges(x[12:], return_std=True)
        held.append(np.abs(found.gap - gap[12:]) <= 1.6449 * std.gap)
    assert 0.85 <= np.mean(held) <= 0.99


@pytest.mark.parametrize(("alike", "wanted"), [(0.8, 0.2), (0.0, 1.0), (-0.5, 1.5)])
def test_the_gap_has_the_variance_that_errors_of_both_edges_leave_it(alike, wanted):
    errors = np.random.default_rng(0).multivariate_normal([0, 0], [[1, alike], [alike, 1]], 40_000)
    valleys = [
        _seen(np.full(40_000, edge), edge + 1e-3 * error, 1e-6)
        for edge, error in zip((-6.0, -4.0), errors.T, strict=True)
    ]
    of_gap, of_pairs = gap_factors(valleys, 1)
    assert of_gap == of_pairs[0, 0] == pytest.approx(wanted, rel=0.05)
    assert gap_factors([_seen(np.zeros(0), np.zeros(0), 1.0)] * 2, 1) == (1.0, np.ones((1, 1)))


def test_each_pair_of_valleys_has_the_factor_of_its_own_errors():
    """Two valence and two conduction valleys, correlated by pairs, so that the edges hide two of the four."""
    alike = np.array(
        [[1.0, 0.0, 0.9, 0.3], [0.0, 1.0, 0.0, -0.6], [0.9, 0.0, 1.0, 0.0], [0.3, -0.6, 0.0, 1.0]]
    )
    errors = np.random.default_rng(0).multivariate_normal(np.zeros(4), alike, 40_000)
    valleys = [
        _seen(np.full(40_000, energy), energy + 1e-3 * error, 1e-6)
        for energy, error in zip((-6.0, -7.0, -4.0, -3.0), errors.T, strict=True)
    ]
    of_gap, of_pairs = gap_factors(valleys, 2)
    np.testing.assert_allclose(of_pairs, 1.0 - alike[:2, 2:], rtol=0.06)
    assert of_gap == pytest.approx(0.1, rel=0.06)


def _smooth(seed):
    """Two edges of 90 states in three features: sums of waves, the waves of the valence edge shared."""
    random = np.random.default_rng(seed)
    X = random.uniform(-1, 1, (90, 3))
    waves = np.cos(X @ random.normal(0, 1.5, (3, 12)) + random.uniform(0, 6.3, 12))
    vbm = -5.5 + 0.03 * waves[:, :6].sum(1)
    cbm = -4.0 + 0.03 * waves.sum(1)
    return X, np.column_stack([vbm, cbm]) + 0.002 * random.standard_normal((90, 2))


def _fitted(X, edges):
    curves = np.exp(-np.square(np.linspace(-3, 3, 20) - X[:, :1]))
    model = DOSRegressor(hidden_layer_sizes=(), representation="grid", random_state=0)
    return model.fit(X, curves, edges=edges)


@pytest.fixture(scope="module")
def judged():
    """Errors of edges of states that no kernel saw, their deviations, and those of the processes."""
    parts = []
    for seed in range(6):
        X, edges = _smooth(seed)
        model = _fitted(X[:40], edges[:40])
        found, std = model.predict_edges(X[40:], return_std=True)
        heads = model.fitted_.heads
        plain = tuple(replace(head, wider=1.0, local=()) for head in heads.valleys)
        before = replace(model.fitted_, heads=replace(heads, valleys=plain, gap_factor=1.0))
        _, narrow = before.edges(X[40:], "cpu", std=True)
        truth = [*edges[40:].T, edges[40:, 1] - edges[40:, 0]]
        parts.append(np.array([np.array(found) - truth, np.array(std), np.array(narrow)]))
    return np.concatenate(parts, axis=2)


def test_intervals_hold_what_they_state_of_edges_that_no_kernel_saw(judged):
    error, std, narrow = judged
    held = (np.abs(error) <= 1.645 * std).mean(1)
    before = (np.abs(error) <= 1.645 * narrow).mean(1)
    assert 0.8 < held[:2].mean() < 0.95, held
    assert before[:2].mean() < 0.75, before


def test_a_saved_regressor_keeps_its_factors():
    X, edges = _smooth(0)
    model = _fitted(X[:40], edges[:40])
    again = pickle.loads(pickle.dumps(model))
    assert again.gap_factor_ == model.gap_factor_ != 1.0
    stated = [made.predict_edges(X, return_std=True)[1] for made in (again, model)]
    np.testing.assert_array_equal(*stated)
    assert _fitted(X[:4], edges[:4]).gap_factor_ == 1.0


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("n", [3, 8, 33])
def test_an_edge_that_is_the_zero_of_energy_has_no_error(n):
    x = np.linspace(-1.0, 1.0, n)[:, None]
    gap = 1.5 + 0.2 * np.sin(2.0 * x[:, 0])
    model = DOSRegressor(representation="grid", hidden_layer_sizes=(), random_state=0)
    model.fit(x, np.ones((n, 3)) + x, edges=np.column_stack([np.zeros(n), gap]))
    found, std = pickle.loads(pickle.dumps(model)).predict_edges([[0.1], [0.3]], return_std=True)
    np.testing.assert_allclose(found.vbm, 0.0, atol=1e-9)
    np.testing.assert_array_equal(std.vbm, 0.0)
    assert np.isfinite(std.gap).all()
    assert (std.gap > 0).all()
