# SPDX-License-Identifier: BSD-3-Clause
"""A map for which the disk has no room: one line that names the file, and the results of the last run."""

import subprocess
import sys

import pytest

resource = pytest.importorskip("resource", reason="limits are set as on Unix")


@pytest.mark.parametrize("way", ["map.nc", "map.zarr"])
@pytest.mark.parametrize("room", [3000, 15_000, 40_000])
def test_map_keeps_the_old_results(run, model, strain_map, tmp_path, way, room):
    if way == "map.zarr":
        pytest.importorskip("zarr", reason="zarr is an optional dependency")
    out = tmp_path / "out"
    kind = ["--zarr"] if way == "map.zarr" else []
    words = ["map", model, strain_map, "--strain-unit", "label", "-o", out, "-q", "--no-csv", *kind]
    if room == 40_000:
        assert run(*words).code == 0
        words += ["--force"]
    before = {path.relative_to(out): path.is_file() and path.read_bytes() for path in out.rglob("*")}
    done = subprocess.run(
        [sys.executable, "-m", "strain2dos", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)),
    )
    said = [line for line in done.stderr.splitlines() if line.strip()]
    assert done.returncode == 1
    assert len(said) == 1
    assert said[0].startswith(f"error: {out}")
    assert "it was not written, and what was there before is unchanged" in said[0]
    assert {path.relative_to(out): path.is_file() and path.read_bytes() for path in out.rglob("*")} == before


@pytest.mark.slow
def test_demo_names_the_file_that_had_no_room_and_leaves_no_half_of_it(tmp_path):
    out, room = tmp_path / "out", 1_800_000  # between the model and the map
    done = subprocess.run(
        [sys.executable, "-m", "strain2dos", "demo", "--quick", "-q", "-o", str(out)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)),
    )
    said = [line for line in done.stderr.splitlines() if line.strip()]
    assert done.returncode == 1
    assert len(said) == 1
    assert said[0].startswith(f"error: {out}/map.nc: File too large")
    assert (out / "model.skops").exists()
    assert list(out.glob("*.nc")) == []  # what belongs to the map appears together, or not at all
