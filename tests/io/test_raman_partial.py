# SPDX-License-Identifier: BSD-3-Clause
"""Files that hold less than they should."""

import numpy as np
import pytest

from strain2dos.datasets import make_raman_map
from strain2dos.io import read_raman


@pytest.mark.parametrize("keep", [1, 8, 15])
@pytest.mark.parametrize("limit", [None, 0])
def test_a_map_cut_in_its_last_line_has_one_nan_pixel_and_says_so(write, layouts, keep, limit):
    lines = layouts.labspec_map().split("\r\n")
    content = "\r\n".join([*lines[:-2], lines[-2][:keep]])
    with pytest.warns(UserWarning, match=r"file.txt (ends within line 17, so 1 spectrum|holds 5 of)"):
        cube = read_raman(write(content.encode("latin-1")), memory_limit=limit)
    assert dict(cube.sizes) == {"y": 3, "x": 2, "shift": 4}
    assert np.isnan(cube.sel(y=3.0, x=12.5)).all()
    assert int(np.isfinite(cube).all("shift").sum()) == 5
    np.testing.assert_array_equal(cube.sel(y=3.0, x=10.0), layouts.counts(3.0, 10.0)[::-1])


def test_a_short_line_before_the_last_is_an_error(write, layouts):
    lines = layouts.labspec_map().split("\r\n")
    lines[-3] = lines[-3][:12]
    with pytest.raises(ValueError, match="line 16: 3 cells, but the axis line has 6; repair"):
        read_raman(write("\r\n".join(lines)))


@pytest.mark.filterwarnings("ignore:.*positions of its map")
@pytest.mark.parametrize(("rows", "whole"), [(3, 5), (1, 5), (4, 5), (7, 4)])
def test_rows_of_points_cut_off_lose_whole_spectra_and_say_so(write, layouts, rows, whole):
    content = "".join(layouts.long_form().splitlines(keepends=True)[:-rows])
    if rows == 4:
        content += "3.0\t2.5\t41"
    with pytest.warns(UserWarning, match="so 1 spectrum is incomplete and"):
        cube = read_raman(write(content))
    assert int(np.isfinite(cube).all("shift").sum()) == whole
    assert int(np.isfinite(cube).any("shift").sum()) == whole


def test_a_stopped_renishaw_scan_keeps_its_last_partial_line(write, layouts):
    with pytest.warns(UserWarning, match="map.wdf holds 5 of the ") as found:
        cube = read_raman(write(layouts.wdf(taken=5), "map.wdf"))
    assert any("5 of the 6 spectra that it was to hold" in str(one.message) for one in found)
    assert np.isnan(cube.isel(y=1, x=2)).all()
    np.testing.assert_array_equal(cube.isel(y=1, x=1), layouts.counts(1, 1)[::-1])


def test_a_renishaw_scan_stopped_between_lines_is_said(write, layouts):
    with pytest.warns(UserWarning, match="map.wdf holds 3 of the 6 spectra that it was to hold"):
        assert dict(read_raman(write(layouts.wdf(taken=3), "map.wdf")).sizes) == {"y": 1, "x": 3, "shift": 4}


def test_a_renishaw_file_cut_in_its_spectra_is_refused_and_behind_them_is_read(write, layouts):
    content = layouts.wdf()
    with pytest.raises(ValueError, match=r"map.wdf: block DATA must hold 96 bytes"):
        read_raman(write(content[:560], "map.wdf"))
    with pytest.raises(ValueError, match=r"map.wdf.* block (XLST|ORGN)"):
        read_raman(write(content[:640], "map.wdf"))
    with pytest.warns(UserWarning, match="map.wdf does not end where its last block ends"):
        cube = read_raman(write(content[:-4], "map.wdf"))
    np.testing.assert_array_equal(cube, read_raman(write(content, "map.wdf")))


def test_absent_chunks_of_a_zarr_store_are_nan_not_zero(tmp_path):
    pytest.importorskip("zarr", reason="zarr is an optional dependency")
    data = make_raman_map((8, 9), random_state=0).intensity
    path = tmp_path / "map.zarr"
    data.to_dataset().to_zarr(
        path, consolidated=False, encoding={"intensity": {"chunks": (4, 9, data.shape[2])}}
    )
    next(
        file for file in (path / "intensity").rglob("*") if file.is_file() and file.parent.parts[-2] == "1"
    ).unlink()
    for limit in (None, 0):
        with pytest.warns(UserWarning, match=r"map.zarr lacks 1 of 2 chunks with 36 of 72 spectra"):
            cube = read_raman(path, memory_limit=limit)
        assert np.isnan(cube[4:]).all()
        np.testing.assert_array_equal(cube[:4], data[:4])


def test_a_header_that_claims_more_than_the_file_holds_is_refused(tmp_path, write):
    h5py = pytest.importorskip("h5py", reason="NetCDF 4 files need h5py")
    with h5py.File(tmp_path / "huge.nc", "w") as file:
        file.create_dataset("intensity", (10_000, 10_000, 1000), chunks=(1, 1, 1000), dtype="f8")
    with pytest.raises(ValueError, match=r"huge.nc.*intensity claims 800000000000 bytes"):
        read_raman(tmp_path / "huge.nc")
    header = b"\x00\x4b\x00\x80" + (2**31).to_bytes(4, "little") + bytes(16) + b"\x01" + bytes(600)
    with pytest.raises((ValueError, ImportError), match=r"huge.spc"):
        read_raman(write(header, "huge.spc"))
