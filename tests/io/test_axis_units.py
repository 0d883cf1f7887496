# SPDX-License-Identifier: BSD-3-Clause
"""Readers keep the unit of the axis and the factors that a file states."""

import numpy as np
import pytest

from strain2dos.io import read_raman


def written(tmp_path, text, name="file.txt"):
    path = tmp_path / name
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("head", "unit"),
    [
        ("Energy (eV)\tIntensity\n", "eV"),
        ("lambda (nm)\tcounts\n", "nm"),
        ("Wavelength\tcounts\n", "nm"),
        ("#Range (nm)=540...550\n", "nm"),
        ("Energy\tcounts\n", "energy without a unit"),
        ("Raman shift (1/cm)\tcounts\n", "cm-1"),
        ("", "cm-1"),
    ],
)
def test_the_unit_of_the_axis_is_that_of_the_header(tmp_path, head, unit):
    spectrum = read_raman(written(tmp_path, head + "1.5\t20\n1.6\t90\n1.7\t30\n"))
    assert spectrum["shift"].attrs["units"] == unit
    np.testing.assert_array_equal(spectrum.values, [[20.0, 90.0, 30.0]])


JCAMP = """##TITLE=MoS2 $$ a remark
##JCAMP-DX=4.24
##DATA TYPE=RAMAN SPECTRUM
##XUNITS={unit}
##YUNITS=ARBITRARY UNITS
##XFACTOR=0.5
##YFACTOR=0.1
##FIRSTX=380
##LASTX=385
##NPOINTS=6
##XYDATA=(X++(Y..Y))
760 100 200 300
766 400-50+600
##END=
"""


@pytest.mark.parametrize(("stated", "unit"), [("1/CM", "cm-1"), ("NANOMETERS", "nm")])
def test_jcamp_factors_and_units_are_applied(tmp_path, stated, unit):
    spectrum = read_raman(written(tmp_path, JCAMP.format(unit=stated), "spectrum.jdx"))
    np.testing.assert_allclose(spectrum["shift"], np.arange(380.0, 386.0))
    np.testing.assert_allclose(spectrum.values, [[10.0, 20.0, 30.0, 40.0, -5.0, 60.0]])
    assert spectrum["shift"].attrs["units"] == unit


def test_jcamp_pairs_are_scaled_too(tmp_path):
    text = "##TITLE=x\n##XUNITS=1/CM\n##XFACTOR=2\n##YFACTOR=3\n##XYPOINTS=(XY..XY)\n190, 5; 191, 6\n##END=\n"
    spectrum = read_raman(written(tmp_path, text))
    np.testing.assert_allclose(spectrum["shift"], [380.0, 382.0])
    np.testing.assert_allclose(spectrum.values, [[15.0, 18.0]])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("##NPOINTS=6", "##NPOINTS=7"), "holds 6 of its 7 points"),
        (("760 100 200 300", "760A00B00"), "line 12: numbers are packed"),
        (("(X++(Y..Y))", "(XYM)"), r"the form \(XYM\) are not read"),
        (("##JCAMP-DX=4.24", "##NTUPLES=2"), "several spectra"),
    ],
)
def test_jcamp_that_is_not_understood_is_refused(tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        read_raman(written(tmp_path, JCAMP.format(unit="1/CM").replace(*change)))
