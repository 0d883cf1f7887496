# SPDX-License-Identifier: BSD-3-Clause
import hashlib
import json
import runpy

import numpy as np
import pytest

from strain2dos.datasets import load_mos2_dft
from strain2dos.datasets._resources import data_path


@pytest.fixture(scope="module")
def data():
    return load_mos2_dft()


def biaxial(data):
    exx, eyy, exy = data.strain.T
    return np.flatnonzero((exx == eyy) & (exy == 0))


def test_bundled_files_have_the_stated_checksums():
    for line in data_path("mos2_dft", "SHA256SUMS").read_text().splitlines():
        digest, name = line.split()
        assert hashlib.sha256(data_path("mos2_dft", name).read_bytes()).hexdigest() == digest


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
    assert np.abs(np.diff(data.phonons[biaxial(data), :2], axis=1)).max() < 0.01


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
    np.testing.assert_allclose(
        data.vbm, np.max([extra[k] for k in ("VB_K", "VB_G", "VB_Q")], axis=0), atol=1e-9
    )
    np.testing.assert_allclose(
        data.cbm, np.min([extra[k] for k in ("CB_K", "CB_G", "CB_Q")], axis=0), atol=1e-9
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
    return np.trapezoid(data.dos[row, inside], data.energies[inside])


def test_provenance_names_code_functional_and_licence(data):
    recipe = data.provenance["recipe"]
    assert recipe["xc"] == "PBE"
    assert "GPAW" in recipe["code"]
    assert data.provenance["licence"] == "CC0-1.0"


def test_the_build_script_reproduces_the_bundled_files_from_full_records(tmp_path):
    document = json.loads(data_path("mos2_dft", "records.json").read_text())
    table = data_path("mos2_dft", "dos.csv").read_text().splitlines()
    rows = [[float(cell) for cell in line.split(",")] for line in table[1:]]
    names = table[0].split(",")
    records = tmp_path / "records"
    records.mkdir()
    for state in document["states"]:
        column = names.index(state["name"])
        full = state | {
            "parameters": document["recipe"] | state.get("parameters", {}),
            "energy_vs_vacuum_eV": [row[0] for row in rows],
            "dos_states_per_eV_cell": [row[column] for row in rows],
        }
        (records / f"{state['name']}.json").write_text(json.dumps(full))
    script = runpy.run_path(str(data_path("build_mos2_dft.py")))
    script["build"](records, tmp_path / "out")
    for name in ("records.json", "dos.csv", "SHA256SUMS"):
        assert (tmp_path / "out" / name).read_bytes() == data_path("mos2_dft", name).read_bytes()
