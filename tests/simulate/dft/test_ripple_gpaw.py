# SPDX-License-Identifier: BSD-3-Clause
"""Rippled layers with GPAW, tiny ones."""

import json

import numpy as np
import pytest

from strain2dos.datasets import load_dft
from strain2dos.simulate.dft import Ripple, run_ripple

pytest.importorskip("gpaw", reason="GPAW is not installed; `make test-dft` installs it and runs these tests")
pytestmark = [
    pytest.mark.dft,
    pytest.mark.filterwarnings("ignore"),  # GPAW's and ASE's own, not ours
]

COARSE = {"n_k_scf": 3, "spacing": 0.24, "vacuum": 5.0, "max_force": 2.0}


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    out = tmp_path_factory.mktemp("ripples")
    ripples = (Ripple(0.0, 1, n_k_dos=12, **COARSE), Ripple(0.4, 2, n_k_dos=6, **COARSE))
    return {ripple.amplitude: json.loads(run_ripple(ripple, out).read_text()) for ripple in ripples}


def test_the_flat_layer_has_the_bands_of_the_plane_wave_record(records):
    flat = records[0.0]
    assert flat["n_electrons"] == 2 * 26
    # 1.58 eV and -5.89 eV with plane waves and fine grids; this basis and these grids are coarse
    assert flat["gap"] == pytest.approx(1.58, abs=0.15)
    assert flat["VBM"] == pytest.approx(-5.89, abs=0.3)
    assert np.allclose(flat["curvature"], 0.0)


def states_near_the_top(energies, dos, vbm, cbm):
    inside = (energies > vbm - 3.0) & (energies < (vbm + cbm) / 2)
    return np.trapezoid(dos[inside], energies[inside])


def test_the_dos_counts_one_formula_unit_as_the_plane_wave_record_does(records):
    flat, data = records[0.0], load_dft("MoS2")
    row = data.name.index("bi+0")
    ours = states_near_the_top(
        np.array(flat["energy_vs_vacuum_eV"]),
        np.array(flat["dos_states_per_eV_formula"]),
        flat["VBM"],
        flat["CBM"],
    )
    theirs = states_near_the_top(data.energies, data.dos[row], data.vbm[row], data.cbm[row])
    assert ours == pytest.approx(theirs, rel=0.08)


def test_bending_costs_energy_and_narrows_the_gap(records):
    flat, bent = records[0.0], records[0.4]
    assert bent["total_energy"] / 2 > flat["total_energy"] + 0.1  # eV per rectangle of two formula units
    assert bent["gap"] < flat["gap"]
    assert max(bent["curvature"]) == pytest.approx(bent["largest_curvature"])
    assert bent["max_force"] < 2.0 * np.sqrt(3)
