# SPDX-License-Identifier: BSD-3-Clause
"""Runs killed at counted points: what is left is never read as a result, and the next run has the same bits.

The default run tries a few points of each of four hash seeds; `make test-slow` tries all.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("zarr")
SERVER = Path(__file__).with_name("kill_server.py")


def kill(seed, *options):
    if not hasattr(os, "fork"):
        pytest.skip("the system has no fork")
    environment = os.environ | {
        "PYTHONHASHSEED": str(seed),
        "OMP_NUM_THREADS": "1",
        "PYTHONWARNINGS": "ignore",
    }
    command = [sys.executable, str(SERVER), *options]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    undisturbed, *results = map(json.loads, done.stdout.splitlines())
    return {"state": undisturbed["state"], "results": results}


def check(found):
    results = found["results"]
    assert all(result["killed"] for result in results)
    assert [result["at"] for result in results if not result["same"]] == []
    assert {result["seen"] for result in results} <= {"absent", "unfinished", "finished"}
    return len(results)


def test_killed_runs_are_resumed_bit_for_bit_under_four_hash_seeds():
    found = [kill(seed, "--start", str(9 * seed + 4), "--step", "38") for seed in range(4)]
    assert sum(map(check, found)) >= 20
    assert len({run["state"] for run in found}) == 1
    seen = {result["seen"] for run in found for result in run["results"]}
    assert {"absent", "unfinished"} <= seen


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_all_kills_are_resumed_bit_for_bit(seed):
    assert check(kill(seed)) + check(kill(seed, "--seconds", "60", "--step", "4")) >= 250
