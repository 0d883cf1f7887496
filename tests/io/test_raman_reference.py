# SPDX-License-Identifier: BSD-3-Clause
"""Files that instruments wrote, against independent parsing."""

import gzip

import numpy as np
import pytest

from strain2dos.io import read_raman

pytestmark = pytest.mark.reference


@pytest.fixture
def raman(reference_dir):
    return reference_dir / "raman"


def labspec_numbers(path):
    with gzip.open(path, "rt", encoding="latin-1") as file:
        return np.genfromtxt(file, delimiter="\t", comments="#")


def test_two_column_spectrum_equals_loadtxt(raman):
    expected = np.loadtxt(raman / "spectrum1_1ML.txt")
    spectrum = read_raman(raman / "spectrum1_1ML.txt")
    np.testing.assert_array_equal(spectrum["shift"], expected[::-1, 0])
    np.testing.assert_array_equal(spectrum[0], expected[::-1, 1])


def test_labspec_line_scan_has_100_spectra_along_y(raman):
    path = raman / "wrighttools_WS2_raman_linescan.txt.gz"
    table = labspec_numbers(path)
    scan = read_raman(path)
    assert dict(scan.sizes) == {"n": 100, "shift": 1020}
    np.testing.assert_array_equal(scan["shift"], table[0, :0:-1])
    np.testing.assert_array_equal(scan, table[1:, :0:-1])
    np.testing.assert_array_equal(scan["y"], table[1:, 0])
    assert (scan["shift"].attrs["units"], scan["y"].attrs["units"]) == ("cm-1", "um")


def test_labspec_map_has_20_by_20_pixels_in_wavelength(raman):
    path = raman / "wrighttools_PL_map_20x20.txt.gz"
    table = labspec_numbers(path)
    cube = read_raman(path)
    assert dict(cube.sizes) == {"y": 20, "x": 20, "shift": 1020}
    np.testing.assert_array_equal(cube.values.reshape(400, -1), table[1:, :1:-1])
    assert cube["shift"].attrs["units"] == "nm"


def test_wafer_map_has_49_sites_and_the_raw_silicon_line(raman):
    sites = read_raman(raman / "wafer1_process1.csv")
    assert dict(sites.sizes) == {"n": 49, "shift": 2048}
    assert {"x", "y"} <= set(sites.coords)
    window = sites.sel(shift=slice(500, 560)).median("n")
    assert float(window.idxmax()) == pytest.approx(528.35, abs=0.6)


def test_renishaw_map_has_its_positions(raman):
    cube = read_raman(raman / "rsciio_renishaw_test_map.wdf")
    assert dict(cube.sizes) == {"y": 3, "x": 3, "shift": 47}
    np.testing.assert_array_equal(cube.x, [-100, 0, 100])


def test_jobinyvon_map_has_its_positions(raman):
    cube = read_raman(raman / "rsciio_jobinyvon_test_map_x3-y2.xml")
    assert dict(cube.sizes) == {"y": 2, "x": 3, "shift": 34}
    assert cube["shift"].attrs["units"] == "nm"


def test_spc_spectrum_has_the_points_of_its_header(raman):
    path = raman / "MoS2_PL.spc"
    spectrum = read_raman(path)
    # bytes 4-8 and 8-24 of the header: number of points, first and last x
    points = int(np.frombuffer(path.read_bytes()[4:8], "<u4")[0])
    assert dict(spectrum.sizes) == {"n": 1, "shift": points}


@pytest.mark.parametrize(
    "name",
    ["rsciio_renishaw_test_map.wdf", "rsciio_jobinyvon_test_map_x3-y2.xml", "MoS2_PL.spc"],
)
@pytest.mark.parametrize("share", [0.02, 0.3, 0.7])
def test_a_cut_instrument_file_is_refused_by_name_or_read_in_part(raman, tmp_path, name, share):
    content = (raman / name).read_bytes()
    path = tmp_path / name
    path.write_bytes(content[: int(share * len(content))])
    try:
        sizes, message = read_raman(path).sizes, None
    except ValueError as error:
        sizes, message = None, str(error)
    assert sizes == read_raman(raman / name).sizes if message is None else name in message
