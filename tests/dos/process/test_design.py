# SPDX-License-Identifier: BSD-3-Clause
"""What a further state takes from the variance, against Gaussian processes computed anew."""

from dataclasses import replace

import numpy as np
import pytest

from strain2dos import DOSRegressor
from strain2dos.datasets import load_dft
from strain2dos.dos._process.covariance import CONSTANT
from strain2dos.dos._process.design import most_telling
from strain2dos.dos._process.local_scale import LocalScale
from strain2dos.simulate import strain_invariants


@pytest.fixture(scope="module")
def fitted():
    data = load_dft("MoS2").subset(slice(0, 61, 6))
    model = DOSRegressor(data.energies, representation="cdf", hidden_layer_sizes=(), random_state=0)
    return model.fit(strain_invariants(data.strain), data.dos).fitted_


@pytest.fixture(scope="module")
def states(fitted):
    strain = np.random.RandomState(3).uniform([-0.04, -0.04, -0.02], [0.06, 0.06, 0.02], (60, 3))
    rows = fitted.standardise(strain_invariants(strain))
    return rows[:20], rows[20:]


def kernel(process, k, left, right):
    scaled = [part / process.lengths[k] for part in (left, right)]
    distance = np.linalg.norm(scaled[0][:, None] - scaled[1], axis=2)
    root = np.sqrt(5) * distance
    shape = {
        "gaussian": np.exp(-(distance**2) / 2),
        "matern52": (1 + root + root**2 / 3) * np.exp(-root),
        "matern32": (1 + np.sqrt(3) * distance) * np.exp(-np.sqrt(3) * distance),
    }[process.family]
    return shape + process.linear[k] * scaled[0] @ scaled[1].T + CONSTANT


def mean_variance(processes, known, targets):
    """Mean variance of the targets by the textbook formula, summed over kernels with their weights."""
    total = 0.0
    for process in processes:
        for k, weight in enumerate(process.member_weights * process.variance.sum(1)):
            matrix = kernel(process, k, known, known) + process.noise[k] * np.eye(len(known))
            cross = kernel(process, k, known, targets)
            left = np.diagonal(kernel(process, k, targets, targets)) - np.sum(
                cross * np.linalg.solve(matrix, cross), axis=0
            )
            total += weight * left.mean()
    return total


def test_the_first_choice_and_what_it_leaves_are_those_of_processes_computed_anew(fitted, states):
    candidates, targets = states
    processes = fitted.heads.curve.plain
    known = processes[0].points
    chosen, left = most_telling([(1.0, fitted.heads.curve)], candidates, targets, 3)
    before = mean_variance(processes, known, targets)
    for taken in range(3):
        rest = [row for row in range(len(candidates)) if row not in chosen[:taken]]
        after = {
            row: mean_variance(
                processes, np.vstack([known, candidates[chosen[:taken]], candidates[row]]), targets
            )
            for row in rest
        }
        best = min(after, key=after.get)
        assert chosen[taken] == best
        # directions with less than a hundredth of the noise are left out of the fitted processes
        assert left[taken] == pytest.approx(after[best] / before, rel=0.02)


def test_a_known_state_reduces_no_variance(fitted, states):
    head = fitted.heads.curve
    _, left = most_telling([(1.0, head)], head.plain[0].points[:1], states[1], 1)
    assert left[0] > 0.97


def test_where_features_miss_more_a_state_teaches_less(fitted, states):
    """Noise that follows strain counts as it is at each candidate, not as it is on average."""
    candidates, targets = states
    head = fitted.heads.curve
    width = candidates.shape[1]
    best, alone = most_telling([(1.0, head)], candidates, targets, 1)
    noisy = LocalScale(
        np.zeros(width), np.eye(width), candidates[best], np.array([1e9]), np.array([1.0]), 0.02
    )
    other, left = most_telling([(1.0, replace(head, noise=(noisy,)))], candidates, targets, 1)
    assert other != best
    (second,), _ = most_telling([(1.0, head)], np.delete(candidates, best, axis=0), targets, 1)
    assert other == np.delete(np.arange(len(candidates)), best)[second]
    assert left > alone
