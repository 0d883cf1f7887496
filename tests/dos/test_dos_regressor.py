# SPDX-License-Identifier: BSD-3-Clause
"""What the regressor promises: accuracy on unseen states, honesty about groups, the same bits every time."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from strain2dos import DOSRegressor, band_edges
from strain2dos.datasets import load_mos2_dft
from strain2dos.dos._regressor import blocks as _model

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
    truth = band_edges(ENERGIES, two_bands(inner)).gap
    np.testing.assert_allclose(model.predict_edges(inner).gap, truth, atol=1e-3)
    assert model.score(inner, two_bands(inner)) > 0.9999


@pytest.mark.parametrize("representation", ["auto", "grid", "pca", "cdf", "blend"])
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
    for one, other in zip(again.weights_, fitted.weights_, strict=True):
        for name in one:
            np.testing.assert_array_equal(one[name], other[name])


def test_another_seed_gives_other_nets(noisy, fitted):
    X, y, groups, _ = noisy
    other = clone(fitted).set_params(random_state=1).fit(X, y, groups=groups)
    assert np.abs(other.weights_[0]["head.weight"] - fitted.weights_[0]["head.weight"]).max() > 1e-3


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

    fitted_state = {name: value for name, value in vars(fitted).items() if name not in fitted.get_params()}
    assert all(plain(value) for value in fitted_state.values())


def test_skorch_nets_rebuilt_from_arrays_answer_like_the_stored_weights(fitted, noisy):
    from strain2dos.dos._networks.member import forward

    features = ((noisy[0] - fitted._centre_) / fitted._scale_).astype(np.float32)
    assert len(fitted.nets_) == 2
    for net, weights in zip(fitted.nets_, fitted.weights_, strict=True):
        np.testing.assert_allclose(net.predict(features), forward(weights, features), atol=1e-5)
    assert type(fitted.net_).__name__ == "NeuralNetRegressor"


def test_held_out_strain_is_never_in_the_training_fold(noisy, monkeypatch):
    X, y, groups, _ = noisy
    seen = []
    real = _model.train_members

    def spy(features, targets, held_out, *args, **kwargs):
        seen.extend(mask.copy() for mask in held_out)
        return real(features, targets, held_out, *args, **kwargs)

    monkeypatch.setattr(_model, "train_members", spy)
    DOSRegressor(ENERGIES, **QUICK).fit(X, y, groups=groups)
    DOSRegressor(ENERGIES, **QUICK).fit(X, y)
    assert len(seen) == 4
    for mask in seen:
        assert 0 < mask.sum() < len(X)
        assert not set(groups[mask]) & set(groups[~mask])


def test_history_counts_epochs_and_stops_early(noisy):
    X, y, groups, _ = noisy
    model = DOSRegressor(ENERGIES, **{**QUICK, "max_epochs": 400, "patience": 3}).fit(X, y, groups=groups)
    assert len(model.history_) == 2
    for history in model.history_:
        assert len(history["train_loss"]) == len(history["valid_loss"]) < 400
        assert history["train_loss"][-1] < history["train_loss"][0]
    assert model.n_iter_ == max(len(history["train_loss"]) for history in model.history_)


def test_nets_correct_what_the_process_alone_misses(noisy, fitted):
    assert 0 <= fitted.network_weight_ <= 1
    truth = np.random.RandomState(0).normal(size=(60, 3))
    groups = np.repeat(np.arange(12), 5)
    seen = np.ones(60, dtype=bool)
    trend = np.zeros_like(truth)
    assert _model.network_weight(truth, trend, truth, seen, groups) == pytest.approx(1.0)
    assert _model.network_weight(truth, trend, 2 * truth, seen, groups) == pytest.approx(0.5)
    assert _model.network_weight(truth, trend, -truth, seen, groups) == 0.0
    noise = np.random.RandomState(1).normal(size=(60, 3))
    assert _model.network_weight(truth, truth, noise, seen, groups) == 0.0


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
        assert model.representation_["name"] == "cdf"
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
        ({"energies": ENERGIES[:10]}, {}, r"\(10,\), but y has 161 columns"),
        ({"energies": ENERGIES[::-1]}, {}, "ascend strictly"),
        ({"edge_reference": 9.0}, {}, "edge_reference = 9 eV lies outside"),
        ({}, {"groups": [0, 1]}, r"\(2,\) and X has 13 rows"),
        ({}, {"edges": np.zeros((13, 3))}, r"\(13, 2\).*\(13, 3\)"),
        ({}, {"edges": np.full((13, 2), np.nan)}, r"edges\[0\] = \[nan, nan\]"),
        ({"hidden_layer_sizes": (8, 0)}, {}, r"positive integers, but it is \(8, 0\)"),
    ],
)
def test_errors_say_what_came_and_what_to_do(params, fit, words):
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


@pytest.mark.parametrize("representation", ["cdf", "grid", "pca", "blend"])
def test_a_row_is_predicted_to_the_same_bits_whatever_stands_beside_it(representation):
    data = load_mos2_dft()
    model = DOSRegressor(data.energies, representation=representation, max_epochs=5, random_state=0)
    model.fit(data.phonons, data.dos, edges=data.edges)
    random = np.random.default_rng(0)
    X = np.repeat(data.phonons, 20, axis=0) + random.normal(scale=0.3, size=(20 * len(data), 3))
    shuffled = random.permutation(len(X))
    dos, std = model.predict(X, return_std=True)
    again, std_again = model.predict(X[shuffled], return_std=True)
    assert np.array_equal(again, dos[shuffled])
    assert np.array_equal(std_again, std[shuffled])
    assert np.array_equal(model.predict(X[7:8])[0], dos[7])
    assert np.array_equal(model.predict_edges(X[shuffled]).gap, model.predict_edges(X).gap[shuffled])
