# SPDX-License-Identifier: BSD-3-Clause
"""Files that instruments wrote, against independent parsing."""

import gzip
from xml.etree import ElementTree

import numpy as np
import pytest
import xarray as xr

from strain2dos.io import read_raman
from strain2dos.raman._features.units import in_wavenumbers

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


def test_renishaw_map_equals_rosettasciio(raman):
    renishaw = pytest.importorskip("rsciio.renishaw", reason="the independent reader is optional")
    path = raman / "rsciio_renishaw_test_map.wdf"
    expected = renishaw.file_reader(str(path))[0]
    y, x, shift = expected["axes"]
    for cube in (read_raman(path), read_raman(path, memory_limit=0)):
        np.testing.assert_array_equal(cube, expected["data"])
        np.testing.assert_array_equal(cube["shift"], shift["axis"])
        np.testing.assert_allclose(cube.y, y["offset"] + y["scale"] * np.arange(y["size"]))
        np.testing.assert_allclose(cube.x, x["offset"] + x["scale"] * np.arange(x["size"]))
        assert cube["shift"].attrs["units"] == shift["units"]


@pytest.mark.parametrize(
    "name",
    [
        "spectrum1_1ML.txt",
        "wrighttools_PL_map_20x20.txt.gz",
        "wafer1_process1.csv",
        "rsciio_renishaw_test_map.wdf",
    ],
)
def test_measured_files_are_the_same_in_memory_and_streamed(raman, name):
    xr.testing.assert_identical(read_raman(raman / name), read_raman(raman / name, memory_limit=0).compute())


def test_a_wafer_map_with_decimal_commas_is_the_same(raman, tmp_path):
    content = (raman / "wafer1_process1.csv").read_text().replace(".", ",")
    (tmp_path / "wafer1_process1.csv").write_text(content)
    xr.testing.assert_identical(
        read_raman(tmp_path / "wafer1_process1.csv"), read_raman(raman / "wafer1_process1.csv")
    )


def test_jobinyvon_map_has_its_positions(raman):
    cube = read_raman(raman / "rsciio_jobinyvon_test_map_x3-y2.xml")
    assert dict(cube.sizes) == {"y": 2, "x": 3, "shift": 34}
    assert (cube["shift"].attrs["units"], cube.attrs["units"]) == ("nm", "Cnt/sec")
    tree = ElementTree.parse(raman / "rsciio_jobinyvon_test_map_x3-y2.xml")
    rows = [np.array(row.text.split(), float) for row in tree.iter("LSX_Row")]
    np.testing.assert_array_equal(cube.values.reshape(6, -1), np.array(rows)[:, ::-1])


def test_spc_spectrum_has_the_points_of_its_header(raman):
    path = raman / "MoS2_PL.spc"
    spectrum = read_raman(path)
    # bytes 4-8 and 8-24 of the header: number of points, first and last x
    points = int(np.frombuffer(path.read_bytes()[4:8], "<u4")[0])
    assert dict(spectrum.sizes) == {"n": 1, "shift": points}
    # 32-bit floats: the axis after a header of 512 bytes, the intensities after another of 32
    axis = np.frombuffer(path.read_bytes(), "<f4", points, 512)
    intensity = np.frombuffer(path.read_bytes(), "<f4", points, 544 + 4 * points)
    np.testing.assert_array_equal(spectrum["shift"], np.sort(axis))
    np.testing.assert_array_equal(spectrum[0], intensity[np.argsort(axis)])


@pytest.mark.filterwarnings("ignore:.*does not end where its last block ends")
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


def test_witec_exports_equal_loadtxt(raman):
    path = raman / "real" / "witec_si_spectrum.txt"
    expected = np.loadtxt(path, delimiter=",", skiprows=17, encoding="utf-8")
    spectrum = read_raman(path)
    np.testing.assert_array_equal(spectrum["shift"], expected[:, 0])
    np.testing.assert_array_equal(spectrum[0], expected[:, 1])
    assert (spectrum["shift"].attrs["units"], spectrum.attrs["units"]) == ("nm", "counts")

    path = raman / "real" / "witec_map_label.txt"
    table = np.loadtxt(path, skiprows=1)
    cube = read_raman(path)
    assert dict(cube.sizes) == {"y": 5, "x": 5, "shift": 1024}
    np.testing.assert_array_equal(cube.values.reshape(25, -1), table[:, 1:].T)
    np.testing.assert_array_equal(cube["shift"], table[:, 0])


def test_witec_truematch_has_two_particles_and_their_laser_line(raman):
    path = raman / "real" / "witec_truematch.txt"
    lines = path.read_text().splitlines()
    expected = [np.loadtxt(lines[start : start + 1024]) for start in (30, 1082)]
    spectra = read_raman(path)
    np.testing.assert_array_equal(spectra, [block[:, 1] for block in expected])
    np.testing.assert_array_equal(spectra["length"], [2640.01312255859, 1304.3244934082])
    shift = 1e7 / 532.200988769531 - 1e7 / expected[0][:, 0]
    np.testing.assert_allclose(in_wavenumbers(spectra)["shift"], shift, rtol=1e-12)


def test_andor_solis_columns_equal_loadtxt(raman):
    path = raman / "real" / "andor_solis.asc"
    table = np.loadtxt([line.rstrip(",") for line in path.read_text().splitlines()], delimiter=",")
    spectra = read_raman(path)
    np.testing.assert_array_equal(spectra["shift"], table[:, 0])
    np.testing.assert_array_equal(spectra, table[:, 1:].T)


def test_wafer_with_an_axis_per_site_equals_its_rows(raman):
    path = raman / "real" / "wafer_newformat.csv"
    table = np.array(
        [line.strip().strip(";").split(";") for line in path.read_text().splitlines()][2:], float
    )
    sites = read_raman(path)
    np.testing.assert_array_equal(sites["shift"], table[0, 2:])
    for k in range(0, 8, 2):
        x, y = table[k, :2]
        np.testing.assert_array_equal(sites.sel(x=x, y=y), table[k + 1, 2:])


def test_wafers_stay_lists_of_their_sites(raman):
    for name in ("wafer4.csv", "wafer5.csv"):
        assert read_raman(raman / "real" / name).sizes["n"] == 49


def test_tables_that_hold_no_spectra_are_named(raman, reference_dir):
    for path, words in (
        (raman / "real" / "wafer5_owner_fits.csv", "table of fitted lines"),
        (reference_dir / "upstream" / "train_dos.csv", "densities of states by strain"),
        (reference_dir / "upstream" / "raman_strain.csv", "such as a strain map"),
    ):
        with pytest.raises(ValueError, match=words):
            read_raman(path)
