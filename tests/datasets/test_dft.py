# SPDX-License-Identifier: BSD-3-Clause
"""The bundled first-principles sets of all materials, against their records and against each other."""

import hashlib
import json
import runpy
import tomllib
from pathlib import Path

import numpy as np
import pytest

from strain2dos.datasets import load_dft, load_mos2_dft, read_dft_records
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


def test_too_few_records_make_no_set(tmp_path):
    source = data_path("mos2_dft_records")
    for name in ("bi+0", "bi+1", "zz+2"):
        (tmp_path / f"{name}.json").write_bytes((source / f"{name}.json").read_bytes())
    with pytest.raises(SystemExit, match="holds 3 records; a set needs 8, the unstrained state among them"):
        build(tmp_path, tmp_path / "out")


@pytest.mark.parametrize("material", [material for material in SETS if material != "MoS2"])
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
