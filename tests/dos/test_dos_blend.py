# SPDX-License-Identifier: BSD-3-Clause
"""A blend: shares from left-out groups, the mean that they make, and what it gains on unseen states."""

import pickle
from functools import cache

import numpy as np
import pytest
import torch
from scipy.optimize import nnls
from sklearn.base import clone
from sklearn.model_selection import GroupKFold

from strain2dos import DOSRegressor
from strain2dos.datasets import load_mos2_dft
from strain2dos.dos._regressor.stacking import stack
from strain2dos.dos._representations.basis import Latent, span
from strain2dos.dos._representations.blended import PARTS, BlendedRepresentation
from strain2dos.dos._representations.torch_decode import LatentDecode
from strain2dos.io import load_model, save_model

DATA = load_mos2_dft()
QUICK = {"hidden_layer_sizes": (8,), "n_members": 1, "max_epochs": 1, "random_state": 0}
SHARES = {"grid": 0.2, "cdf": 0.5, "aligned": 0.3}


@cache
def fitted():
    return DOSRegressor(DATA.energies, representation="blend", **QUICK).fit(DATA.phonons, DATA.dos)


def hand_made():
    """Return the parts of a blend with given shares, the blend in its directions, and its scores."""
    forms = {name: form.build(DATA.energies, DATA.dos, True, -5.4, 0.1) for name, form in PARTS.items()}
    blend = BlendedRepresentation.of(forms, SHARES, DATA.dos)
    return forms, *span("blend", blend, blend.encode(DATA.dos))


def residuals(random, size):
    return random.normal(size=(30, 200)) * size


def test_shares_fall_with_the_variance_of_independent_errors():
    random, groups = np.random.RandomState(0), np.repeat(np.arange(10), 3)
    shares = stack({"a": residuals(random, 1.0), "b": residuals(random, 2.0)}, groups)
    # inverse variances: 1 and 1/4
    assert shares["a"] == pytest.approx(0.8, abs=0.02)
    assert sum(shares.values()) == pytest.approx(1.0, abs=1e-12)


def test_shares_of_one_group_are_those_of_least_squares_on_the_simplex():
    random = np.random.RandomState(1)
    common = residuals(random, 1.0)
    misses = {
        name: share * common + residuals(random, 0.5) for name, share in {"a": 1, "b": 0.6, "c": 0.2}.items()
    }
    found = stack(misses, np.zeros(30, dtype=int))
    # a heavy row of ones holds the sum at one in non-negative least squares
    columns = np.column_stack([miss.ravel() for miss in misses.values()])
    wanted, _ = nnls(np.vstack([columns, np.full(3, 1e5)]), np.r_[np.zeros(len(columns)), 1e5])
    wanted = np.where(wanted < 0.05, 0.0, wanted)
    np.testing.assert_allclose([found.get(name, 0.0) for name in "abc"], wanted / wanted.sum(), atol=1e-4)


def test_a_part_that_least_squares_would_subtract_gets_nothing():
    random, groups = np.random.RandomState(2), np.repeat(np.arange(10), 3)
    good = residuals(random, 1.0)
    bad = 2 * good + residuals(random, 0.3)
    both = np.column_stack([good.ravel(), bad.ravel()])
    inverse = np.linalg.solve(both.T @ both, np.ones(2))
    assert (inverse / inverse.sum())[1] < -0.5
    assert stack({"good": good, "bad": bad}, groups) == {"good": 1.0}


def test_no_group_decides_alone():
    random, groups = np.random.RandomState(3), np.repeat(np.arange(10), 3)
    a, b = residuals(random, 1.0), residuals(random, 1.5)
    far = groups == 9
    a[far] *= 100.0
    b[far] *= 60.0
    shares = stack({"a": a, "b": b}, groups)
    squares = [np.square(miss).mean() for miss in (a, b)]
    by_squares = squares[1] / sum(squares)
    assert by_squares < 0.5
    assert shares["a"] > by_squares + 0.02


def test_a_blend_decodes_to_the_weighted_mean_of_its_parts():
    forms, latent, scores = hand_made()
    by_hand = sum(share * forms[name].decode(forms[name].encode(DATA.dos)) for name, share in SHARES.items())
    np.testing.assert_allclose(latent.representation.decode(latent.latents(scores)), by_hand, atol=2e-3)
    encoded = latent.representation.encode(DATA.dos)
    np.testing.assert_allclose(latent.representation.decode(encoded), by_hand, atol=1e-10)


def test_parts_count_by_their_share():
    _, latent, _ = hand_made()
    encoded = latent.representation.encode(DATA.dos)
    for part, columns in latent.representation.slices():
        assert encoded[:, columns].var(0).sum() == pytest.approx(SHARES[part.name] ** 2)


def test_tensors_decode_like_arrays_with_given_shares():
    _, latent, scores = hand_made()
    found = LatentDecode(latent)(torch.from_numpy(scores)).numpy()
    np.testing.assert_allclose(found, latent.decode(scores), atol=1e-9)


def test_a_fitted_blend_survives_state_pickle_and_file(tmp_path):
    model = fitted()
    state = model.representation_
    assert state["name"] == "blend"
    shares = [part["share"] for part in state["kept"]["parts"]]
    assert len(shares) > 1
    assert min(shares) >= 0.05
    assert sum(shares) == pytest.approx(1.0, abs=1e-12)
    assert set(model.representation_scores_) == set(PARTS)
    dos = model.predict(DATA.phonons)
    rebuilt = Latent.from_state(state)
    again = Latent.from_state(pickle.loads(pickle.dumps(rebuilt.state())))
    scores = np.random.RandomState(0).normal(size=(5, len(rebuilt.directions)))
    assert np.array_equal(again.decode(scores), rebuilt.decode(scores))
    assert np.array_equal(pickle.loads(pickle.dumps(model)).predict(DATA.phonons), dos)
    assert np.array_equal(load_model(save_model(model, tmp_path / "m.skops")).predict(DATA.phonons), dos)
    assert np.array_equal(clone(model).fit(DATA.phonons, DATA.dos).predict(DATA.phonons), dos)


def test_standard_deviations_of_a_blend_are_finite_and_grow_away_from_the_states():
    model = fitted()
    _, near = model.predict(DATA.phonons, return_std=True)
    _, far = model.predict(DATA.phonons + np.array([15.0, 15.0, 8.0]), return_std=True)
    assert np.isfinite(near).all()
    assert np.isfinite(far).all()
    assert 0 < near.mean() < far.mean()


def test_a_blend_needs_four_groups_and_two_forms():
    few = DOSRegressor(DATA.energies, representation="blend", **QUICK).fit(DATA.phonons[:3], DATA.dos[:3])
    auto = DOSRegressor(DATA.energies, **QUICK).fit(DATA.phonons[:3], DATA.dos[:3])
    assert few.representation_["name"] == auto.representation_["name"]
    assert np.array_equal(few.predict(DATA.phonons), auto.predict(DATA.phonons))
    signed = DATA.dos - DATA.dos.mean()
    only = DOSRegressor(DATA.energies, representation="blend", **QUICK).fit(DATA.phonons, signed)
    assert only.representation_["name"] == "grid"


def test_a_blend_explains_more_of_the_variance_of_unseen_curves_than_each_of_its_parts():
    r2 = dict.fromkeys(["blend", *PARTS], 0.0)
    for train, test in GroupKFold(3).split(DATA.phonons, groups=DATA.groups):
        for name in r2:
            model = DOSRegressor(DATA.energies, representation=name, **QUICK)
            model.fit(DATA.phonons[train], DATA.dos[train], groups=DATA.groups[train])
            miss = np.square(model.predict(DATA.phonons[test]) - DATA.dos[test]).mean(1)
            r2[name] += np.sum(1 - miss / DATA.dos[test].var(1)) / len(DATA)
    assert 1 - r2["blend"] < 0.95 * min(1 - r2[name] for name in PARTS)
