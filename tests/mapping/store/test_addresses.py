# SPDX-License-Identifier: BSD-3-Clause
import importlib.util
from pathlib import Path
from uuid import uuid4

import pytest
import xarray as xr

from strain2dos.mapping import open_map

fsspec = pytest.importorskip("fsspec")


@pytest.fixture
def address():
    url = f"memory://maps-{uuid4().hex}/map.zarr"
    yield url
    fs, root = fsspec.core.url_to_fs(url)
    if fs.find(root):
        fs.rm(root, recursive=True)


def files_of(url):
    fs, root = fsspec.core.url_to_fs(url)
    return {path[len(root) :]: fs.cat_file(path) for path in fs.find(root)}


def test_an_address_holds_the_same_files_as_a_folder(make_mapper, cube, tmp_path, address, contents):
    stored = make_mapper().to_zarr(cube, address)
    xr.testing.assert_identical(stored.load(), make_mapper().to_zarr(cube, tmp_path / "map.zarr").load())
    xr.testing.assert_identical(open_map(address, verify=True).load(), stored.load())
    there, here = files_of(address), contents(tmp_path / "map.zarr")
    mark = ".strain2dos/zarr.json"
    assert {name.lstrip("/"): text for name, text in there.items() if mark not in name} == {
        name: text for name, text in here.items() if name != mark
    }


def test_every_beginning_of_a_store_is_resumed(make_mapper, cube, address):
    make_mapper().to_zarr(cube, address)
    fs, root = fsspec.core.url_to_fs(address)
    written = sorted(files_of(address), key=lambda name: fs.created(root + name))
    whole = files_of(address)
    for n in range(len(written)):
        fs.rm(root, recursive=True)
        for name in written[:n]:
            fs.pipe_file(root + name, whole[name])
        make_mapper().to_zarr(cube, address)
        assert files_of(address) == whole


def test_objects_of_others_are_not_written_over(make_mapper, cube, address):
    fs, root = fsspec.core.url_to_fs(address)
    for name in ("notes.txt", "zarr.json"):
        fs.pipe_file(f"{root}/{name}", b"mine")
        with pytest.raises(FileExistsError, match="is no map that could be resumed"):
            make_mapper().to_zarr(cube, address)
        assert files_of(address) == {f"/{name}": b"mine"}
        fs.rm(f"{root}/{name}")


def test_a_lost_chunk_at_an_address_is_not_read_as_a_result(make_mapper, cube, address):
    expected = make_mapper().to_zarr(cube, address).load()
    fs, root = fsspec.core.url_to_fs(address)
    fs.rm(f"{root}/gap/c/1/0")
    with pytest.raises(ValueError, match=r"gap/c/1/0 in memory://.* is lost"):
        open_map(address).load()
    xr.testing.assert_identical(make_mapper().to_zarr(cube, address).load(), expected)


@pytest.mark.skipif(importlib.util.find_spec("s3fs") is not None, reason="s3fs is installed")
def test_an_address_that_needs_a_package_makes_no_folder(make_mapper, cube, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for url, text in (("s3://bucket/map.zarr", "s3fs"), ("nosuch://bucket/map.zarr", "nosuch")):
        with pytest.raises(ValueError, match=f"fsspec cannot open the address .*{text}"):
            make_mapper().to_zarr(cube, url)
    with pytest.raises(ValueError, match="pass it as a str"):
        make_mapper().to_zarr(cube, Path("s3://bucket/map.zarr"))
    assert list(tmp_path.iterdir()) == []


def test_a_file_address_is_a_folder(make_mapper, cube, tmp_path):
    make_mapper().to_zarr(cube, f"file://{tmp_path}/map.zarr")
    assert (tmp_path / "map.zarr/zarr.json").is_file()


def test_options_of_an_address_are_refused_for_a_folder(make_mapper, cube, tmp_path):
    with pytest.raises(ValueError, match="storage_options belong to an address"):
        make_mapper().to_zarr(cube, tmp_path / "map.zarr", storage_options={"anon": True})
