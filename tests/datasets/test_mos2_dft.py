# SPDX-License-Identifier: BSD-3-Clause
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import trapezoid

from strain2dos.datasets import load_mos2_dft, read_dft_records
from strain2dos.datasets._bundled.resources import data_path
from strain2dos.simulate import fundamental_strain
from strain2dos.simulate._tight_binding.triangles import EnergyWindow, states_between
from strain2dos.simulate.dft import read_plan


@pytest.fixture(scope="module")
def data():
    return load_mos2_dft()


def biaxial(data):
    exx, eyy, exy = data.strain.T
    return np.flatnonzero((exx == eyy) & (exy == 0))


def test_a_missing_bundled_file_names_both_places():
    with pytest.raises(FileNotFoundError, match=r"_data.*install strain2dos again"):
        data_path("mos2_dft", "absent.csv")


def test_biaxial_shift_rates_agree_with_lloyd_2016(data):
    # Lloyd et al., Nano Lett. 16, 5836 (2016): -5.2 and -1.7 cm-1 per %
    near = [i for i in biaxial(data) if abs(data.strain[i, 0]) <= 0.02]
    percent = 100 * data.strain[near, 0]
    e_mode, a_mode = (np.polyfit(percent, data.phonons[near, j], 1)[0] for j in (0, 2))
    assert e_mode == pytest.approx(-5.2, abs=0.3)
    assert a_mode == pytest.approx(-1.7, abs=0.3)


def test_uniaxial_splitting_follows_the_shear_potential_of_conley_2013(data):
    # beta = 0.78 (Conley et al., Nano Lett. 13, 3626 (2013)): splitting = beta w0 |exx - eyy|; PBE: 0.57-0.74
    w0 = data.phonons[data.name.index("bi+0"), 0]
    for name in ("zz+2", "ac+2", "zz-2", "ac-2"):
        row = data.name.index(name)
        beta = np.diff(data.phonons[row, :2])[0] / (w0 * abs(data.strain[row, 0] - data.strain[row, 1]))
        assert beta == pytest.approx(0.70, abs=0.15)


def test_phonons_come_lower_branch_first_and_degenerate_without_deviator(data):
    assert (np.diff(data.phonons[:, :2], axis=1) >= 0).all()
    assert np.abs(np.diff(data.phonons[biaxial(data), :2], axis=1)).max() < 1e-6


def test_unstrained_state_is_direct_at_k(data):
    row = data.name.index("bi+0")
    assert data.extra["vbm_at"][row] == data.extra["cbm_at"][row] == "K"
    assert data.gap[row] == pytest.approx(data.extra["gap_direct"][row], abs=1e-6)


def test_direct_gap_falls_by_about_a_hundred_mev_per_percent(data):
    # Lloyd 2016: -99 meV per % of biaxial strain
    rows = biaxial(data)
    slope = np.polyfit(100 * data.strain[rows, 0], data.extra["gap_direct"][rows], 1)[0]
    assert slope == pytest.approx(-0.099, abs=0.008)


def test_edges_are_the_best_of_the_valleys(data):
    extra = data.extra
    # splines around different points of the grid agree to 0.01 meV
    np.testing.assert_allclose(
        data.vbm, np.max([extra[k] for k in ("VB_K", "VB_G", "VB_Q")], axis=0), atol=1e-5
    )
    np.testing.assert_allclose(
        data.cbm, np.min([extra[k] for k in ("CB_K", "CB_G", "CB_Q")], axis=0), atol=1e-5
    )
    np.testing.assert_allclose(data.gap, data.cbm - data.vbm, atol=1e-9)


def test_dos_is_empty_deep_in_the_gap_and_its_valence_integral_counts_electrons(data):
    for i in range(len(data)):
        middle = np.searchsorted(data.energies, (data.vbm[i] + data.cbm[i]) / 2)
        # 0.05 eV of broadening: 4.5 sigma from either edge at the smallest gap (0.46 eV)
        assert data.dos[i, middle] < 1e-3
    # the p-d valence manifold within 3 eV of the top holds the same number of states in both uniaxial
    # directions
    counts = [valence_count(data, name) for name in ("zz+2", "ac+2", "bi+1")]
    assert np.ptp(counts) < 0.12


def valence_count(data, name):
    row = data.name.index(name)
    inside = (data.energies > -9.0) & (data.energies < (data.vbm[row] + data.cbm[row]) / 2)
    return trapezoid(data.dos[row, inside], data.energies[inside])


def test_provenance_names_code_functional_and_license(data):
    recipe = data.provenance["recipe"]
    assert recipe["xc"] == "PBE"
    assert "gpaw" in recipe["versions"]
    assert data.provenance["license"] == "CC0-1.0"


def test_no_two_states_are_equal_by_symmetry(data):
    reduced = fundamental_strain(data.strain)
    distance = np.abs(reduced[:, None] - reduced).max(axis=2)
    assert distance[~np.eye(len(data), dtype=bool)].min() > 1e-3


def test_an_earlier_calculation_with_tighter_convergence_and_fewer_k_points_agrees(data):
    # the same functional and cut-off; density 1e-6, eigenstates 1e-9, edges at points of a 24 x 24 grid, a
    # real-space grid chosen by strain; calculated before the bundled set and independently of its code
    earlier = pd.read_csv(Path(__file__).parent / "data" / "mos2_dft_24x24.csv", index_col="name")
    frame = data.to_dataframe().loc[earlier.index]
    vbm, cbm = frame["vbm"] - earlier["VBM"], frame["cbm"] - earlier["CBM"]  # eV
    still = (frame["exx"] == frame["eyy"]) & (frame["vbm_at"] != "Q") & (frame["cbm_at"] != "Q")
    assert still.sum() >= 8  # both edges at points of both grids
    assert max(vbm[still].abs().max(), cbm[still].abs().max()) < 0.0005
    # elsewhere the best point of the coarser grid lies above the bottom, at up to 1/48 of a reciprocal vector
    assert cbm.max() < 0.0005
    assert cbm.min() > -0.008
    assert vbm.abs().max() < 0.0025
    shift = np.abs(frame[["E'-", "E'+", "A1'"]].to_numpy() - earlier[["E-", "E+", "A1"]].to_numpy())
    assert np.median(shift) < 0.1  # cm-1
    assert shift.max() < 0.35


def test_full_records_equal_the_compact_set(data):
    full = read_dft_records(data_path("mos2_dft_records"))
    assert full.name == data.name
    assert np.array_equal(full.dos, data.dos)
    for key in ("strain", "phonons", "vbm", "cbm", "gap"):
        np.testing.assert_allclose(getattr(full, key), getattr(data, key), atol=1e-8)


def test_dos_and_edges_follow_from_the_stored_eigenvalues(data):
    row = data.name.index("zz+2")
    n_k = data.provenance["recipe"]["n_k_dos"]
    with np.load(data_path("mos2_dft_records", "eigenvalues", "zz+2.npz")) as stored:
        bands = stored["eigenvalues_vs_vacuum_eV"][stored["grid_index"]].reshape(n_k, n_k, -1)
        first = int(stored["first_band"])
    window = EnergyWindow(data.energies, data.provenance["recipe"]["width"])
    dos = window.to_dos(states_between(bands, window.edges))
    assert np.abs(dos - data.dos[row]).max() < 1e-3
    assert bands[..., 25 - first].max() == pytest.approx(data.vbm[row], abs=0.003)
    assert bands[..., 26 - first].min() == pytest.approx(data.cbm[row], abs=0.003)


@pytest.mark.parametrize(
    ("text", "words"), [("{", "not a record"), ('{"name": "a"}', "lacks exx"), ("[]", "lacks name")]
)
def test_a_file_that_is_no_record_is_named(tmp_path, text, words):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(ValueError, match=words):
        read_dft_records(tmp_path)


def test_records_of_two_recipes_do_not_make_one_set(tmp_path):
    for name, changes in (("bi+0", {}), ("zz+2", {"ecut": 500.0})):
        record = json.loads(data_path("mos2_dft_records", f"{name}.json").read_text())
        record["parameters"] |= changes
        (tmp_path / f"{name}.json").write_text(json.dumps(record))
    with pytest.raises(ValueError, match="zz\\+2 has other energies or parameters than bi\\+0"):
        read_dft_records(tmp_path)


def test_the_error_for_an_empty_folder_states_how_to_fill_it(tmp_path):
    with pytest.raises(FileNotFoundError, match="strain2dos dft run"):
        read_dft_records(tmp_path)


def test_the_bundled_states_are_those_of_the_plan(data):
    plan = {state.name: state.strain for state in read_plan(data_path("mos2_dft_plan.csv"))}
    assert set(data.name) == set(plan)
    assert len(data) >= 60
    assert [plan[name] for name in data.name] == [tuple(row) for row in data.strain]
    exx, eyy, exy = data.strain.T
    assert min(exx.min(), eyy.min()) == -0.04
    assert max(exx.max(), eyy.max()) == 0.06
    assert np.abs(exy).max() == 0.02
    assert np.sum((exx != eyy) & (exy != 0)) >= 20  # without mirror or axis


def test_states_are_physical(data):
    assert (data.gap > 0.4).all()
    assert (data.gap <= data.extra["gap_direct"] + 1e-4).all()
    for key, names, best in (("vbm", "VB", np.max), ("cbm", "CB", np.min)):
        valleys = [data.extra[f"{names}_{valley}"] for valley in "KGQ"]
        np.testing.assert_allclose(getattr(data, key), best(valleys, axis=0), atol=1e-4)
