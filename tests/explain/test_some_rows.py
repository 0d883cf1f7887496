# SPDX-License-Identifier: BSD-3-Clause
"""Fewer rows of the background for coalitions that count little."""

from math import comb

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from strain2dos import DOSExplainer
from strain2dos.explain._values.coalitions import by_rows
from strain2dos.explain._values.shapley import coalitions
from strain2dos.explain._values.some_rows import by_some_rows, rows_by_size


@pytest.fixture
def net(net_of):
    return net_of(7)


@pytest.mark.parametrize("k", [2, 3, 4, 9, 11])
@pytest.mark.parametrize("share", [0.05, 0.2, 0.6, 1.0])
def test_rows_fill_the_budget_and_stay_within_it(k, share):
    b, sizes = 50, np.arange(k + 1)
    whole = (2**k - 1) * b + 1
    most = max(int(share * whole), b + 2**k - 1)
    rows = rows_by_size(k, b, most)
    number = np.array([comb(k, s) for s in sizes])
    assert rows[0] == b
    assert rows[-1] == 1
    assert rows.min() >= 1
    assert rows.max() <= b
    assert rows @ number <= most
    # symmetric in members and outsiders, as the weights are, and most where these are largest
    inner = rows[1:-1]
    assert (inner == inner[::-1]).all()
    assert (np.diff(inner[: (k + 1) // 2 - 1]) <= 0).all()
    if share == 1.0:
        assert (inner == b).all()
    else:
        # there was no room for one row more of every coalition
        assert most - rows @ number < 2**k


def test_a_budget_for_all_rows_gives_the_exact_values(net, rng):
    X, background = rng.normal(size=(2, 7)), rng.normal(size=(13, 7))
    exact = DOSExplainer(net, background).explain(X)
    found = DOSExplainer(net, background, max_evaluations=2**7 * 13).explain(X)
    np.testing.assert_allclose(found.values, exact.values, atol=1e-13)
    assert (exact.method, found.method) == ("exact", "some rows")


def test_each_row_of_the_background_counts_as_often_as_any_other(rng):
    # a function that is the number of its background row, where feature 0 is not taken from the sample
    b, k = 12, 5
    background = np.tile(np.arange(b, dtype=float)[:, None], (1, k))
    members = coalitions(k)[1:-1]
    taken = []

    def means(rows):
        taken.append(rows.copy())
        return rows.mean(axis=1), np.zeros((len(rows), k))

    values, _ = by_some_rows(means, np.full((1, k), -1.0), background, members, 10_000, most=150, seed=0)
    assert values.shape == (1, len(members), k)
    for s in range(1, k):
        n = rows_by_size(k, b, 150)[s]
        some = np.concatenate([own.ravel() for own in taken if own.shape[1] == n])
        count = np.bincount(some[some >= 0].astype(int), minlength=b)
        assert count.min() > 0
        own = members.sum(axis=1) == s
        # features of the sample are -1 on every row
        assert (values[0][own][members[own]] == -1.0).all()
    middle = members.sum(axis=1) == 2
    outside = ~members[middle]
    # ten coalitions of some rows each go through the background in turn: their mean is nearly that of all
    assert values[0][middle][outside].mean() == pytest.approx((b - 1) / 2, abs=0.8)


def test_shares_sum_up_exactly_and_approach_the_exact_ones_with_the_budget(net, rng):
    X, background = rng.normal(size=(3, 7)), rng.normal(size=(40, 7))
    exact = DOSExplainer(net, background).explain(X).values
    scale = np.sqrt(np.square(exact).mean())
    misses = []
    for most in (400, 1200, 3000):
        seeds = []
        for seed in range(6):
            explainer = DOSExplainer(net, background, max_evaluations=most, random_state=seed)
            found = explainer.explain(X)
            np.testing.assert_allclose(found.predictions, net.predict(X), atol=1e-9)
            seeds.append(np.square(found.values - exact).mean())
        misses.append(np.sqrt(np.mean(seeds)) / scale)
    assert misses[0] > 1.5 * misses[1] > 2.0 * misses[2]
    assert misses[2] < 0.08


def test_a_budget_errs_less_than_a_background_thinned_to_the_same_cost(net, rng):
    X, background = rng.normal(size=(3, 7)), rng.normal(size=(40, 7))
    exact = DOSExplainer(net, background).explain(X).values
    most = 40 + 2**7 * 8
    for seed in range(3):
        some = DOSExplainer(net, background, max_evaluations=most, random_state=seed).explain(X).values
        few = DOSExplainer(net, background, max_background=8, random_state=seed).explain(X).values
        assert np.square(some - exact).mean() < 0.25 * np.square(few - exact).mean()


def test_shares_of_a_linear_model_sum_up_and_lie_near_its_analytic_ones(rng):
    X, background = rng.normal(size=(4, 5)), rng.normal(size=(30, 5))
    model = Ridge().fit(background, background @ np.r_[rng.normal(size=(3, 6)), np.zeros((2, 6))])
    model.coef_[:, 3:] = 0.0
    exact = DOSExplainer(model, background).explain(X).values
    found = DOSExplainer(model, background, max_evaluations=300, random_state=0).explain(X).values
    np.testing.assert_allclose(found.sum(axis=1), exact.sum(axis=1), atol=1e-12)
    assert np.sqrt(np.square(found - exact).mean()) < 0.2 * np.sqrt(np.square(exact).mean())


def test_numbers_without_a_value_are_scaled_to_the_whole_background():
    k, b = 4, 20
    background = np.zeros((b, k))
    members = coalitions(k)[1:-1]

    def means(rows):
        # every second row has no value
        return np.zeros((len(rows), 1)), np.full((len(rows), 1), rows.shape[1] / 2)

    whole = by_rows(means, np.ones((1, k)), background, members, 1000)[1]
    some = by_some_rows(means, np.ones((1, k)), background, members, 1000, most=120, seed=0)[1]
    np.testing.assert_allclose(some, whole)


def test_too_few_evaluations_and_weighted_clusters_are_refused(net, rng):
    X, background = rng.normal(size=(1, 7)), rng.normal(size=(30, 7))
    with pytest.raises(
        ValueError, match=r"max_evaluations=100 must be at least 157: one for each of the 2\*\*7"
    ):
        DOSExplainer(net, background, max_evaluations=100).explain(X)
    explainer = DOSExplainer(net, background, max_background=5, thinning="clusters", max_evaluations=400)
    with pytest.raises(ValueError, match='thinning="random"'):
        explainer.explain(X)


def test_two_threads_give_the_bits_of_one(net, rng):
    X, background = rng.normal(size=(5, 7)), rng.normal(size=(20, 7))
    one, two = (
        DOSExplainer(net, background, max_evaluations=500, random_state=3, n_jobs=n).explain(X).values
        for n in (1, 2)
    )
    np.testing.assert_array_equal(one, two)
