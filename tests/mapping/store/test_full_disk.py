# SPDX-License-Identifier: BSD-3-Clause
"""A disk without room or inodes for a map: an error, no damage, and the same bits once there is room."""

import os
import shutil
import subprocess
import sys

import pytest

from strain2dos.mapping import open_map

PAGES, INODES = 256, 256


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 1 MiB and 256 inodes in memory."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("a small file system is mounted by root on Linux only")
    disk = tmp_path / "disk"
    disk.mkdir()
    options = f"size={PAGES * os.sysconf('SC_PAGE_SIZE')},nr_inodes={INODES}"
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk)],
        capture_output=True,
        check=False,
        text=True,
    )
    if done.returncode:
        pytest.skip(f"this machine lets nobody mount: {done.stderr.strip()}")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def leave_pages(disk, n):
    """Fill the disk but for ``n`` pages."""
    free = os.statvfs(disk).f_bavail - n
    (disk / "ballast").write_bytes(bytes(free * os.statvfs(disk).f_bsize))


def leave_inodes(disk, n):
    """Use up all inodes but ``n``."""
    (disk / "ballast").mkdir()
    for k in range(os.statvfs(disk).f_ffree - n):
        (disk / f"ballast/{k}").touch()


def error_of(mapper, cube, path):
    try:
        mapper.to_zarr(cube, path)
    except OSError as error:
        return error
    return None


def try_all(disk, leave, mapper, cube, whole, contents, step):
    """Write with room for 0, `step`, 2 `step`... until it suffices; how many tries failed."""
    path, failed = disk / "map.zarr", 0
    for n in range(0, 200, step):
        leave(disk, n)
        error = error_of(mapper, cube, path)
        if error is not None:
            assert "No space left on device; the map is not finished. Make room and call" in str(error)
            assert error.filename == str(path)
            failed += 1
            if path.exists():
                open_map(path).load()
        ballast = disk / "ballast"
        shutil.rmtree(ballast) if ballast.is_dir() else ballast.unlink()
        mapper.to_zarr(cube, path)
        assert contents(path) == whole, n
        assert sorted(p.name for p in disk.iterdir()) == ["map.zarr"], n
        shutil.rmtree(path)
        if error is None:
            return failed
    raise AssertionError("no room sufficed")


@pytest.mark.parametrize(
    "step", [pytest.param(7, id="some"), pytest.param(1, marks=pytest.mark.slow, id="all")]
)
@pytest.mark.parametrize("leave", [leave_pages, leave_inodes])
def test_a_map_goes_on_bit_for_bit_once_there_is_room(
    small_disk, tmp_path, make_mapper, cube, contents, leave, step
):
    mapper = make_mapper()
    mapper.to_zarr(cube, tmp_path / "map.zarr")
    whole = contents(tmp_path / "map.zarr")
    assert try_all(small_disk, leave, mapper, cube, whole, contents, step) >= 25 // step
