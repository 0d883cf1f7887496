# SPDX-License-Identifier: BSD-3-Clause
import warnings

import numpy as np
import pytest

from strain2dos.simulate import (
    TightBindingTMD,
    equivalent_strains,
    expand_by_symmetry,
    fundamental_strain,
    strain_invariants,
    strain_plan,
)

GENERIC = np.array([0.013, -0.021, 0.008])


@pytest.fixture(scope="module")
def strains():
    return np.random.default_rng(0).uniform([-0.04, -0.04, -0.02], [0.06, 0.06, 0.02], (200, 3))


def test_equivalent_strains_are_the_rotated_and_mirrored_tensors():
    exx, eyy, exy = GENERIC
    tensor = np.array([[exx, exy], [exy, eyy]])
    expected = []
    for mirror in (np.eye(2), np.diag([-1.0, 1.0])):
        for angle in (0, 2 * np.pi / 3, 4 * np.pi / 3):
            turn = mirror @ [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
            image = turn @ tensor @ turn.T
            expected.append([image[0, 0], image[1, 1], image[0, 1]])
    found = equivalent_strains([GENERIC])[0]
    assert found[0] == pytest.approx(GENERIC)
    distance = np.abs(found[:, None] - np.array(expected)).max(axis=2)
    assert distance.min(axis=0).max() < 1e-15  # each expected one is among them
    assert distance.min(axis=1).max() < 1e-15


def test_equivalent_strains_have_one_tight_binding_gap_and_others_do_not():
    model = TightBindingTMD("MoS2")
    gaps = model.band_edges(equivalent_strains([GENERIC])[0]).gap
    assert np.ptp(gaps) < 1e-9
    mirrored_trace = model.band_edges([[-0.021, 0.013, 0.008]]).gap
    assert abs(mirrored_trace[0] - gaps[0]) > 1e-4


def test_invariants_and_the_fundamental_tensor_do_not_change_under_the_symmetries(strains):
    images = equivalent_strains(strains)
    for k in range(6):
        assert np.abs(strain_invariants(images[:, k]) - strain_invariants(strains)).max() < 1e-15
        assert np.abs(fundamental_strain(images[:, k]) - fundamental_strain(strains)).max() < 1e-15


def test_the_fundamental_tensor_is_one_of_the_equivalent_ones(strains):
    reduced = fundamental_strain(strains)
    assert np.abs(equivalent_strains(strains) - reduced[:, None]).max(axis=2).min(axis=1).max() < 1e-15
    angle = np.arctan2(2 * reduced[:, 2], reduced[:, 0] - reduced[:, 1])
    assert angle.min() >= -1e-12
    assert angle.max() <= np.pi / 3 + 1e-12


def test_expansion_repeats_columns_and_leaves_out_equal_rows():
    states = np.array([[0.01, 0.01, 0.0], [0.02, 0.0, 0.0], GENERIC])
    dos = np.arange(6.0).reshape(3, 2)
    strain, curves, group = expand_by_symmetry(states, dos, [0, 1, 2])
    assert np.bincount(group).tolist() == [1, 3, 6]
    assert np.array_equal(curves, dos[group])
    assert np.abs(strain_invariants(strain) - strain_invariants(states)[group]).max() < 1e-15


def test_a_wrong_shape_is_refused():
    with pytest.raises(ValueError, match=r"shape \(n, 3\).*\(2,\)"):
        strain_invariants([0.01, 0.02])


def test_a_plan_stays_in_its_range_without_states_equal_by_symmetry():
    plan = strain_plan(100)
    strain = plan[["exx", "eyy", "exy"]].to_numpy()
    assert len(plan) == 100 == plan["name"].nunique()
    assert strain[:, :2].min() >= -0.04
    assert strain[:, :2].max() <= 0.06
    assert np.abs(strain[:, 2]).max() <= 0.02
    reduced = fundamental_strain(strain)
    distance = np.abs(reduced[:, None] - reduced).max(axis=2)
    assert distance[~np.eye(100, dtype=bool)].min() > 1e-3


def test_a_longer_plan_begins_with_the_shorter_one():
    assert strain_plan(45).equals(strain_plan(90).head(45))


def test_a_plan_fills_its_range_more_evenly_than_random_states():
    from scipy.stats import qmc

    states = strain_plan(72, mirror_share=0.0)[["exx", "eyy", "exy"]].to_numpy()[8:]
    unit = (states + np.array([0.04, 0.04, 0.02])) / [0.1, 0.1, 0.04]
    random = [qmc.discrepancy(np.random.default_rng(i).random((64, 3))) for i in range(20)]
    assert qmc.discrepancy(np.clip(unit, 0, 1)) < 0.5 * min(random)


def test_half_of_a_plan_keeps_a_mirror():
    shear = strain_plan(108)["exy"].to_numpy()[8:]
    assert np.count_nonzero(shear == 0) == 50


@pytest.mark.parametrize("wrong", [{"normal": (-4, 6)}, {"shear": 2.0}, {"n_states": 0}])
def test_a_plan_in_per_cent_or_without_states_is_refused(wrong):
    with pytest.raises(ValueError, match=r"must be .*fraction|at least 1"):
        strain_plan(**({"n_states": 5} | wrong))


def test_states_beyond_the_range_of_the_model_still_plan_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        strain_plan(3, normal=(-0.1, 0.1))
