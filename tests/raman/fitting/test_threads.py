# SPDX-License-Identifier: BSD-3-Clause
import os
import subprocess
import sys
import threading

import numba
import pytest

from strain2dos.raman._fitting.engine import n_threads

BARRIERS = {}


def ask(tasks):
    """Asked in a worker, while all tasks run."""
    BARRIERS[tasks].wait()
    found = n_threads(None)
    BARRIERS[tasks].wait()
    return found


@pytest.fixture
def eight_cores(monkeypatch):
    monkeypatch.setattr(numba.config, "NUMBA_NUM_THREADS", 8)
    monkeypatch.setattr("strain2dos.raman._fitting.threads.cpu_count", lambda: 8)


def test_all_cores_by_default_and_as_many_as_asked_for(eight_cores):
    assert [n_threads(n) for n in (None, -1, -2, -20, 1, 3)] == [8, 8, 7, 1, 1, 3]


def test_the_quota_of_a_container_counts():
    code = "from strain2dos.raman._fitting.engine import n_threads; print(n_threads(None))"
    limited = os.environ | {"LOKY_MAX_CPU_COUNT": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=limited, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["1"]


@pytest.mark.parametrize(("threads", "tasks", "each"), [(1, 1, 1), (4, 1, 4), (4, 2, 2), (4, 4, 1)])
def test_a_dask_worker_shares_its_threads_among_its_tasks(eight_cores, threads, tasks, each):
    distributed = pytest.importorskip("distributed")
    BARRIERS[tasks] = threading.Barrier(tasks, timeout=60)
    cluster = distributed.LocalCluster(
        n_workers=1, threads_per_worker=threads, processes=False, dashboard_address=":0"
    )
    with cluster, distributed.Client(cluster) as client:
        assert client.gather(client.map(ask, [tasks] * tasks, pure=False)) == [each] * tasks
    assert n_threads(None) == 8
