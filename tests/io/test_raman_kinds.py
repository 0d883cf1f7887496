# SPDX-License-Identifier: BSD-3-Clause
"""Tables without spectra are refused in words; every file read says what it was taken for."""

import numpy as np
import pytest

from strain2dos.io import read_raman

IMAGE = "#AxisType[0]=Intens\n#AxisType[1]=X\n#AxisUnit[1]=\u00b5m\n#AxisType[2]=Y\n"
CELLS = "\t0\t1\t2\n0\t5\t6\t7\n1\t8\t9\t10\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x,y,strain\n0,0,0.01\n1,0,0.02\n", "this is a table of strains .columns x, y, strain"),
        ("strain (%)\tgap (eV)\n0.1\t1.7\n0.2\t1.6\n", "this is a table of strains"),
        ("X,Y,E_center,A1_center\n0,0,384,404\n1,0,385,405\n", "this is a table of fitted lines"),
        ("Energy (eV),DOS\n-1,0\n0,5\n", "this is a table of densities of states"),
        (",0.33,0.331,0.2\n-5,1,2,3\n-4.9,1,2,3\n", "no spectral axis.*read_dos_table"),
        (IMAGE + CELLS, "image of LabSpec, a map of one quantity"),
        (CELLS, "make an image of one quantity"),
        ("0.1,0.2,0.3\n0.4,0.5,0.6\n", "such as a strain map"),
    ],
)
def test_tables_without_spectra_are_named(write, text, message):
    with pytest.raises(ValueError, match=message) as error:
        read_raman(write(text))
    assert "file.txt" in str(error.value)
    if "this is a table" in message:
        assert "but spectra are needed here" in str(error.value)


def test_a_line_scan_with_equal_looking_numbers_is_still_read(write):
    scan = read_raman(write("\t380\t381\t382\n0\t5\t6\t7\n1\t8\t9\t10\n"))
    np.testing.assert_array_equal(scan["y"], [0, 1])


def test_every_text_layout_says_what_it_was_taken_for(write, layouts):
    said = {
        "two columns, axis and intensity": "384 30\n385 40\n",
        "LabSpec text: axis in the first row, y, x in the first columns": layouts.labspec_map(),
        "LabSpec text: axis in the first row, x in the first columns": layouts.line_scan(),
        "one point per row: x, y, wave, intensity": layouts.long_form(),
        "axis in the first row, x, y in the first columns": "X;Y;380;381\n0;0;1;2\n7;9;3;4\n8;3;5;6\n",
        "Renishaw .wdf": layouts.wdf(),
    }
    for k, (layout, content) in enumerate(said.items()):
        assert read_raman(write(content, f"{k}.dat")).attrs["layout"] == layout
