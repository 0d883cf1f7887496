# SPDX-License-Identifier: BSD-3-Clause
"""The domain score tells states inside the training set from those outside, as hulls of strains do."""

import numpy as np
import pytest
from scipy.spatial import ConvexHull

from strain2dos import DOSRegressor
from strain2dos.datasets import load_mos2_dft
from strain2dos.dos._regressor.domain import TrainingDomain
from strain2dos.simulate import strain_invariants, strained_phonons

QUICK = {"hidden_layer_sizes": (4,), "n_members": 1, "max_epochs": 2, "random_state": 0}


def invariants(strain):
    """Trace and deviator, which linear phonons depend on."""
    return strain_invariants(strain)[:, :2]


def draw(random, n, scale=1.0):
    trace, size, angle = (random.uniform(*ends, n) for ends in ((-0.04, 0.12), (0, 0.08), (0, 2 * np.pi)))
    a, b = scale * trace, scale * size
    return np.column_stack([a + b * np.cos(angle), a - b * np.cos(angle), b * np.sin(angle)]) / 2


def isotropic(random, n):
    strain = np.r_[-0.02, random.uniform(-0.02, 0.06, n - 2), 0.06]
    return np.column_stack([strain, strain, np.zeros(n)])


def spectra_of(strain, per_state, noise, random):
    state = np.repeat(np.arange(len(strain)), per_state)
    rows = strained_phonons(strain)[state] + noise * random.normal(size=(len(state), 3))
    # which of the two lines is E'+ is told by their order
    return np.column_stack([np.sort(rows[:, :2], axis=1), rows[:, 2]]), state


def past_hull(strain, train):
    """Distance [strain] past the hull of the training strains, negative inside."""
    facets = ConvexHull(invariants(train)).equations
    return (invariants(strain) @ facets[:, :2].T + facets[:, 2]).max(1)


def score(rows, groups, new):
    center, scale = rows.mean(0), rows.std(0)
    scale = np.where(scale > 0, scale, 1.0)
    domain = TrainingDomain.of((rows - center) / scale, groups, np.arange(len(rows)))
    return domain.ratios((new - center) / scale).max(1)


@pytest.mark.parametrize("noise", [0.0, 0.1, 0.3])
@pytest.mark.parametrize("n", [12, 30, 60])
def test_states_inside_the_hull_of_strains_pass_and_far_ones_do_not(n, noise):
    inside, outside = [], []
    for seed in range(4):
        random = np.random.RandomState(seed)
        train = np.r_[draw(random, n), isotropic(random, max(4, n // 4))]
        rows, groups = spectra_of(train, 8 if noise else 1, noise, random)
        new = np.r_[draw(random, 300), isotropic(random, 60)]
        flags = score(rows, groups, spectra_of(new, 1, noise, random)[0]) > 1
        inside.append(flags[past_hull(new, train) < 0])
        far = draw(random, 400, random.uniform(1.2, 2.0, 400))
        flags = score(rows, groups, spectra_of(far, 1, noise, random)[0]) > 1
        outside.append(flags[past_hull(far, train) > 0.005])
    assert np.concatenate(inside).mean() <= 0.05
    assert np.concatenate(outside).mean() >= 0.95


def test_noise_does_not_push_isotropic_states_out():
    random = np.random.RandomState(0)
    train = np.r_[draw(random, 20), isotropic(random, 8)]
    rows, groups = spectra_of(train, 20, 0.3, random)
    new, _ = spectra_of(isotropic(random, 40), 50, 0.3, random)
    assert np.mean(score(rows, groups, new) > 1) <= 0.05


CORNERS = ("-4.00-4.00+2.00", "+6.00+6.00+2.00", "-4.00+6.00+0.00", "+6.00-4.00+0.00")
INNER = tuple(f"bi{strain:+d}" for strain in range(-2, 6))


@pytest.mark.parametrize("name", [*CORNERS, *INNER])
def test_outermost_first_principles_states_are_outside_and_inner_ones_inside(name):
    data = load_mos2_dft()
    left_out = data.name.index(name)
    keep = np.arange(len(data)) != left_out
    model = DOSRegressor(data.energies, **QUICK).fit(data.phonons[keep], data.dos[keep])
    state = data.phonons[[left_out]]
    assert model.in_domain(state)[0] == (model.domain_score(state)[0] <= 1) == (name in INNER)


def test_a_doped_layer_is_outside_although_each_feature_is_in_range():
    random = np.random.RandomState(0)
    train = np.r_[draw(random, 30), isotropic(random, 8)]
    rows, groups = spectra_of(train, 8, 0.1, random)
    middle = strained_phonons(np.tile([0.02, 0.02, 0.0], (5, 1)))
    doped = middle - np.array([0.0, 0.0, 4.0])
    assert ((rows.min(0) < doped) & (doped < rows.max(0))).all()
    assert (score(rows, groups, doped) > 1).all()
    assert (score(rows, groups, middle) < 1).all()


def test_a_gap_between_two_sets_of_states_is_outside():
    strain = np.r_[np.linspace(0, 0.02, 6), np.linspace(0.08, 0.1, 6)][:, None]
    found = score(strain, np.arange(12), np.array([[0.01], [0.05], [0.09]]))
    assert (found[[0, 2]] < 1).all()
    assert found[1] > 1


def test_score_on_a_square_is_the_share_of_its_widened_half_width():
    corners = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
    domain = TrainingDomain.of(corners, np.arange(4), np.arange(4))
    points = np.array([[1.05, 0.0], [0.3, -1.07], [2.12, 0.5]])
    # the margin is 2 % of the width of 2
    np.testing.assert_allclose(domain.ratios(points).max(1), np.abs(points).max(1) / 1.04, rtol=1e-6)


def test_columns_that_follow_from_others_or_never_change_do_not_matter_until_they_do():
    random = np.random.RandomState(0)
    train = np.r_[draw(random, 30), isotropic(random, 8)]
    rows, groups = spectra_of(train, 8, 0.2, random)
    new, _ = spectra_of(draw(random, 300, 0.7), 1, 0.2, random)

    def widen(x):
        return np.column_stack([x, x[:, 2] - x[:, :2].mean(1), np.full(len(x), 7.0)])

    few, many = score(rows, groups, new), score(widen(rows), groups, widen(new))
    assert np.mean((few > 1) == (many > 1)) > 0.97
    odd = widen(new)
    odd[:, 4] = 8.0
    assert (score(widen(rows), groups, odd) > 1).all()


def test_score_of_a_row_does_not_depend_on_the_batch():
    random = np.random.RandomState(0)
    rows = random.uniform(-1, 1, (500, 6))
    domain = TrainingDomain.of(rows, np.arange(500), np.arange(500))
    new = random.uniform(-1.5, 1.5, (300, 6))
    whole = domain.ratios(new)
    for part in (slice(0, 1), slice(7, 90), slice(299, 300)):
        assert np.array_equal(domain.ratios(new[part]), whole[part])
