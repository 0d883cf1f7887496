# SPDX-License-Identifier: BSD-3-Clause
"""What the regressor promises: accuracy on unseen states, honesty about groups, the same bits every time."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_info, threadpool_limits

from strain2dos import DOSRegressor, band_edges
from strain2dos.datasets import load_mos2_dft
from strain2dos.dos import StrainInvariants
from strain2dos.dos._regressor.fitted import FittedDOS

ENERGIES = np.linspace(-2.0, 2.0, 161)
QUICK = {"hidden_layer_sizes": (16,), "n_members": 2, "max_epochs": 30, "random_state": 0}


def two_bands(strain):
    """A gap that closes with strain, bands broadened by 0.1 eV."""
    half = 0.9 - 6.0 * np.asarray(strain, dtype=float).reshape(-1, 1)
    return 0.1 * np.logaddexp(0.0, (np.abs(ENERGIES) - half) / 0.1 - 3.0) * (np.abs(ENERGIES) > half - 0.3)


STRAIN = np.linspace(0.0, 0.06, 13)[:, None]


@pytest.fixture(scope="module")
def noisy():
    """Ten strain states, eight noisy feature rows each, among them one feature that says nothing."""
    random = np.random.RandomState(1)
    state = np.repeat(np.arange(10), 8)
    strain = np.linspace(0, 0.06, 10)[state]
    X = np.column_stack([385 - 520 * strain, 404 - 170 * strain, random.normal(size=80)])
    X[:, :2] += 0.1 * random.normal(size=(80, 2))
    return X, two_bands(strain), state, strain


@pytest.fixture(scope="module")
def fitted(noisy):
    X, y, groups, _ = noisy
    return DOSRegressor(ENERGIES, **QUICK).fit(X, y, groups=groups)


def test_unseen_strain_is_interpolated_to_a_millielectronvolt():
    inner = np.array([[0.0125], [0.0375], [0.0475]])
    model = DOSRegressor(ENERGIES, **QUICK).fit(STRAIN, two_bands(STRAIN))
    truth = band_edges(ENERGIES, two_bands(inner), threshold=model.edge_threshold_).gap
    np.testing.assert_allclose(model.predict_edges(inner).gap, truth, atol=1e-3)
    assert model.score(inner, two_bands(inner)) > 0.9999


def test_edges_do_not_depend_on_the_unit_of_the_curves():
    cell, table = (
        DOSRegressor(ENERGIES, **QUICK).fit(STRAIN, unit * two_bands(STRAIN)) for unit in (1.0, 1000.0)
    )
    assert table.edge_threshold_ == pytest.approx(1000 * cell.edge_threshold_)
    np.testing.assert_allclose(table.predict_edges([[0.02]]).gap, cell.predict_edges([[0.02]]).gap, atol=1e-6)


@pytest.mark.parametrize("representation", ["auto", "grid", "pca", "cdf"])
def test_no_density_is_negative_even_far_outside(representation):
    model = DOSRegressor(ENERGIES, representation=representation, **QUICK).fit(STRAIN, two_bands(STRAIN))
    dos = model.predict(np.linspace(-0.2, 0.3, 200)[:, None])
    assert np.isfinite(dos).all()
    assert (dos >= 0).all()


def test_targets_below_zero_are_no_densities_and_are_not_clipped():
    y = np.column_stack([STRAIN[:, 0] - 0.03, STRAIN[:, 0]])
    model = DOSRegressor(**QUICK).fit(STRAIN, y)
    assert not model.nonnegative_
    np.testing.assert_allclose(model.predict(STRAIN), y, atol=2e-3)
    assert DOSRegressor(nonnegative=False, **QUICK).fit(STRAIN, STRAIN[:, 0]).predict([[-0.02]])[0] < 0
    assert DOSRegressor(**QUICK).fit(STRAIN, STRAIN[:, 0]).predict([[-0.02]])[0] == 0


def test_same_seed_gives_the_same_bits_and_leaves_torch_alone(noisy, fitted):
    X, y, groups, _ = noisy
    torch.manual_seed(7)
    before, threads = torch.random.get_rng_state(), torch.get_num_threads()
    again = DOSRegressor(ENERGIES, **QUICK).fit(X, y, groups=groups)
    assert torch.equal(before, torch.random.get_rng_state())
    assert torch.get_num_threads() == threads
    np.testing.assert_array_equal(again.predict(X), fitted.predict(X))
    for one, other in zip(again.history_, fitted.history_, strict=True):
        np.testing.assert_array_equal(one["valid_loss"], other["valid_loss"])


def test_another_seed_gives_other_networks(noisy, fitted):
    X, y, groups, _ = noisy
    other = clone(fitted).set_params(random_state=1).fit(X, y, groups=groups)
    assert np.abs(other.history_[0]["train_loss"] - fitted.history_[0]["train_loss"]).max() > 1e-3


def test_grid_search_on_two_jobs_equals_one_job_bit_for_bit(noisy):
    X, y, groups = (part[::2] for part in noisy[:3])
    small = {**QUICK, "n_members": 1, "max_epochs": 10}
    results = []
    for n_jobs in (1, 2):
        pipeline = make_pipeline(StandardScaler(), DOSRegressor(ENERGIES, **small))
        grid = {"standardscaler__with_mean": [False], "dosregressor__hidden_layer_sizes": [(8,), (4,)]}
        search = GridSearchCV(pipeline, grid, cv=GroupKFold(2), n_jobs=n_jobs)
        search.fit(X, y, groups=groups)
        results.append((search.cv_results_["mean_test_score"], search.predict(X)))
    np.testing.assert_array_equal(results[0][0], results[1][0])
    np.testing.assert_array_equal(results[0][1], results[1][1])


def test_predictions_do_not_depend_on_the_batch(fitted, noisy):
    X = noisy[0]
    whole, std = fitted.predict(X, return_std=True)
    for row in (0, 17, 79):
        np.testing.assert_allclose(fitted.predict(X[[row]])[0], whole[row], rtol=1e-9, atol=1e-12)
    assert std.shape == whole.shape


def _elsewhere(value, order):
    """Copy plain values, arrays with another layout and beside the places where memory is aligned."""
    if isinstance(value, dict):
        return {name: _elsewhere(part, order) for name, part in value.items()}
    if isinstance(value, list):
        return [_elsewhere(part, order) for part in value]
    if not isinstance(value, np.ndarray):
        return value
    memory = np.empty(value.nbytes + 72, dtype=np.uint8)
    begin = -memory.ctypes.data % 64 + 8
    copy = memory[begin : begin + value.nbytes].view(value.dtype).reshape(value.shape, order=order)
    copy[...] = value
    return copy


@pytest.mark.parametrize("order", ["C", "F"])
def test_bits_do_not_depend_on_where_and_how_arrays_lie_in_memory(fitted, noisy, order):
    X = noisy[0]
    copy = clone(fitted)
    copy.fitted_ = FittedDOS.from_state(_elsewhere(fitted.fitted_.to_state(), order))
    copy.n_features_in_ = fitted.n_features_in_
    for found, known in zip(
        copy.predict(X, return_std=True), fitted.predict(X, return_std=True), strict=True
    ):
        np.testing.assert_array_equal(found, known)


@pytest.mark.parametrize("order", ["C", "F"])
def test_fits_do_not_depend_on_where_and_how_arrays_lie_in_memory(noisy, order):
    X, y, groups, _ = noisy
    model = DOSRegressor(ENERGIES, hidden_layer_sizes=(4,), n_members=2, max_epochs=5, random_state=0)
    first = model.fit(X, y, groups=groups).predict(X)
    again = clone(model).fit(_elsewhere(X, order), _elsewhere(y, order), groups=groups)
    np.testing.assert_array_equal(again.predict(_elsewhere(X, order)), first)


def test_pickle_and_plain_state_predict_the_same(fitted, noisy):
    X = noisy[0]
    blob = pickle.dumps(fitted)
    np.testing.assert_array_equal(pickle.loads(blob).predict(X), fitted.predict(X))
    assert len(blob) < 2_000_000

    def plain(value):
        if isinstance(value, dict):
            return all(isinstance(key, str) and plain(part) for key, part in value.items())
        if isinstance(value, list | tuple):
            return all(plain(part) for part in value)
        return value is None or isinstance(value, np.ndarray | np.generic | int | float | str | bool)

    state = {name: value for name, value in fitted.__getstate__().items() if name not in fitted.get_params()}
    assert all(plain(value) for value in state.values())


def test_learned_edges_do_not_depend_on_the_broadening():
    data = load_mos2_dft()
    known = np.column_stack([data.vbm, data.cbm])
    keep = np.arange(len(data.dos)) != data.name.index("bi+3")
    kernel = np.exp(-0.5 * (np.arange(-60, 61) * 0.01 / 0.12) ** 2)
    broad = np.apply_along_axis(np.convolve, 1, data.dos, kernel / kernel.sum(), "same")
    learned, read = [], []
    for dos in (data.dos, broad):
        model = DOSRegressor(data.energies, **QUICK)
        state = data.strain[~keep]
        learned.append(model.fit(data.strain[keep], dos[keep], edges=known[keep]).predict_edges(state).gap[0])
        read.append(model.fit(data.strain[keep], dos[keep]).predict_edges(state).gap[0])
    truth = np.diff(known[~keep])[0, 0]
    assert abs(learned[0] - truth) < 0.01
    assert abs(learned[1] - truth) < 0.01
    assert abs(read[1] - read[0]) > 0.05


def test_unseen_first_principles_states_are_predicted_from_phonons():
    data = load_mos2_dft()
    for name in ("bi+2", "zz+2"):
        keep = np.arange(len(data.dos)) != data.name.index(name)
        model = DOSRegressor(data.energies, **QUICK).fit(data.phonons[keep], data.dos[keep])
        assert model.representation_ == "cdf"
        found, truth = model.predict(data.phonons[~keep])[0], data.dos[~keep][0]
        assert np.abs(found - truth).sum() / truth.sum() < 0.05


def test_domain_score_flags_strains_outside_and_none_inside(fitted, noisy):
    model = DOSRegressor(ENERGIES, **QUICK).fit(STRAIN, two_bands(STRAIN))
    inside = np.linspace(0.0, 0.06, 101)[:, None]
    assert model.domain_score(inside).max() <= 1.0
    assert model.domain_score([[-0.006], [0.066], [0.33], [-1.0]]).min() > 1.0
    X, _, _, strain = noisy
    assert np.mean(fitted.domain_score(X) > 1) <= 0.05
    away = np.column_stack([385 - 520 * (strain + 0.1), 404 - 170 * (strain + 0.1), X[:, 2]])
    assert (fitted.domain_score(away) > 1).all()


def test_feature_range_is_in_the_units_of_the_caller(fitted, noisy):
    X = noisy[0]
    np.testing.assert_array_equal(fitted.feature_range_, [X.min(0), X.max(0)])


def test_spread_grows_away_from_the_training_states():
    model = DOSRegressor(ENERGIES, **QUICK).fit(STRAIN, two_bands(STRAIN))
    std = model.predict([[0.03], [0.09]], return_std=True)[1].mean(1)
    assert std[1] > 3 * std[0]


def test_a_vector_of_targets_gives_a_vector(noisy):
    X, _, groups, strain = noisy
    model = DOSRegressor(**QUICK).fit(X, strain, groups=groups)
    mean, std = model.predict(X, return_std=True)
    assert mean.shape == std.shape == (80,)
    assert np.corrcoef(mean, strain)[0, 1] > 0.99


def test_progress_is_shown_when_asked(capsys):
    DOSRegressor(ENERGIES, **QUICK, verbose=True).fit(STRAIN, two_bands(STRAIN))
    assert "training" in capsys.readouterr().err
    DOSRegressor(ENERGIES, **QUICK).fit(STRAIN, two_bands(STRAIN))
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("params", "fit", "words"),
    [
        ({"device": "cuda"}, {}, 'device="auto"'),
        ({"device": "toaster"}, {}, "'toaster' is no device"),
        ({}, {"groups": [None, *range(12)]}, r"groups\[0\] is None \(1 of 13 rows"),
        ({"energies": ENERGIES[:10]}, {}, r"\(10,\), but y has 161 columns"),
        ({"energies": ENERGIES[::-1]}, {}, "ascend strictly"),
        ({"edge_reference": 9.0}, {}, "edge_reference = 9 eV lies outside"),
        ({}, {"groups": [0, 1]}, r"\(2,\) and X has 13 rows"),
        ({}, {"edges": np.zeros((13, 3))}, r"\(13, 2\).*\(13, 3\)"),
        ({}, {"edges": np.full((13, 2), np.nan)}, r"edges\[0\] = \[nan, nan\]"),
        ({"hidden_layer_sizes": (8, 0)}, {}, r"positive integers, but it is \(8, 0\)"),
    ],
)
def test_errors_state_the_value_received_and_the_way_out(params, fit, words):
    if params.get("device") == "cuda" and torch.cuda.is_available():
        pytest.skip("this machine has a CUDA device, so asking for it is no error")
    with pytest.raises(ValueError, match=words):
        DOSRegressor(**{"energies": ENERGIES, **QUICK, **params}).fit(STRAIN, two_bands(STRAIN), **fit)


def test_a_negative_density_is_named_when_densities_are_asked_for():
    y = two_bands(STRAIN)
    y[3, 7] = -0.25
    with pytest.raises(ValueError, match=r"y\[3, 7\] = -0.25 \(at -1.825\)"):
        DOSRegressor(ENERGIES, nonnegative=True).fit(STRAIN, y)


def test_counting_states_without_a_gap_is_refused_in_words():
    with pytest.raises(ValueError, match='pass representation="grid"'):
        DOSRegressor(representation="cdf").fit(STRAIN, np.ones((13, 3)))


def test_edges_without_energies_are_refused_in_words():
    model = DOSRegressor(**QUICK).fit(STRAIN, two_bands(STRAIN))
    with pytest.raises(ValueError, match=r"DOSRegressor\(energies=\.\.\.\)"):
        model.predict_edges(STRAIN)


@pytest.mark.parametrize("representation", ["cdf", "grid", "pca"])
def test_a_row_is_predicted_to_the_same_bits_whatever_stands_beside_it(representation):
    data = load_mos2_dft()
    options = {"representation": representation, "n_members": 2, "max_epochs": 5, "random_state": 0}
    model = DOSRegressor(data.energies, **options).fit(data.phonons, data.dos, edges=data.edges)
    random = np.random.default_rng(0)
    X = np.repeat(data.phonons, 20, axis=0) + random.normal(scale=0.3, size=(20 * len(data), 3))
    shuffled = random.permutation(len(X))
    dos, std = model.predict(X, return_std=True)
    again, std_again = model.predict(X[shuffled], return_std=True)
    assert np.array_equal(again, dos[shuffled])
    assert np.array_equal(std_again, std[shuffled])
    assert np.array_equal(model.predict(X[7:8])[0], dos[7])
    assert np.array_equal(model.predict_edges(X[shuffled]).gap, model.predict_edges(X).gap[shuffled])


def test_a_table_whose_labels_are_other_energies_is_refused_and_labels_stand_in_for_energies():
    y = two_bands(STRAIN)
    table = pd.DataFrame(y, columns=ENERGIES.round(4))
    model = DOSRegressor(**QUICK).fit(STRAIN, table)
    np.testing.assert_allclose(model.energies_, ENERGIES, atol=1e-4)
    assert np.isfinite(model.predict_edges(STRAIN).gap).all()
    assert DOSRegressor(ENERGIES, **QUICK).fit(STRAIN, table).energies_[0] == -2.0
    with pytest.raises(ValueError, match=r"column \d+ of y is labeled .* but energies\[\d+\] = .* eV"):
        DOSRegressor(ENERGIES + 0.5, **QUICK).fit(STRAIN, table)
    numbered = pd.DataFrame(y)
    assert DOSRegressor(**QUICK).fit(STRAIN, numbered).energies_ is None


def test_rows_without_features_are_named_with_the_reason():
    X = pd.DataFrame({"E'_center": STRAIN[:, 0], "A1'_center": 1.0 + STRAIN[:, 0]})
    X.iloc[[2, 5], 1] = np.nan
    words = r"NaN: 2 of 13 rows \(rows 2, 5\) in columns A1'_center\. A spectrum whose fit failed"
    with pytest.raises(ValueError, match=words):
        DOSRegressor(ENERGIES, **QUICK).fit(X, two_bands(STRAIN))


def test_the_order_of_memory_of_the_features_changes_no_bit(noisy, fitted):
    X, y, groups, _ = noisy
    again = clone(fitted).fit(np.asfortranarray(X), np.asfortranarray(y), groups=groups)
    assert np.array_equal(again.predict(np.asfortranarray(X)), fitted.predict(X))


def test_torch_in_another_precision_changes_nothing(noisy, fitted):
    X, y, groups, _ = noisy
    before = torch.get_default_dtype()
    for dtype in (torch.float32, torch.float64):
        torch.set_default_dtype(dtype)
        try:
            again = clone(fitted).fit(X, y, groups=groups)
            assert np.array_equal(again.predict(X), fitted.predict(X))
            assert torch.get_default_dtype() == dtype
        finally:
            torch.set_default_dtype(before)


def test_overlapping_calls_give_the_same_bits_and_leave_the_threads_of_the_process_alone(noisy, fitted):
    X, y, groups, _ = noisy
    state, threads = torch.random.get_rng_state(), torch.get_num_threads()
    pools = [(pool["filepath"], pool["num_threads"]) for pool in threadpool_info()]
    alone = fitted.predict(X)

    def work(k):
        return clone(fitted).fit(X, y, groups=groups).predict(X) if k % 3 == 0 else fitted.predict(X)

    with ThreadPoolExecutor(3) as pool:
        for found in pool.map(work, range(9)):
            assert np.array_equal(found, alone)
    assert torch.equal(state, torch.random.get_rng_state())
    assert torch.get_num_threads() == threads
    assert [(pool["filepath"], pool["num_threads"]) for pool in threadpool_info()] == pools


@pytest.mark.parametrize("n", [1, 2])
def test_results_do_not_depend_on_the_threads_outside(noisy, fitted, n):
    X, y, groups, _ = noisy
    threads = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        with threadpool_limits(n):
            again = clone(fitted).fit(X, y, groups=groups)
            assert np.array_equal(again.predict(X), fitted.predict(X))
        assert torch.get_num_threads() == n
    finally:
        torch.set_num_threads(threads)


def test_quantiles_are_those_of_drawn_curves(fitted, noisy):
    X = noisy[0][:4]
    q = np.array([0.1, 0.5, 0.9])
    drawn = np.quantile(fitted.sample_curves(X, 6000, random_state=0), q, axis=1)
    found = fitted.predict_quantiles(X, q)
    assert found.shape == drawn.shape == (3, 4, 161)
    width = drawn[2] - drawn[0]
    wide = width > 0.1 * width.max()
    assert np.median(np.abs(found - drawn).max(0)[wide] / width[wide]) < 0.08
    np.testing.assert_array_equal(fitted.predict_quantiles(X[1:2], 0.9)[0], found[2, 1])
    with pytest.raises(ValueError, match=r"between 0 and 1, but it is 1\.5"):
        fitted.predict_quantiles(X, 1.5)


def test_drawn_curves_scatter_by_the_standard_deviation(fitted, noisy):
    X = noisy[0][:3]
    _, std = fitted.predict(X, return_std=True)
    drawn = fitted.sample_curves(X, 3000, random_state=0)
    large = std > 0.1 * std.max()
    assert np.median(drawn.std(1)[large] / std[large]) == pytest.approx(1.0, abs=0.1)
    np.testing.assert_array_equal(drawn, fitted.sample_curves(X, 3000, random_state=0))
    # densities of one curve err together: neighbors on the grid are nearly the same number
    column = int(std[0].argmax())
    assert np.corrcoef(drawn[0, :, column], drawn[0, :, column + 1])[0, 1] > 0.9


def test_reasons_are_given_where_the_score_is_above_one(fitted, noisy):
    X, _, _, strain = noisy
    away = np.column_stack([385 - 520 * (strain + 0.1), 404 - 170 * (strain + 0.1), X[:, 2]])
    rows = np.vstack([X, away])
    reasons = fitted.domain_reason(rows)
    np.testing.assert_array_equal(reasons == "", fitted.in_domain(rows))
    assert set(reasons[len(X) :]) <= {
        "beyond the hull of the training states",
        "far from the nearest training state",
        "unlike any training state",
    }


def test_one_state_says_nothing_of_errors():
    data = load_mos2_dft()
    rows = slice(0, 1)
    regressor = DOSRegressor(data.energies, random_state=0)
    regressor.fit(data.phonons[rows], data.dos[rows], edges=data.edges[rows])
    curves, deviation = regressor.predict(data.phonons[:5], return_std=True)
    assert np.isfinite(curves).all()
    assert np.isnan(deviation).all()
    edges, errors = regressor.predict_edges(data.phonons[:5], return_std=True)
    assert np.isfinite(edges.gap).all()
    assert np.isnan(errors.gap).all()


def test_equivalent_tensors_are_one_state():
    from strain2dos.simulate import equivalent_strains

    data = load_mos2_dft()
    model = make_pipeline(StrainInvariants(), DOSRegressor(data.energies, **QUICK)).fit(data.strain, data.dos)
    images = equivalent_strains(data.strain[[5, 40]])
    curves = np.stack([model.predict(images[:, k]) for k in range(6)])
    assert np.abs(curves - curves[0]).max() < 1e-10 * curves.max()
    assert model[-1].in_domain(model[:-1].transform(images.reshape(-1, 3))).all()


def test_a_damaged_or_older_model_is_refused_in_words(fitted):
    state = fitted.__getstate__()
    with pytest.raises(
        ValueError, match=r"saved by strain2dos 0\.0\.9 in form 1 .* reads form 8; train it again"
    ):
        DOSRegressor().__setstate__({**state, "_format": 1, "_strain2dos_version": "0.0.9"})
    older = {name: value for name, value in state.items() if name not in ("fitted_", "_format")}
    with pytest.raises(ValueError, match="train it again"):
        DOSRegressor().__setstate__({**older, "heads_": []})
    head = state["fitted_"]["heads"]["curve"]
    process = head["plain"][0]
    for name, value in {
        "points": process["points"][:-1],
        "coefficients": np.full_like(process["coefficients"], np.nan),
        "family": "cosine",
    }.items():
        broken = {**head, "plain": [{**process, name: value}, *head["plain"][1:]]}
        heads = {**state["fitted_"]["heads"], "curve": broken}
        with pytest.raises(ValueError, match="the stored DOSRegressor is damaged"):
            DOSRegressor().__setstate__({**state, "fitted_": {**state["fitted_"], "heads": heads}})
