# SPDX-License-Identifier: BSD-3-Clause
import numpy as np
import pytest

from strain2dos import StrainDopingSeparator
from strain2dos.simulate import PHONON_PARAMETERS, PhononParameters, calibrate_phonons, strained_phonons

RNG = np.random.default_rng(0)
STRAIN = RNG.uniform(-0.03, 0.03, (200, 3))


def test_doublet_equals_the_eigenvalues_of_the_strain_perturbation():
    # the perturbation of a twofold mode by strain, as a 2 x 2 matrix in the basis (x, y), diagonalized
    # numerically
    p = PHONON_PARAMETERS["MoS2"]
    for tensor, modes in zip(STRAIN, strained_phonons(STRAIN), strict=True):
        exx, eyy, exy = tensor
        isotropic = -p.e_gamma * (exx + eyy) * np.eye(2)
        deviatoric = 0.5 * p.e_beta * np.array([[exx - eyy, 2 * exy], [2 * exy, eyy - exx]])
        expected = p.e_mode * (1 + np.linalg.eigvalsh(isotropic + deviatoric))
        np.testing.assert_allclose(modes[:2], expected, rtol=1e-13)


def test_biaxial_rates_are_those_of_michail_2024_and_of_the_table_of_lines():
    shifts = np.diff(strained_phonons([[0, 0, 0], [0.01, 0.01, 0]]), axis=0)[0]
    np.testing.assert_allclose(shifts, [-4.31, -4.31, -2.50], atol=1e-9)
    np.testing.assert_allclose(strained_phonons([[0, 0, 0]]), [[384.6, 384.6, 402.7]], atol=1e-9)


def test_positions_read_back_with_the_default_separator_give_strain_and_doping():
    biaxial, doping = RNG.uniform(-0.02, 0.04, 50), RNG.uniform(-1.0, 1.0, 50)
    lines = strained_phonons(np.column_stack([biaxial, biaxial, 0 * biaxial]), doping=doping)
    found = StrainDopingSeparator().fit(lines[:, 1:]).transform(lines[:, 1:])
    np.testing.assert_allclose(found, np.column_stack([biaxial, doping]), atol=1e-9)


def test_phonons_do_not_depend_on_the_orientation_of_the_axes():
    for angle in (0.3, 1.1, 2.5):
        c, s = np.cos(angle), np.sin(angle)
        rotation = np.array([[c, -s], [s, c]])
        full = STRAIN[:, [0, 2, 2, 1]].reshape(-1, 2, 2)
        turned = rotation @ full @ rotation.T
        rotated = np.column_stack([turned[:, 0, 0], turned[:, 1, 1], turned[:, 0, 1]])
        np.testing.assert_allclose(strained_phonons(rotated), strained_phonons(STRAIN), rtol=1e-13)


def test_doping_moves_a1_and_hardly_e():
    shift = (strained_phonons(STRAIN, doping=0.5) - strained_phonons(STRAIN))[0]
    np.testing.assert_allclose(shift, [-0.165, -0.165, -1.10], atol=1e-9)


def test_warming_moves_both_modes_at_the_measured_rates_from_295_kelvin():
    kelvin = np.linspace(280.0, 400.0, len(STRAIN))
    shift = strained_phonons(STRAIN, temperature=kelvin) - strained_phonons(STRAIN)
    expected = (kelvin - 295.0)[:, None] * [-0.0132, -0.0132, -0.0123]
    np.testing.assert_allclose(shift, expected, atol=1e-12)


def test_doping_and_temperature_add_up():
    both = strained_phonons(STRAIN, doping=0.7, temperature=350.0)
    alone = strained_phonons(STRAIN, doping=0.7) + strained_phonons(STRAIN, temperature=350.0)
    np.testing.assert_allclose(both, alone - strained_phonons(STRAIN), atol=1e-10)


CALCULATED = np.array([[373.1, 372.9, 396.0], [368.0, 368.0, 394.7], [364.0, 371.0, 394.0]])


def test_calibration_by_offset_keeps_every_calculated_shift():
    lines = calibrate_phonons(CALCULATED, CALCULATED[0])
    assert lines[0, :2].mean() == pytest.approx(384.6)
    assert lines[0, 2] == pytest.approx(402.7)
    np.testing.assert_allclose(lines - lines[0], CALCULATED - CALCULATED[0], atol=1e-12)


def test_calibration_by_scale_keeps_every_relative_shift():
    lines = calibrate_phonons(CALCULATED, CALCULATED[0], method="scale")
    assert lines[0, :2].mean() == pytest.approx(384.6)
    assert lines[0, 2] == pytest.approx(402.7)
    np.testing.assert_allclose(lines / lines[0], CALCULATED / CALCULATED[0], rtol=1e-14)


def test_impossible_calibrations_and_temperatures_are_refused():
    with pytest.raises(ValueError, match=r"must be one of \('offset', 'scale'\), but is 'factor'"):
        calibrate_phonons(CALCULATED, CALCULATED[0], method="factor")
    with pytest.raises(ValueError, match=r"unstrained must have shape \(3,\).*\(1, 3\)"):
        calibrate_phonons(CALCULATED, CALCULATED[:1])
    with pytest.raises(ValueError, match=r"calculated must have shape \(n, 3\).*\(3,\)"):
        calibrate_phonons(CALCULATED[0], CALCULATED[0])
    with pytest.raises(ValueError, match=r"temperature must be positive.*-20; add 273.15"):
        strained_phonons(STRAIN, temperature=-20.0)


def test_own_parameters_are_taken():
    own = PhononParameters(356.0, 418.0, 0.5, 0.2, 0.6, 0.0, 0.0, "own")
    np.testing.assert_allclose(strained_phonons([[0, 0, 0]], material=own), [[356, 356, 418]])


def test_unknown_material_and_wrong_shape_are_refused():
    with pytest.raises(ValueError, match=r"'WTe2'.*PhononParameters"):
        strained_phonons([[0, 0, 0]], material="WTe2")
    with pytest.raises(ValueError, match=r"has \(3,\)"):
        strained_phonons([0, 0, 0])
