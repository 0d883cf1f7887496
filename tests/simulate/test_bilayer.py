# SPDX-License-Identifier: BSD-3-Clause
"""Two stacked layers against the two-level formula, symmetry, sum rules and published alignments."""

import numpy as np
import pytest

from strain2dos.simulate import TightBindingBilayer, TightBindingTMD
from strain2dos.simulate._tight_binding.k_points import grid

GAMMA, K, K_PRIME = (0.0, 0.0), (1 / 3, 1 / 3), (2 / 3, 2 / 3)
LOW_SYMMETRY = (0.013, -0.021, 0.008)
STRAINS = [(0, 0, 0), (0.02, 0.02, 0), (0.015, -0.01, 0), LOW_SYMMETRY]
PAIRS = ["MoS2/MoS2", "MoS2/WS2", "MoS2/WSe2"]

# |t| of the bilayers of one material and level differences of the layers, both at Gamma, in eV:
# Table 1 of Commun. Mater. (2024), doi 10.1038/s43246-024-00631-z
HOPPING = {"MoS2": 0.50, "WS2": 0.42, "MoSe2": 0.51, "WSe2": 0.47}
LEVEL_DIFFERENCE = {"MoS2/MoS2": 0.0, "MoS2/WS2": 0.19, "MoS2/WSe2": 0.57, "MoSe2/WS2": 0.17}


def _hopping(pair):
    lower, upper = pair.split("/")
    return np.sqrt(HOPPING[lower] * HOPPING[upper])


def _gamma_tops(pair, strain):
    return [TightBindingTMD(name).bands([GAMMA], strain=strain)[0, 6] for name in pair.split("/")]


def _two_levels_mixed(pair, strain, spin):
    layers = np.stack(
        [TightBindingTMD(m).bands([GAMMA], strain=strain, spin=spin)[0] for m in pair.split("/")]
    )
    lower, upper = layers[:, 6]
    half = np.hypot(lower - upper, 2 * _hopping(pair)) / 2
    mixed = (lower + upper) / 2 + np.array([-half, half])
    return np.sort(np.concatenate([np.delete(layers, 6, axis=1).ravel(), mixed]))


@pytest.mark.parametrize("strain", STRAINS)
@pytest.mark.parametrize("pair", PAIRS)
def test_at_gamma_the_valence_tops_mix_as_two_levels_and_nothing_else_does(pair, strain):
    bands = TightBindingBilayer(pair).bands([GAMMA], strain=strain)[0]
    np.testing.assert_allclose(bands, _two_levels_mixed(pair, strain, 0), rtol=0, atol=1e-12)


@pytest.mark.parametrize("pair", PAIRS)
def test_spin_orbit_coupling_leaves_the_mixing_at_gamma_as_it_is(pair):
    bands = TightBindingBilayer(pair).bands([GAMMA], spin=1)[0]
    np.testing.assert_allclose(bands, _two_levels_mixed(pair, (0, 0, 0), 1), rtol=0, atol=1e-12)


@pytest.mark.parametrize("pair", LEVEL_DIFFERENCE)
def test_splitting_at_gamma_is_that_of_the_published_hopping_and_level_difference(pair):
    bands = TightBindingBilayer(pair).bands([GAMMA])[0]
    published = np.hypot(LEVEL_DIFFERENCE[pair], 2 * _hopping(pair))
    # The layers' own level difference, from the vacuum alignment, is within 0.04 eV of the published one.
    assert bands[13] - bands[12] == pytest.approx(published, abs=0.015)
    lower, upper = _gamma_tops(pair, (0, 0, 0))
    assert abs(lower - upper) == pytest.approx(LEVEL_DIFFERENCE[pair], abs=0.045)


@pytest.mark.parametrize("strain", STRAINS)
def test_nothing_mixes_at_k_and_the_upper_layer_has_its_k_at_k_prime(strain):
    stack = TightBindingBilayer("MoS2/WSe2").bands([K, K_PRIME], strain=strain, spin=1)
    lower = TightBindingTMD("MoS2").bands([K, K_PRIME], strain=strain, spin=1)
    upper = TightBindingTMD("WSe2").bands([K_PRIME, K], strain=strain, spin=1)
    apart = np.sort(np.concatenate([lower, upper], axis=1), axis=1)
    np.testing.assert_allclose(stack, apart, rtol=0, atol=1e-12)


@pytest.mark.parametrize("pair", PAIRS)
def test_zero_hopping_is_exactly_the_sum_of_the_layers(pair):
    energies = np.arange(-9.0, -2.5, 0.01)
    apart = TightBindingBilayer(pair, hopping=0)
    alone = [TightBindingTMD(name) for name in pair.split("/")]
    for strain in STRAINS:
        total = sum(model.dos(energies, strain=strain, n_k=24) for model in alone)
        np.testing.assert_allclose(apart.dos(energies, strain=strain, n_k=24), total, rtol=1e-12, atol=1e-12)
    stack, edges = apart.band_edges(STRAINS), [model.band_edges(STRAINS) for model in alone]
    np.testing.assert_allclose(stack.vbm, np.maximum(*[e.vbm for e in edges]), rtol=0, atol=1e-9)
    np.testing.assert_allclose(stack.cbm, np.minimum(*[e.cbm for e in edges]), rtol=0, atol=1e-9)


def test_a_vanishing_hopping_comes_back_to_the_sum_of_the_layers():
    energies = np.arange(-9.0, -2.5, 0.01)
    nearly, apart = (TightBindingBilayer("MoS2/WS2", hopping=t).dos(energies, n_k=96) for t in (1e-6, 0))
    # joined, the even bands of the layers are sorted together, which blurs their crossings in the triangles
    assert np.abs(nearly - apart).sum() / apart.sum() < 1e-3


@pytest.mark.parametrize("width", [0, 0.05])
@pytest.mark.parametrize("pair", PAIRS)
def test_dos_integrates_to_the_states_of_both_layers(pair, width):
    energies = np.arange(-15.0, 3.0, 0.01)
    stack = TightBindingBilayer(pair)
    dos = stack.dos(energies, strain=LOW_SYMMETRY, n_k=24, width=width)
    assert dos.sum() * 0.01 == pytest.approx(44, abs=1e-6)
    assert (dos >= 0).all()
    one_spin = stack.dos(energies, strain=LOW_SYMMETRY, n_k=24, width=width, spin=-1)
    assert one_spin.sum() * 0.01 == pytest.approx(22, abs=1e-6)


def test_twenty_eight_electrons_fill_the_bands_below_the_gap():
    stack = TightBindingBilayer("MoS2/WSe2")
    edges = stack.band_edges()
    below = np.arange(-15.0, (edges.vbm + edges.cbm) / 2, 0.005)
    assert stack.dos(below, n_k=24, width=0).sum() * 0.005 == pytest.approx(28, abs=1e-6)


@pytest.mark.parametrize("strain", STRAINS)
def test_the_2h_bilayer_has_inversion_symmetry(strain):
    k = np.random.default_rng(0).uniform(0, 1, (50, 2))
    bilayer = TightBindingBilayer("MoS2/MoS2")
    up, down = (bilayer.bands(k, strain=strain, spin=s) for s in (1, -1))
    # with time reversal it makes both spins degenerate at every k, unlike in the monolayer
    np.testing.assert_allclose(up, down, rtol=0, atol=1e-12)
    np.testing.assert_allclose(bilayer.bands(-k, strain=strain, spin=1), up, rtol=0, atol=1e-12)


@pytest.mark.parametrize("spin", [0, 1])
@pytest.mark.parametrize("strain", STRAINS)
@pytest.mark.parametrize("pair", PAIRS)
def test_symmetry_reduction_is_exact(pair, strain, spin):
    stack, n_k = TightBindingBilayer(pair), 12
    blocks = stack._on_grid(np.array(strain, dtype=float), n_k, spin)
    reduced = np.sort(np.concatenate(blocks, axis=-1), axis=-1)
    full, _ = grid(n_k)
    np.testing.assert_allclose(
        reduced.reshape(-1, 22), stack.bands(full, strain=strain, spin=spin), rtol=0, atol=1e-12
    )


@pytest.mark.parametrize("pair", PAIRS)
def test_equivalent_strains_give_one_dos_and_one_gap(pair):
    exx, eyy, exy = LOW_SYMMETRY
    c, s = -0.5, np.sqrt(3) / 2
    turn = np.array([[c, -s], [s, c]])
    tensor = turn @ np.array([[exx, exy], [exy, eyy]]) @ turn.T
    strains = [LOW_SYMMETRY, (tensor[0, 0], tensor[1, 1], tensor[0, 1]), (exx, eyy, -exy)]
    dos, edges = TightBindingBilayer(pair).dos_and_edges(np.arange(-9.0, -2.5, 0.01), strain=strains, n_k=24)
    np.testing.assert_allclose(dos[1:], dos[[0, 0]], rtol=0, atol=1e-10)
    np.testing.assert_allclose(edges.gap[1:], edges.gap[0], rtol=0, atol=1e-6)


def test_swapping_the_layers_changes_nothing_but_their_names():
    energies = np.arange(-9.0, -2.5, 0.02)
    one, other = (TightBindingBilayer(pair) for pair in ("MoS2/WSe2", "WSe2/MoS2"))
    dos_one, dos_other = (m.dos(energies, strain=LOW_SYMMETRY, n_k=24) for m in (one, other))
    np.testing.assert_allclose(dos_one, dos_other, rtol=0, atol=1e-9)
    assert (one.band_edges().vbm_layer, other.band_edges().vbm_layer) == ("upper", "lower")


def test_the_second_mos2_layer_makes_the_gap_indirect_from_gamma():
    single, double = TightBindingTMD("MoS2").band_edges(), TightBindingBilayer("MoS2/MoS2").band_edges()
    assert (single.vbm_at, single.cbm_at) == ("K", "K")
    assert double.vbm_at == "G"
    assert double.cbm_at in ("K", "Q")
    np.testing.assert_allclose(double.share_vbm, 0.5, atol=1e-6)
    assert double.gap < single.gap - 0.3


def test_gap_of_the_mos2_bilayer_falls_under_uniaxial_tension_about_as_measured():
    edges = TightBindingBilayer("MoS2/MoS2").band_edges([(-0.005, 0, 0), (0.005, 0, 0)])
    assert list(edges.vbm_at) == ["G", "G"]
    # Indirect luminescence: -120 meV/% (Conley et al., Nano Lett. 13, 3626 (2013)); -86 meV/% (Zhu et al.,
    # Phys. Rev. B 88, 121301 (2013)). The model, -130 meV/%, lies beyond both and nearer to the first.
    assert np.diff(edges.gap)[0] == pytest.approx(-0.120, abs=0.015)


def test_mos2_on_wse2_is_of_type_two_with_near_the_measured_offset():
    edges = TightBindingBilayer("MoS2/WSe2").band_edges()
    assert (edges.vbm_layer, edges.cbm_layer) == ("upper", "lower")
    assert edges.share_vbm[1] > 0.95
    assert edges.share_cbm[0] > 0.95
    top = {m: max(TightBindingTMD(m).bands([K], spin=s)[0, 6] for s in (1, -1)) for m in ("MoS2", "WSe2")}
    offset = top["WSe2"] - top["MoS2"]
    # Measured 0.83 eV, calculated 0.94 eV: Chiu et al., Nat. Commun. 6, 7666 (2015), arXiv:1406.5137.
    # The PBE vacuum alignment gives 1.09 eV; it is not tuned, so the bound is its known error.
    assert offset == pytest.approx(0.83, abs=0.27)
    assert offset == pytest.approx(0.94, abs=0.16)


def test_shares_of_a_mixed_level_are_those_of_two_levels():
    pair, strain = "MoS2/WS2", (0.01, 0.01, 0.0)
    lower, upper = _gamma_tops(pair, strain)
    edges = TightBindingBilayer(pair).band_edges(strain)
    assert edges.vbm_at == "G"
    angle = np.arctan2(2 * _hopping(pair), lower - upper) / 2
    np.testing.assert_allclose(edges.share_vbm, [np.cos(angle) ** 2, np.sin(angle) ** 2], atol=1e-6)


def test_the_default_grid_is_converged():
    energies = np.arange(-9.0, -2.5, 0.01)
    model = TightBindingBilayer("MoS2/WS2")
    coarse, fine = (model.dos(energies, strain=(0.01, 0.01, 0), n_k=n) for n in (96, 240))
    assert np.abs(coarse - fine).sum() / fine.sum() < 1.5e-3


def test_batches_do_not_change_the_bands(monkeypatch):
    k = np.random.default_rng(1).uniform(0, 1, (20, 2))
    model = TightBindingBilayer("MoS2/WS2")
    together = model.bands(k, strain=STRAINS, spin=1)
    monkeypatch.setattr("strain2dos.simulate._tight_binding.bilayer._BATCH", 30)
    np.testing.assert_allclose(model.bands(k, strain=STRAINS, spin=1), together, rtol=0, atol=1e-13)


def test_one_tensor_gives_what_it_gives_among_many():
    model, energies = TightBindingBilayer("MoS2/WS2"), np.arange(-7.0, -3.0, 0.02)
    dos, edges = model.dos_and_edges(energies, strain=[LOW_SYMMETRY, (0, 0, 0)], n_k=24)
    one_dos, one_edges = model.dos_and_edges(energies, strain=LOW_SYMMETRY, n_k=24)
    np.testing.assert_array_equal(one_dos, dos[0])
    assert one_edges.gap == pytest.approx(edges.gap[0], abs=1e-12)
    assert one_edges.share_vbm.shape == (2,)
    assert edges.vbm_layer.shape == (2,)


@pytest.mark.parametrize("name", ["MoS2", "MoS2/WTe2", "MoS2-WS2", "MoS2/WS2/MoS2", "", None])
def test_an_unknown_pair_is_refused_in_words(name):
    with pytest.raises(ValueError, match=r"two layers of .*'WSe2'.* such as 'MoS2/WS2'.*but is"):
        TightBindingBilayer(name)


@pytest.mark.parametrize("hopping", [-0.1, 50, np.nan])
def test_a_hopping_out_of_range_is_refused(hopping):
    with pytest.raises(ValueError, match="hopping must be an energy in eV between 0"):
        TightBindingBilayer("MoS2/WS2", hopping=hopping)


def test_provenance_names_the_model_and_the_source_of_its_hopping():
    provenance = TightBindingBilayer("MoS2/WS2").provenance
    assert "not first-principles" in provenance["method"]
    assert "s43246-024-00631-z" in provenance["hopping"]
    assert provenance["hopping"].startswith("0.4583 eV")
    assert "as asked for" in TightBindingBilayer("MoS2/WS2", hopping=0.3).provenance["hopping"]
