# SPDX-License-Identifier: BSD-3-Clause
"""Rows of points, decimal commas, units in names of columns, Renishaw maps."""

import json

import numpy as np
import pytest

from strain2dos.io import read_raman


@pytest.mark.parametrize(
    "replace",
    [
        [],
        [("#X\t\t#Y\t\t#Wave\t\t#Intensity\n", "")],
        [("#X\t\t#Y\t\t#Wave\t\t#Intensity", "X,Y,Raman shift (cm-1),Counts"), ("\t", ",")],
        [("\t", ";"), (".", ",")],
    ],
)
def test_rows_of_points_become_a_map(write, layouts, replace):
    content = layouts.long_form()
    for old, new in replace:
        content = content.replace(old, new)
    cube = read_raman(write(content))
    assert dict(cube.sizes) == {"y": 2, "x": 3, "shift": 4}
    np.testing.assert_array_equal(cube["shift"], layouts.axis[::-1])
    for y in (1.5, 2.5):
        for x in (1.0, 2.0, 3.0):
            np.testing.assert_array_equal(cube.sel(y=y, x=x), layouts.counts(y, x)[::-1])


def test_rows_of_a_line_scan_need_names_of_columns(write):
    scan = read_raman(
        write("Time (s)\tWavelength (nm)\tIntensity\n0\t600\t1\n0\t601\t2\n5\t600\t3\n5\t601\t4\n")
    )
    np.testing.assert_array_equal(scan, [[1, 2], [3, 4]])
    np.testing.assert_array_equal(scan["time"], [0, 5])
    assert (scan["time"].attrs["units"], scan["shift"].attrs["units"]) == ("s", "nm")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ("2.0\t1.5\t405.0", "2.0\t1.5\t405.5"),
            "line 8: shift 405.5, but the first spectrum has 405.0 as point 3",
        ),
        (("2.0\t1.5\t405.0\t1702.0\n", ""), "line 8: shift 401.25, but"),
        (("1.0\t1.5\t401.25\t1603.0\n", ""), "has 4 points instead of 3|line 8"),
        (("1702.0", "many"), "line 8, column 4: 'many' is not a number"),
        (("405.0\t1702.0", "405.0"), "line 8: 3 columns instead of 4; repair"),
    ],
)
def test_faulty_rows_of_points_are_named(write, layouts, change, message):
    content = layouts.long_form()
    assert change[0] in content
    with pytest.raises(ValueError, match=message) as error:
        read_raman(write(content.replace(*change)))
    assert "file.txt" in str(error.value)


@pytest.mark.parametrize(
    ("content", "shift", "values"),
    [
        ("384,5\t30,25\n385,5\t90,5\n", [384.5, 385.5], [[30.25, 90.5]]),
        ("384,5;30\n385,5;90\n", [384.5, 385.5], [[30, 90]]),
        ("384,5 30,2\n385,5 90,1\n", [384.5, 385.5], [[30.2, 90.1]]),
        ("384;30\n385;90\n386;1,5E+02\n", [384, 385, 386], [[30, 90, 150]]),
        ("1384,123;0,000\n1385,123;2,000\n", [1384.123, 1385.123], [[0, 2]]),
        (
            "X;Y;380,000;381,000;\n0,000;1,5;1;2,25\n3;7;3;4\n9;9;5;6\n",
            [380, 381],
            [[1, 2.25], [3, 4], [5, 6]],
        ),
    ],
)
def test_decimal_commas_are_read(write, content, shift, values):
    found = read_raman(write(content))
    np.testing.assert_array_equal(found["shift"], shift)
    np.testing.assert_array_equal(found, values)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("384\t1,234\n385\t2,345\n", "line 1, column 2: '1,234' may be 1.234 or 1234"),
        (
            "384,5\t1.234\n385,5\t2.345\n",
            "line 1, column 2: '1.234' is not a number; this file has decimal commas",
        ),
        ("384,5,30\n385,5,90\n", "line 1: 3 columns"),
    ],
)
def test_commas_that_may_separate_thousands_are_refused(write, content, message):
    with pytest.raises(ValueError, match=message):
        read_raman(write(content))


def test_units_in_names_of_columns_count(write):
    spectrum = read_raman(write("Wavelength (nm)\tCounts (cnt)\n600\t1\n601\t2\n"))
    assert (spectrum["shift"].attrs["units"], spectrum.attrs["units"]) == ("nm", "counts")


@pytest.mark.parametrize("order", [None, [0, 1, 2, 5, 4, 3], [0, 3, 1, 4, 2, 5]])
def test_renishaw_map_puts_each_spectrum_where_it_was_taken(write, layouts, order):
    cube = read_raman(write(layouts.wdf(order=order), "map.wdf"))
    np.testing.assert_array_equal(cube.x, [-5, -3, -1])
    np.testing.assert_array_equal(cube.y, [1, 1.5])
    expected = [[layouts.counts(i, j)[::-1] for j in range(3)] for i in range(2)]
    np.testing.assert_array_equal(cube, expected)
    assert (cube["shift"].attrs["units"], cube.attrs["units"], cube.x.attrs["units"]) == (
        "cm-1",
        "counts",
        "um",
    )


def test_further_coordinates_of_a_map_lie_on_its_grid(write):
    cube = read_raman(write("y,x,z (um),380,381\n1,1,5,1,2\n1,2,6,3,4\n2,1,7,5,6\n2,2,8,7,8\n", "map.csv"))
    assert cube["z"].dims == ("y", "x")
    assert cube["z"].attrs["units"] == "um"
    np.testing.assert_array_equal(cube["z"], [[5, 6], [7, 8]])
    np.testing.assert_array_equal(cube.sel(y=2, x=1), [5, 6])


@pytest.mark.parametrize("above", ["", "sep=;\n", '"sep=;"\n'])
@pytest.mark.parametrize("quote", ["", '"'])
def test_a_table_of_a_spreadsheet_may_quote_numbers_and_name_its_delimiter(tmp_path, above, quote):
    shift, spectra = np.arange(350.0, 362.0, 0.5), np.arange(72.0).reshape(3, 24) + 0.25
    rows = [["Raman shift", "a", "b", "c"], *np.vstack([shift, spectra]).T.tolist()]
    path = tmp_path / "sheet.csv"
    path.write_text(above + "\n".join(";".join(f"{quote}{cell}{quote}" for cell in row) for row in rows))
    found = read_raman(path)
    np.testing.assert_array_equal(found, spectra)
    np.testing.assert_array_equal(found["shift"], shift)


def test_quoted_numbers_among_the_settings_of_convert_stay_as_they_are(tmp_path):
    path = tmp_path / "map.csv"
    path.write_text('#header={"power": "5", "grating": "1800"}\nx,y,1.0,2.0,3.0\n0,0,1,2,3\n1,0,1,2,4\n')
    settings = json.loads(json.loads(read_raman(path).attrs["header"])["header"])
    assert settings == {"power": "5", "grating": "1800"}
