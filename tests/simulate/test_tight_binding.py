# SPDX-License-Identifier: BSD-3-Clause
"""Bands and band edges of the tight-binding model against tables, symmetry, literature and brute force."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import brentq, minimize

from strain2dos.simulate import TightBindingTMD

TABLES = json.loads((Path(__file__).parent / "data" / "tight_binding_bands.json").read_text(encoding="utf-8"))
MATERIALS = ["MoS2", "MoSe2", "WS2", "WSe2"]
LOW_SYMMETRY = (0.013, -0.021, 0.008)
K, K_PRIME, GAMMA = (1 / 3, 1 / 3), (2 / 3, 2 / 3), (0.0, 0.0)


def _matrix(strain):
    exx, eyy, exy = strain
    return np.array([[exx, exy], [exy, eyy]])


def _turned_strain(strain, turn):
    tensor = turn @ _matrix(strain) @ turn.T
    return tensor[0, 0], tensor[1, 1], tensor[0, 1]


def _turned_k(k_reduced, turn):
    lattice = np.array([[1.0, 0.0], [-0.5, np.sqrt(3) / 2]])  # rows a1, a2 in units of a
    cartesian = k_reduced @ np.linalg.inv(lattice).T
    return (cartesian @ turn.T) @ lattice.T


def _rotation(degrees):
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return np.array([[c, -s], [s, c]])


@pytest.fixture(scope="module")
def model():
    return TightBindingTMD("MoS2")


@pytest.fixture(scope="module")
def k_points():
    return np.random.default_rng(3).uniform(-1, 1, (40, 2))


@pytest.mark.parametrize(
    "case", TABLES["cases"], ids=lambda c: f"{c['material']}-{c['correction']}-{c['strain']}-{c['spin']}"
)
def test_bands_equal_the_reference_tables(case):
    model = TightBindingTMD(case["material"], correction=case["correction"])
    bands = model.bands(TABLES["k_reduced"], strain=case["strain"], spin=case["spin"])
    np.testing.assert_allclose(bands, case["bands"], rtol=0, atol=1e-6)


def test_reference_tables_hold_every_model_strain_and_spin():
    held = {(c["material"], c["correction"], *c["strain"], c["spin"]) for c in TABLES["cases"]}
    models = [(material, None) for material in MATERIALS] + [("MoS2", "gamma")]
    strains = {case[2:5] for case in held}
    assert {(0, 0, 0), (0.02, 0.02, 0), (0.02, 0, 0), (0, 0.02, 0), (0.01, -0.02, 0.015)} == strains
    assert held == {(*m, *u, spin) for m in models for u in strains for spin in (0, 1)}


@pytest.mark.parametrize("spin", [0, 1, -1])
@pytest.mark.parametrize("degrees", [120, 240])
@pytest.mark.parametrize("material", MATERIALS)
def test_turning_k_and_strain_together_leaves_the_bands(material, degrees, spin, k_points):
    model, turn = TightBindingTMD(material), _rotation(degrees)
    turned = model.bands(_turned_k(k_points, turn), strain=_turned_strain(LOW_SYMMETRY, turn), spin=spin)
    np.testing.assert_allclose(
        turned, model.bands(k_points, strain=LOW_SYMMETRY, spin=spin), rtol=0, atol=1e-10
    )


@pytest.mark.parametrize("spin", [0, 1])
def test_mirroring_the_zigzag_axis_swaps_the_spins(model, spin, k_points):
    mirror = np.diag([-1.0, 1.0])
    mirrored = model.bands(
        _turned_k(k_points, mirror), strain=_turned_strain(LOW_SYMMETRY, mirror), spin=-spin
    )
    np.testing.assert_allclose(
        mirrored, model.bands(k_points, strain=LOW_SYMMETRY, spin=spin), rtol=0, atol=1e-10
    )


@pytest.mark.parametrize("spin", [0, 1])
def test_time_reversal_swaps_k_and_spin(model, spin, k_points):
    there = model.bands(k_points, strain=LOW_SYMMETRY, spin=spin)
    np.testing.assert_allclose(
        model.bands(-k_points, strain=LOW_SYMMETRY, spin=-spin), there, rtol=0, atol=1e-12
    )


def test_spin_orbit_coupling_splits_generic_points_but_not_gamma(model):
    up, down = (model.bands([GAMMA, K], spin=s) for s in (1, -1))
    assert np.abs(up[0] - down[0]).max() < 1e-12
    # Angle-resolved photoemission: 145(4) meV, Miwa et al., Phys. Rev. Lett. 114, 046802 (2015)
    assert abs(up[1, 6] - down[1, 6]) == pytest.approx(0.145, abs=0.004)


def test_many_strains_at_once_equal_one_at_a_time(model, k_points):
    strains = np.random.default_rng(0).uniform(-0.015, 0.015, (5, 3))
    together = model.bands(k_points, strain=strains, spin=1)
    alone = np.stack([model.bands(k_points, strain=u, spin=1) for u in strains])
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-12)


def test_batches_do_not_change_the_bands(model, k_points, monkeypatch):
    strains = np.random.default_rng(0).uniform(-0.015, 0.015, (5, 3))
    together = model.bands(k_points, strain=strains)
    monkeypatch.setattr("strain2dos.simulate._tight_binding.model._BATCH", 90)
    np.testing.assert_allclose(model.bands(k_points, strain=strains), together, rtol=0, atol=1e-13)


def _k_edges(model, strain):
    """Band edges at K and K' of spin up, wherever the true extrema are."""
    bands = model.bands([K, K_PRIME], strain=strain, spin=1)
    return bands[:, 6].max(), bands[:, 7].min()


def test_unstrained_mos2_has_its_direct_gap_at_k(model):
    edges = model.band_edges()
    assert edges.gap == pytest.approx(1.715, abs=5e-4)
    np.testing.assert_allclose(edges.k_vbm, K_PRIME, atol=1e-6)
    np.testing.assert_allclose(edges.k_cbm, K_PRIME, atol=1e-6)
    assert (edges.vbm_at, edges.cbm_at) == ("K", "K")


@pytest.mark.parametrize(
    ("direction", "slope"),
    [((1, 1, 0), -103), ((1, 0, 0), -51), ((0, 1, 0), -51)],
    ids=["biaxial", "zigzag", "armchair"],
)
def test_k_gap_slopes_in_mev_per_percent(model, direction, slope):
    gaps = [np.subtract(*_k_edges(model, 0.01 * s * np.array(direction))[::-1]) for s in (-1, 1)]
    assert 1000 * (gaps[1] - gaps[0]) / 2 == pytest.approx(slope, abs=0.7)


@pytest.mark.parametrize(
    ("direction", "crossing"), [((1, 1, 0), 0.43), ((1, 0, 0), 0.87)], ids=["biaxial", "uniaxial"]
)
def test_gamma_overtakes_k_at_the_known_strain(model, direction, crossing):
    def lead(percent):
        strain = percent / 100 * np.array(direction)
        return model.bands([GAMMA], strain=strain, spin=1)[0, 6] - _k_edges(model, strain)[0]

    found = brentq(lead, 0, 2)
    assert found == pytest.approx(crossing, abs=0.005)
    around = model.band_edges(np.outer([found - 0.02, found + 0.02], direction) / 100)
    assert around.vbm_at.tolist() == ["K", "G"]


def test_published_mos2_has_gamma_above_k_and_the_correction_mends_it():
    lead = [np.subtract(*TightBindingTMD(correction=c).bands([GAMMA, K])[:, 6]) for c in (None, "gamma")]
    assert 1000 * lead[0] == pytest.approx(80, abs=0.5)
    assert 1000 * (lead[0] - lead[1]) == pytest.approx(75, abs=0.5)


def test_compression_moves_the_conduction_minimum_to_q(model):
    assert model.band_edges([(-0.03, -0.03, 0), (0.01, 0.01, 0)]).cbm_at.tolist() == ["Q", "K"]


@pytest.mark.parametrize("material", MATERIALS)
def test_edges_equal_a_dense_scan_polished_by_nelder_mead(material):
    model, strain = TightBindingTMD(material), (-0.02, -0.005, 0.012)
    k = np.stack(np.meshgrid(*[np.arange(240) / 240] * 2), axis=-1).reshape(-1, 2)
    bands = model.bands(k, strain=strain, spin=1)
    edges = model.band_edges(strain)
    for band, sign, found in ((6, -1, edges.vbm), (7, 1, edges.cbm)):
        start = k[np.argmin(sign * bands[:, band])]
        best = minimize(
            lambda q, band=band, sign=sign: sign * model.bands([q], strain=strain, spin=1)[0, band],
            start,
            method="Nelder-Mead",
            options={
                "xatol": 1e-7,
                "fatol": 1e-11,
                "initial_simplex": start + np.array([[0, 0], [3e-3, 0], [0, 3e-3]]),
            },
        )
        assert found == pytest.approx(sign * best.fun, abs=1e-7)


def test_edges_belong_to_the_k_points_they_name(model):
    strains = [(0, 0, 0), LOW_SYMMETRY, (-0.03, -0.03, 0)]
    edges = model.band_edges(strains)
    for i, strain in enumerate(strains):
        bands = model.bands([edges.k_vbm[i], edges.k_cbm[i]], strain=strain, spin=1)
        assert bands[0, 6] == pytest.approx(edges.vbm[i], abs=1e-10)
        assert bands[1, 7] == pytest.approx(edges.cbm[i], abs=1e-10)
    np.testing.assert_allclose(edges.gap, edges.cbm - edges.vbm, atol=1e-14)


def test_edges_do_not_depend_on_the_grid_they_start_from(model):
    strains = np.random.default_rng(5).uniform(-0.02, 0.02, (12, 3))
    coarse, fine = model.band_edges(strains, n_k=30), model.band_edges(strains, n_k=72)
    np.testing.assert_allclose(coarse.vbm, fine.vbm, rtol=0, atol=1e-7)
    np.testing.assert_allclose(coarse.cbm, fine.cbm, rtol=0, atol=1e-7)


def test_corrections_are_named_and_only_mos2_has_one():
    assert TightBindingTMD("MoS2").correction == "gamma"
    assert TightBindingTMD("WS2").correction is None
    assert "Not published" in TightBindingTMD("MoS2").provenance["notes"]
    with pytest.raises(
        ValueError, match=r"no correction 'gamma' for WS2; .* None \(the published parameters\)"
    ):
        TightBindingTMD("WS2", correction="gamma")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: TightBindingTMD("graphene"), r"material 'graphene'; choose one of \['MoS2', 'MoSe2'"),
        (lambda m: m.bands([0.1, 0.2]), r"shape \(n, 2\).*but has \(2,\).*\[\[k1, k2\]\]"),
        (lambda m: m.bands([[0.1, np.nan]]), "row 0 is not"),
        (lambda m: m.bands([[0, 0]], spin=2), "spin must be 0 .* but is 2"),
        (lambda m: m.bands([[0, 0]], strain=(0.01, 0.01)), r"columns exx, eyy, exy, but has \(2,\)"),
        (lambda m: m.bands([[0, 0]], strain=(0.01, np.inf, 0)), "strain must be finite, but is inf"),
        (lambda m: m.band_edges((1.0, 1.0, 0.0)), r"holds \(1, 1, 0\); divide percent by 100"),
        (lambda m: m.dos([0.0, 1.0, 1.0]), r"energies\[2\] = 1 follows energies\[1\] = 1"),
        (lambda m: m.dos([[0.0, 1.0]]), r"in one row, but have shape \(1, 2\)"),
        (lambda m: m.dos([0.0, 1.0], width=-0.1), "but is -0.1"),
        (lambda m: m.dos([0.0, 1.0], n_k=2), "at least 3 cells per reciprocal vector, but is 2"),
        (lambda m: m.dos([0.0, 1.0], spin="up"), "spin must be None, 0, 1 or -1, but is 'up'"),
    ],
)
def test_wrong_input_is_refused_in_words(model, call, message):
    with pytest.raises(ValueError, match=message):
        call(model)


def test_strain_beyond_the_linear_range_warns(model):
    with pytest.warns(
        UserWarning, match=r"\(0.03, 0.03, 0.02\) has a principal strain of 5.0 %.*extrapolation"
    ):
        model.bands([[0, 0]], strain=(0.03, 0.03, 0.02))
    model.bands([[0, 0]], strain=(0.04, 0.04, 0.0))
