# SPDX-License-Identifier: BSD-3-Clause
"""A file is written whole or not at all, and only where a file may stand."""

import errno
import os
import stat
from pathlib import Path

import pytest

from strain2dos._files import is_url, locked, refuse_inputs, replacing


def test_a_file_appears_whole_and_nothing_beside_it(tmp_path):
    for content in ("one", "two"):
        with replacing(tmp_path / "gap.txt") as part:
            part.write_text(content)
            assert part.suffix == ".txt"
            assert part.parent == tmp_path
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {"gap.txt": "two"}


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, SystemExit])
def test_after_an_error_the_old_file_stands(tmp_path, error):
    (tmp_path / "gap.txt").write_text("old")

    def write():
        with replacing(tmp_path / "gap.txt") as part:
            part.write_text("ne")
            raise error

    with pytest.raises(error):
        write()
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {"gap.txt": "old"}


@pytest.mark.parametrize("name", ["thesis", "thesis/..", ".", "..", "thesis/", "link"])
def test_a_folder_is_never_replaced(tmp_path, monkeypatch, name):
    home = tmp_path / "home"
    (home / "thesis").mkdir(parents=True)
    (home / "thesis" / "chapter.tex").write_text("years of work")
    (home / "link").symlink_to("thesis")
    monkeypatch.chdir(home)
    with pytest.raises(IsADirectoryError, match="folders are never replaced by a file"), replacing(name):
        pytest.fail("the block must not run")
    assert (home / "thesis" / "chapter.tex").read_text() == "years of work"


def test_a_folder_that_appears_while_writing_stays(tmp_path):
    def write():
        with replacing(tmp_path / "model") as part:
            part.write_text("new")
            (tmp_path / "model").mkdir()
            (tmp_path / "model" / "kept").write_text("mine")

    with pytest.raises(IsADirectoryError):
        write()
    assert [file.name for file in tmp_path.rglob("*")] == ["model", "kept"]


def test_a_folder_given_by_the_writer_is_not_moved_into_a_files_place(tmp_path):
    def write():
        with replacing(tmp_path / "map.nc") as part:
            part.mkdir()
            (part / "inner").write_text("x")

    with pytest.raises(OSError, match=r"a folder was written instead of the file .*map\.nc"):
        write()
    assert list(tmp_path.iterdir()) == []


def test_a_device_or_pipe_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/null"):
        with pytest.raises(FileExistsError, match="no regular file"), replacing(path):
            pytest.fail("the block must not run")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_the_file_behind_a_link_is_replaced_and_the_link_stays(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "real.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to("data/real.txt")
    with replacing(tmp_path / "link.txt") as part:
        part.write_text("new")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "data" / "real.txt").read_text() == "new"


def test_permissions_of_the_old_file_are_kept(tmp_path):
    (tmp_path / "gap.txt").write_text("old")
    (tmp_path / "gap.txt").chmod(0o600)
    with replacing(tmp_path / "gap.txt") as part:
        part.write_text("new")
    assert stat.S_IMODE((tmp_path / "gap.txt").stat().st_mode) == 0o600


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_names_the_final_file(tmp_path, code):
    def write():
        with replacing(tmp_path / "gap.txt") as part:
            part.write_text("half")
            raise OSError(code, os.strerror(code))

    with pytest.raises(OSError, match="was not written, and what was there before is unchanged") as caught:
        write()
    assert caught.value.filename == str(tmp_path / "gap.txt")
    assert list(tmp_path.iterdir()) == []


def test_an_absent_folder_is_named(tmp_path):
    words, path = r"the folder .*/new for gap\.txt does not exist", tmp_path / "new" / "gap.txt"
    with pytest.raises(FileNotFoundError, match=words), replacing(path):
        pytest.fail("the block must not run")


def test_a_name_at_the_limit_of_the_file_system_can_be_written(tmp_path):
    name = "é" * 125 + ".txt"
    with replacing(tmp_path / name) as part:
        part.write_text("long")
    assert (tmp_path / name).read_text() == "long"


@pytest.mark.parametrize(
    "path", ["s3://bucket/map.nc", Path("s3://bucket/map.nc"), "memory://m", "zip::s3://b/c"]
)
def test_an_address_is_refused_and_makes_no_folder(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    assert is_url(path)
    with pytest.raises(ValueError, match="is an address"), replacing(path):
        pytest.fail("the block must not run")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("way", ["same", "dots", "relative", "link", "hard link", "link to folder"])
def test_an_output_that_is_an_input_is_refused_however_it_is_written(tmp_path, monkeypatch, way):
    (tmp_path / "data").mkdir()
    source = tmp_path / "data" / "table.csv"
    source.write_text("1,2\n")
    (tmp_path / "link.csv").symlink_to(source)
    os.link(source, tmp_path / "hard.csv")
    (tmp_path / "other").symlink_to("data")
    monkeypatch.chdir(tmp_path / "data")
    output = {
        "same": source,
        "dots": tmp_path / "data" / ".." / "data" / "table.csv",
        "relative": "table.csv",
        "link": tmp_path / "link.csv",
        "hard link": tmp_path / "hard.csv",
        "link to folder": tmp_path / "other" / "table.csv",
    }[way]
    with pytest.raises(ValueError, match="is read and would be written too"):
        refuse_inputs([tmp_path / "new.nc", output], [None, source])
    refuse_inputs([tmp_path / "data" / "new.nc"], [source])


def test_an_output_inside_an_input_store_or_around_an_input_is_refused(tmp_path):
    (tmp_path / "in.zarr" / "c").mkdir(parents=True)
    with pytest.raises(ValueError, match=r"would be written into .*in\.zarr, which is read"):
        refuse_inputs([tmp_path / "in.zarr" / "out.nc"], [tmp_path / "in.zarr"])
    with pytest.raises(ValueError, match=r"is read and lies in the output"):
        refuse_inputs([tmp_path / "in.zarr"], [tmp_path / "in.zarr" / "spectra.txt"])


def test_a_lock_is_free_again_after_its_holder_and_leaves_no_file(tmp_path):
    for _ in range(2):
        with locked(tmp_path / "map.zarr") as alone:
            assert alone
            words = r"map\.zarr is being written by another process"
            with pytest.raises(BlockingIOError, match=words), locked(tmp_path / "map.zarr"):
                pytest.fail("the block must not run")
    assert list(tmp_path.iterdir()) == []


def test_a_file_system_without_locks_is_written_and_said_so(tmp_path, monkeypatch):
    import errno
    import fcntl

    def no_locks(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with locked(tmp_path / "map.zarr") as alone:
        assert not alone
    assert not list(tmp_path.iterdir())
