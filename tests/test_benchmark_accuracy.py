# SPDX-License-Identifier: BSD-3-Clause
"""The comparison of methods on held-out states: its splits, its hulls, its figures and its command."""

import importlib
import json
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import linprog

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def load():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        patch.delenv("STRAIN2DOS_REFERENCE", raising=False)
        yield importlib.import_module


@pytest.fixture(scope="module")
def tasks(load):
    return load("_tasks").tasks(None, None)


@pytest.fixture(scope="module")
def splits(load):
    return load("_splits")


def is_mixture(point, corners):
    """Whether non-negative weights that add up to one give the point: linear programming knows no hulls."""
    known = np.vstack([corners.T, np.ones(len(corners))])
    answer = linprog(np.zeros(len(corners)), A_eq=known, b_eq=np.r_[point, 1.0], bounds=(0, None))
    return answer.status == 0


def test_no_state_is_on_both_sides_of_an_honest_split(tasks, splits):
    honest = [(task, split) for task in tasks for split in splits.splits(task) if not split.leaky]
    assert {split.name for _, split in honest} >= {"loo", "5-fold", "ends", "the same rows by state"}
    for task, split in honest:
        strain = task.data.strain.round(9)
        for fold in split.folds:
            learned = {tuple(row) for row in strain[fold.train]}
            assert not learned & {tuple(row) for row in strain[fold.test]}
            assert sorted([*fold.train, *fold.test]) == list(range(len(task.X)))


def test_every_state_is_held_out_equally_often(tasks, splits):
    for task in tasks:
        for split in splits.splits(task):
            if split.name == "ends":
                continue
            times = np.bincount(np.concatenate([fold.test for fold in split.folds]), minlength=len(task.X))
            assert set(times) == {3 if split.name == "5-fold" else 1}


def test_all_features_are_judged_on_the_same_folds(tasks, splits):
    clean = [task for task in tasks if not task.noisy]
    assert len(clean) == 3
    for one, *others in zip(*(splits.splits(task) for task in clean), strict=True):
        for other in others:
            for a, b in zip(one.folds, other.folds, strict=True):
                np.testing.assert_array_equal(a.test, b.test)


def test_random_rows_leak_every_curve(tasks, splits):
    noisy = next(task for task in tasks if task.noisy)
    leaky = next(split for split in splits.splits(noisy) if split.leaky)
    assert "leaky" in leaky.name
    for fold in leaky.folds:
        assert np.isin(noisy.groups[fold.test], noisy.groups[fold.train]).mean() > 0.95


def test_noisy_copies_keep_curve_and_state_and_scatter_by_the_given_noise(load, tasks):
    noisy, clean = tasks[-1], tasks[-2]
    copies = len(noisy.X) // len(clean.X)
    np.testing.assert_array_equal(noisy.data.dos, np.repeat(clean.data.dos, copies, axis=0))
    np.testing.assert_array_equal(noisy.groups, np.repeat(clean.groups, copies))
    assert (np.diff(noisy.X[:, :2]) >= 0).all()
    # sorting the two lines leaves the scatter of their sum alone
    total = noisy.X[:, :2].sum(1) - np.repeat(clean.X[:, :2].sum(1), copies)
    assert total.std() == pytest.approx(0.15 * np.sqrt(2), rel=0.2)
    assert (noisy.X[:, 2] - np.repeat(clean.X[:, 2], copies)).std() == pytest.approx(0.15, rel=0.2)


def test_symmetry_images_of_a_state_share_its_group(load, tasks):
    from strain2dos.simulate import equivalent_strains

    data = tasks[0].data.subset([0, 8, 8])
    data.strain[2] = equivalent_strains(data.strain[[1]])[..., 1, :].reshape(-1, 3)[0]
    assert not np.allclose(data.strain[1], data.strain[2])
    groups = load("_tasks").first_principles(data)[0].groups
    assert groups[1] == groups[2] != groups[0]


@pytest.mark.parametrize("kind", ["cloud", "line", "point", "triangle with its boundary", "label"])
def test_hull_membership_agrees_with_linear_programming(splits, kind):
    random = np.random.RandomState(3)
    corners, points = {
        "cloud": (random.randn(9, 2), random.randn(60, 2)),
        "line": (np.outer([0.0, 1.0, 3.0], [1.0, 2.0]), np.array([[2, 4], [4, 8], [0, 0], [1, 2.1]], float)),
        "point": (np.ones((3, 2)), np.array([[1.0, 1.0], [1.0, 1.5]])),
        "triangle with its boundary": (
            np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]),
            np.array([[0.5, 0.0], [0.5, 0.5], [0.0, 1.0], [0.51, 0.5], [0.2, 0.2], [0.5, -0.01]]),
        ),
        "label": (np.array([[0.1], [0.3], [0.2]]), np.array([[0.1], [0.25], [0.31], [0.0]])),
    }[kind]
    wanted = [is_mixture(point, corners) for point in points]
    assert 0 < sum(wanted) < len(wanted)
    assert splits.inside_hull(points, corners).tolist() == wanted


def test_ends_are_the_states_that_no_others_enclose(tasks, splits):
    for task in tasks[:2]:
        held_out = {int(row) for fold in splits.ends(task.plane) for row in fold.test}
        points = task.plane.round(9)
        for row, point in enumerate(points):
            others = points[(points != point).any(1)]
            assert (row in held_out) == (not is_mixture(point, others))
        for fold in splits.ends(task.plane):
            assert len(np.unique(points[fold.test], axis=0)) == 1
            assert not splits.inside_training_hull(task, fold).any()


def test_ends_of_one_label_are_its_smallest_and_largest(splits):
    folds = splits.ends(np.array([[0.2], [0.0], [0.1], [0.3]]))
    assert [fold.test.tolist() for fold in folds] == [[1], [3]]


def test_linear_interpolation_is_exact_for_a_plane_and_nearest_beyond(load):
    peers = load("_peers")
    random = np.random.RandomState(0)
    X = np.c_[random.uniform(0, 1, (30, 2)), np.zeros(30)]
    Y = X @ [[2.0, 1.0], [-1.0, 3.0], [0.0, 0.0]]
    middle, far = X[:, :].mean(0), np.array([5.0, 0.5, 0.0])
    found = peers.linear_interpolation(X, Y, np.array([middle, far]), np.arange(30))
    np.testing.assert_allclose(found[0], Y.mean(0), atol=1e-12)
    assert (found[1] == Y).all(1).any()


def test_settings_are_chosen_on_states_left_out(load):
    groups = np.repeat(np.arange(7), 3)
    search = load("_peers").kernel_ridge(np.zeros((21, 1)), groups)
    for train, test in search.cv:
        assert not set(groups[train]) & set(groups[test])


def test_figures_of_a_shifted_curve_are_the_shift(load, tasks):
    task = tasks[0]
    rows = np.array([5, 6])
    # by 2 points of the grid of 10 meV, conduction bands alone: edges, not the mean, must tell
    truth = task.data.dos[rows]
    curves = np.where(task.data.energies > task.reference[rows][:, None], np.roll(truth, 2, axis=1), truth)
    edges = task.data.edges[rows] + [[0.0, 0.01], [0.0, -0.03]]
    figures = load("_merit").figures(task, rows, curves, edges)
    step = 1e3 * np.diff(task.data.energies)[0]
    assert figures["gap_mae_meV"] == pytest.approx(2 * step)
    assert figures["cbm_mae_meV"] == pytest.approx(2 * step)
    assert figures["vbm_mae_meV"] == 0
    assert figures["learned_gap_mae_meV"] == pytest.approx(20)
    assert figures["learned_gap_worst_meV"] == pytest.approx(30)


def test_density_inside_the_gap_is_counted_with_either_sign(load, tasks):
    task, rows = tasks[0], np.array([3])
    ripple = 0.05 * np.where(np.arange(len(task.data.energies)) % 2, 1.0, -1.0)
    share = load("_merit").in_gap(task, rows, ripple[None])
    assert share == pytest.approx(0.05 / task.data.dos[3].mean())
    assert load("_merit").in_gap(task, rows, task.data.dos[rows]) < 1e-4


def test_pair_network_learns_a_plane_of_pairs(load):
    module = load("_pair_network")
    energies, X = np.linspace(-1, 1, 21), np.random.RandomState(0).uniform(-1, 1, (8, 2))
    pairs = module.pairs_of(X, energies)
    np.testing.assert_array_equal(pairs[21], [energies[0], *X[1]])
    values = pairs @ [1.0, 2.0, -1.0]
    net = module.pair_network(pairs, values, epochs=60)
    assert np.sqrt(np.mean(np.square(net(pairs) - values))) < 0.1 * values.std()


@pytest.mark.parametrize("markdown", [False, True])
def test_command_prints_tables_and_keeps_folds(load, tmp_path, capsys, markdown):
    accuracy = load("accuracy")
    words = ["--data", "invariants", "noisy", "--only", "quadratic", "linear", "--folds", "2"]
    options = [*words, "--splits", "5-fold", "random", "--output", str(tmp_path)]
    accuracy.main([*options, *(["--markdown"] if markdown else [])])
    shown = capsys.readouterr()
    assert "MoS2, phonons, noisy, random rows (leaky): all held-out states" in shown.out
    assert ("| linear interpolation |" in shown.out) == markdown
    rows = json.loads((tmp_path / "accuracy.json").read_text())
    assert {row["method"] for row in rows} == {"quadratic ridge on PCA scores", "linear interpolation"}
    kept = sorted((tmp_path / "folds").iterdir())
    assert len(kept) == 2 * 2 * 2
    before = [path.stat().st_mtime_ns for path in kept]
    accuracy.main(options)
    assert [path.stat().st_mtime_ns for path in kept] == before
    assert json.loads((tmp_path / "accuracy.json").read_text()) == rows


def test_random_pairs_put_each_curve_together_from_all_folds(load, tasks, tmp_path, monkeypatch):
    accuracy, splits = load("accuracy"), load("_splits")
    line = tasks[0].data.strain[:, :1]
    task = tasks[0]._replace(name="line", X=line, plane=line)
    split = next(split for split in splits.splits(task) if split.name == splits.LEAKY_PAIRS)
    assert load("_methods").methods(task, split) == ["pair network"]
    for fold in split.folds:  # every curve has points on both sides
        assert set(fold.test // task.data.energies.size) == set(range(len(line)))

    def known(task, fold, tick):
        assert not set(fold.train) & set(fold.test)
        return task.data.dos.ravel()[fold.test]

    monkeypatch.setattr(load("_folds"), "predict_pairs", known)
    options = accuracy.parse(["--output", str(tmp_path), "--folds", "1"])
    split = split._replace(folds=accuracy.folds_of(split, options.folds))
    with accuracy.tqdm(disable=True) as bar:
        (row,) = accuracy.run(task, split, "pair network", options, bar)
    assert row["leaky"]
    assert (row["gap_mae_meV"], row["r2"], row["folds"]) == (0, 1, 5)


def test_leads_names_the_winner_where_it_is_another(load):
    merit = {"gap_mae_meV": 3.0, "learned_gap_mae_meV": None, "wasserstein_meV": 1.0, "r2": 0.9}
    head = {"data": "d", "split": "loo", "held_out": "all"}
    ours = {**head, "method": "DOSRegressor", **merit}
    other = {**head, "method": "GP", **merit, "gap_mae_meV": 2.0, "r2": 0.8}
    text = load("_tables").leads([other, ours])
    assert "gap: BEHIND, 3.0 against 2.0 of GP" in text
    assert "R2: leads, 0.9000 against 0.8000 of GP" in text
    assert "learned gap" not in text


def test_our_settings_are_judged_against_others_and_not_against_each_other(load):
    merit = {"gap_mae_meV": 3.0, "learned_gap_mae_meV": None, "wasserstein_meV": 1.0, "r2": 0.9}
    head = {"data": "d", "split": "loo", "held_out": "all"}
    methods = load("_methods")
    ours = [
        {**head, "method": methods.OURS, **merit},
        {**head, "method": methods.PLAIN, **merit, "r2": 0.95, "gap_mae_meV": 5.0},
    ]
    tables = load("_tables")
    first, second = tables.leads(
        [{**head, "method": "GP", **merit, "gap_mae_meV": 4.0, "r2": 0.8}, *ours]
    ).split("\n")
    assert first.startswith("d, loo, all: gap: leads, 3.0 against 4.0 of GP")
    assert second.startswith("d, loo, all, no networks: gap: BEHIND, 5.0 against 4.0 of GP")
    assert "R2: leads, 0.9500 against 0.8000 of GP" in second
    assert tables.leads(ours) == ""
