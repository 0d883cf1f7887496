# SPDX-License-Identifier: BSD-3-Clause
"""Bands that hold whole curves as often as they say."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from strain2dos import ConformalDOSRegressor, DOSRegressor
from strain2dos.dos.metrics import interval_coverage


def draw(random, n_groups, per_group=3):
    """Curves that a straight line misses by a smooth random function of each strain state."""
    strain = random.uniform(0, 1, n_groups)
    energies = np.linspace(0, 1, 40)
    waves = random.normal(size=(n_groups, 3)) @ np.array([np.sin(k * np.pi * energies) for k in (1, 2, 3)])
    curves = 5 + strain[:, None] * energies + 0.1 * waves * (1 + energies)
    groups = np.repeat(np.arange(n_groups), per_group)
    return strain[groups][:, None], curves[groups], groups


@pytest.mark.parametrize("level", [0.5, 0.9])
def test_bands_cover_new_states_at_their_level(level):
    random = np.random.RandomState(0)
    covered = []
    for _ in range(60):
        X, y, groups = draw(random, 30)
        model = ConformalDOSRegressor(Ridge(1e-3), level=level).fit(X, y, groups=groups)
        X_new, y_new, _ = draw(random, 40, 1)
        covered.append(interval_coverage(y_new, model.predict_interval(X_new)))
    # 60 x 40 curves, with 30 calibration states each: standard error below 0.012
    assert np.mean(covered) == pytest.approx(level, abs=0.04)


def test_bands_are_the_same_however_many_spectra_a_state_has():
    random = np.random.RandomState(0)
    X, y, groups = draw(random, 12, 1)
    repeats = np.repeat(np.arange(12), 5)
    one = ConformalDOSRegressor(Ridge(1e-3), level=0.8).fit(X, y, groups=groups)
    many = ConformalDOSRegressor(Ridge(5e-3), level=0.8).fit(X[repeats], y[repeats], groups=repeats)
    np.testing.assert_allclose(many.quantile_, one.quantile_, rtol=0.02)


def test_states_are_held_out_whole():
    X, y, groups = draw(np.random.RandomState(0), 12)
    sizes = []

    class Spy(GroupKFold):
        def split(self, X, y=None, groups=None):
            for train, test in super().split(X, y, groups):
                sizes.append(len(set(groups[train]) & set(groups[test])))
                yield train, test

    ConformalDOSRegressor(Ridge(), cv=Spy(4), level=0.8).fit(X, y, groups=groups)
    assert sizes == [0, 0, 0, 0]


@pytest.mark.parametrize(("n", "level", "least"), [(8, 0.9, 9), (18, 0.95, 19), (98, 0.99, 99)])
def test_a_level_that_the_states_cannot_support_is_refused(n, level, least):
    X, y, groups = draw(np.random.RandomState(0), n)
    with pytest.raises(
        ValueError, match=f"needs at least {least} groups.*there are {n} in n_samples = {3 * n}"
    ):
        ConformalDOSRegressor(Ridge(), level=level).fit(X, y, groups=groups)
    X, y, groups = draw(np.random.RandomState(0), least)
    model = ConformalDOSRegressor(Ridge(), level=level).fit(X, y, groups=groups)
    assert model.quantile_ == model.scores_.max()


def test_bands_of_densities_do_not_go_below_zero_and_groups_reach_a_pipeline():
    strain = np.linspace(0, 0.06, 12)
    energies = np.linspace(-2, 2, 81)
    dos = np.clip(np.abs(energies) - (0.8 - 5 * strain[:, None]), 0, None)
    groups = np.arange(12)
    inner = DOSRegressor(energies, hidden_layer_sizes=(4,), n_members=1, max_epochs=3, random_state=0)
    model = ConformalDOSRegressor(make_pipeline(StandardScaler(), inner), cv=GroupKFold(3), level=0.8)
    model.fit(strain[:, None], dos, groups=groups)
    band = model.predict_interval([[0.02], [0.033]])
    assert band.shape == (2, 81, 2)
    assert (band[..., 0] >= 0).all()
    assert (band[..., 1] > band[..., 0]).all()
    middle = model.predict([[0.02], [0.033]])
    assert ((band[..., 0] <= middle) & (middle <= band[..., 1])).all()
