# SPDX-License-Identifier: BSD-3-Clause
"""States of a plan on the workers of a dask cluster; what is computed in each is a stand-in."""

import json

import pytest
from typer.testing import CliRunner

from strain2dos.cli import app
from strain2dos.simulate.dft import DFTRecipe, State, _run, run_plan

distributed = pytest.importorskip("distributed")
PLAN = [State.of((0.001 * k, 0.0, 0.0), f"s{k}") for k in range(6)]


@pytest.fixture
def cluster():
    def start(threads=1):
        return distributed.LocalCluster(
            n_workers=2, threads_per_worker=threads, processes=False, dashboard_address=":0"
        )

    return start


@pytest.fixture(autouse=True)
def stand_in(monkeypatch):
    def write(state, out, recipe):
        if state.name == "s4":
            raise ArithmeticError("did not converge")
        (out / "seen").mkdir(parents=True, exist_ok=True)
        (out / "seen" / state.name).write_text(distributed.get_worker().address)
        (out / f"{state.name}.json").write_text(json.dumps({"name": state.name, "exx": state.strain[0]}))
        return out / f"{state.name}.json"

    monkeypatch.setattr(_run, "run_state", write)
    monkeypatch.setattr(_run, "require_gpaw", lambda: None)


def test_the_workers_take_the_states_and_failures_are_named(cluster, tmp_path):
    with cluster() as workers, distributed.Client(workers):
        with pytest.raises(_run.StatesFailedError, match=r"1 of 6 states failed \(s4: did not converge\)"):
            run_plan(PLAN, tmp_path, DFTRecipe(), progress=False)
        done = sorted(path.stem for path in tmp_path.glob("*.json"))
        assert done == ["s0", "s1", "s2", "s3", "s5"]
        assert len({path.read_text() for path in (tmp_path / "seen").iterdir()}) == 2


def test_the_command_sends_a_plan_to_a_cluster(cluster, tmp_path):
    rows = "".join(f"{state.name},{state.strain[0]},0,0\n" for state in PLAN[:4])
    (tmp_path / "plan.csv").write_text("name,exx,eyy,exy\n" + rows)
    words = ["dft", "run", "--plan", tmp_path / "plan.csv", "--out", tmp_path / "records", "--quiet"]
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address=":0", protocol="tcp"
    ) as workers:
        done = CliRunner().invoke(app, [*map(str, words), "--scheduler", workers.scheduler_address])
    assert done.exit_code == 0, done.output
    wrote = [line for line in done.stdout.splitlines() if line.startswith("wrote")]
    assert wrote == [f"wrote {tmp_path}/records/s{k}.json" for k in range(4)]
    assert len(list((tmp_path / "records/seen").iterdir())) == 4


def test_workers_with_several_threads_are_refused(cluster, tmp_path):
    with (
        cluster(2) as workers,
        distributed.Client(workers),
        pytest.raises(ValueError, match=r"has 2 threads.*threads_per_worker=1"),
    ):
        run_plan(PLAN, tmp_path, progress=False)
    assert list(tmp_path.iterdir()) == []


def test_records_that_are_not_seen_here_are_an_error(cluster, tmp_path, monkeypatch):
    monkeypatch.setattr(_run, "run_state", lambda state, out, recipe: out / f"{state.name}.json")
    with (
        cluster() as workers,
        distributed.Client(workers),
        pytest.raises(FileNotFoundError, match=r"computed s0, s1.* give a folder that all workers share"),
    ):
        run_plan(PLAN[:2], tmp_path, progress=False)
