# SPDX-License-Identifier: BSD-3-Clause
"""Maps on a dask cluster: workers write, and whoever is killed, the bits are the same."""

import importlib
import os
import pickle
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import numpy as np
import pytest
import xarray as xr
from sklearn.linear_model import Ridge

from strain2dos import SpatialMapper
from strain2dos.mapping import open_map

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")
pytest.importorskip("zarr")
computing = importlib.import_module("strain2dos.mapping._store.computing")
place_of = importlib.import_module("strain2dos.mapping._store.places").place_of


@pytest.fixture
def client():
    """Two workers in this process, one thread each."""
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address=":0"
    )
    with cluster, distributed.Client(cluster) as client:
        yield client


def test_the_graph_holds_the_model_once():
    rng = np.random.default_rng(0)
    model = Ridge().fit(rng.normal(size=(9, 1)), rng.normal(size=(9, 20_000)))
    size = len(pickle.dumps(model))
    mapper = SpatialMapper(model, quantities=("dos",))
    cube = xr.DataArray(np.zeros((40, 2, 1)), dims=("y", "x", "feature"))
    few, many = (
        len(distributed.protocol.pickle.dumps(dict(mapper.predict_map(cube.chunk(y=rows)).__dask_graph__())))
        for rows in (20, 1)
    )
    assert size < few < 2 * size
    assert many - few < size / 2


def test_a_lazy_map_is_the_same_on_a_cluster(client, make_mapper, cube):
    mapper = make_mapper()
    lazy = mapper.predict_map(cube.chunk(y=2, x=4))
    xr.testing.assert_identical(lazy.compute(), mapper.predict_map(cube))


@pytest.mark.filterwarnings("ignore:Running on a single-machine scheduler")  # meant, to compare
@pytest.mark.parametrize("chunks", [None, {"y": 3, "x": 4}, {"y": 2}])
def test_workers_write_the_same_files(client, make_mapper, cube, tmp_path, contents, chunks):
    given = cube if chunks is None else cube.chunk(chunks)
    mapper = make_mapper()
    stored = mapper.to_zarr(given, tmp_path / "cluster.zarr")
    xr.testing.assert_equal(stored.load(), mapper.predict_map(cube))
    with dask.config.set(scheduler="synchronous"):
        mapper.to_zarr(given, tmp_path / "here.zarr")
    assert contents(tmp_path / "cluster.zarr") == contents(tmp_path / "here.zarr")


def test_only_missing_blocks_go_to_the_workers(client, make_mapper, cube, tmp_path):
    path, mapper = tmp_path / "map.zarr", make_mapper()
    expected = mapper.to_zarr(cube.chunk(y=2), path).load()
    (path / "gap/c/2/0").unlink()
    times = {p: p.stat().st_mtime_ns for p in path.rglob("*") if p.is_file()}
    xr.testing.assert_identical(mapper.to_zarr(cube.chunk(y=2), path).load(), expected)
    changed = {p.relative_to(path).parts for p in times if p.stat().st_mtime_ns != times[p]}
    assert {parts[-2] for parts in changed} <= {"2", "0"}
    assert len(changed) <= 3


def test_what_a_killed_worker_left_is_gone_when_the_map_is_finished(
    client, make_mapper, cube, tmp_path, contents, monkeypatch
):
    mapper = make_mapper()
    mapper.to_zarr(cube.chunk(y=2), tmp_path / "whole.zarr")
    verify = computing.verify
    left = tmp_path / f"map.zarr/status/zarr.{32 * '0'}.partial"

    def leave(place, header, blocks):
        verify(place, header, blocks)
        left.touch()

    monkeypatch.setattr(computing, "verify", leave)
    mapper.to_zarr(cube.chunk(y=2), tmp_path / "map.zarr")
    assert contents(tmp_path / "map.zarr") == contents(tmp_path / "whole.zarr")


def test_a_cube_that_changed_is_refused_by_the_workers(client, make_mapper, cube, tmp_path):
    path, mapper = tmp_path / "map.zarr", make_mapper()
    mapper.to_zarr(cube.chunk(y=2), path)
    moved = cube.copy()
    moved[5, 1] += 1e-9
    with pytest.raises(ValueError, match="the cube differs in rows 4 to 5"):
        mapper.to_zarr(moved.chunk(y=2), path)
    (path / "gap/c/2/0").unlink()
    with pytest.raises(ValueError, match="the cube differs in rows 4 to 5"):
        mapper.to_zarr(moved.chunk(y=2), path, resume="trust")


def test_a_store_that_a_worker_cannot_see_is_an_error(cube, tmp_path):
    work = computing.Work(place_of(tmp_path / "map.zarr"), None, None)
    with pytest.raises(FileNotFoundError, match=r"a worker does not see .*folder that all workers share"):
        computing._write_block(cube.values[:2], work, 0)


PROGRAM = """
import os, sys, time
import numpy as np, xarray as xr
import distributed
from sklearn.linear_model import Ridge
from strain2dos import SpatialMapper

class Slow(Ridge):
    def predict(self, X):
        time.sleep(0.05)
        return super().predict(X)

if __name__ == "__main__":
    path = sys.argv[1]
    rng = np.random.default_rng(0)
    x = rng.normal(size=(9, 2))
    model = Slow().fit(x, rng.normal(size=(9, 30)))
    cube = xr.DataArray(rng.normal(size=(24, 5, 2)), dims=("y", "x", "feature")).chunk(y=2)
    workers = int(sys.argv[2])
    cluster = distributed.LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0")
    with cluster, distributed.Client(cluster) as client:
        client.wait_for_workers(workers)
        print(*(client.run(os.getpid)).values(), flush=True)
        SpatialMapper(model, quantities=("dos",), chunks=1).to_zarr(cube, path)
"""


@contextmanager
def running(folder, path, workers):
    """The program, and the processes of its workers."""
    script = folder / "program.py"
    script.write_text(PROGRAM)
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    program = subprocess.Popen(
        [sys.executable, str(script), str(path), str(workers)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with program:
        try:
            yield program, [int(pid) for pid in program.stdout.readline().split()]
        finally:
            program.kill()


def finish(program):
    _, errors = program.communicate(timeout=600)
    assert program.returncode == 0, errors


def wait_for(path, n, program):
    """Wait until so many blocks are recorded."""
    while program.poll() is None and len(list(path.glob(".strain2dos/blocks/c/*/0"))) < n:
        time.sleep(0.005)


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["worker", "client"])
def test_a_killed_worker_or_client_changes_no_bit(tmp_path, contents, victim):
    with running(tmp_path, tmp_path / "whole.zarr", 1) as (program, _):
        finish(program)
    whole = contents(tmp_path / "whole.zarr")
    rng = np.random.default_rng(0)
    for k in range(10):
        path = tmp_path / f"{k}.zarr"
        with running(tmp_path, path, 2) as (program, workers):
            wait_for(path, rng.integers(0, 20), program)
            os.kill(program.pid if victim == "client" else workers[0], signal.SIGKILL)
            if victim == "worker":
                finish(program)
        if victim == "client":
            if path.exists():
                open_map(path).load()
            with running(tmp_path, path, 1) as (program, _):
                finish(program)
        assert contents(path) == whole
