# SPDX-License-Identifier: BSD-3-Clause
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strain2dos.datasets import read_strain_map


@pytest.fixture
def write(tmp_path):
    def _write(text):
        path = tmp_path / "map.csv"
        path.write_bytes(text.encode())
        return path

    return _write


def test_lines_are_y_and_cells_are_x_counted_from_one(write):
    strain = read_strain_map(write("0.01,0.02,0.03\r\n0.04,0.05,0.06\r\n"), strain_unit="fraction")
    assert strain.dims == ("y", "x")
    assert strain.shape == (2, 3)
    assert float(strain.sel(y=2, x=1)) == 0.04
    assert strain.x.attrs["units"] == strain.y.attrs["units"] == "pixel"
    assert (strain.name, strain.attrs["units"], strain.attrs["strain_unit"]) == ("strain", "1", "fraction")


def test_percent_becomes_a_fraction_and_labels_stay(write):
    path = write("1.5,2\n")
    np.testing.assert_allclose(read_strain_map(path, strain_unit="percent"), [[0.015, 0.02]])
    labels = read_strain_map(path, strain_unit="label")
    np.testing.assert_array_equal(labels, [[1.5, 2]])
    assert labels.attrs["units"] == labels.attrs["strain_unit"] == "label"


def test_marked_gaps_stay_nan(write):
    assert np.isnan(read_strain_map(write("0.1,NaN\n"), strain_unit="label").values[0, 1])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("0.1,0.2\n0.3\n", "line 2: 1 cells, but line 1 has 2; the file was cut off"),
        ("0.1,0.2\n0.3\n0.1,0.1\n", "line 2: 1 cells, but line 1 has 2; repair"),
        ("x1,x2\n0.3,0.1\n", "line 1, column 1: a strain .a map has no header. must be a number"),
        ("0.1,0.2\n0.3,\n", "line 2, column 2: .* cell is ''"),
        ("0.1,1.2\n", r"line 1, column 2: 1\.2 with strain_unit='fraction' is a strain of 120 %.*'percent'"),
        ("0.1,inf\n", "line 1, column 2: .* finite"),
    ],
)
def test_faulty_maps_are_refused_with_line_and_column(write, text, message):
    with pytest.raises(ValueError, match=message) as error:
        read_strain_map(write(text), strain_unit="fraction")
    assert "map.csv" in str(error.value)


def test_implausible_percents_are_refused_too(write):
    with pytest.raises(ValueError, match=r"150 with strain_unit='percent'"):
        read_strain_map(write("150\n"), strain_unit="percent")
    assert read_strain_map(write("150\n"), strain_unit="label").item() == 150


@settings(max_examples=150, deadline=None)
@given(st.binary(min_size=0, max_size=60) | st.text("0123456789.,-+eEnaif\r\n ", max_size=80).map(str.encode))
def test_any_bytes_give_a_map_or_an_error_that_names_the_file(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "mutated.csv"
    path.write_bytes(content)
    try:
        strain, message = read_strain_map(path, strain_unit="fraction"), None
    except ValueError as error:
        strain, message = None, str(error)
    if strain is None:
        assert "mutated.csv" in message
    else:
        assert np.nanmax(np.abs(strain.values), initial=0) <= 1


@pytest.mark.reference
def test_the_published_map_has_33_by_33_pixels(reference_dir):
    strain = read_strain_map(reference_dir / "upstream" / "raman_strain.csv", strain_unit="label")
    assert strain.shape == (33, 33)
    assert float(strain.sel(y=1, x=2)) == 0.0107
    assert (float(strain.min()), float(strain.max())) == (0.000415, 0.0333)
