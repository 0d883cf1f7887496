# SPDX-License-Identifier: BSD-3-Clause
"""Slopes of valleys in closed form against differences and against automatic differentiation."""

import numpy as np
import pytest
import torch

from strain2dos import DOSRegressor, load_pretrained
from strain2dos.datasets import load_mos2_dft
from strain2dos.dos._process.covariance import FAMILIES, Covariance
from strain2dos.dos._process.mixture import load
from strain2dos.dos._process.posterior import condition
from strain2dos.dos._process.sloped import Sloped
from strain2dos.dos._regressor.energies import has_slopes, valleys_with_slopes

DATA = load_mos2_dft()


@pytest.fixture(scope="module")
def model():
    made = DOSRegressor(DATA.energies[::16], hidden_layer_sizes=(), random_state=0)
    return made.fit(DATA.phonons, DATA.dos[:, ::16], edges=DATA.edge_targets)


@pytest.fixture(scope="module")
def rows():
    random = np.random.RandomState(1)
    near = DATA.phonons[random.randint(0, len(DATA), 2500)]
    return near + 0.5 * random.standard_normal(near.shape)


@pytest.mark.parametrize("family", FAMILIES)
def test_slopes_of_each_kernel_are_those_of_automatic_differentiation(family):
    random = np.random.RandomState(0)
    x, z = random.standard_normal((40, 3)), random.standard_normal((40, 2))
    covariance = Covariance(
        family,
        np.array([[0.7, 1.1, 2.0], [1.5, 0.9, 1.0]]),
        np.array([0.3, 2.0]),
        np.array([1e-3, 1e-2]),
    )
    process = condition(
        covariance, x, z, np.arange(40), np.array([0.5, 0.5]), np.random.RandomState(0), "cpu"
    )[0]
    loaded = process.covariance()
    points, weights = torch.from_numpy(process.points), torch.from_numpy(process.coefficients)
    place = torch.tensor(random.standard_normal((7, 3)), requires_grad=True)
    means = loaded.between(loaded.place(place), loaded.place(points)) @ weights
    known = np.empty((2, 7, 2, 3))
    for member in range(2):
        for output in range(2):
            total = means[member, :, output].sum()
            known[member, :, output] = torch.autograd.grad(total, place, retain_graph=True)[0].numpy()
    mean, variance, found = Sloped([load(process, "cpu")])(place.detach())
    np.testing.assert_allclose(found, known, rtol=1e-7, atol=1e-9 * np.abs(known).max())
    for part, same in zip((mean, variance), load(process, "cpu").members(place.detach()), strict=True):
        np.testing.assert_allclose(part, same.numpy(), rtol=1e-6)
    alone, *others = Sloped([load(process, "cpu")])(place.detach(), std=False, slopes=False)
    np.testing.assert_array_equal(alone, mean)
    assert all(np.isnan(part).all() for part in others)


@pytest.mark.parametrize("bundled", [False, True])
def test_slopes_of_valleys_are_those_of_differences(model, rows, bundled):
    regressor = load_pretrained()[-1] if bundled else model
    X = rows[:300]
    if bundled:  # E', E'- and E'+, A1'
        X = np.column_stack([X[:, :2].mean(axis=1), X])
    found = valleys_with_slopes(regressor, X).slopes
    known = np.empty_like(found)
    step = 1e-2
    for column, one in enumerate(step * np.eye(X.shape[1])):
        near, far = (
            regressor.predict_valleys(X + k * one) - regressor.predict_valleys(X - k * one) for k in (1, 2)
        )
        known[..., column] = (8 * near - far) / (12 * step)
    size = np.linalg.norm(known, axis=2, keepdims=True)
    # rough kernels have no third derivative at the training states, which these rows keep clear of
    assert np.quantile(np.abs(found - known) / size, 0.99) < 1e-5


def test_energies_and_variances_are_those_of_predict_valleys(model, rows):
    found = valleys_with_slopes(model, rows)
    energies, std = model.predict_valleys(rows, return_std=True)
    # the same sums in another order: variances are a millionth of the terms that cancel
    np.testing.assert_allclose(found.energies, energies, rtol=1e-9)
    np.testing.assert_allclose(np.sqrt(found.variances), std, rtol=1e-6)


def test_what_is_found_for_a_row_does_not_depend_on_its_neighbors(model, rows):
    found, few = valleys_with_slopes(model, rows), valleys_with_slopes(model, rows[1100:1103])
    for one, other in zip(found, few, strict=True):
        np.testing.assert_array_equal(one[1100:1103], other)


def test_no_rows_give_arrays_without_rows(model):
    found = model.fitted_.valley_energies(np.empty((0, 3)), "cpu", std=True, slopes=True)
    assert found.energies.shape == (0, len(model.valleys_))
    assert found.slopes.shape == (0, len(model.valleys_), 3)


def test_slopes_need_valleys_that_are_predicted_as_they_were_learned(model):
    class Other(DOSRegressor):
        def predict_valleys(self, X, return_std=False):
            return super().predict_valleys(X, return_std)

    other = Other()
    other.fitted_ = model.fitted_
    plain = DOSRegressor(DATA.energies[::16], hidden_layer_sizes=()).fit(DATA.phonons, DATA.dos[:, ::16])
    assert has_slopes(model)
    assert not has_slopes(other)
    assert not has_slopes(plain)
    assert not has_slopes(object())
