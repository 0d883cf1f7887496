# SPDX-License-Identifier: BSD-3-Clause
"""Text as instruments write it: headers without #, settings below the data, spectra in columns."""

import io
import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from strain2dos.io import read_raman
from strain2dos.raman import to_raman_shift
from strain2dos.raman._features.units import in_wavenumbers

AXIS = np.array([380.5, 381.25, 382.0, 383.5])
COUNTS = np.array([[10.0, 90.5, 30.0, 20.0], [11.0, 80.5, 31.0, 21.0]])


def header_of(array):
    return json.loads(array.attrs["header"])


def rows(separator="\t", values=COUNTS[:1], axis=AXIS, end=""):
    points = np.column_stack([axis, values.T])
    return "".join(separator.join(map(str, point)) + end + "\n" for point in points.tolist())


WITEC = """//Exported ASCII-File\r
[Header]\r
FileName = D:\\map.wip\r
SizeX = {x}\r
SizeY = {y}\r
SizeGraph = 4\r
ScanUnit = \u00b5m\r
ScanWidth = 3.0\r
ScanHeight = 5.0\r
XAxisUnit = {unit}\r
DataUnit = CCD cts\r
ExcitationWavelength = 532.1\r
\r
[Data]\r
X-Axis,{names}\r
{unit},{units}\r
"""


def test_witec_text_keeps_header_unit_and_laser_line(write):
    nm = 1e7 / (1e7 / 532.1 - AXIS)
    text = WITEC.format(x=1, y=1, unit="nm", names="Spec", units="CCD cts") + rows(", ", axis=nm)
    spectrum = read_raman(write(text))
    np.testing.assert_array_equal(spectrum, COUNTS[:1])
    assert (spectrum["shift"].attrs["units"], spectrum.attrs["units"]) == ("nm", "counts")
    assert header_of(spectrum)["FileName"] == "D:\\map.wip"
    assert spectrum.attrs["layout"].startswith("WITec text")
    np.testing.assert_allclose(in_wavenumbers(spectrum)["shift"], AXIS, atol=1e-6)


def test_witec_map_stands_where_it_was_scanned(write):
    values = np.arange(24.0).reshape(6, 4)
    names = ",".join(f"S{i}" for i in range(6))
    text = WITEC.format(x=3, y=2, unit="rel. 1/cm", names=names, units=",".join(["CCD cts"] * 6))
    cube = read_raman(write(text + rows(",", values)))
    np.testing.assert_array_equal(cube, values.reshape(2, 3, 4))
    np.testing.assert_allclose(cube.x, [0, 1, 2])
    np.testing.assert_allclose(cube.y, [0, 2.5])
    assert (cube["shift"].attrs["units"], cube.x.attrs["units"]) == ("cm-1", "um")


def test_witec_text_cut_between_two_lines_is_refused(write):
    text = WITEC.format(x=1, y=1, unit="nm", names="Spec", units="CCD cts") + rows(",")
    with pytest.raises(ValueError, match=r"file\.txt holds 3 of its 4 points"):
        read_raman(write(text[: text.rindex("383.5")]))


def test_witec_table_puts_labeled_pixels_on_their_grid(write):
    values = np.arange(24.0).reshape(6, 4)
    labels = [f"Map_Spec.Data 1_F({x}/{y})" for y in (0, 1) for x in (0, 1, 2)]
    text = "\t".join(["X-Axis", *labels]) + "\n" + rows("\t", values[:, ::-1], AXIS[::-1])
    for limit in (None, 0):
        cube = read_raman(write(text), memory_limit=limit)
        np.testing.assert_array_equal(cube, values.reshape(2, 3, 4))
        np.testing.assert_array_equal(cube["shift"], AXIS)
        assert cube.x.attrs["units"] == "pixel"
        assert cube.attrs["layout"].startswith("WITec table: axis in the first column")


def test_large_tables_with_spectra_in_columns_are_the_same_streamed(write, monkeypatch):
    monkeypatch.setattr("strain2dos.io._text.wide._HELD", 10)
    values = np.random.default_rng(0).integers(0, 99, (5, 50)).astype(float)
    axis = np.arange(450.0, 400.0, -1)
    path = write("Raman shift (cm-1);a;b;c;d;e\n" + rows(";", values, axis))
    streamed = read_raman(path, memory_limit=0)
    np.testing.assert_array_equal(streamed, values[:, ::-1])
    xr.testing.assert_identical(streamed, read_raman(path))
    assert header_of(streamed) == {"columns": "a; b; c; d; e"}


TRUEMATCH = "[WITEC_TRUEMATCH_ASCII_HEADER]\nVersion = 1.0\n"
PARTICLE = """
[SpectrumHeader]
Title = Particle {k}
ExcitationWavelength = 532.0
SpectrumSize = 4
XDataKind = nm

[SampleMetaData]
Length = {k}.5
IsOversaturated = False

[SpectrumData]
"""


def test_truematch_spectra_keep_what_is_measured_of_each_particle(write):
    nm = 1e7 / (1e7 / 532.0 - AXIS)
    text = TRUEMATCH + "".join(PARTICLE.format(k=k) + rows("\t", COUNTS[k : k + 1], nm) for k in (0, 1))
    spectra = read_raman(write(text))
    np.testing.assert_array_equal(spectra, COUNTS)
    np.testing.assert_array_equal(spectra["length"], [0.5, 1.5])
    assert header_of(spectra)["titles"] == "Particle 0; Particle 1"
    np.testing.assert_allclose(in_wavenumbers(spectra)["shift"], AXIS, atol=1e-6)
    with pytest.raises(ValueError, match=r"'Particle 1' has 3 of its 4 points"):
        read_raman(write(text[: text.rindex(f"{float(nm[-1])!r}"[:8])]))


@pytest.mark.parametrize(("separator", "end"), [(",", ","), ("\t", "")])
def test_andor_solis_settings_below_the_data_end_in_the_header(write, separator, end):
    below = (
        "\n\nDate and Time:\tTue Mar 03 10:11:12 2020\nSoftware Version: 4.30\nExposure Time (secs):\t\t0.5\n"
    )
    spectra = read_raman(write(rows(separator, COUNTS, end=end) + below, "solis.asc"))
    np.testing.assert_array_equal(spectra, COUNTS)
    np.testing.assert_array_equal(spectra["shift"], AXIS)
    assert header_of(spectra)["Exposure Time (secs)"] == "0.5"
    assert header_of(spectra)["Date and Time"] == "Tue Mar 03 10:11:12 2020"
    assert "Andor" in spectra.attrs["layout"]


def test_numbers_below_settings_are_refused(write):
    with pytest.raises(ValueError, match=r"line 6: numbers below settings .* split the file there"):
        read_raman(write(rows() + "Software Version: 4.30\n384\t5\n"))


OCEAN = """SpectraSuite Data File
++++++++++++++++++++++++++++++++++++
Date: Wed Oct 12 11:08:36 EDT 2016
User: lab
Integration Time (usec): 800000 (USB2000)
{mode}Number of Pixels in Processed Spectrum: 4
>>>>>Begin Processed Spectral Data<<<<<
{rows}>>>>>End Processed Spectral Data<<<<<
"""


@pytest.mark.parametrize(
    ("mode", "unit"),
    [
        ("", "nm"),
        ("XAxis mode: Wavelengths\n", "nm"),
        ("XAxis mode: Raman Shifts\n", "cm-1"),
        ("XAxis mode: Wavenumbers\n", "absolute 1/cm"),
    ],
)
def test_ocean_optics_text_states_its_axis(write, mode, unit):
    spectrum = read_raman(write(OCEAN.format(mode=mode, rows=rows())))
    np.testing.assert_array_equal(spectrum, COUNTS[:1])
    assert spectrum["shift"].attrs["units"] == unit
    assert header_of(spectrum)["Integration Time (usec)"] == "800000 (USB2000)"


JASCO = """TITLE{s}
DATA TYPE{s}RAMAN SPECTRUM
ORIGIN{s}JASCO
DELTAX{s}0.5
XUNITS{s}{unit}
YUNITS{s}Int.
NPOINTS{s}4
XYDATA
{rows}
##### Extended Information
[Comments]
Sample name{s}MoS2
[Measurement Information]
Excitation wavelength{s}532.05 nm
"""


@pytest.mark.parametrize("s", ["\t", ","])
@pytest.mark.parametrize(("unit", "short"), [("Raman Shift [cm-1]", "cm-1"), ("NANOMETERS", "nm")])
def test_jasco_text_is_read_between_header_and_extended_information(write, s, unit, short):
    spectrum = read_raman(write(JASCO.format(s=s, unit=unit, rows=rows(s, axis=AXIS[::-1]))))
    np.testing.assert_array_equal(spectrum, COUNTS[:1, ::-1])
    assert spectrum["shift"].attrs["units"] == short
    header = header_of(spectrum)
    assert (header["ORIGIN"], header["Sample name"]) == ("JASCO", "MoS2")
    assert header["Excitation wavelength"] == "532.05 nm"


def test_jasco_text_of_a_japanese_computer_keeps_its_settings(write):
    text = JASCO.format(s=",", unit="1/CM", rows=rows(",")).replace("XUNITS", "LOCALE,1041\nXUNITS")
    text = text.replace("[Comments]", "[コメント情報]").replace("Sample name", "試料名") + "CCD,DU420_OE,12\n"
    path = write("")
    path.write_bytes(text.encode("cp932"))
    spectrum = read_raman(path)
    np.testing.assert_array_equal(spectrum, COUNTS[:1])
    header = header_of(spectrum)
    assert (header["試料名"], header["CCD"]) == ("MoS2", "DU420_OE,12")


def test_titles_in_an_unknown_encoding_end_the_numbers(write):
    path = write("")
    path.write_bytes(f"1,2\n{rows(',')}\n[標準]\nx,1\n".encode("big5"))
    assert read_raman(path).shape == (1, len(AXIS) + 1)


def bwtek(separator, comma, laser="784.99", blank=True):
    names = [
        "Pixel",
        "Wavelength",
        "Wavenumber",
        "Raman Shift",
        "Dark",
        "Raw data #1",
        "Dark Subtracted #1",
        "",
    ]
    lines = [separator.join(cells) for cells in (["File Version", "BWSpec4.11"], ["laser_wavelength", laser])]
    lines.append(separator.join(names))
    if blank:
        lines.append(separator.join(["0", "784.0", "12755.1", " ", "100", "105", "5", ""]))
    for k, (shift, value) in enumerate(zip(AXIS, COUNTS[0], strict=True)):
        cells = [k, 800 + k, 12400 - k, shift, 100.0, 100 + value, value, ""]
        lines.append(separator.join(map(str, cells)))
    text = "\n".join(lines) + "\n"
    return text.replace(".", ",").replace("BWSpec4,11", "BWSpec4.11") if comma else text


@pytest.mark.parametrize(("separator", "comma"), [(";", True), (";", False), (",", False)])
def test_bwtek_takes_the_raman_shift_and_the_intensity_without_dark(write, separator, comma):
    spectrum = read_raman(write(bwtek(separator, comma), "iraman.csv"))
    np.testing.assert_array_equal(spectrum["shift"], AXIS)
    np.testing.assert_array_equal(spectrum, COUNTS[:1])
    assert spectrum.attrs["layout"] == "B&W Tek csv: Raman Shift and Dark Subtracted #1"
    assert header_of(spectrum)["File Version"] == "BWSpec4.11"


def test_bwtek_without_a_laser_line_gives_wavelengths(write):
    spectrum = read_raman(write(bwtek(",", comma=False, laser="0", blank=False), "iraman.csv"))
    np.testing.assert_array_equal(spectrum["shift"], [800, 801, 802, 803])
    assert spectrum["shift"].attrs["units"] == "nm"


def wafer(axes):
    values = [
        "\n".join(";".join([f"{x}.0", f"{y}.0", *map(str, part)]) + ";" for part in (axis, 100 + axis**2))
        for x, y, axis in axes
    ]
    return "Dynamic Sitebased Spectral\nX;Y;\n" + "\n".join(values) + "\n"


def test_sites_with_an_axis_each_share_one_where_it_is_the_same(write):
    axis = np.arange(380.0, 390.0)[::-1]
    sites = read_raman(write(wafer([(0, 0, axis), (30, -2, axis), (7, 8, axis)])))
    np.testing.assert_array_equal(sites["x"], [0, 30, 7])
    np.testing.assert_array_equal(sites, np.tile(100 + axis[::-1] ** 2, (3, 1)))
    assert sites.attrs["layout"] == "wafer map with an axis for each site"


def test_sites_on_other_axes_are_interpolated_and_counted(write):
    axis = np.arange(380.0, 390.0)
    path = write(wafer([(0, 0, axis), (30, -2, axis + 0.25), (7, 8, axis)]))
    with pytest.warns(UserWarning, match=r"1 of 3 sites have another axis .* \(by up to 0.25\)"):
        sites = read_raman(path)
    # a cubic spline reproduces a parabola; the first point lies outside the axis of that site
    np.testing.assert_allclose(sites[1, 1:], 100 + axis[1:] ** 2, rtol=1e-12)
    assert np.isnan(sites[1, 0])


@pytest.mark.parametrize("place", ["inf", "nan", "1e999"])
def test_a_site_whose_axis_is_not_finite_is_refused_by_file_and_line(write, place):
    axis = np.arange(380.0, 390.0)
    text = wafer([(0, 0, axis), (30, -2, axis + 0.25), (7, 8, axis)]).replace("389.25", place)
    with pytest.raises(ValueError, match=r"file.txt, line 5.*finite shifts"):
        read_raman(write(text))


def test_na_in_rows_of_points_is_nan_and_counted(write, layouts):
    text = layouts.long_form().replace("1603.0", "NA").replace("2800.0", "NA")
    assert text.count("NA") == 2
    with pytest.warns(UserWarning, match=r"file.txt: 2 intensities are missing \(NA\) and NaN"):
        cube = read_raman(write(text))
    assert int(np.isnan(cube).sum()) == 2
    assert np.isnan(cube.sel(y=1.5, x=1.0, shift=401.25))


def test_na_as_a_position_is_refused(write, layouts):
    with pytest.raises(ValueError, match="column 1: 'NA' is not a number"):
        read_raman(write(layouts.long_form().replace("2.0\t1.5\t412.0", "NA\t1.5\t412.0")))


def test_equal_shifts_after_rounding_are_spread_and_counted(write):
    true = np.linspace(380.0, 384.0, 45) + 1e-4 * np.arange(45)
    axis = np.round(true, 1)
    assert (np.diff(axis) == 0).sum() > 1
    path = write("".join(f"{shift}\t{k}\n" for k, shift in enumerate(axis)))
    with pytest.warns(UserWarning, match=rf"{(np.diff(axis) == 0).sum()} points .* rounding to 0.1"):
        spectrum = read_raman(path)
    np.testing.assert_allclose(spectrum["shift"], true, atol=0.075)
    np.testing.assert_array_equal(spectrum[0], np.arange(45))


def test_a_repeated_row_is_no_rounding(write):
    axis = np.insert(np.arange(380.0, 400.0, 0.5), 20, 389.5)
    with pytest.raises(ValueError, match=r"strictly monotonic, but 389\.5 follows 389\.5"):
        read_raman(write("".join(f"{shift}\t{k}\n" for k, shift in enumerate(axis))))


def pandas_text(frame, **options):
    buffer = io.StringIO()
    frame.to_csv(buffer, **options)
    return buffer.getvalue()


def test_pandas_tables_with_their_index_are_the_same_as_without(write):
    shifts = [380.5, 381.5, 382.5]
    table = pd.DataFrame([[y, x, 1 + y, 2 + x, 3] for y in (1.0, 2.0) for x in (5.0, 6.0)])
    table.columns = ["y", "x", *shifts]
    long = table.melt(id_vars=["y", "x"], var_name="shift", value_name="intensity")
    long = long.sort_values(["y", "x", "shift"], ignore_index=True)
    expected = table[shifts].to_numpy().reshape(2, 2, 3)
    columns = pd.DataFrame({"shift": shifts, "intensity": [1.0, 2.0, 3.0]})
    for frame, values in ((table, expected), (long, expected), (columns, [[1, 2, 3]])):
        for index in (True, False):
            found = read_raman(write(pandas_text(frame, index=index), f"{index}.csv"))
            np.testing.assert_array_equal(found, values)
            np.testing.assert_array_equal(found["shift"], shifts)


def test_pandas_tables_without_positions_have_none(write):
    frame = pd.DataFrame([[1.0, 2.0], [3.0, 4.0]], columns=[380.5, 381.5])
    spectra = read_raman(write(pandas_text(frame)))
    np.testing.assert_array_equal(spectra, frame)
    assert set(spectra.coords) == {"shift"}


def test_pandas_spectra_indexed_by_shift_stand_in_columns(write):
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]}, index=[380.5, 381.5])
    spectra = read_raman(write(pandas_text(frame)))
    np.testing.assert_array_equal(spectra, [[1, 2], [3, 4]])
    np.testing.assert_array_equal(spectra["shift"], [380.5, 381.5])
    np.testing.assert_array_equal(read_raman(write(pandas_text(frame["b"]))), [[3, 4]])


def test_settings_above_the_numbers_of_any_program_end_in_the_header(write):
    spectrum = read_raman(write("Operator: lab\nLaser wavelength (nm): 532.0\n" + rows()))
    assert header_of(spectrum) == {"Operator": "lab", "Laser wavelength (nm)": "532.0"}
    np.testing.assert_array_equal(spectrum, COUNTS[:1])


def test_nanometers_become_shifts_by_the_laser_line():
    # independent of the reader: 532.1 nm is 18793.459 cm-1
    assert to_raman_shift([543.2], "nm", laser_nm=532.1)[0] == pytest.approx(
        18793.4599 - 18409.4256, abs=1e-3
    )


MANY = np.arange(20.0) ** 1.1 + 380.0
NOISE = np.random.default_rng(0).integers(900, 999, (4, 20)).astype(float)
PIXELS = "\t".join(f"Map_F({x}/{y})" for y in range(2) for x in range(2))
UNITS = "\t".join(["rel. 1/cm"] + 4 * ["CCD cts"])


@pytest.mark.parametrize(
    "head", ["X-Axis\t" + PIXELS + "\n" + UNITS + "\n", "X-Axis\t" + PIXELS + "\n", UNITS + "\n", ""]
)
def test_witec_tables_are_read_with_and_without_labels_and_units(write, head):
    spectra = read_raman(write(head + rows(values=NOISE, axis=MANY)))
    np.testing.assert_array_equal(spectra.values.reshape(4, 20), NOISE)
    np.testing.assert_allclose(spectra["shift"], MANY)
    assert spectra.dims == (("y", "x", "shift") if "Map" in head else ("n", "shift"))
    assert spectra.attrs["units"] == ("counts" if "cts" in head else "arbitrary")
    assert spectra["shift"].attrs["units"] == "cm-1"


def test_columns_without_names_are_refused_where_two_of_them_rise(write):
    values = np.vstack([NOISE[:1], MANY[None]])
    with pytest.raises(ValueError, match="lacks the names of its columns"):
        read_raman(write(rows(values=values, axis=MANY)))
    with pytest.raises(ValueError, match="lacks the names of its columns"):
        read_raman(write(rows(values=NOISE[:, :15], axis=MANY[:15])))


def test_the_header_of_a_witec_export_in_three_files_is_named(write):
    with pytest.raises(ValueError, match="header of a WITec export into three files"):
        read_raman(write("//Exported ASCII-File\r\n[Header]\r\nSizeX = 1\r\nSizeY = 1\r\n"))


def test_settings_beside_their_names_stand_above_two_columns(write):
    spectrum = read_raman(write("DeviceSN\t11\nLaserWavelength_nm\t785\nTags\t\n" + rows()))
    np.testing.assert_array_equal(spectrum, COUNTS[:1])
    assert header_of(spectrum) == {"DeviceSN": "11", "LaserWavelength_nm": "785", "Tags": ""}


def test_a_table_of_pixels_states_its_laser_line(write):
    names = "Pixels,Wavelength,Raman_Shift,Raw_Data,Background_Data,Processed_Data\n"
    table = "".join(
        f"{k},{500 + k},{x},{c + 9},9,{c}\n" for k, (x, c) in enumerate(zip(AXIS, COUNTS[0], strict=True))
    )
    spectrum = read_raman(write("name,PST\nwl,532nm\n" + names + table))
    np.testing.assert_array_equal(spectrum, COUNTS[:1])
    np.testing.assert_array_equal(spectrum["shift"], AXIS)


def test_a_pointer_of_git_lfs_is_named(write):
    with pytest.raises(ValueError, match="git lfs pull"):
        read_raman(write("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n"))


@pytest.mark.parametrize(
    ("suffix", "reader", "name", "unit"),
    [
        (".tvf", "trivista", "Wavelength", "nm"),
        (".xml", "jobinyvon", "Raman Shift", "1/cm"),
        (".xml", "jobinyvon", "Wavenumber", "absolute 1/cm"),
    ],
)
def test_what_rosettasciio_reads_keeps_its_axis_and_places(monkeypatch, tmp_path, suffix, reader, name, unit):
    module = pytest.importorskip(f"rsciio.{reader}")
    axes = [
        {"name": "X", "units": "um", "navigate": True, "offset": 0.0, "scale": 0.5, "size": 2},
        {"name": name, "units": unit.split()[-1], "navigate": False, "axis": AXIS},
    ]
    content = {"data": COUNTS, "axes": axes, "original_metadata": {"Document": {"Label": "flake"}}}
    monkeypatch.setattr(module, "file_reader", lambda _, **options: [content])
    path = tmp_path / f"scan{suffix}"
    path.write_text("<!-- -->")
    spectra = read_raman(path)
    np.testing.assert_array_equal(spectra, COUNTS)
    np.testing.assert_array_equal(spectra["x"], [0.0, 0.5])
    assert spectra["shift"].attrs["units"] == ("cm-1" if unit == "1/cm" else unit)
    assert header_of(spectra)["Document"] == {"Label": "flake"}
