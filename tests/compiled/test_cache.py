# SPDX-License-Identifier: BSD-3-Clause
"""A cache of compiled functions that is read-only, damaged, full, of another version or of another user."""

import os
import shutil
import subprocess
import sys

import pytest

CALL = (
    "from strain2dos.use import multiply as f; print(f(2.0), f.stats.cache_hits.total(), f.stats.cache_path)"
)


@pytest.fixture
def cache(place, small):
    """Folder given by NUMBA_CACHE_DIR, open to all."""
    folder = place / "cache"
    folder.mkdir()
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


def value_and_hits(done: subprocess.CompletedProcess) -> tuple[float, int]:
    assert done.returncode == 0, done.stderr
    value, hits, _ = done.stdout.split(maxsplit=2)
    return float(value), int(hits)


def files(folder, pattern):
    return sorted(folder.rglob(pattern))


def test_a_second_process_loads_what_the_first_compiled(run, cache):
    first = run("-c", CALL, NUMBA_CACHE_DIR=str(cache))
    second = run("-c", CALL, NUMBA_CACHE_DIR=str(cache))
    assert value_and_hits(first) == (6.0, 0)
    assert value_and_hits(second) == (6.0, 1)
    assert first.stderr == second.stderr == ""


def test_a_constant_changed_in_another_file_is_noticed(run, small, cache):
    assert value_and_hits(run("-c", CALL, NUMBA_CACHE_DIR=str(cache))) == (6.0, 0)
    constants = small / "constants.py"
    before = constants.read_text()
    constants.write_text("FACTOR = 5.0\n")
    try:
        assert value_and_hits(run("-c", CALL, NUMBA_CACHE_DIR=str(cache))) == (10.0, 0)
    finally:
        constants.write_text(before)
    assert value_and_hits(run("-c", CALL, NUMBA_CACHE_DIR=str(cache))) == (6.0, 0)


def test_old_data_under_a_new_index_are_not_run(run, small, cache):
    """A process that is killed between the two files leaves that."""
    run("-c", CALL, NUMBA_CACHE_DIR=str(cache))
    (data,) = files(cache, "*.nbc")
    old = data.read_bytes()
    constants = small / "constants.py"
    before = constants.read_text()
    constants.write_text("FACTOR = 5.0\n")
    try:
        run("-c", CALL, NUMBA_CACHE_DIR=str(cache))
        data.write_bytes(old)
        assert value_and_hits(run("-c", CALL, NUMBA_CACHE_DIR=str(cache))) == (10.0, 0)
    finally:
        constants.write_text(before)


@pytest.mark.parametrize(("pattern", "kept"), [("*.nbi", 0), ("*.nbi", 0.9), ("*.nbc", 0.0), ("*.nbc", 0.9)])
def test_a_file_cut_short_costs_one_compilation_and_a_warning(run, cache, pattern, kept):
    run("-c", CALL, NUMBA_CACHE_DIR=str(cache))
    (file,) = files(cache, pattern)
    content = file.read_bytes()
    file.write_bytes(content[: int(kept * len(content))])
    repaired = run("-c", CALL, NUMBA_CACHE_DIR=str(cache))
    assert value_and_hits(repaired) == (6.0, 0)
    assert repaired.stderr.count("RuntimeWarning") == 1
    assert "NUMBA_CACHE_DIR" in repaired.stderr
    after = run("-c", CALL, NUMBA_CACHE_DIR=str(cache))
    assert value_and_hits(after) == (6.0, 1)
    assert after.stderr == ""


def test_no_altered_byte_of_the_data_is_run(run, cache):
    run("-c", CALL, NUMBA_CACHE_DIR=str(cache))
    (file,) = files(cache, "*.nbc")
    content = file.read_bytes()
    for position in range(len(content) // 10, len(content), len(content) // 5):
        altered = bytearray(content)
        altered[position] ^= 1
        file.write_bytes(altered)
        assert value_and_hits(run("-c", CALL, NUMBA_CACHE_DIR=str(cache))) == (6.0, 0)


@pytest.mark.skipif(
    sys.platform != "linux" or os.getuid() != 0, reason="mounting a small disk takes root on Linux"
)
def test_a_full_disk_costs_a_compilation_and_a_warning(run, cache):
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8k,mode=777", "tmpfs", cache], capture_output=True
    )
    if mounted.returncode:
        pytest.skip(f"mount is not permitted here: {mounted.stderr.decode().strip()}")
    try:
        done = run("-c", CALL, NUMBA_CACHE_DIR=str(cache))
        left = [path for path in cache.rglob("*") if ".tmp." in path.name]
    finally:
        subprocess.run(["umount", cache], check=True)
    assert value_and_hits(done) == (6.0, 0)
    assert done.stderr.count("RuntimeWarning") == 1
    assert "No space left" in done.stderr
    assert "NUMBA_CACHE_DIR" in done.stderr
    assert left == []


@pytest.fixture
def read_only(place, small):
    """The package where nobody can write, as in a container."""
    modes = {path: path.stat().st_mode for path in [small, *small.rglob("*")]}
    for path, mode in modes.items():
        path.chmod(mode & 0o555)
    yield
    for path, mode in modes.items():
        path.chmod(mode)


@pytest.mark.skipif(sys.platform != "linux", reason="file modes of POSIX")
def test_without_any_cache_folder_a_private_temporary_one_is_used(run, place, read_only):
    first, second = run("-c", CALL), run("-c", CALL)
    assert value_and_hits(first) == (6.0, 0)
    assert value_and_hits(second) == (6.0, 1)
    assert first.stderr.count("RuntimeWarning") == 1
    assert "NUMBA_CACHE_DIR" in first.stderr
    assert str(place / "tmp") in first.stdout
    (folder,) = (place / "tmp").glob("strain2dos-*")
    assert folder.stat().st_mode & 0o777 == 0o700
    shutil.rmtree(folder)


@pytest.mark.skipif(sys.platform != "linux", reason="file modes of POSIX")
@pytest.mark.parametrize("trap", ["open to all", "a link", "no place"])
def test_a_temporary_folder_that_others_may_write_is_not_trusted(run, place, read_only, trap):
    elsewhere = place / "elsewhere"
    elsewhere.mkdir()
    elsewhere.chmod(0o777)
    user = run("-c", "import os; print(os.getuid())").stdout.strip()
    target = place / "tmp" / f"strain2dos-{user}"
    call = CALL
    if trap == "open to all":
        run("-c", f"import os; os.mkdir({str(target)!r}); os.chmod({str(target)!r}, 0o777)")
    elif trap == "a link":
        target.symlink_to(elsewhere)
    else:
        call = f"import tempfile; tempfile.tempdir = '/nonexistent'; {CALL}"
    try:
        done = run("-c", call)
    finally:
        target.unlink() if target.is_symlink() else shutil.rmtree(target, ignore_errors=True)
        left = list(elsewhere.iterdir())
        shutil.rmtree(elsewhere)
    assert value_and_hits(done) == (6.0, 0)
    assert done.stdout.split()[2] == "None"
    assert "every process compiles" in done.stderr
    assert "NUMBA_CACHE_DIR" in done.stderr
    assert done.stderr.count("RuntimeWarning") == 1
    assert left == []
