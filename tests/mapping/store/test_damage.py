# SPDX-License-Identifier: BSD-3-Clause
import shutil

import numpy as np
import pytest
import xarray as xr

from strain2dos.mapping import PixelStatus, open_map


def mark_of(name):
    return name.startswith(".strain2dos/zarr.json")


def test_a_lost_chunk_is_never_read_as_a_result_and_is_computed_again(make_mapper, cube, tmp_path, contents):
    path = tmp_path / "map.zarr"
    expected = make_mapper().to_zarr(cube, path).load()
    whole = contents(path)
    chunks = [name for name in whole if "/c/" in name and not name.startswith(".")]
    assert len(chunks) == 3 * 4 + 3
    for name in chunks:
        (path / name).unlink()
        with pytest.raises(
            ValueError, match=f"{name} in .*map.zarr is lost; call SpatialMapper.to_zarr again"
        ):
            open_map(path).load()
        xr.testing.assert_identical(make_mapper().to_zarr(cube, path).load(), expected)
        assert contents(path) == whole


def test_one_changed_bit_anywhere_is_refused_and_mended(make_mapper, cube, tmp_path, contents):
    path = tmp_path / "map.zarr"
    mapper = make_mapper()
    expected = mapper.to_zarr(cube, path).load()
    whole = contents(path)
    rng = np.random.default_rng(0)
    for name, content in whole.items():
        if mark_of(name):
            continue
        changed = bytearray(content)
        changed[rng.integers(len(content))] ^= 1 << rng.integers(8)
        (path / name).write_bytes(changed)
        if name.endswith("blocks/zarr.json"):
            with pytest.raises(ValueError, match="holds no map"):
                open_map(path)
            (path / name).write_bytes(content)
            continue
        if name.startswith(".strain2dos/blocks/c/"):
            rows = 2 * int(name.split("/")[-2])
            assert (open_map(path).status[rows : rows + 2] == PixelStatus.NOT_COMPUTED).all()
        else:
            with pytest.raises(ValueError, match=f"{name} in .* does not hold what was written"):
                open_map(path).load()
            with pytest.raises(ValueError, match=f"{name} in .* does not hold what was written"):
                open_map(path, verify=True)
        xr.testing.assert_identical(mapper.to_zarr(cube, path).load(), expected)
        assert contents(path) == whole


def test_other_readers_see_lost_status_as_not_computed(make_mapper, cube, tmp_path):
    path = tmp_path / "map.zarr"
    make_mapper().to_zarr(cube, path)
    (path / "status/c/1/0").unlink()
    status = xr.open_zarr(path, consolidated=False).status
    np.testing.assert_array_equal((status == 255).all("x"), np.arange(8) // 2 == 1)


def test_other_readers_see_lost_results_as_infinite(make_mapper, cube, tmp_path):
    path = tmp_path / "map.zarr"
    expected = make_mapper().to_zarr(cube, path).load()
    (path / "gap/c/1/0").unlink()
    (path / "dos/c/0/0/0").unlink()
    flake = xr.open_zarr(path, consolidated=False).load()
    for name, rows in (("gap", slice(2, 4)), ("dos", slice(0, 2))):
        assert np.isposinf(flake[name][rows]).all()
        kept = expected[name].copy()
        kept[rows] = np.inf
        xr.testing.assert_equal(flake[name], kept)


def test_chunks_of_zeros_are_stored(make_mapper, tmp_path):
    path = tmp_path / "map.zarr"
    make_mapper(quantities=("features",)).to_zarr(np.zeros((4, 3, 1)), path)
    assert (path / "status/c/0/0").is_file()
    assert (path / "features/c/1/0/0").is_file()


def test_chunks_carry_zstd_checksums(make_mapper, cube, tmp_path):
    zarr = pytest.importorskip("zarr")
    path = tmp_path / "map.zarr"
    make_mapper(quantities=("dos", "features")).to_zarr(cube, path)
    for name, array in zarr.open_group(path, mode="r").arrays():
        assert array.metadata.to_dict()["codecs"][-1]["configuration"]["checksum"], name


def test_rows_without_a_record_count_as_not_computed(make_mapper, cube, tmp_path):
    path = tmp_path / "map.zarr"
    make_mapper().to_zarr(cube, path)
    (path / ".strain2dos/blocks/c/3/0").unlink()
    partial = open_map(path)
    np.testing.assert_array_equal((partial.status == 255).all("x"), np.arange(8) // 2 == 3)
    assert np.isnan(partial.gap[6:]).all()


def test_what_is_no_map_is_not_opened(tmp_path):
    pytest.importorskip("zarr")
    xr.Dataset({"gap": ("x", [1.5])}).to_zarr(tmp_path / "other.zarr", zarr_format=3, consolidated=False)
    for path in (tmp_path / "other.zarr", tmp_path / "absent.zarr", tmp_path):
        with pytest.raises(ValueError, match=r"holds no map that SpatialMapper\.to_zarr wrote"):
            open_map(path)


def test_a_copied_store_is_the_same_map(make_mapper, cube, tmp_path):
    path, copy = tmp_path / "map.zarr", tmp_path / "copy.zarr"
    expected = make_mapper().to_zarr(cube, path).load()
    shutil.copytree(path, copy)
    xr.testing.assert_identical(open_map(copy, verify=True).load(), expected)
    xr.testing.assert_identical(make_mapper().to_zarr(cube, copy).load(), expected)


def test_names_of_features_survive(make_mapper, cube, tmp_path):
    mapper = make_mapper(quantities=("features", "gap"))
    stored = mapper.to_zarr(cube, tmp_path / "map.zarr").load()
    xr.testing.assert_identical(stored, mapper.predict_map(cube))
