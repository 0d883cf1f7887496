# SPDX-License-Identifier: BSD-3-Clause
"""Density of states by linear triangles against sum rules, an analytic band and brute force."""

import numpy as np
import pytest
from scipy.integrate import cumulative_trapezoid
from scipy.special import ellipk

from strain2dos.simulate import TightBindingTMD
from strain2dos.simulate._tight_binding.k_points import grid, symmetries
from strain2dos.simulate._tight_binding.triangles import states_between

MATERIALS = ["MoS2", "MoSe2", "WS2", "WSe2"]
LOW_SYMMETRY = (0.013, -0.021, 0.008)
ALL_BANDS = np.arange(-14.0, 2.0, 0.01)


@pytest.fixture(scope="module")
def model():
    return TightBindingTMD("MoS2")


@pytest.mark.parametrize("spin", [0, 1, -1])
@pytest.mark.parametrize("material", MATERIALS)
def test_dos_of_one_spin_integrates_to_eleven_states(material, spin):
    dos = TightBindingTMD(material).dos(ALL_BANDS, strain=LOW_SYMMETRY, n_k=30, width=0, spin=spin)
    assert dos.sum() * 0.01 == pytest.approx(11, abs=1e-6)


def test_dos_of_both_spins_integrates_to_twenty_two_states_also_when_smeared(model):
    wide = np.arange(-15.0, 3.0, 0.01)
    for width in (0, 0.05, 0.2):
        assert model.dos(wide, n_k=30, width=width).sum() * 0.01 == pytest.approx(22, abs=1e-6)


def test_fourteen_electrons_fill_the_bands_below_the_gap(model):
    edges = model.band_edges()
    energies = np.array([-20.0, -10.0, edges.vbm + 0.01, edges.cbm - 0.01, 5.0])
    states = 2 * states_between(np.concatenate(model._on_grid(np.zeros(3), 30, 1), axis=-1), energies)
    np.testing.assert_allclose([states[:2].sum(), states[2], states[3]], [14, 0, 8], atol=1e-12)


def test_states_on_non_uniform_bins_sum_to_the_bands():
    energies = np.random.default_rng(0).normal(size=(7, 9, 3))
    edges = np.sort(np.concatenate([[-20, 20], np.random.default_rng(1).normal(size=30)]))
    assert states_between(energies, edges).sum() == pytest.approx(3, abs=1e-12)


def test_flat_and_partly_flat_bands_lose_no_state():
    flat = np.full((6, 6, 1), 0.25)
    np.testing.assert_array_equal(states_between(flat, np.array([0.0, 0.25, 0.5])), [0.0, 1.0])
    ridge = np.zeros((6, 6, 1))
    ridge[2] = 1.0
    assert states_between(ridge, np.linspace(-0.5, 1.5, 41)).sum() == pytest.approx(1, abs=1e-12)


def test_square_lattice_band_follows_its_elliptic_integral():
    n_k = 400
    k = 2 * np.pi * np.arange(n_k) / n_k
    band = (-2 * np.cos(k)[:, None] - 2 * np.cos(k)[None, :])[..., None]
    edges = np.linspace(-4.0, 4.0, 81)
    fine = np.linspace(-4, 4, 800_001)[1:-1]
    fine = fine[np.abs(fine) > 1e-9]
    exact = ellipk(1 - (fine / 4) ** 2) / (2 * np.pi**2)
    below = np.interp(edges, fine, cumulative_trapezoid(exact, fine, initial=0))
    # Linear interpolation misses energies by at most (2 pi / n_k)^2 / 2; the band edge has a DOS of 1/(4 pi).
    bound = (2 * np.pi / n_k) ** 2 / 2 / (4 * np.pi)
    assert np.abs(states_between(band, edges) - np.diff(below)).max() < bound


def test_triangles_agree_with_counting_a_very_dense_grid(model):
    k = (np.stack(np.meshgrid(*[np.arange(400)] * 2), axis=-1).reshape(-1, 2) + 0.5) / 400
    edges = np.arange(-8.0, -2.5, 0.25)
    counted = np.histogram(model.bands(k, strain=LOW_SYMMETRY, spin=1), bins=edges)[0] / len(k)
    found = sum(states_between(b, edges) for b in model._on_grid(np.array(LOW_SYMMETRY), 96, 1))
    assert np.abs(found - counted).max() < 2e-3


def test_gaussian_equals_a_numerical_convolution_of_the_bare_dos(model):
    fine, width = np.arange(-14.0, 2.0, 0.0005), 0.05
    bare = model.dos(fine, strain=LOW_SYMMETRY, n_k=24, width=0)
    energies = np.arange(-7.0, -3.0, 0.1)
    kernel = np.exp(-(((energies[:, None] - fine) / width) ** 2) / 2) / (width * np.sqrt(2 * np.pi))
    smeared = model.dos(energies, strain=LOW_SYMMETRY, n_k=24, width=width)
    assert np.abs(smeared - kernel @ bare * 0.0005).sum() / smeared.sum() < 3e-4


def test_the_default_grid_is_converged(model):
    energies = np.arange(-9.0, -2.5, 0.01)
    coarse, fine = (model.dos(energies, strain=LOW_SYMMETRY, n_k=n) for n in (96, 240))
    assert np.abs(coarse - fine).sum() / fine.sum() < 1.5e-3


@pytest.mark.parametrize("width", [0, 0.05])
def test_dos_is_the_same_under_the_symmetries_of_the_crystal(model, width):
    exx, eyy, exy = LOW_SYMMETRY
    c, s = -0.5, np.sqrt(3) / 2
    turn = np.array([[c, -s], [s, c]])
    tensor = turn @ np.array([[exx, exy], [exy, eyy]]) @ turn.T
    energies = np.arange(-9.0, -2.5, 0.01)
    here, turned, mirrored = model.dos(
        energies,
        strain=[LOW_SYMMETRY, (tensor[0, 0], tensor[1, 1], tensor[0, 1]), (exx, eyy, -exy)],
        n_k=24,
        width=width,
    )
    np.testing.assert_allclose(turned, here, rtol=0, atol=1e-10)
    np.testing.assert_allclose(mirrored, here, rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    ("strain", "spin", "fraction"),
    [
        ((0, 0, 0), 0, 12),
        ((0, 0, 0), 1, 6),
        ((0.02, 0, 0), 1, 2),
        ((0.02, 0, 0), 0, 4),
        ((0.01, 0, 0.01), 0, 2),
        ((0.01, 0, 0.01), 1, 1),
    ],
)
def test_symmetry_reduction_is_exact_and_saves_the_expected_share(model, strain, spin, fraction):
    n_k = 24
    k, _ = grid(n_k, symmetries(np.array(strain), spin=spin))
    assert len(k) == pytest.approx(n_k**2 / fraction, rel=0.35)
    assert len(k) >= n_k**2 / fraction
    full, _ = grid(n_k)
    reduced = np.sort(np.concatenate(model._on_grid(np.array(strain, float), n_k, spin), axis=-1), axis=-1)
    np.testing.assert_allclose(
        reduced.reshape(-1, 11), model.bands(full, strain=strain, spin=spin), rtol=0, atol=1e-12
    )


def test_one_pass_gives_the_same_dos_and_edges(model):
    energies = np.arange(-9.0, -2.5, 0.02)
    strains = [(0, 0, 0), LOW_SYMMETRY]
    dos, edges = model.dos_and_edges(energies, strain=strains, n_k=48)
    np.testing.assert_array_equal(dos, model.dos(energies, strain=strains, n_k=48))
    np.testing.assert_allclose(edges.gap, model.band_edges(strains).gap, rtol=0, atol=1e-8)
    dos_single, edges_single = model.dos_and_edges(energies, strain=LOW_SYMMETRY, n_k=48)
    np.testing.assert_array_equal(dos_single, dos[1])
    assert edges_single.gap == pytest.approx(edges.gap[1], abs=1e-12)


def test_without_spin_orbit_coupling_both_spins_count_the_same():
    model, energies = TightBindingTMD("WSe2", spin_orbit=False), np.arange(-8.0, -2.0, 0.02)
    np.testing.assert_allclose(
        model.dos(energies, n_k=24), 2 * model.dos(energies, n_k=24, spin=0), rtol=1e-13
    )
    assert model.band_edges().gap > TightBindingTMD("WSe2").band_edges().gap + 0.2


def test_dos_vanishes_inside_the_gap(model):
    edges = model.band_edges()
    inside = np.linspace(edges.vbm + 0.31, edges.cbm - 0.31, 50)
    assert model.dos(inside, n_k=48, width=0.05).max() < 1e-8
