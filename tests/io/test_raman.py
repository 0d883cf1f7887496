# SPDX-License-Identifier: BSD-3-Clause
import gzip
import json
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr

from strain2dos.datasets import make_raman_map
from strain2dos.io import read_raman


def test_two_columns_come_back_ascending(write):
    spectrum = read_raman(write("386.5\t20\n385.0\t90.5\n384.0\t30\n"))
    assert spectrum.dims == ("n", "shift")
    np.testing.assert_array_equal(spectrum["shift"], [384.0, 385.0, 386.5])
    np.testing.assert_array_equal(spectrum, [[30, 90.5, 20]])
    assert spectrum["shift"].attrs["units"] == "cm-1"


@pytest.mark.parametrize(
    "content",
    [
        "384 30\n385 90\n",
        "  384   30 \r\n  385   90 \r\n\r\n",
        "384,30\n385,90\n",
        "384;30\n385;90\n",
        "shift,intensity\n384,30\n385,90\n",
        "Raman shift\tcounts\n384\t30\n385\t90\n",
        "# a remark\n#Wave\t#Intensity\n384\t30\n385\t90\n",
        "My sample\n384\t30\n385\t90\n",
        "\ufeff384\t30\n385\t90\n",
    ],
)
def test_separators_headers_and_remarks_do_not_matter(write, content):
    spectrum = read_raman(write(content))
    np.testing.assert_array_equal(spectrum["shift"], [384, 385])
    np.testing.assert_array_equal(spectrum, [[30, 90]])


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_labspec_map_keeps_positions_units_and_header(write, layouts, encoding, pack):
    cube = read_raman(write(pack(layouts.labspec_map().encode(encoding)), "map.txt"))
    assert cube.dims == ("y", "x", "shift")
    np.testing.assert_array_equal(cube["shift"], layouts.axis[::-1])
    for y in (-2.0, 0.5, 3.0):
        for x in (10.0, 12.5):
            np.testing.assert_array_equal(cube.sel(y=y, x=x), layouts.counts(y, x)[::-1])
    assert cube.y.attrs["units"] == cube.x.attrs["units"] == "um"
    assert cube.attrs["units"] == "counts"
    assert json.loads(cube.attrs["header"])["Detector temperature (°C)"] == "-75"


def test_labspec_line_scan_keeps_its_position_along_n(write, layouts):
    scan = read_raman(write(layouts.line_scan().encode("latin-1")))
    assert scan.dims == ("n", "shift")
    np.testing.assert_array_equal(scan["x"], [3, 2, 1])
    np.testing.assert_array_equal(scan[:, 0], [3, 2, 1])
    assert scan["x"].attrs["units"] == "um"


def test_labspec_single_spectrum_takes_its_unit_from_the_header(write, layouts):
    content = layouts.header.replace("1/cm", "nm") + "600\t5\r\n601\t6\r\n"
    spectrum = read_raman(write(content.encode("latin-1")))
    assert spectrum["shift"].attrs == {"units": "nm", "long_name": "wavelength"}


def test_wafer_sites_keep_x_and_y(write):
    content = "Dynamic Sitebased Spectral\nX;Y;380;381;382;\n0.0;0.0;1;2;3;\n29.7;-1.5;4;5;6;\n7;8;7;8;9;\n"
    sites = read_raman(write(content, "wafer.csv"))
    assert sites.dims == ("n", "shift")
    np.testing.assert_array_equal(sites["x"], [0, 29.7, 7])
    np.testing.assert_array_equal(sites["y"], [0, -1.5, 8])
    np.testing.assert_array_equal(sites, [[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    assert sites.x.attrs["units"] == "unknown"


def test_table_with_named_positions_becomes_a_map(write):
    cube = read_raman(write("y,x,380,381\n1,1,1,2\n1,2,3,4\n2,1,5,6\n2,2,7,8\n", "map.csv"))
    np.testing.assert_array_equal(cube, [[[1, 2], [3, 4]], [[5, 6], [7, 8]]])


def test_missing_positions_of_a_map_are_nan_and_said(write, layouts):
    lines = layouts.labspec_map().split("\r\n")
    content = "\r\n".join([*lines[:-2], ""]).encode("latin-1")
    with pytest.warns(UserWarning, match=r"file.txt holds 5 of the 3 x 2 positions"):
        cube = read_raman(write(content))
    assert np.isnan(cube.sel(y=3.0, x=12.5)).all()
    assert np.isfinite(cube.sel(y=3.0, x=10.0)).all()


def test_xarray_files_come_back_as_they_were(tmp_path):
    data = make_raman_map((8, 9), random_state=0)
    data.to_netcdf(tmp_path / "map.nc", engine="scipy")
    data.to_zarr(tmp_path / "map.zarr", consolidated=False)
    data.intensity.isel(shift=slice(None, None, -1)).to_netcdf(tmp_path / "turned.nc", engine="scipy")
    for name in ("map.nc", "map.zarr", "turned.nc"):
        cube = read_raman(tmp_path / name)
        np.testing.assert_array_equal(cube, data.intensity)
        np.testing.assert_array_equal(cube["shift"], data["shift"])
        assert cube["shift"].attrs["units"] == "cm-1"
        assert cube.x.attrs["units"] == "um"


def test_hdf5_based_netcdf_is_read(tmp_path):
    pytest.importorskip("h5py", reason="NetCDF 4 files need h5py")
    data = make_raman_map((8, 9), random_state=0)
    data.to_netcdf(tmp_path / "map.nc", engine="h5netcdf")
    np.testing.assert_array_equal(read_raman(tmp_path / "map.nc"), data.intensity)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\n\n", "no line of numbers"),
        (b"#Laser=532\r\n", "no line of numbers"),
        (b"one line of words\n", "no numbers; known layouts"),
        (b"1 2 3\n4 5 6\n", "line 1: 3 columns, 0 of them before the first number; known layouts"),
        (b"384\n385\n", "line 1: 1 columns"),
        (b"384 30\n", "a spectrum of one point"),
        (b"384 30\n385\n", "line 2: 1 columns instead of 2; the file was cut off"),
        (b"384 30\n385 40 50\n386 2\n", "line 2: 3 columns instead of 2; repair"),
        (b"384\t30\n385\tforty\n", "line 2, column 2: 'forty' is not a number"),
        (b"384 30\n385 40\n385 41\n", "strictly monotonic, but 385 follows 385"),
        (b"384 30\n386 40\n385 41\n387 1\n", "strictly monotonic, but 385 follows 386"),
        (b"384 30\nnan 40\n", "point 2 is nan"),
        (b"X;Y;380;381\n0;0;1\n", "line 2: 3 cells, but the axis line has 4; the file was cut off"),
        (b"X;Y;380;381\n0;0;1\n0;1;2;3\n", "line 2: 3 cells, but the axis line has 4; repair"),
        (b"X;Y;380;381\n0;0;1;x\n", "line 2, column 4: 'x' is not a number"),
        (b"X;Y;380;381\n", "an axis but no spectrum"),
        (b"\x89PNG\r\n\x00\x00", "binary file of unknown format"),
        (gzip.compress(b"384 30\n385 40\n" * 50, mtime=0)[:-9], "gzip stops"),
        (b"WDF1 and no more", "ends within its block WDF1"),
        (b"<?xml version='1.0'?><nothing/>", "jobinyvon reader stops"),
        (b"\x89HDF\r\n\x1a\n broken", "map|NetCDF|h5"),
        (b"CDF\x01 broken", "is no NetCDF"),
    ],
)
def test_faulty_files_are_refused_by_name(write, content, message):
    with pytest.raises((ValueError, ImportError), match=message) as error:
        read_raman(write(content))
    assert "file.txt" in str(error.value) or isinstance(error.value, ImportError)


def test_broken_spc_is_refused_by_name(write):
    with pytest.raises(ValueError, match=r"broken.spc: the spc-io reader stops"):
        read_raman(write(b"\x00\x4bshort", "broken.spc"))


def test_absent_files_and_plain_folders_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"absent\.txt is absent"):
        read_raman(tmp_path / "absent.txt")
    with pytest.raises(ValueError, match="no Zarr store"):
        read_raman(tmp_path)


def test_netcdf_without_spectra_lists_its_variables(tmp_path):
    xr.Dataset({"gap": ("x", [1.0])}).to_netcdf(tmp_path / "gap.nc", engine="scipy")
    with pytest.raises(ValueError, match=r"gap\.nc is no NetCDF with spectra .*\['gap'\]"):
        read_raman(tmp_path / "gap.nc")


@pytest.mark.parametrize(("name", "module"), [("a.spc", "spc_io"), ("a.xml", "rsciio.jobinyvon")])
def test_a_missing_optional_reader_names_the_extra(write, monkeypatch, name, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=r'pip install "strain2dos\[io\]"'):
        read_raman(write(b"some bytes", name))


def test_reading_files_loads_neither_fits_nor_models():
    code = "import sys, strain2dos.io as io; io.read_raman; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    inside = {name.split(".")[1] for name in loaded.split() if name.startswith("strain2dos.")}
    assert "io" in inside
    assert not inside & {"raman", "dos", "mapping", "explain", "datasets", "cli"}
