# SPDX-License-Identifier: BSD-3-Clause
"""Figures of merit, against other libraries and closed forms."""

import numpy as np
import pytest
from scipy.stats import wasserstein_distance
from sklearn.linear_model import Ridge
from sklearn.metrics import make_scorer, mean_absolute_error, r2_score
from sklearn.model_selection import cross_val_score

from strain2dos.dos import metrics


def curves(seed, n=6, m=80):
    return np.random.RandomState(seed).uniform(0, 2, (n, m))


def test_mae_and_r2_agree_with_scikit_learn():
    a, b = curves(0), curves(1)
    assert metrics.dos_mae(a, b) == pytest.approx(mean_absolute_error(a, b))
    assert metrics.r2_per_curve(a, b) == pytest.approx(r2_score(a.T, b.T))


def test_wasserstein_agrees_with_scipy_on_histograms():
    energies = np.linspace(-1, 1, 4001)
    a, b = (np.exp(-0.5 * ((energies - c) / w) ** 2)[None] for c, w in ((-0.1, 0.1), (0.2, 0.05)))
    wanted = 1e3 * wasserstein_distance(energies, energies, a[0], b[0])
    assert metrics.wasserstein(a, 3 * b, energies=energies) == pytest.approx(wanted, rel=1e-5)


def test_wasserstein_weighs_an_uneven_grid_by_its_steps():
    fine = np.linspace(-1, 1, 4001)
    uneven = np.sort(np.r_[np.linspace(-1, 0, 3000), np.linspace(0.0005, 1, 900)])
    results = []
    for grid in (fine, uneven):
        a, b = (np.exp(-0.5 * ((grid - c) / 0.1) ** 2)[None] for c in (-0.1, 0.15))
        results.append(metrics.wasserstein(a, b, energies=grid))
    assert results[1] == pytest.approx(results[0], rel=1e-3)
    assert results[0] == pytest.approx(250.0, rel=1e-3)


def test_a_lost_edge_makes_the_error_infinite():
    energies = np.linspace(-2, 2, 201)
    truth = np.clip(np.abs(energies) - 0.5, 0, None)[None]
    lost = np.where(energies > 0, 0.0, truth)
    assert metrics.gap_mae(truth, lost, energies=energies) == np.inf
    assert metrics.vbm_mae(truth, lost, energies=energies) == pytest.approx(0.0, abs=1e-9)
    assert metrics.cbm_mae(truth, lost, energies=energies) == np.inf


def test_gap_error_is_that_of_both_edges():
    energies = np.linspace(-2, 2, 201)
    truth = np.clip(np.abs(energies) - 0.5, 0, None)[None]
    moved = np.clip(np.abs(energies + 0.003) - 0.51, 0, None)[None]
    assert metrics.vbm_mae(truth, moved, energies=energies) == pytest.approx(13.0)
    assert metrics.cbm_mae(truth, moved, energies=energies) == pytest.approx(7.0)
    assert metrics.gap_mae(truth, moved, energies=energies) == pytest.approx(20.0)


def test_metrics_serve_as_scorers():
    energies = np.linspace(-2, 2, 201)
    strain = np.linspace(0, 0.05, 12)[:, None]
    dos = np.clip(np.abs(energies) - (0.8 - 4 * strain), 0, None)
    scorer = make_scorer(metrics.wasserstein, greater_is_better=False, energies=energies)
    scores = cross_val_score(Ridge(1e-6), strain, dos, scoring=scorer, cv=3)
    assert (scores < 0).all()
    assert (scores > -20).all()


def test_negative_share_and_relative_l1_of_known_curves():
    assert metrics.negative_share([[1.0, 1.0]], [[-1.0, 1.0]]) == 0.5
    assert metrics.relative_l1([[1.0, 3.0], [2.0, 2.0]], [[1.0, 2.0], [2.0, 2.0]]) == pytest.approx(0.125)


def test_coverage_asks_for_the_whole_curve():
    truth = np.zeros((4, 3))
    interval = np.stack([truth - 1, truth + 1], axis=-1)
    interval[1, 2, 1] = -0.5
    assert metrics.interval_coverage(truth, interval) == 0.75


def test_shapes_that_differ_are_named():
    with pytest.raises(ValueError, match=r"\(2, 3\) and y_pred \(2, 4\)"):
        metrics.dos_mae(np.zeros((2, 3)), np.zeros((2, 4)))
    with pytest.raises(ValueError, match=r"\(2, 3, 2\)"):
        metrics.interval_coverage(np.zeros((2, 3)), np.zeros((2, 3)))
