# SPDX-License-Identifier: BSD-3-Clause
"""A map for which the disk has no room: one line that names the file, and the results of the last run."""

import subprocess
import sys

import pytest

resource = pytest.importorskip("resource", reason="limits are set as on Unix")


def in_a_process(words, room):
    done = subprocess.run(
        [sys.executable, "-m", "strain2dos", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)),
    )
    return done.returncode, done.stderr


@pytest.fixture
def here(run):
    """Run a command in this process, of which each file may have so many bytes meanwhile."""

    def run_here(words, room):
        usual = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, usual[1]))
        try:
            outcome = run(*words)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, usual)
        return outcome.code, outcome.err

    return run_here


@pytest.mark.parametrize("way", ["map.nc", "map.zarr"])
@pytest.mark.parametrize("room", [3000, 15_000, 40_000])
def test_map_keeps_the_old_results(run, here, model, strain_map, tmp_path, way, room):
    if way == "map.zarr":
        pytest.importorskip("zarr", reason="zarr is an optional dependency")
    out = tmp_path / "out"
    kind = ["--zarr"] if way == "map.zarr" else []
    words = ["map", model, strain_map, "--strain-unit", "label", "-o", out, "-q", "--no-csv", *kind]
    if room == 40_000:
        assert run(*words).code == 0
        words += ["--force"]
    before = {path.relative_to(out): path.is_file() and path.read_bytes() for path in out.rglob("*")}
    # what libraries say when the process ends counts too; one size shows it
    code, errors = (in_a_process if room == 15_000 else here)(words, room)
    said = [line for line in errors.splitlines() if line.strip()]
    assert code == 1
    assert len(said) == 1
    assert said[0].startswith(f"error: {out}")
    assert "it was not written, and what was there before is unchanged" in said[0]
    assert {path.relative_to(out): path.is_file() and path.read_bytes() for path in out.rglob("*")} == before
