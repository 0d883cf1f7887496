# SPDX-License-Identifier: BSD-3-Clause
"""Pairs of features: their definition, other libraries, and what they look like."""

from itertools import combinations
from math import factorial

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin

from strain2dos import DOSExplainer
from strain2dos.explain import InteractionDisplay

ENERGIES = np.linspace(-7.0, -3.0, 9)


class Products(RegressorMixin, BaseEstimator):
    """Curve and edges are polynomials of four features whose pairs are known."""

    n_features_in_ = 4
    energies_ = ENERGIES

    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def predict(self, X):
        return (3.0 * X[:, 0] * X[:, 1] + X[:, 2])[:, None] + 0.0 * ENERGIES

    def predict_edges(self, X):
        from strain2dos import BandEdges

        vbm, cbm = 0.1 * X[:, 0] * X[:, 3], 1.8 + 0.2 * X[:, 1]
        return BandEdges(vbm, cbm, cbm - vbm)


def value_of(function, x, background, members):
    rows = background.copy()
    rows[:, members] = x[members]
    return function(rows).mean(axis=0)


def by_definition(function, x, background, i, j):
    """Interaction value of a pair: weighted second differences over all sets without the two."""
    k = len(x)
    others = [f for f in range(k) if f not in (i, j)]
    total = 0.0
    for size in range(k - 1):
        weight = factorial(size) * factorial(k - size - 2) / factorial(k - 1)
        for some in map(list, combinations(others, size)):
            both, first, second, none = (
                value_of(function, x, background, some + extra) for extra in ([i, j], [i], [j], [])
            )
            total = total + weight * (both - first - second + none)
    return total


def test_pairs_equal_their_definition(net, rng):
    X, background = rng.normal(size=(3, 4)), rng.normal(size=(7, 4))
    found = DOSExplainer(net, background).explain(X, interactions=True).interactions
    for n, (i, j) in ((n, pair) for n in range(3) for pair in combinations(range(4), 2)):
        expected = by_definition(net.predict, X[n], background, i, j)
        np.testing.assert_allclose(2 * found.values[n, i, j], expected, atol=1e-12)


def test_matrices_are_symmetric_and_rows_add_up_to_the_shares(net, rng):
    X, background = rng.normal(size=(5, 4)), rng.normal(size=(20, 4))
    explanation = DOSExplainer(net, background).explain(X, interactions=True)
    values = explanation.interactions.values
    np.testing.assert_array_equal(values, values.swapaxes(1, 2))
    np.testing.assert_allclose(values.sum(axis=2), explanation.values, atol=1e-12)
    whole = explanation.base_values + values.sum(axis=(1, 2))
    np.testing.assert_allclose(whole, net.predict(X), atol=1e-10)


def test_products_act_in_their_own_pair_and_nowhere_else(rng):
    X, background = rng.normal(size=(4, 4)), rng.normal(size=(11, 4))
    explanation = DOSExplainer(Products().fit(None), background).explain(X, interactions=True)
    found, apart = explanation.interactions, X - background.mean(axis=0)
    product = background[:, 0] * background[:, 1]
    # second difference of x0 x1: x0 x1 - x0 <b1> - <b0> x1 + <b0 b1>
    mean = background.mean(axis=0)
    expected = 3.0 * (X[:, 0] * X[:, 1] - X[:, 0] * mean[1] - mean[0] * X[:, 1] + product.mean())
    np.testing.assert_allclose(2 * found.values[:, 0, 1, 4], expected, atol=1e-12)
    others = [(i, j) for i, j in combinations(range(4), 2) if (i, j) != (0, 1)]
    assert max(np.abs(found.values[:, i, j]).max() for i, j in others) < 1e-12
    gap = found.edge_values["gap"]
    np.testing.assert_allclose(gap[:, 1, 1], 0.2 * apart[:, 1], atol=1e-12)
    assert np.abs(gap[:, 0, 3]).min() > 1e-4
    assert np.abs(gap[:, 0, 1]).max() < 1e-12


def test_pairs_equal_those_of_shapiq(net, rng):
    shapiq = pytest.importorskip("shapiq", reason="the reference implementation is no dependency")
    X, background = rng.normal(size=(2, 4)), rng.normal(size=(9, 4))
    explanation = DOSExplainer(net, background).explain(X, interactions=True)
    for n, column in ((0, 1), (1, 3)):

        def game(members, x=X[n], column=column):
            return np.array(
                [value_of(net.predict, x, background, np.flatnonzero(row))[column] for row in members]
            )

        computer = shapiq.ExactComputer(n_players=4, game=game)
        pairs, main = computer("SII", order=2), computer("SV", order=1)
        for i in range(4):
            assert explanation.values[n, i, column] == pytest.approx(main[(i,)], abs=1e-10)
        for i, j in combinations(range(4), 2):
            found = 2 * explanation.interactions.values[n, i, j, column]
            assert found == pytest.approx(pairs[(i, j)], abs=1e-10)


def test_groups_keep_what_their_members_do_with_others(net, rng):
    X, background = rng.normal(size=(3, 4)), rng.normal(size=(8, 4))
    explanation = DOSExplainer(net, background, feature_names=list("abcd")).explain(X, interactions=True)
    together = explanation.grouped({"ab": ["a", "b"]})
    whole, found = explanation.interactions.values, together.interactions.values
    np.testing.assert_allclose(found[:, 0, 1], whole[:, :2, 2].sum(axis=1), atol=1e-12)
    np.testing.assert_allclose(found[:, 0, 0], whole[:, :2, :2].sum(axis=(1, 2)), atol=1e-12)
    np.testing.assert_allclose(found.sum(axis=2), together.values, atol=1e-12)
    np.testing.assert_array_equal(together[1:].interactions.values, found[1:])


def test_pairs_that_were_not_explained_are_asked_for_by_name(net, rng):
    background = rng.normal(size=(5, 4))
    with pytest.raises(ValueError, match="interactions=True"):
        _ = DOSExplainer(net, background).explain(background).interactions
    with pytest.raises(ValueError, match="needs 2 to max_exact=3 features, but there are 4"):
        DOSExplainer(net, background, max_exact=3).explain(background, interactions=True)


def test_the_picture_holds_the_mean_matrix_in_mev(rng):
    background = rng.normal(size=(6, 4))
    explainer = DOSExplainer(Products().fit(None), background, feature_names=["E'", "A1'", "c", "d"])
    found = explainer.explain(background[:1], interactions=True).interactions
    display = found.plot("gap")
    assert isinstance(display, InteractionDisplay)
    np.testing.assert_allclose(display.im_.get_array(), 1e3 * found.edge_values["gap"][0], atol=1e-9)
    assert display.colorbar_.ax.get_ylabel() == "Share (meV)"
    curve = found.plot("dos")
    assert curve.im_.get_array().shape == (6, len(ENERGIES))
    assert curve.ax_.get_yticklabels()[0].get_text() == "E\u2032 with A₁\u2032"
    table = found.summary()
    assert table.index[0] == "E' with d"
    one = found.plot(-6.1)  # the grid has -6.5 and -6.0
    assert one.ax_.get_title(loc="left") == "DOS at -6 eV"
    np.testing.assert_allclose(one.im_.get_array(), found.values[0, ..., 2], atol=1e-12)
    with pytest.raises(ValueError, match="target=-8 must lie within the energies, -7 to -3"):
        found.plot(-8.0)
    with pytest.raises(ValueError, match="was not explained"):
        found.plot("gap_std")
    plt.close("all")


def test_numbers_of_pairs_end_at_a_thousandth_of_the_largest():
    shares = np.array([[0.173, -0.00488], [-0.00488, 0.0000387]])
    display = InteractionDisplay(shares, ("E'_center", "A1'_center"), title="Gap", scale=1e3).plot()
    assert [text.get_text() for text in display.ax_.texts] == ["173", "\u22124.9", "\u22124.9", "0"]
