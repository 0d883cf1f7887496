# SPDX-License-Identifier: BSD-3-Clause
"""A store is replaced only if this package wrote it, was asked to, and nothing else lies in it."""

import json
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import xarray as xr

from strain2dos._files import (
    check_metadata,
    check_store_target,
    is_own_store,
    mark_store,
    remove_leftovers,
    remove_own_store,
    replacing_store,
)

pytest.importorskip("zarr", reason="zarr is an optional dependency")


def write(path, value=1.0, overwrite=False):
    with replacing_store(path, overwrite=overwrite) as part:
        data = xr.Dataset({"gap": (("y", "x"), np.full((4, 3), value))}, coords={"y": np.arange(4)})
        data.to_zarr(part, zarr_format=3, consolidated=False, encoding={"gap": {"chunks": (2, 3)}})


def read(path):
    return xr.open_zarr(path, zarr_format=3, consolidated=False, chunks=None)


def test_a_store_appears_whole_is_marked_and_reads_as_any_other(tmp_path):
    write(tmp_path / "map.zarr")
    assert [file.name for file in tmp_path.iterdir()] == ["map.zarr"]
    assert is_own_store(tmp_path / "map.zarr")
    found = read(tmp_path / "map.zarr")
    assert list(found.data_vars) == ["gap"]
    assert found.attrs == {}


def test_an_own_store_is_replaced_only_on_request(tmp_path):
    write(tmp_path / "map.zarr")
    with pytest.raises(FileExistsError, match="exists already"):
        write(tmp_path / "map.zarr", 2.0)
    assert float(read(tmp_path / "map.zarr")["gap"].max()) == 1
    write(tmp_path / "map.zarr", 2.0, overwrite=True)
    assert float(read(tmp_path / "map.zarr")["gap"].min()) == 2
    assert [file.name for file in tmp_path.iterdir()] == ["map.zarr"]


def test_it_is_replaced_too_where_the_system_cannot_exchange_names(tmp_path, monkeypatch):
    monkeypatch.setattr("strain2dos._files.stores._exchange", lambda one, other: False)
    write(tmp_path / "map.zarr")
    write(tmp_path / "map.zarr", 2.0, overwrite=True)
    assert float(read(tmp_path / "map.zarr")["gap"].min()) == 2
    assert [file.name for file in tmp_path.iterdir()] == ["map.zarr"]


def _thesis(path):
    path.mkdir()
    (path / "chapter.tex").write_text("years of work")


def _foreign(path):
    xr.Dataset({"gap": ("x", [1.0])}).to_zarr(path, zarr_format=3, consolidated=False)


def _copied_by_a_user(path):
    write(path.with_name("ours.zarr"))
    read(path.with_name("ours.zarr")).to_zarr(path, zarr_format=3, consolidated=False)


def _with_notes(path):
    write(path)
    (path / "notes.txt").write_text("mine")


def _with_a_link(path):
    write(path)
    _thesis(path.with_name("thesis"))
    (path / "gap" / "c" / "9").symlink_to(path.with_name("thesis"))


def _with_a_variable_of_the_user(path):
    write(path)
    xr.Dataset({"mine": ("x", [1.0])}).to_zarr(path, mode="a", zarr_format=3, consolidated=False)


def _a_file(path):
    path.write_text("mine")


def _a_mark_alone(path):
    (path / ".strain2dos").mkdir(parents=True)
    (path / ".strain2dos" / "zarr.json").write_text('{"attributes": {"metadata_sha256": "0"}}')
    (path / "chapter.tex").write_text("years of work")


STANDING = [
    _thesis, _foreign, _copied_by_a_user, _with_notes, _with_a_link, _with_a_variable_of_the_user, _a_file,
    _a_mark_alone,
]  # fmt: skip


def everything(folder):
    return {
        path.relative_to(folder): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")
    }


@pytest.mark.parametrize("make", STANDING)
def test_what_is_not_wholly_ours_is_never_replaced_or_removed(tmp_path, make):
    path = tmp_path / "map.zarr"
    make(path)
    before = everything(tmp_path)
    with pytest.raises(FileExistsError, match=r"map\.zarr.*give another"):
        write(path, 2.0, overwrite=True)
    with pytest.raises(FileExistsError):
        remove_own_store(path)
    assert everything(tmp_path) == before


@pytest.mark.parametrize("name", [".", "..", "map.zarr/..", "s3://bucket/map.zarr"])
def test_no_way_of_writing_a_path_empties_a_folder(tmp_path, monkeypatch, name):
    home = tmp_path / "home"
    home.mkdir()
    write(home / "map.zarr")
    monkeypatch.chdir(home)
    before = everything(tmp_path)
    with pytest.raises((FileExistsError, ValueError)):
        write(name, overwrite=True)
    assert everything(tmp_path) == before


def test_an_error_while_writing_leaves_the_old_store_and_nothing_else(tmp_path):
    write(tmp_path / "map.zarr")
    before = everything(tmp_path)

    def fail(path, overwrite):
        with replacing_store(path, overwrite=overwrite) as part:
            part.mkdir()
            (part / "half").write_text("x")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail(tmp_path / "map.zarr", True)
    with pytest.raises(KeyboardInterrupt):
        fail(tmp_path / "new.zarr", False)
    assert everything(tmp_path) == before


def test_what_a_killed_run_left_goes_with_the_next_one(tmp_path):
    code = textwrap.dedent(f"""
        import os, signal, xarray as xr
        from strain2dos._files import replacing_store
        with replacing_store({str(tmp_path / "map.zarr")!r}) as part:
            xr.Dataset({{"gap": ("x", [1.0])}}).to_zarr(part, zarr_format=3, consolidated=False)
            os.kill(os.getpid(), signal.SIGKILL)
    """)
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    assert len(list(tmp_path.iterdir())) == 2
    mine = tmp_path / ".map.zarr.01234567.strain2dos-part"
    _thesis(mine)
    write(tmp_path / "map.zarr")
    assert sorted(file.name for file in tmp_path.iterdir()) == [mine.name, "map.zarr"]
    assert (mine / "chapter.tex").exists()
    assert remove_leftovers(tmp_path / "map.zarr") == []


def test_a_second_writer_is_kept_off(tmp_path):
    with replacing_store(tmp_path / "map.zarr") as part:
        xr.Dataset({"gap": ("x", [1.0])}).to_zarr(part, zarr_format=3, consolidated=False)
        with pytest.raises(BlockingIOError, match="is being written by another process"):
            write(tmp_path / "map.zarr")
    assert is_own_store(tmp_path / "map.zarr")


def test_changed_metadata_are_noticed_and_foreign_stores_pass(tmp_path):
    write(tmp_path / "map.zarr")
    check_metadata(tmp_path / "map.zarr")
    node = tmp_path / "map.zarr" / "gap" / "zarr.json"
    whole = json.loads(node.read_text())
    node.write_text(json.dumps(whole | {"attributes": {"units": "meV"}}))
    with pytest.raises(ValueError, match="do not have the checksum that strain2dos wrote"):
        check_metadata(tmp_path / "map.zarr")
    _foreign(tmp_path / "foreign.zarr")
    check_metadata(tmp_path / "foreign.zarr")


def test_a_store_in_a_folder_that_does_not_exist_is_refused_before_anything_is_computed(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"the folder .*nowhere for map.zarr does not exist; make it"):
        check_store_target(tmp_path / "nowhere" / "map.zarr")
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_that_is_no_store_gets_no_mark(tmp_path):
    with pytest.raises(ValueError, match=r"holds no zarr.json, so it is no store of Zarr format 3"):
        mark_store(tmp_path)
    assert list(tmp_path.iterdir()) == []
