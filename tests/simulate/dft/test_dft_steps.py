# SPDX-License-Identifier: BSD-3-Clause
"""All of the first-principles runs that needs no GPAW."""

import json

import numpy as np
import pytest

from strain2dos.simulate import TightBindingTMD, strain_plan
from strain2dos.simulate._tight_binding.k_points import grid, interpolated_maximum
from strain2dos.simulate.dft import DFTRecipe, State, read_plan, run_plan, run_state
from strain2dos.simulate.dft._edges import edges_of
from strain2dos.simulate.dft._materials import LAYERS
from strain2dos.simulate.dft._modes import MOVES, conjugate_force, displaced, gamma_modes
from strain2dos.simulate.dft._parts import Parts, finished_steps, remove_parts

MASSES = np.array([95.95, 32.06, 32.06])
POSITIONS = np.array([[0.0, 0.0, 9.0], [1.6, 0.9, 10.56], [1.6, 0.9, 7.44]])


def springs(positions):
    """Forces of three atoms on two springs Mo-S of one stiffness matrix."""
    in_plane = np.array([[9.0, 1.3, 0.0], [1.3, 7.5, 0.0], [0.0, 0.0, 11.0]])
    forces = np.zeros((3, 3))
    for i, j in ((0, 1), (0, 2)):
        stretch = (positions[i] - positions[j]) - (POSITIONS[i] - POSITIONS[j])
        pull = in_plane @ stretch
        forces[i] -= pull
        forces[j] += pull
    return forces


def test_modes_are_those_of_the_full_dynamical_matrix():
    distance = 0.02
    forces = {
        move: tuple(
            conjugate_force(POSITIONS, springs(displaced(POSITIONS, move, sign * distance)))
            for sign in (1, -1)
        )
        for move in MOVES
    }
    found, vectors = gamma_modes(forces, MASSES, distance)
    # the independent way: all nine displacements, and of the nine modes those of the right shape
    stiffness = np.zeros((9, 9))
    for k in range(9):
        moved = POSITIONS.copy().reshape(-1)
        moved[k] += distance
        stiffness[:, k] = -springs(moved.reshape(3, 3)).reshape(-1) / distance
    mass = np.repeat(MASSES, 3)
    squares, modes = np.linalg.eigh(stiffness / np.sqrt(np.outer(mass, mass)))
    wavenumber = np.sqrt(np.abs(squares)) * np.sqrt(1.602176634e-19 / 1.66053906660e-27) * 1e10
    wavenumber /= 2 * np.pi * 2.99792458e10
    even = np.abs(modes[5] + modes[8]) < 1e-6  # the two S move alike in the plane, oppositely along z
    even &= np.abs(modes[3] - modes[6]) + np.abs(modes[4] - modes[7]) < 1e-6
    expected = np.sort(wavenumber[even & (wavenumber > 1)])
    assert len(expected) == 3
    assert np.sort(found) == pytest.approx(expected, rel=1e-6)
    assert np.argmax(np.abs(vectors[2])) == 2  # A1' last


def test_symmetry_takes_out_the_noise_of_forces_and_nothing_else():
    rng = np.random.default_rng(0)
    stiffness = np.diag([20.0, 20.0, 22.0])

    def modes(matrix, strain):
        noisy = matrix + rng.normal(0, 1e-3, (3, 3))
        forces = {m: (-0.02 * noisy[i], 0.02 * noisy[i]) for i, m in enumerate(MOVES)}
        return gamma_modes(forces, MASSES, 0.02, strain)[0]

    biaxial = modes(stiffness, (0.01, 0.01, 0.0))
    assert biaxial[0] == pytest.approx(biaxial[1], abs=1e-9)
    # a mirror lets y and z couple, and nothing at all is changed without one
    coupled = stiffness + np.array([[0, 0, 0], [0, 0, 1.5], [0, 1.5, 0]])
    assert modes(coupled, (0.02, 0.0, 0.0)) == pytest.approx(modes(coupled, None), abs=0.05)
    generic = coupled + np.array([[0, 0.7, 0.4], [0.7, 0, 0], [0.4, 0, 0]])
    assert modes(generic, (0.02, 0.0, 0.01)) == pytest.approx(modes(generic, None), abs=0.05)


def test_edges_between_grid_points_are_those_of_the_refined_tight_binding_model():
    model = TightBindingTMD("MoS2")
    strains = [
        (0.0, 0.0, 0.0),
        (0.03, -0.02, 0.01),
        (-0.03, -0.02, 0.0),
        (0.03, 0.0, 0.015),
        (-0.02, 0.03, 0.0),
    ]
    exact = model.band_edges(strains, n_k=96)
    on_grid, refined = [], []
    for i, strain in enumerate(strains):
        k, inverse = grid(36)
        bands = model.bands(k, strain=strain, spin=1)[inverse].reshape(36, 36, 11)
        edges = edges_of(bands[..., 6], bands[..., 7])
        refined.append([edges["VBM"] - exact.vbm[i], edges["CBM"] - exact.cbm[i]])
        on_grid.append([edges["on_grid"]["VBM"] - exact.vbm[i], edges["on_grid"]["CBM"] - exact.cbm[i]])
        assert (edges["VBM_at"], edges["CBM_at"]) == (exact.vbm_at[i], exact.cbm_at[i])
        assert max(edges["valleys"][f"VB_{v}"] for v in "KGQ") == pytest.approx(edges["VBM"], abs=1e-9)
        assert min(edges["valleys"][f"CB_{v}"] for v in "KGQ") == pytest.approx(edges["CBM"], abs=1e-9)
    assert np.abs(refined).max() < 5e-5  # eV
    assert np.abs(on_grid).max() > 1e-3


def test_a_paraboloid_between_grid_points_is_found_where_it_is():
    k = np.arange(24) / 24
    top = np.array([0.2613, 0.7388])
    values = -sum(
        (((k - t + 0.5) % 1 - 0.5) ** 2)[s] for t, s in zip(top, ((slice(None), None), (None,)), strict=True)
    )
    value, where = interpolated_maximum(values, np.array([6, 18]) / 24)
    assert value == pytest.approx(0.0, abs=1e-9)
    assert where == pytest.approx(top, abs=1e-6)


def test_a_finished_step_is_read_and_not_computed_again(tmp_path):
    parts = Parts(tmp_path / "state", DFTRecipe(), (0.01, 0.0, 0.0))
    calls = []
    for _ in range(2):
        result = parts.json("relaxed", lambda: calls.append(1) or {"total_energy": -22.0})
        array = parts.arrays("bands-000", lambda: calls.append(2) or {"plain": np.arange(3.0)})
    assert calls == [1, 2]
    assert result["total_energy"] == -22.0
    assert array["plain"].tolist() == [0.0, 1.0, 2.0]
    assert finished_steps(tmp_path / "state") == 2


def test_a_step_that_fails_leaves_nothing_that_could_be_taken_for_a_result(tmp_path):
    parts = Parts(tmp_path / "state", DFTRecipe(), (0.01, 0.0, 0.0))

    def broken():
        raise RuntimeError("no convergence")

    with pytest.raises(RuntimeError):
        parts.json("relaxed", broken)
    assert [p.name for p in (tmp_path / "state").iterdir()] == ["inputs.json"]


@pytest.mark.parametrize(
    ("recipe", "strain", "words"),
    [
        (DFTRecipe(ecut=300.0), (0.01, 0.0, 0.0), r"ecut = 350.0, but this run has 300.0"),
        (DFTRecipe(), (0.02, 0.0, 0.0), r"strain \[0.01, 0.0, 0.0\], but the state has \[0.02"),
    ],
)
def test_steps_of_another_recipe_or_strain_are_refused(tmp_path, recipe, strain, words):
    Parts(tmp_path / "state", DFTRecipe(), (0.01, 0.0, 0.0))
    with pytest.raises(ValueError, match=words):
        Parts(tmp_path / "state", recipe, strain)


def write_finished(path, recipe, strain=(0.01, 0.0, 0.0)):
    record = dict(zip(("exx", "eyy", "exy"), strain, strict=True)) | {"parameters": recipe.to_dict()}
    path.write_text(json.dumps(record))


def test_a_finished_record_needs_no_gpaw_and_is_left_as_it_is(tmp_path):
    write_finished(tmp_path / "zz+1.json", DFTRecipe())
    before = (tmp_path / "zz+1.json").read_bytes()
    state = State("zz+1", (0.01, 0.0, 0.0))
    assert run_state(state, tmp_path) == tmp_path / "zz+1.json"
    assert run_plan([state], tmp_path, progress=False) == [tmp_path / "zz+1.json"]
    assert (tmp_path / "zz+1.json").read_bytes() == before


def test_records_of_two_recipes_do_not_mix(tmp_path):
    write_finished(tmp_path / "zz+1.json", DFTRecipe(n_k_dos=24))
    with pytest.raises(ValueError, match=r"n_k_dos = 24, but this run has 36.*--out"):
        run_state(State("zz+1", (0.01, 0.0, 0.0)), tmp_path)


def test_records_of_two_materials_do_not_mix(tmp_path):
    write_finished(tmp_path / "zz+1.json", DFTRecipe("WS2", a0=3.184))
    state = State("zz+1", (0.01, 0.0, 0.0))
    with pytest.raises(ValueError, match=r"material = WS2, but this run has MoS2.*--out"):
        run_state(state, tmp_path)
    assert run_state(state, tmp_path, DFTRecipe("WS2", a0=3.184)) == tmp_path / "zz+1.json"
    Parts(tmp_path / "steps", DFTRecipe(), state.strain)
    with pytest.raises(ValueError, match=r"material = MoS2, but this run has WS2"):
        Parts(tmp_path / "steps", DFTRecipe("WS2", a0=3.184), state.strain)


def test_bundled_records_of_mos2_are_finished_states_of_the_recipe(tmp_path):
    from strain2dos.datasets._bundled.resources import data_path

    plan = read_plan(data_path("mos2_dft_plan.csv"))
    paths = run_plan(plan, data_path("mos2_dft_records"), progress=False)
    assert len(paths) == 61
    assert "material" not in DFTRecipe().to_dict()  # no new key among the parameters of MoS2


def test_an_unknown_material_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"MoS2, WS2, MoSe2, WSe2, but is 'MoTe2'"):
        DFTRecipe("MoTe2")


def test_lattice_constants_are_the_minima_of_the_recorded_energies():
    import runpy

    from strain2dos.datasets._bundled.resources import data_path

    minimum = runpy.run_path(str(data_path("find_lattice_constants.py")))["minimum"]
    recorded = json.loads(data_path("lattice_constants.json").read_text())
    assert set(recorded) == set(LAYERS)
    for material, scan in recorded.items():
        found = minimum(scan["a_angstrom"], scan["total_energy_eV"])
        assert found == pytest.approx(scan["minimum_angstrom"], abs=1e-4)
        # MoS2's was found before, by an earlier run; 0.003 angstrom are 0.1 % of strain
        assert LAYERS[material].a0 == pytest.approx(found, abs=0.003 if material == "MoS2" else 1e-3)
        # the harmonic form, a parabola in ln a through the five inner points, has nearly the same minimum
        parabola = np.polyfit(np.log(scan["a_angstrom"][1:-1]), scan["total_energy_eV"][1:-1], 2)
        assert np.exp(-parabola[1] / (2 * parabola[0])) == pytest.approx(found, abs=4e-3)


@pytest.mark.parametrize("material", LAYERS)
def test_the_cell_holds_the_atoms_of_its_material_under_the_strain(material):
    pytest.importorskip("ase", reason="ASE comes with the extra dft")
    from strain2dos.simulate.dft._cell import strained_cell

    atoms = strained_cell((0.02, -0.01, 0.005), DFTRecipe(material))
    assert (
        atoms.get_chemical_formula()
        == {"MoS2": "MoS2", "WS2": "S2W", "MoSe2": "MoSe2", "WSe2": "Se2W"}[material]
    )
    a = LAYERS[material].a0
    assert atoms.cell[0] == pytest.approx([1.02 * a, 0.005 * a, 0.0])
    assert atoms.cell.volume / atoms.cell[2, 2] == pytest.approx(
        a * a * np.sqrt(3) / 2 * (1.02 * 0.99 - 0.005**2)
    )


def test_too_few_bands_for_the_electrons_are_refused():
    from strain2dos.simulate.dft._state import check_bands

    check_bands(DFTRecipe("WS2"), 26)
    with pytest.raises(ValueError, match="14 bands of WS2 are filled, but n_bands_converged is 14"):
        check_bands(DFTRecipe("WS2", n_bands_converged=14), 28)


def test_without_gpaw_the_error_has_the_install_line(tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "gpaw", None)
    with pytest.raises(
        ImportError, match=r"apt install .*libxc-dev libopenblas-dev.*pip install 'strain2dos\[dft\]'"
    ):
        run_state(State("zz+1", (0.01, 0.0, 0.0)), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_plan_survives_its_file(tmp_path):
    plan = strain_plan(20)
    plan.to_csv(tmp_path / "plan.csv", index=False)
    states = read_plan(tmp_path / "plan.csv")
    assert [s.name for s in states] == list(plan["name"])
    assert np.array([s.strain for s in states]) == pytest.approx(plan[["exx", "eyy", "exy"]].to_numpy())
    assert [State.of(s.strain).name for s in states] == [s.name for s in states]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name,exx,eyy\na,0,0\n", "exy is missing"),
        ("name,exx,eyy,exy\na,0,0,x\n", "row 1 .* unreadable"),
        ("name,exx,eyy,exy\na,1.5,0,0\n", "one per cent is 0.01"),
        ("name,exx,eyy,exy\na,0.01,0,0\na,0,0,0\n", "'a' repeats"),
        ("name,exx,eyy,exy\n../a,0,0,0\n", "file name"),
        ("name,exx,eyy,exy\n", "no state"),
    ],
)
def test_a_bad_plan_is_refused_in_words(tmp_path, text, words):
    (tmp_path / "plan.csv").write_text(text)
    with pytest.raises(ValueError, match=words):
        read_plan(tmp_path / "plan.csv")


def test_steps_of_a_finished_state_are_removed_and_other_files_stay(tmp_path):
    folder = tmp_path / ".state"
    parts = Parts(folder, DFTRecipe(), (0.0, 0.0, 0.0))
    parts.json("relaxed", lambda: {"energy": 1.0})
    parts.arrays("bands-000", lambda: {"plain": np.zeros(2)})
    parts.json("forces-x+1", lambda: {"forces": []})
    (folder / "density.gpw").write_text("x")
    (folder / ".relaxed-01234567.json").write_text("left by a kill")
    (folder / "notes.txt").write_text("mine")
    (folder / "bands").mkdir()
    remove_parts(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["bands", "notes.txt"]
    (folder / "notes.txt").unlink()
    (folder / "bands").rmdir()
    remove_parts(folder)
    assert not folder.exists()
