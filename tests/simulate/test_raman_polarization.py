# SPDX-License-Identifier: BSD-3-Clause
import numpy as np
import pytest

from strain2dos.simulate import PHONON_PARAMETERS, polarized_intensities, simulate_spectra, strained_phonons

RNG = np.random.default_rng(0)
STRAIN = RNG.uniform(-0.03, 0.03, (200, 3))
ANGLES = RNG.uniform(-np.pi, np.pi, (200, 2))


def direction(angle):
    return np.array([np.cos(angle), np.sin(angle)])


def rotated(strain, angle):
    turn = np.column_stack([direction(angle), direction(angle + np.pi / 2)])
    full = turn @ np.asarray(strain)[..., [0, 2, 2, 1]].reshape(-1, 2, 2) @ turn.T
    return np.column_stack([full[:, 0, 0], full[:, 1, 1], full[:, 0, 1]])


def raman_tensors_of_the_group():
    """Average of a random tensor [mode, incident, scattered] over the in-plane operations of D3h."""
    third = np.column_stack([direction(2 * np.pi / 3), direction(2 * np.pi / 3 + np.pi / 2)])
    # the mirror plane holds the bond from Mo to S, which points along armchair (y)
    mirror = np.diag([-1.0, 1.0])
    operations = [m @ c for m in (np.eye(2), mirror) for c in (np.eye(2), third, third @ third)]
    seed = np.random.default_rng(1).normal(size=(2, 2, 2))
    tensors = sum(np.einsum("ai,bj,ck,ijk->abc", g, g, g, seed) for g in operations) / len(operations)
    return tensors / np.abs(tensors).max()


def test_group_leaves_one_tensor_diagonal_along_armchair_and_one_off_diagonal_along_zigzag():
    zigzag, armchair = raman_tensors_of_the_group()
    sign = np.sign(armchair[0, 0])
    np.testing.assert_allclose(sign * armchair, [[1, 0], [0, -1]], atol=1e-12)
    np.testing.assert_allclose(sign * zigzag, [[0, 1], [1, 0]], atol=1e-12)


def test_intensities_equal_raman_tensors_contracted_with_numerical_eigenvectors():
    tensors, p = raman_tensors_of_the_group(), PHONON_PARAMETERS["MoS2"]
    found = polarized_intensities(STRAIN, ANGLES)
    lines = strained_phonons(STRAIN)
    for (exx, eyy, exy), (incident, scattered), shares, modes in zip(
        STRAIN, ANGLES, found, lines, strict=True
    ):
        stretched = np.array([[exx, exy], [exy, eyy]])
        # a stretched bond is softer: minus, so that the mode along the larger strain is the lower one
        secular = -p.e_gamma * np.trace(stretched) * np.eye(2) - p.e_beta * (
            stretched - 0.5 * np.trace(stretched) * np.eye(2)
        )
        values, vectors = np.linalg.eigh(secular)
        np.testing.assert_allclose(p.e_mode * (1 + values), modes[:2], rtol=1e-13)
        amplitude = np.einsum("im,ijk,j,k->m", vectors, tensors, direction(incident), direction(scattered))
        np.testing.assert_allclose(shares[:2], amplitude**2, atol=1e-12)
        assert shares[2] == pytest.approx((direction(incident) @ direction(scattered)) ** 2)


def test_uniaxial_tension_gives_the_published_form():
    # Mohiuddin et al., Phys. Rev. B 79, 205433 (2009): polarizations from the strain axis, phi from zigzag
    for phi, (incident, scattered) in zip(np.linspace(-3, 3, 40), ANGLES, strict=False):
        strain = rotated([[0.01, -0.0025, 0.0]], phi)
        shares = polarized_intensities(strain, (incident + phi, scattered + phi))[0]
        total = incident + scattered + 3 * phi
        np.testing.assert_allclose(shares[:2], [np.sin(total) ** 2, np.cos(total) ** 2], atol=1e-12)


def test_compression_swaps_the_branches():
    stretched, pressed = (polarized_intensities([[e, 0.0, 0.0]], (0.3, 0.4))[0] for e in (0.01, -0.01))
    np.testing.assert_allclose(pressed, stretched[[1, 0, 2]], atol=1e-12)


def test_turning_strain_and_light_by_120_degrees_changes_nothing():
    turn = 2 * np.pi / 3
    turned = polarized_intensities(rotated(STRAIN, turn), ANGLES + turn)
    np.testing.assert_allclose(turned, polarized_intensities(STRAIN, ANGLES), atol=1e-12)


def test_an_average_over_the_analyzer_gives_half_of_the_doublet_to_each_branch():
    scattered = np.arange(8) * np.pi / 8
    pairs = np.column_stack([np.full(8, 0.7), scattered])
    shares = polarized_intensities(np.repeat(STRAIN[:1], 8, axis=0), pairs)
    np.testing.assert_allclose(shares.mean(axis=0), [0.5, 0.5, 0.5], atol=1e-12)


def test_crossed_polarizers_put_a1_out_and_leave_e():
    shift = np.arange(340.0, 440.0, 0.25)
    options = {"shot_noise": False, "read_noise": 0.0, "baseline": (0.0,), "fwhm": (1.0, 1.0)}
    lines, strain = [[385.0, 385.0, 404.0]], np.zeros((1, 3))
    crossed = simulate_spectra(lines, shift, polarization=(0.2, 0.2 + np.pi / 2), strain=strain, **options)
    plain = simulate_spectra(lines, shift, height=(2000.0, 0.0), **options)
    np.testing.assert_allclose(crossed, plain, atol=1e-9)


def test_each_branch_of_a_spectrum_has_its_share_of_the_height():
    shift = np.arange(340.0, 440.0, 0.25)
    strain, angles = [[0.02, 0.0, 0.005]], (0.4, -1.1)
    options = {"shot_noise": False, "read_noise": 0.0, "baseline": (0.0,), "fwhm": (0.01, 0.01)}
    spectrum = simulate_spectra(
        [[375.0, 390.0, 404.0]], shift, polarization=angles, strain=strain, height=(1000.0, 500.0), **options
    )[0]
    tops = spectrum[np.searchsorted(shift, [375.0, 390.0, 404.0])]
    expected = polarized_intensities(strain, angles)[0] * [1000.0, 1000.0, 500.0]
    np.testing.assert_allclose(tops, expected, atol=1e-3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"polarization": (0.0, 0.0)}, r"polarization needs strain.*np.zeros"),
        ({"polarization": (0.0, 0.0), "strain": np.zeros((3, 3))}, r"one row per spectrum \(2\), but has 3"),
        ({"polarization": (0.0,), "strain": np.zeros((2, 3))}, r"shape \(2,\) or \(2, 2\)"),
        ({"polarization": (0.0, 0.0), "strain": np.zeros(3)}, r"shape \(n, 3\)"),
    ],
)
def test_impossible_polarizations_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        simulate_spectra([[385.0, 385.0, 404.0]] * 2, np.arange(340.0, 440.0), **changes)
