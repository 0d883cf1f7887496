# SPDX-License-Identifier: BSD-3-Clause
"""Intervals of band edges, bands that follow the model's own doubt, and cross-validation that is refused."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold, KFold, LeavePGroupsOut, PredefinedSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from strain2dos import ConformalDOSRegressor, DOSRegressor, SpatialMapper, band_edges
from strain2dos.dos import BandEdges
from strain2dos.dos.metrics import interval_coverage, interval_width

ENERGIES = np.linspace(-2, 2, 81)
QUICK = {"hidden_layer_sizes": (4,), "n_members": 1, "max_epochs": 3, "random_state": 0}


class Lines(RegressorMixin, BaseEstimator):
    """Straight lines through curves and edges, with a standard deviation that grows with the feature."""

    def fit(self, X, y, edges=None):
        self.curves_ = Ridge(1e-6).fit(X, y)
        self.edges_learned_ = edges is not None
        if self.edges_learned_:
            self.edges_ = Ridge(1e-6).fit(X, edges)
        return self

    def predict(self, X, return_std=False):
        dos = self.curves_.predict(X)
        return (dos, np.broadcast_to(0.1 + X[:, :1], dos.shape)) if return_std else dos

    def predict_edges(self, X):
        vbm, cbm = self.edges_.predict(X).T
        return BandEdges(vbm, cbm, cbm - vbm)


def draw(random, n_groups, per_group=3):
    """Edges and curves that lines miss by a random number of each state, twice as much for the CBM."""
    strain = random.uniform(0, 1, n_groups)
    miss = random.standard_t(4, size=(n_groups, 2)) * [0.02, 0.04]
    edges = np.column_stack([-0.8 + 0.5 * strain, 0.8 - 0.2 * strain]) + miss
    groups = np.repeat(np.arange(n_groups), per_group)
    rows = strain[groups][:, None] + 0.001 * random.normal(size=(len(groups), 1))
    curves = np.clip(np.abs(ENERGIES) - (0.8 - 0.3 * strain[:, None]), 0, None)
    return rows, curves[groups], groups, edges[groups]


def covers(interval, truth):
    return (interval[:, 0] <= truth) & (truth <= interval[:, 1])


@pytest.mark.parametrize("level", [0.5, 0.9])
def test_edge_intervals_cover_new_states_at_their_level(level):
    random = np.random.RandomState(0)
    covered, widths = [], []
    for _ in range(60):
        X, y, groups, edges = draw(random, 29)
        model = ConformalDOSRegressor(Lines(), level=level).fit(X, y, groups=groups, edges=edges)
        X_new, _, _, new = draw(random, 40)
        found = model.predict_edge_intervals(X_new)
        truth = (*new.T, new[:, 1] - new[:, 0])
        # a state counts when all its rows are covered
        covered.append(
            [covers(*pair).reshape(-1, 3).all(1).mean() for pair in zip(found, truth, strict=True)]
        )
        widths.append([np.ptp(interval, axis=1).mean() for interval in found])
    # 60 x 40 states, with 29 calibration states each: standard error below 0.012
    assert np.mean(covered, axis=0) == pytest.approx([level] * 3, abs=0.04)
    vbm, cbm, gap = np.mean(widths, axis=0)
    assert cbm / vbm == pytest.approx(2.0, abs=0.2)
    assert gap > cbm


def test_learned_edges_reach_the_regressor_through_a_pipeline():
    X, y, groups, edges = draw(np.random.RandomState(0), 12)
    inner = make_pipeline(StandardScaler(), DOSRegressor(ENERGIES, **QUICK))
    model = ConformalDOSRegressor(inner, cv=2, level=0.8).fit(X, y, groups=groups, edges=edges)
    assert model.estimator_[-1].edges_learned_
    found = model.predict_edge_intervals(X)
    for interval, edge in zip(found, model.predict_edges(X), strict=True):
        assert (interval[:, 0] <= edge).all()
        assert (edge <= interval[:, 1]).all()
    assert (found.gap >= 0).all()
    Z = model.estimator_[:-1].transform(X)
    assert np.array_equal(model.domain_score(X), model.estimator_[-1].domain_score(Z))
    for ours, theirs in zip(
        model.predict(X, return_std=True), model.estimator_[-1].predict(Z, True), strict=True
    ):
        assert np.array_equal(ours, theirs)


def test_without_eigenvalues_the_truth_is_what_the_threshold_reads():
    strain = np.linspace(0, 0.06, 12)[:, None]
    dos = np.clip(np.abs(ENERGIES) - (0.8 - 5 * strain), 0, None)
    inner = DOSRegressor(ENERGIES, edge_threshold=0.2, edge_reference=0.05, **QUICK)
    cv = GroupKFold(4)
    model = ConformalDOSRegressor(inner, cv=cv, level=0.8).fit(strain, dos, groups=np.arange(12))
    truth = band_edges(ENERGIES, dos, threshold=0.2, reference=0.05)
    wanted = np.empty((12, 3))
    for train, test in cv.split(strain, groups=np.arange(12)):
        fold = DOSRegressor(**inner.get_params()).fit(strain[train], dos[train], groups=train)
        found = fold.predict_edges(strain[test])
        wanted[test] = np.abs(np.column_stack(found) - np.column_stack(truth)[test])
    np.testing.assert_array_equal(model.edge_scores_, wanted)


def test_gaps_of_nearly_metallic_states_stay_at_or_above_zero():
    random = np.random.RandomState(0)
    X, y, groups, edges = draw(random, 12)
    edges = 0.01 * edges + 0.02 * random.normal(size=(12, 2))[groups]
    model = ConformalDOSRegressor(Lines(), level=0.8).fit(X, y, groups=groups, edges=edges)
    gap = model.predict_edge_intervals(X).gap
    assert gap.min() == 0.0
    assert (gap[:, 0] <= gap[:, 1]).all()


def test_another_level_is_that_of_a_regressor_made_with_it():
    X, y, groups, edges = draw(np.random.RandomState(0), 12)
    made = {
        level: ConformalDOSRegressor(Lines(), level=level).fit(X, y, groups=groups, edges=edges)
        for level in (0.5, 0.9)
    }
    assert np.array_equal(made[0.9].predict_interval(X, level=0.5), made[0.5].predict_interval(X))
    ours, theirs = made[0.9].predict_edge_intervals(X, level=0.5), made[0.5].predict_edge_intervals(X)
    assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))
    with pytest.raises(ValueError, match=r"level = 0\.95 needs at least 19 groups .* there are 12"):
        made[0.5].predict_interval(X, level=0.95)
    with pytest.raises(ValueError, match=r"level of the vbm intervals = 0\.95 needs at least 19 groups"):
        made[0.5].predict_edge_intervals(X, level=0.95)
    with pytest.raises(ValueError, match="between 0 and 1, but it is 90"):
        made[0.5].predict_interval(X, level=90)


def test_states_without_an_edge_do_not_count_for_it():
    strain = np.linspace(0, 0.06, 12)[:, None]
    dos = np.clip(np.abs(ENERGIES) - (0.8 - 5 * strain), 0, None)
    # five states whose conduction band lies beyond the grid
    dos[::2][:5, ENERGIES > 0] = 0.0
    inner = DOSRegressor(ENERGIES, edge_reference=0.0, representation="grid", **QUICK)
    model = ConformalDOSRegressor(inner, level=0.8).fit(strain, dos, groups=np.arange(12))
    assert np.isnan(model.edge_scores_).sum(0).tolist() == [0, 5, 5]
    with pytest.raises(
        ValueError, match=r"cbm intervals = 0\.9 needs at least 9 groups .*there are 7 with a cbm"
    ):
        model.predict_edge_intervals(strain, level=0.9)


def test_bands_that_follow_the_doubt_of_the_model_are_valid_and_narrower():
    random = np.random.RandomState(0)

    def curves(n):
        x = random.uniform(0, 1, n)
        waves = random.normal(size=(n, 3)) @ np.array([np.sin(k * np.pi * ENERGIES / 2) for k in (1, 2, 3)])
        return x[:, None], 5 + x[:, None] * ENERGIES + (0.1 + x[:, None]) * waves

    coverage, width = {"energy": [], "std": []}, {"energy": [], "std": []}
    for _ in range(60):
        (X, y), (X_new, y_new) = curves(29), curves(40)
        for normalize in coverage:
            model = ConformalDOSRegressor(Lines(), level=0.9, normalize=normalize)
            band = model.fit(X, y, groups=np.arange(29)).predict_interval(X_new)
            coverage[normalize].append(interval_coverage(y_new, band))
            width[normalize].append(interval_width(band))
    assert np.mean(coverage["energy"]) == pytest.approx(0.9, abs=0.04)
    assert np.mean(coverage["std"]) == pytest.approx(0.9, abs=0.04)
    assert np.mean(width["std"]) < 0.9 * np.mean(width["energy"])
    sure, unsure = model.predict_interval([[0.05], [0.95]])
    assert interval_width(unsure) > 2 * interval_width(sure)


def test_two_processes_give_the_same_bits_as_one():
    X, y, groups, edges = draw(np.random.RandomState(0), 8)
    inner = make_pipeline(StandardScaler(), DOSRegressor(ENERGIES, **QUICK))
    made = [
        ConformalDOSRegressor(inner, cv=2, level=0.8, normalize="std", n_jobs=n_jobs) for n_jobs in (None, 2)
    ]
    one, two = (model.fit(X, y, groups=groups, edges=edges) for model in made)
    assert np.array_equal(one.scores_, two.scores_)
    assert np.array_equal(one.scale_, two.scale_)
    assert np.array_equal(one.edge_scores_, two.edge_scores_)
    assert np.array_equal(one.predict_interval(X), two.predict_interval(X))


def test_splits_that_are_no_partition_by_groups_are_refused():
    X, y, groups, _ = draw(np.random.RandomState(0), 10)
    skipping = list(PredefinedSplit(np.where(groups < 4, -1, groups)).split())
    with pytest.raises(ValueError, match="never leaves out samples of 4 of the 10 groups"):
        ConformalDOSRegressor(Ridge(), cv=skipping, level=0.5).fit(X, y, groups=groups)
    with pytest.raises(ValueError, match="leaves out samples of 10 more than once"):
        ConformalDOSRegressor(Ridge(), cv=LeavePGroupsOut(2), level=0.5).fit(X, y, groups=groups)
    mixing = list(KFold(5, shuffle=True, random_state=0).split(X))
    with pytest.raises(ValueError, match=r"of the 10 groups on both sides of a split.*GroupKFold"):
        ConformalDOSRegressor(Ridge(), cv=mixing, level=0.5).fit(X, y, groups=groups)


def test_what_the_estimator_lacks_is_not_offered():
    X, y, groups, edges = draw(np.random.RandomState(0), 10)
    model = ConformalDOSRegressor(make_pipeline(StandardScaler(), Ridge()), level=0.5)
    for method in ("predict_edges", "predict_edge_intervals", "domain_score"):
        assert not hasattr(model, method)
    with pytest.raises(ValueError, match="Ridge neither learns nor predicts band edges"):
        model.fit(X, y, groups=groups, edges=edges)
    with pytest.raises(ValueError, match=r'normalize="std" needs .* which Ridge lacks'):
        ConformalDOSRegressor(Ridge(), level=0.5, normalize="std").fit(X, y, groups=groups)
    assert not hasattr(model.fit(X, y, groups=groups), "energies_")
    with pytest.raises(ValueError, match="but Ridge does not; call predict_interval"):
        model.predict(X, return_std=True)
    index = ConformalDOSRegressor(DOSRegressor(**QUICK), cv=2, level=0.5).fit(X, y, groups=groups)
    with pytest.raises(ValueError, match="fitted without energies and edges"):
        index.predict_edge_intervals(X)


def test_a_map_of_a_conformal_regressor_is_that_of_its_regressor():
    X, y, groups, _ = draw(np.random.RandomState(0), 8)
    model = ConformalDOSRegressor(DOSRegressor(ENERGIES, **QUICK), cv=2, level=0.5).fit(X, y, groups=groups)
    quantities = ("dos", "dos_std", "vbm", "cbm", "gap", "domain_score")
    cube = X[:12].reshape(3, 4, 1)
    ours, theirs = (
        SpatialMapper(estimator, quantities=quantities).predict_map(cube)
        for estimator in (model, model.estimator_)
    )
    for quantity in quantities:
        np.testing.assert_array_equal(ours[quantity].values, theirs[quantity].values)


def test_width_follows_a_standard_deviation_where_there_is_one():
    X, y, groups, _ = draw(np.random.RandomState(0), 12)
    told, plain = (
        ConformalDOSRegressor(estimator, cv=4, level=0.5).fit(X, y, groups=groups)
        for estimator in (GaussianProcessRegressor(alpha=1e-4, n_targets=81), Ridge())
    )
    assert plain.std_floor_ is None
    inside, outside = np.ptp(told.predict_interval([[0.5], [5.0]]), axis=-1)
    assert (outside > 3 * inside).all()
    np.testing.assert_allclose(*np.ptp(plain.predict_interval([[0.5], [5.0]]), axis=-1), rtol=1e-12)
