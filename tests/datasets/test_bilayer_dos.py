# SPDX-License-Identifier: BSD-3-Clause
"""Generated curves of stacked layers: the model at its strains, labeled as a model."""

import numpy as np
import pytest

from strain2dos.datasets import make_bilayer_dos, make_strained_dos
from strain2dos.simulate import TightBindingBilayer


@pytest.fixture(scope="module")
def data():
    return make_bilayer_dos(6, "MoS2/WSe2", random_state=1, n_k=24)


def test_every_row_is_the_model_at_its_strain(data):
    model = TightBindingBilayer("MoS2/WSe2")
    for i in (0, 5):
        np.testing.assert_array_equal(data.dos[i], model.dos(data.energies, strain=data.strain[i], n_k=24))
        edges = model.band_edges(data.strain[i], n_k=60)
        np.testing.assert_allclose([data.vbm[i], data.cbm[i]], [edges.vbm, edges.cbm], rtol=0, atol=1e-6)
    np.testing.assert_allclose(data.gap, data.cbm - data.vbm, atol=1e-14)


def test_strains_and_energies_are_those_of_the_monolayer_set(data):
    single = make_strained_dos(6, "MoS2", random_state=1, n_k=6)
    np.testing.assert_array_equal(data.strain, single.strain)
    np.testing.assert_array_equal(data.energies, single.energies)


def test_same_seed_same_set_whatever_the_number_of_threads(data):
    again = make_bilayer_dos(6, "MoS2/WSe2", random_state=1, n_k=24, n_jobs=2)
    np.testing.assert_array_equal(again.dos, data.dos)
    np.testing.assert_array_equal(again.gap, data.gap)


def test_provenance_names_a_model_not_first_principles(data):
    assert data.provenance["method"] == "model: sum of layers with Gamma hybridization; not first-principles"
    assert data.provenance["material"] == "MoS2/WSe2"
    assert "s43246-024-00631-z" in data.provenance["hopping"]
    assert data.provenance["random_state"] == 1
    assert data.provenance["n_k"] == 24
    assert data.provenance["dos_unit"] == "states/eV/cell"


def test_phonons_are_left_out_because_none_are_known(data):
    assert data.phonons is None
    assert data.provenance["phonons"].startswith("none")


def test_edges_name_their_valley_and_layer(data):
    assert set(data.extra) == {"vbm_at", "cbm_at", "vbm_layer", "cbm_layer"}
    assert set(data.extra["vbm_layer"]) == {"upper"}
    assert set(data.extra["cbm_layer"]) == {"lower"}


def test_zero_hopping_gives_the_sum_of_two_monolayer_sets():
    stack = make_bilayer_dos(2, "MoS2/WS2", random_state=3, n_k=24, hopping=0)
    total = sum(make_strained_dos(2, m, random_state=3, n_k=24).dos for m in ("MoS2", "WS2"))
    np.testing.assert_allclose(stack.dos, total, rtol=1e-12, atol=1e-12)


def test_an_unknown_pair_and_an_empty_set_are_refused_in_words():
    with pytest.raises(ValueError, match="'MoS2/MoS2' for the bilayer, but is 'graphene'"):
        make_bilayer_dos(2, "graphene")
    with pytest.raises(ValueError, match="n_samples must be a whole number of at least 1, but is 0"):
        make_bilayer_dos(0)
