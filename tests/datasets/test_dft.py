# SPDX-License-Identifier: BSD-3-Clause
"""The bundled first-principles sets of all materials, against their records and against each other."""

import hashlib
import importlib
import json
import runpy
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from strain2dos.datasets import load_dft, load_mos2_dft, make_raman_dos, read_dft_records, suggest_states
from strain2dos.datasets._bundled import dft, resources
from strain2dos.datasets._bundled.dft import bundled_materials
from strain2dos.datasets._bundled.resources import data_path
from strain2dos.simulate import fundamental_strain
from strain2dos.simulate.dft import DFTRecipe, read_plan
from strain2dos.simulate.dft._edges import split_bands

ROOT = Path(__file__).parents[2]
SETS = bundled_materials()
RECORDS = [
    m for m in ("MoS2", "WS2", "MoSe2", "WSe2") if (ROOT / "data" / f"{m.lower()}_dft_records").is_dir()
]


@pytest.fixture(scope="module", params=SETS)
def data(request):
    return load_dft(request.param)


def folder(data):
    return f"{data.provenance['material'].lower()}_dft"


def build(*arguments):
    return runpy.run_path(str(data_path("build_dft.py")))["build"](*arguments)


def test_bundled_files_have_the_stated_checksums(data):
    lines = data_path(folder(data), "SHA256SUMS").read_text().splitlines()
    assert len(lines) == 2
    for line in lines:
        digest, name = line.split()
        assert hashlib.sha256(data_path(folder(data), name).read_bytes()).hexdigest() == digest


def test_the_build_script_reproduces_the_bundled_files_from_the_full_records(data, tmp_path):
    build(data_path(f"{folder(data)}_records"), tmp_path)
    for name in ("records.json", "dos.csv", "SHA256SUMS"):
        assert (tmp_path / name).read_bytes() == data_path(folder(data), name).read_bytes()


def test_full_records_and_the_compact_set_hold_the_same(data):
    full = read_dft_records(data_path(f"{folder(data)}_records"))
    assert full.name == data.name
    assert np.array_equal(full.dos, data.dos)
    assert full.provenance["material"] == data.provenance["material"]
    for key in ("strain", "phonons", "vbm", "cbm", "gap"):
        np.testing.assert_allclose(getattr(full, key), getattr(data, key), atol=1e-8)


def test_states_are_those_of_the_plan_and_differ_by_symmetry(data):
    plan = {state.name: state.strain for state in read_plan(data_path(f"{folder(data)}_plan.csv"))}
    assert {
        name: tuple(row) for name, row in zip(data.name, data.strain, strict=True)
    }.items() <= plan.items()
    reduced = fundamental_strain(data.strain)
    distance = np.abs(reduced[:, None] - reduced).max(axis=2)
    assert distance[~np.eye(len(data), dtype=bool)].min() > 1e-3


def test_all_sets_share_recipe_and_energies_so_that_they_can_be_joined(data):
    first = load_mos2_dft()
    assert np.array_equal(data.energies, first.energies)
    own = {"material", "a0", "versions"}
    for key in first.provenance["recipe"].keys() - own:
        assert data.provenance["recipe"][key] == first.provenance["recipe"][key]
    recipe = DFTRecipe(data.provenance["material"])
    assert recipe.difference(data.provenance["recipe"]) is None


def test_edges_belong_to_the_gap_and_valleys_to_the_edges(data):
    assert (data.gap > 0).all()
    assert (data.gap <= data.extra["gap_direct"] + 1e-4).all()
    for key, names, best in (("vbm", "VB", np.max), ("cbm", "CB", np.min)):
        valleys = [data.extra[f"{names}_{valley}"] for valley in "KGQ"]
        np.testing.assert_allclose(getattr(data, key), best(valleys, axis=0), atol=1e-4)


@pytest.mark.parametrize("material", RECORDS)
def test_stored_eigenvalues_give_the_edges_of_every_record(material):
    # an independent way to the edges: the extrema of the stored grid, with the number of filled bands
    checked = 0
    for path in sorted(data_path(f"{material.lower()}_dft_records").glob("*.json")):
        record = json.loads(path.read_text())
        with np.load(path.parent / "eigenvalues" / f"{path.stem}.npz") as stored:
            bands = stored["eigenvalues_vs_vacuum_eV"][stored["grid_index"]]
            n_filled = record.get("n_electrons", 26) - int(stored["first_band"])
        valence, conduction = split_bands(bands, n_filled)
        assert valence.max() == pytest.approx(record["on_grid"]["VBM"], abs=1e-5)
        assert conduction.min() == pytest.approx(record["on_grid"]["CBM"], abs=1e-5)
        assert record["symbols"] == [material.replace("2", "").removesuffix(s := record["symbols"][1]), s, s]
        checked += 1
    assert checked > 0


def test_the_mos2_set_is_that_of_load_mos2_dft():
    assert np.array_equal(load_dft().dos, load_mos2_dft().dos)
    assert load_dft("MoS2").provenance == load_mos2_dft().provenance


@pytest.mark.parametrize("material", ["mos2", "MoTe2", ""])
def test_a_material_without_a_set_is_refused_with_those_that_have_one(material):
    with pytest.raises(ValueError, match=rf"records \({', '.join(SETS)}\), but is '{material}'.*dft run"):
        load_dft(material)


def test_every_set_travels_in_the_wheel():
    included = tomllib.loads((ROOT / "pyproject.toml").read_text())
    included = included["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    for material in SETS:
        name = f"{material.lower()}_dft"
        assert included[f"data/{name}"] == f"strain2dos/datasets/_data/{name}"


def test_compact_sets_stay_below_3_mb():
    names = ("records.json", "dos.csv")
    sizes = [data_path(f"{m.lower()}_dft", name).stat().st_size for m in SETS for name in names]
    assert sum(sizes) < 3e6


def copy_records(folder, *names):
    source = data_path("mos2_dft_records")
    for name in names:
        (folder / f"{name}.json").write_bytes((source / f"{name}.json").read_bytes())


def test_records_without_the_unstrained_state_make_no_set(tmp_path):
    copy_records(tmp_path, "bi-1", "bi+1", "zz+2")
    with pytest.raises(SystemExit, match="holds 3 records, but not the unstrained state, which a set needs"):
        build(tmp_path, tmp_path / "out")


@pytest.mark.parametrize("names", [("bi+0",), ("bi+0", "bi+2"), ("bi-2", "bi+0", "bi+2")])
def test_a_set_of_few_states_loads_with_a_note_and_trains_no_model(tmp_path, monkeypatch, names):
    copy_records(tmp_path, *names)
    build(tmp_path, tmp_path / "mose2_dft")
    plain = resources.data_path
    monkeypatch.setattr(
        dft, "data_path", lambda *p: tmp_path.joinpath(*p) if p[0] == "mose2_dft" else plain(*p)
    )
    assert "MoSe2" in dft.bundled_materials()
    few, full = load_dft("MoSe2"), load_dft("MoS2")
    assert few.name == [name for name in full.name if name in names]
    assert few.gap.tolist() == full.gap[[full.name.index(name) for name in few.name]].tolist()
    assert f"Only {len(names)} of its states are calculated" in few.provenance["notes"]
    assert "Only" not in full.provenance["notes"]
    with pytest.raises(ValueError, match=rf"only {len(names)} state\(s\) of .* needs 8 .* dft run"):
        make_raman_dos(4, "MoSe2", phonons="dft", calibration="offset", doping=0.0)
    with pytest.raises(ValueError, match=rf"8 or more states with strain tensors, but data has {len(names)}"):
        suggest_states(few, 1)


def test_rates_that_few_states_cannot_give_are_left_out_of_the_tables():
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        table = importlib.import_module("dft_table")
    finally:
        sys.path.remove(str(ROOT / "docs"))
    data = load_mos2_dft()
    for names in (["bi+0"], ["bi+0", "bi+2"]):
        few = data.subset([data.name.index(name) for name in names])
        assert np.isnan(table.slope(few, "biaxial", few.gap))
        assert np.isnan(table.shear_potential(few))
    three = data.subset([data.name.index(name) for name in ("bi-2", "bi+0", "bi+2")])
    a1 = [part.phonons[:, 2] for part in (three, data)]
    assert table.slope(three, "biaxial", a1[0]) == pytest.approx(
        table.slope(data, "biaxial", a1[1]), abs=0.05
    )


@pytest.mark.parametrize("material", [m for m in SETS if m != "MoS2" and len(load_dft(m)) > 2])
def test_valleys_move_with_strain_much_as_those_of_mos2_do(material):
    new, known = load_dft(material), load_dft("MoS2")
    rows, first = [known.name.index(name) for name in new.name], new.name.index("bi+0")
    moved = {}
    for valley in ("VB_K", "VB_G", "CB_K", "CB_Q"):
        other = known.extra[valley][rows]
        moved[valley] = new.extra[valley][first] + other - other[first]
    gap = np.minimum(moved["CB_K"], moved["CB_Q"]) - np.maximum(moved["VB_K"], moved["VB_G"])
    error, change = np.abs(gap - new.gap).mean(), np.abs(new.gap - new.gap[first]).mean()
    assert error < 0.2 * change
