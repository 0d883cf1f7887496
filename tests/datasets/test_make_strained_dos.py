# SPDX-License-Identifier: BSD-3-Clause
"""Generated DOS curves: evenly spread strains, labels from eigenvalues, reproducible from one seed."""

import numpy as np
import pytest

from strain2dos.datasets import load_mos2_dft, make_strained_dos
from strain2dos.simulate import TightBindingTMD, strained_phonons


@pytest.fixture(scope="module")
def data():
    return make_strained_dos(20, random_state=1, n_k=24)


def _principal(strain):
    exx, eyy, exy = strain.T
    radius = np.hypot((exx - eyy) / 2, exy)
    return np.stack([(exx + eyy) / 2 - radius, (exx + eyy) / 2 + radius], axis=1)


def test_every_row_is_the_model_at_its_strain(data):
    model = TightBindingTMD("MoS2")
    for i in (0, 7, 19):
        np.testing.assert_array_equal(data.dos[i], model.dos(data.energies, strain=data.strain[i], n_k=24))
        edges = model.band_edges(data.strain[i], n_k=60)
        np.testing.assert_allclose([data.vbm[i], data.cbm[i]], [edges.vbm, edges.cbm], rtol=0, atol=1e-6)
    np.testing.assert_allclose(data.gap, data.cbm - data.vbm, atol=1e-14)
    np.testing.assert_array_equal(data.phonons, strained_phonons(data.strain, material="MoS2"))


def test_same_seed_same_set_whatever_the_number_of_threads(data):
    again = make_strained_dos(20, random_state=1, n_k=24, n_jobs=2)
    for key in ("strain", "dos", "vbm", "cbm", "gap"):
        np.testing.assert_array_equal(getattr(again, key), getattr(data, key))
    assert not np.array_equal(make_strained_dos(20, random_state=2, n_k=6).strain, data.strain)


def test_random_state_object_is_accepted():
    one, two = (make_strained_dos(3, random_state=np.random.RandomState(5), n_k=6) for _ in range(2))
    np.testing.assert_array_equal(one.dos, two.dos)


def test_principal_strains_fill_the_range_and_never_leave_it():
    strain = make_strained_dos(256, random_state=0, n_k=3, energies=[-6.0, -4.0], max_strain=0.03).strain
    principal = _principal(strain)
    assert np.abs(principal).max() <= 0.03 + 1e-15
    # Sixteen cells of (smaller, larger) principal strain, drawn unordered: none may stay empty.
    cells = np.histogram2d(principal[:, 0], principal[:, 1], bins=4, range=[[-0.03, 0.03]] * 2)[0]
    assert (cells[np.triu_indices(4)] > 0).all()
    assert np.abs(strain[:, 2]).max() > 0.02
    assert abs(strain.mean(axis=0)).max() < 0.001


def test_default_grid_is_that_of_the_bundled_calculations(data):
    np.testing.assert_array_equal(data.energies, load_mos2_dft().energies)


def test_edges_lie_in_the_valleys_that_first_principles_calculations_find():
    names = [
        "bi-3",
        "bi-2",
        "bi-1",
        "bi+0",
        "bi+1",
        "bi+2",
        "bi+3",
        "bi+4",
        "zz-2",
        "zz+2",
        "zz+4",
        "ac-2",
        "ac+2",
        "ac+4",
    ]
    dft = load_mos2_dft()
    dft = dft.subset([dft.name.index(name) for name in names])
    edges = TightBindingTMD("MoS2").band_edges(dft.strain)
    np.testing.assert_array_equal(edges.vbm_at, dft.extra["vbm_at"])
    np.testing.assert_array_equal(edges.cbm_at, dft.extra["cbm_at"])
    # The unstrained gaps differ by 0.13 eV (other lattice constant and code); strain moves them alike.
    assert np.corrcoef(dft.gap, edges.gap)[0, 1] > 0.99


def test_unit_and_reference_are_stated(data):
    assert data.provenance["dos_unit"] == "states/eV/cell"
    assert data.provenance["energy_reference"] == "vacuum level"
    assert data.provenance["correction"] == "gamma"
    assert data.provenance["random_state"] == 1
    assert set(data.extra["vbm_at"]) <= {"G", "K", "Q"}


def test_materials_without_a_measured_shear_potential_get_no_phonons():
    data = make_strained_dos(2, "WSe2", random_state=0, n_k=12)
    assert data.phonons is None
    assert data.provenance["material"] == "WSe2"


def test_progress_bar_counts_curves(capsys):
    make_strained_dos(3, random_state=0, n_k=6, progress=True)
    assert "3/3" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_samples": 0}, "n_samples must be a whole number of at least 1, but is 0"),
        ({"n_samples": 2, "material": "MoTe2"}, "'MoTe2'; choose one of"),
        ({"n_samples": 2, "max_strain": 4.0}, r"fraction in \(0, 0.25\], but is 4.0"),
        ({"n_samples": 2, "energies": [0.0]}, "at least two finite values"),
    ],
)
def test_wrong_arguments_are_refused_in_words(arguments, message):
    with pytest.raises(ValueError, match=message):
        make_strained_dos(**arguments)


def test_strain_beyond_the_linear_range_warns():
    with pytest.warns(UserWarning, match="principal strain of"):
        make_strained_dos(8, random_state=0, n_k=3, max_strain=0.08)
