# SPDX-License-Identifier: BSD-3-Clause
"""The noise of a valley follows the errors of the states nearby, where that makes them likelier."""

from dataclasses import replace

import numpy as np
import pytest

from strain2dos import DOSRegressor
from strain2dos.dos._process.heads import Heads
from strain2dos.dos._process.unseen import UnseenRows, is_likelier, predict_unseen
from strain2dos.dos._process.valley import fit_valley


def _energies(states):
    return 0.1 * np.sin(2.0 * states[:, 0]) + 0.05 * states[:, 1]


def _rows(seed, spread, n=120):
    """Energies of states in two features; what the features do not show has the given spread."""
    random = np.random.default_rng(seed)
    states = random.uniform(-1.5, 1.5, (n, 2))
    return states, _energies(states) + spread(states) * random.standard_normal(n)


def _one_sided(states):
    return 0.005 + 0.05 * (states[:, 0] > 0)


def _fits(states, energies):
    random = np.random.RandomState(0)
    fits = fit_valley(states, energies, np.arange(len(states)), np.ones(len(states)), random, "cpu")
    return [head for head, _ in fits]


def _near_middle(head):
    states = 0.2 * np.random.default_rng(99).standard_normal((200, 2))
    mean, variance, _ = Heads(head, (head,)).loaded("cpu").valleys(states)
    return np.sqrt(np.mean(np.square(mean[:, 0] - _energies(states)))), np.sqrt(variance.mean())


def _unseen(states, energies):
    return predict_unseen(states, energies, np.arange(len(states)), np.ones(len(states)), "cpu")


def test_where_features_miss_nothing_energies_are_learned_without_noise():
    """What the features miss grows from nothing with the size of the state, as with a shear."""
    errors = []
    for seed in range(3):
        one, following = _fits(*_rows(seed, lambda states: 0.02 * np.square(states).sum(1)))
        assert (one.noise, following.noise) == ((), one.local)
        errors.append([*_near_middle(one), *_near_middle(following)])
    error, stated, smaller, less = np.mean(errors, axis=0)
    assert smaller < 0.7 * error
    assert less < stated


@pytest.mark.parametrize("seed", range(3))
def test_unseen_states_decide_between_both(seed):
    one_sided = _unseen(*_rows(seed, _one_sided))
    assert is_likelier(*one_sided)
    assert not is_likelier(*one_sided[::-1])
    alike = _unseen(*_rows(seed, lambda states: 0.01))
    assert not is_likelier(*alike)


def test_states_beyond_those_that_are_looked_at_do_not_hide_what_these_say():
    """128 rows of 180 states are looked at: the others have no part in the mean, not a part of 0 / 0."""
    states, energies = _rows(0, _one_sided, 180)
    assert is_likelier(*_unseen(states, energies))


def test_a_gain_that_few_states_decide_does_not_count():
    """One state in sixty is likelier by 30 nats, the others are a little less likely."""
    groups, nothing = np.arange(60), np.zeros((60, 2))
    error = np.random.default_rng(0).standard_normal(60)
    plain = UnseenRows(groups, nothing, groups, np.ones(60), error, np.zeros(60), np.ones(60))
    one = plain._replace(truth=np.where(groups == 7, 0.0, 1.02 * error))
    far = plain._replace(truth=np.where(groups == 7, 8.0, error))
    assert one.densities().mean() > far.densities().mean()
    assert not is_likelier(far, one)


def test_few_states_do_not_decide_on_the_noise():
    states, energies = _rows(0, _one_sided)
    (alone,) = _unseen(states[:29], energies[:29])
    assert not is_likelier(alone)


def test_a_saved_regressor_keeps_its_noise():
    states, energies = _rows(0, _one_sided)
    curves = np.exp(-np.square(np.linspace(-3, 3, 20) - states[:, :1]))
    model = DOSRegressor(hidden_layer_sizes=(), representation="grid", random_state=0)
    model.fit(states, curves, edges=np.column_stack([energies - 5.0, energies - 4.0]))
    heads = model.fitted_.heads
    assert all(head.noise for head in heads.valleys)
    again = type(model.fitted_).from_state(model.fitted_.to_state())
    found = [np.array(fitted.edges(states, "cpu", std=True)) for fitted in (model.fitted_, again)]
    np.testing.assert_array_equal(*found)
    with pytest.raises(ValueError, match="one for all states"):
        replace(heads, curve=replace(heads.curve, noise=heads.valleys[0].noise)).check()
