# SPDX-License-Identifier: BSD-3-Clause
"""A disk without room: exit code 1, one line that names the file, and the old results intact."""

import os
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr

from strain2dos.io._store.write_netcdf import write_netcdf

resource = pytest.importorskip("resource", reason="limits are set as on Unix")


def spectra_file(path, rows):
    shift, counts = np.linspace(350, 450, 300), np.random.default_rng(0).random((rows * 20, 300))
    lines = [";".join(["X", "Y", *map(repr, shift.tolist())])]
    lines += [
        ";".join([str(i % 20), str(i // 20), *(f"{v:.6f}" for v in row)]) for i, row in enumerate(counts)
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def small_disk(tmp_path):
    """A folder of 256 KiB, and what a process must do before it starts."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small file system needs root")
    yield folder, None
    subprocess.run(["umount", folder], check=True)


@pytest.fixture
def small_files(tmp_path):
    """A folder with room, for a process that may make files of 64 KiB at most."""
    folder = tmp_path / "disk"
    folder.mkdir()
    return folder, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, 2**16))


def strain2dos(*words, before=None):
    # what a process prints at its very end counts too
    done = subprocess.run(
        [sys.executable, "-m", "strain2dos", *map(str, words)],
        capture_output=True, text=True, check=False, preexec_fn=before,
    )  # fmt: skip
    return done.returncode, [line for line in done.stderr.splitlines() if line.strip()]


def everything(folder):
    return {
        path.relative_to(folder): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")
    }


@pytest.mark.parametrize("disk", ["small_disk", "small_files"])
@pytest.mark.parametrize("suffix", ["nc", "zarr", "csv"])
def test_convert_leaves_the_old_file_and_one_line(request, tmp_path, disk, suffix):
    if suffix == "zarr":
        pytest.importorskip("zarr", reason="zarr is an optional dependency")
    folder, before = request.getfixturevalue(disk)
    target = folder / f"out.{suffix}"
    assert strain2dos("convert", spectra_file(tmp_path / "small.txt", 1), target) == (0, [])
    old = everything(folder)
    code, said = strain2dos(
        "convert", spectra_file(tmp_path / "large.txt", 20), target, "--force", before=before
    )
    assert code == 1
    assert len(said) == 1
    assert said[0].startswith(f"error: {target}: ")
    assert "it was not written, and what was there before is unchanged" in said[0]
    assert everything(folder) == old


def in_child(work):
    """Run in a copy of this process; return its exit code, negative for a signal."""
    child = os.fork()
    if child == 0:
        code = 99
        try:
            work()
            code = 0
        except OSError as error:
            code = 1 if str(error.filename).endswith("map.nc") else 2
        finally:
            import gc

            gc.collect()
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
@pytest.mark.parametrize("compress", [False, True])
def test_netcdf_fails_cleanly_wherever_the_room_ends(tmp_path, compress):
    rng = np.random.default_rng(0)
    flake = xr.Dataset(
        {
            "dos": (("y", "x", "energy"), rng.random((20, 30, 50))),
            "gap": (("y", "x"), rng.random((20, 30)), {"units": "eV"}),
            "reason": ("k", np.array(["ok", "the fit failed"])),
        },
        coords={"energy": np.linspace(-1, 1, 50)},
    )
    old = write_netcdf(flake, tmp_path / "map.nc", compress=compress).read_bytes()
    for room in np.linspace(0, len(old) - 1, 24).astype(int).tolist():

        def write(room=room):
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
            write_netcdf(flake, tmp_path / "map.nc", compress=compress)

        assert in_child(write) == 1, f"with room for {room} of {len(old)} bytes"
        assert [path.name for path in tmp_path.iterdir()] == ["map.nc"]
    assert (tmp_path / "map.nc").read_bytes() == old


def test_an_error_of_the_data_is_not_taken_for_one_of_the_disk(tmp_path):
    class Broken:
        shape, dtype, ndim, size = (3, 4), np.dtype(float), 2, 12

        def __getitem__(self, key):
            raise ZeroDivisionError

    from strain2dos.io._store.steady import SteadyFile
    from strain2dos.io._store.write_netcdf import _Blocks

    with pytest.raises(ZeroDivisionError):
        _Blocks(lambda: None, lambda n: None).add(Broken(), None)
    with (tmp_path / "raw").open("w+b", buffering=0) as raw:
        SteadyFile(raw).check()
