# SPDX-License-Identifier: BSD-3-Clause
"""Layers with atomic orbitals in the rectangular cell of a ripple, a tiny one."""

import json

import numpy as np
import pytest
from scipy.integrate import trapezoid

from strain2dos.datasets import load_dft
from strain2dos.simulate.dft import Ripple, run_ripple

pytest.importorskip("gpaw", reason="GPAW is not installed; `make test-dft` installs it and runs these tests")
pytestmark = [
    pytest.mark.dft,
    pytest.mark.filterwarnings("ignore"),  # GPAW's and ASE's own, not ours
]

COARSE = Ripple(0.0, 1, n_k_scf=3, n_k_dos=12, spacing=0.24, vacuum=5.0, max_force=2.0)


@pytest.fixture(scope="module")
def flat(tmp_path_factory):
    return json.loads(run_ripple(COARSE, tmp_path_factory.mktemp("ripples")).read_text())


def test_the_flat_layer_has_the_bands_of_the_plane_wave_record(flat):
    assert flat["n_electrons"] == 2 * 26
    # 1.58 eV and -5.89 eV with plane waves and fine grids
    assert flat["gap"] == pytest.approx(1.58, abs=0.03)
    assert flat["VBM"] == pytest.approx(-5.89, abs=0.06)
    assert np.allclose(flat["curvature"], 0.0)


def states_near_the_top(energies, dos, vbm, cbm):
    inside = (energies > vbm - 3.0) & (energies < (vbm + cbm) / 2)
    return trapezoid(dos[inside], energies[inside])


def test_the_dos_counts_one_formula_unit_as_the_plane_wave_record_does(flat):
    data = load_dft("MoS2")
    row = data.name.index("bi+0")
    ours = states_near_the_top(
        np.array(flat["energy_vs_vacuum_eV"]),
        np.array(flat["dos_states_per_eV_formula"]),
        flat["VBM"],
        flat["CBM"],
    )
    theirs = states_near_the_top(data.energies, data.dos[row], data.vbm[row], data.cbm[row])
    assert ours == pytest.approx(theirs, rel=0.02)
