# SPDX-License-Identifier: BSD-3-Clause
import sys

import pandas as pd
import pytest
import xarray as xr
from typer.testing import CliRunner

from strain2dos import load_dft
from strain2dos.cli import app
from strain2dos.io._store.write_zarr import write_zarr
from strain2dos.simulate.dft import read_plan

runner = CliRunner()


def test_plan_writes_states_that_run_reads(tmp_path):
    out = tmp_path / "plan.csv"
    result = runner.invoke(app, ["dft", "plan", "--states", "12", "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert list(pd.read_csv(out)) == ["name", "exx", "eyy", "exy"]
    assert len(pd.read_csv(out)) == 12
    again = runner.invoke(app, ["dft", "plan", "--out", str(out)])
    assert again.exit_code == 1
    assert "--force" in again.output


def test_run_without_gpaw_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "gpaw", None)
    result = runner.invoke(app, ["dft", "run", "--strain", "-0.01", "0.01", "0", "--out", str(tmp_path)])
    assert result.exit_code == 1
    assert "pip install 'strain2dos[dft]'" in result.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "give --strain EXX EYY EXY, --plan FILE or --ripple AMPLITUDE; one of them"),
        (["--strain", "0", "0", "0", "--plan", "plan.csv"], "one of them"),
        (["--strain", "0", "0", "0", "--ripple", "1", "--period", "6"], "one of them"),
        (["--ripple", "1"], "go together"),
        (["--ripple", "1", "--period", "6", "--ecut", "300"], "atomic orbitals"),
        (["--ripple", "1", "--period", "6", "--name", "a"], "--name goes with --strain"),
        (["--plan", "plan.csv", "--name", "a"], "--name goes with --strain"),
    ],
)
def test_run_wants_one_strain_a_plan_or_a_ripple(tmp_path, arguments, words):
    result = runner.invoke(app, ["dft", "run", "--out", str(tmp_path), *arguments])
    assert result.exit_code == 2
    assert words in " ".join(result.output.replace("│", " ").split())


def test_strain_in_per_cent_is_refused(tmp_path):
    result = runner.invoke(app, ["dft", "run", "--strain", "1", "1", "0", "--out", str(tmp_path)])
    assert result.exit_code == 1
    assert "one per cent is 0.01" in result.output


def test_an_unknown_material_is_refused(tmp_path):
    arguments = ["dft", "run", "--material", "MoTe2", "--strain", "0", "0", "0", "--out", str(tmp_path)]
    result = runner.invoke(app, arguments)
    assert result.exit_code == 1
    assert "MoS2, WS2, MoSe2, WSe2, but is 'MoTe2'" in " ".join(result.output.split())


def test_a_plan_runs_with_the_settings_that_were_given_and_each_record_is_named(tmp_path, monkeypatch):
    plan = tmp_path / "plan.csv"
    pd.DataFrame({"name": ["a", "b"], "exx": [0.0, 0.01], "eyy": 0.0, "exy": 0.0}).to_csv(plan, index=False)
    asked = {}

    def run_plan(states, out, recipe, *, n_jobs, progress):
        asked.update(states=states, recipe=recipe, n_jobs=n_jobs, progress=progress)
        return [out / f"{state.name}.json" for state in states]

    monkeypatch.setattr("strain2dos.simulate.dft.run_plan", run_plan)
    words = ["--material", "WS2", "--jobs", "2", "--ecut", "300", "--k-dos", "12", "-q"]
    result = runner.invoke(app, ["dft", "run", "--plan", str(plan), "--out", str(tmp_path / "r"), *words])
    assert result.exit_code == 0, result.output
    assert [(state.name, state.strain[0]) for state in asked["states"]] == [("a", 0.0), ("b", 0.01)]
    recipe = asked["recipe"]
    assert (recipe.material, recipe.ecut, recipe.n_k_dos) == ("WS2", 300.0, 12)
    assert (asked["n_jobs"], asked["progress"]) == (2, False)
    assert [line.split("/")[-1] for line in result.output.split("wrote ")[1:]] == ["a.json\n", "b.json\n"]


def test_a_ripple_runs_with_its_amplitude_and_period(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "strain2dos.simulate.dft.run_ripple",
        lambda ripple, out: (asked.append(ripple), out / "ripple.json")[1],
    )
    words = ["dft", "run", "--ripple", "1.5", "--period", "12", "--out", str(tmp_path)]
    result = runner.invoke(app, words)
    assert result.exit_code == 0, result.output
    assert (asked[0].amplitude, asked[0].period, asked[0].material) == (1.5, 12, "MoS2")
    assert "ripple.json" in result.output


def test_a_cluster_takes_plans_only(tmp_path):
    words = ["dft", "run", "--strain", "0", "0", "0", "--scheduler", "tcp://here:1", "--out", str(tmp_path)]
    result = runner.invoke(app, words)
    assert result.exit_code == 2
    assert "--scheduler goes with --plan" in " ".join(result.output.replace("│", " ").split())


@pytest.fixture
def suggested(monkeypatch):
    """What the command asks for, answered with one state."""
    asked = {}

    def suggest_states(data, n, **options):
        asked.update(options, n=n, known=len(data))
        return pd.DataFrame(
            {"name": ["next"], "exx": [0.02], "eyy": [0.0], "exy": [0.0], "uncertainty_left": 0.5}
        )

    monkeypatch.setattr("strain2dos.datasets.suggest_states", suggest_states)
    return asked


@pytest.mark.parametrize("suffix", ["nc", "zarr"])
def test_a_suggestion_looks_at_a_map_and_a_plan_and_is_a_plan_itself(tmp_path, suggested, suffix):
    flake = xr.Dataset({"strain": (("y", "x"), [[0.01, 0.02]]), "shear": (("y", "x"), [[0.0, 0.001]])})
    if suffix == "zarr":
        pytest.importorskip("zarr", reason="zarr is an optional dependency")
        write_zarr(flake, tmp_path / "map.zarr", overwrite=False)
    else:
        flake.to_netcdf(tmp_path / "map.nc", engine="h5netcdf")
    plan, out = tmp_path / "plan.csv", tmp_path / "next.csv"
    pd.DataFrame({"name": ["a"], "exx": [0.01], "eyy": [0.0], "exy": [0.0]}).to_csv(plan, index=False)
    words = ["dft", "suggest", "-n", "3", "--map", f"{tmp_path}/map.{suffix}", "--plan", str(plan)]
    result = runner.invoke(app, [*words, "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert suggested["n"] == 3
    assert suggested["known"] == len(load_dft("MoS2"))
    assert suggested["over"].strain.values.tolist() == [[0.01, 0.02]]
    assert suggested["candidates"].name.tolist() == ["a"]
    assert [state.name for state in read_plan(out)] == ["next"]
    again = runner.invoke(app, [*words, "--out", str(out)])
    assert again.exit_code == 1
    assert "--force" in again.output


def test_a_map_that_is_absent_is_named(tmp_path, suggested):
    result = runner.invoke(app, ["dft", "suggest", "--map", str(tmp_path / "gone.nc")])
    assert result.exit_code == 1
    assert "gone.nc" in " ".join(result.output.split())
    assert not suggested
