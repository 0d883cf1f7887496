# SPDX-License-Identifier: BSD-3-Clause
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strain2dos.datasets import StrainedDOS, read_dos_table
from strain2dos.datasets._tables.scaled_duplicates import find_scaled_copies

INSERTS = [b",", b"\n", b"-", b"e", b"nan", b"\x00", b"\xc3\xa9"]
SMALL = ",0,0.1,0.2\n-1,3,4,5\n0,0,0.5,1\n1,2,2.5,4\n"


@pytest.fixture
def write(tmp_path):
    def _write(text, name="dos.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return _write


def family(factors, seed=0, m=60):
    curve = np.random.default_rng(seed).uniform(1, 50, m).round(3)
    return [curve * factor for factor in factors]


def table_text(labels, curves):
    energies = [f"{-0.1 + 0.002 * i:.3f}" for i in range(len(curves[0]))]
    energies[50] = "1.33E-15"
    lines = [",".join(["", *labels])]
    lines += [",".join([e, *(f"{c[i]:.7g}" for c in curves)]) for i, e in enumerate(energies)]
    return "\r\n".join(lines) + "\r\n"


def test_values_land_where_the_file_has_them(write):
    data = read_dos_table(write(SMALL), strain_unit="fraction")
    np.testing.assert_array_equal(data.strain, [[0.0], [0.1], [0.2]])
    np.testing.assert_array_equal(data.energies, [-1, 0, 1])
    np.testing.assert_array_equal(data.dos, [[3, 0, 2], [4, 0.5, 2.5], [5, 1, 4]])
    assert data.name == ["0", "0.1", "0.2"]
    assert data.gap is None


def test_line_ends_byte_order_mark_and_blank_tail_do_not_matter(write):
    plain = read_dos_table(write(SMALL), strain_unit="label")
    other = b"\xef\xbb\xbf" + SMALL.replace("\n", "\r\n").encode() + b"\r\n  \r\n"
    np.testing.assert_array_equal(read_dos_table(write(other), strain_unit="label").dos, plain.dos)


def test_descending_energies_are_turned_round(write):
    head, *rows = SMALL.splitlines()
    turned = read_dos_table(write("\n".join([head, *rows[::-1]])), strain_unit="label")
    np.testing.assert_array_equal(turned.energies, [-1, 0, 1])
    np.testing.assert_array_equal(turned.dos[0], [3, 0, 2])


def test_percent_is_divided_by_a_hundred_and_labels_are_kept(write):
    path = write(SMALL)
    assert read_dos_table(path, strain_unit="percent").strain[2, 0] == pytest.approx(0.002)
    labeled = read_dos_table(path, strain_unit="label")
    assert labeled.strain[2, 0] == 0.2
    assert labeled.provenance["strain_unit"] == "label"


def test_an_energy_of_rounding_noise_is_kept_as_written(write):
    data = read_dos_table(write(table_text(["0"], family([1]))), strain_unit="label")
    assert data.energies[50] == 1.33e-15


def test_copies_are_dropped_by_ratio_and_named_in_one_warning(write):
    curves = family([1, 1.01, 1.02, 1.03, 0.99]) + family([1], seed=1)
    path = write(table_text(["0.033", "0.0331", "0.0332", "0.0333", "0.0329", "0"], curves), "train.csv")
    with pytest.warns(UserWarning, match="scaled copies") as caught:
        data = read_dos_table(path, strain_unit="label")
    assert data.name == ["0.033", "0"]
    assert str(caught[0].message) == (
        "4 of the 6 columns of train.csv are scaled copies of another column ('0.0331' = 1.01 x '0.033', "
        "'0.0332' = 1.02 x '0.033', '0.0333' = 1.03 x '0.033', '0.0329' = 0.99 x '0.033'); dropped. Pass "
        "drop_scaled_copies=False to keep them."
    )


def test_labels_that_no_layer_survives_as_strain_are_said_to_be_bending(write):
    text = table_text(["0", "0.33", "0.331"], family([1], seed=1) + family([1, 1.01]))
    with pytest.warns(UserWarning, match=r"dropped.*Labels reach 0.331.*probably a measure of bending"):
        read_dos_table(write(text), strain_unit="label")
    for unit, labels in (("fraction", ["0", "0.33", "0.331"]), ("label", ["0", "5", "5.05"])):
        text = table_text(labels, family([1], seed=1) + family([1, 1.01]))
        with pytest.warns(UserWarning, match="dropped") as caught:
            read_dos_table(write(text), strain_unit=unit)
        assert "bending" not in str(caught[0].message)


def test_copies_can_be_kept(write):
    path = write(table_text(["0.33", "0.331"], family([1, 1.01])))
    data = read_dos_table(path, strain_unit="label", drop_scaled_copies=False)
    assert len(data) == 2
    assert data.provenance["scaled_copies"] == {"0.331": (1.01, "0.33")}


@pytest.mark.parametrize("digits", [7, 5, 4])
def test_the_original_of_a_family_is_found_in_any_order_of_columns(digits):
    factors = [1, 1.01, 1.02, 1.03]
    for order in itertools.permutations(range(4)):
        curves = np.array(family([factors[i] for i in order]))
        rounded = np.array([[float(f"{v:.{digits}g}") for v in row] for row in curves])
        copies = find_scaled_copies(rounded)
        original = order.index(0)
        assert {c.original for c in copies} == {original}
        assert [round(c.factor, 2) for c in copies] == [factors[i] for i in order if i]


def test_other_factors_keep_the_first_column_and_equal_curves_count_as_copies():
    doubled = find_scaled_copies(np.array(family([1, 2.0])))
    assert [(c.column, c.original, round(c.factor, 6)) for c in doubled] == [(1, 0, 2.0)]
    equal = find_scaled_copies(np.array(family([1, 1])))
    assert [(c.column, c.original, c.factor) for c in equal] == [(1, 0, 1.0)]


def test_finely_sampled_strain_is_no_copy():
    energies = np.linspace(-1, 1, 400)
    curves = np.array([np.exp(-(((energies - 0.0001 * k) / 0.3) ** 2)) for k in range(5)])
    assert find_scaled_copies(curves) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"dos\.csv is empty"),
        ("\r\n\r\n", r"dos\.csv is empty"),
        (",0\n", "line 1: the table ends after 0 energies"),
        (",0\n0,1\n", "line 2: the table ends after 1 energies"),
        ("0\n1\n2\n", "line 1: only one column"),
        (";0;1\n0;1;2\n1;1;2\n", "line 1: only one column.*commas"),
        (SMALL[:-4], "line 4: 3 cells, but line 1 has 4; the file was cut off"),
        (SMALL.replace("0,0,0.5,1", "0,0,0.5"), "line 3: 3 cells, but line 1 has 4; repair"),
        (SMALL.replace("0,0,0.5,1", "0,0,0.5,1,7"), "line 3: 5 cells"),
        (SMALL.replace("0.5", "O.5"), r"line 3, column 3: a DOS value must be a number, .* is 'O\.5'"),
        (SMALL.replace("0.5", ""), "line 3, column 3: .* cell is ''"),
        (SMALL.replace("0.5", "1_0"), "line 3, column 3: .* cell is '1_0'"),
        (SMALL.replace("0.5", "nan"), "line 3, column 3: a DOS value must be finite, but is nan"),
        (SMALL.replace("0.5", "inf"), "line 3, column 3: .* finite, but is inf"),
        (
            SMALL.replace("0.5", "-0.5"),
            r"line 3, column 3: a density of states cannot be negative, but is -0\.5",
        ),
        (SMALL.replace("\n0,", "\n-1,"), "line 3, column 1: energy -1 repeats -1 of line 2"),
        (
            SMALL.replace("\n1,", "\n-0.5,"),
            "line 4, column 1: energy -0.5 breaks the order after 0 of line 3",
        ),
        (SMALL.replace("0.2\n", "0.10\n"), r"line 1, column 4: strain 0\.10 repeats column 3"),
        (SMALL.replace("0.2\n", "two\n"), "line 1, column 4: a strain in the header must be a number"),
        (
            SMALL.replace("0.2\n", "20\n"),
            "line 1, column 4: 20 with strain_unit='fraction' .* strain_unit='percent'",
        ),
        (b",0\n0,1\n1,\xff\n", "line 3: byte 0xff is not UTF-8"),
    ],
)
def test_faulty_files_are_refused_with_line_and_column(write, text, message):
    with pytest.raises(ValueError, match=message) as error:
        read_dos_table(write(text), strain_unit="fraction")
    assert "dos.csv" in str(error.value)


def test_blank_line_in_the_middle_is_named_by_its_own_number(write):
    with pytest.raises(ValueError, match="line 3: 1 cells"):
        read_dos_table(write(SMALL.replace("\n0,", "\n\n0,")), strain_unit="label")


def test_missing_files_and_folders_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"absent\.csv is absent"):
        read_dos_table(tmp_path / "absent.csv", strain_unit="label")
    with pytest.raises(FileNotFoundError, match="is a folder"):
        read_dos_table(tmp_path, strain_unit="label")


def test_the_strain_unit_must_be_stated_and_known(write):
    path = write(SMALL)
    with pytest.raises(TypeError, match="strain_unit"):
        read_dos_table(path)
    with pytest.raises(ValueError, match=r"'fraction', 'percent', 'label', but is '%'"):
        read_dos_table(path, strain_unit="%")


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_mutated_files_give_a_valid_set_or_an_error_that_names_the_file(data, tmp_path_factory):
    curves = [family([1], seed)[0] for seed in range(3)]
    content = bytearray(table_text(["0", "0.01", "0.02"], curves).encode())
    for _ in range(data.draw(st.integers(1, 6))):
        position = data.draw(st.integers(0, len(content) - 1))
        action = data.draw(st.sampled_from(["cut", "byte", "insert", "delete"]))
        if action == "cut":
            del content[max(position, 1) :]
        elif action == "byte":
            content[position] = data.draw(st.integers(0, 255))
        elif action == "insert":
            content[position:position] = data.draw(st.sampled_from(INSERTS))
        elif len(content) > 20:
            del content[position : position + 3]
    path = tmp_path_factory.getbasetemp() / "mutated.csv"
    path.write_bytes(content)
    result, error = outcome(lambda: read_dos_table(path, strain_unit="fraction"))
    if error is not None:
        assert "mutated.csv" in str(error)
    else:
        assert isinstance(result, StrainedDOS)
        assert (result.dos >= 0).all()
        assert (np.diff(result.energies) > 0).all()


def outcome(read):
    """What came back, and the ValueError that came instead; any other exception fails the test."""
    try:
        return read(), None
    except ValueError as error:
        return None, error


@pytest.mark.reference
def test_the_published_table_keeps_its_nine_genuine_curves(reference_dir):
    with pytest.warns(UserWarning, match="25 of the 34 columns of train_dos.csv") as caught:
        data = read_dos_table(reference_dir / "upstream" / "train_dos.csv", strain_unit="label")
    np.testing.assert_array_equal(data.strain.ravel(), [0.33, 0.27, 0.22, 0.2, 0.13, 0.1, 0.057, 0.033, 0])
    assert data.energies.shape == (1037,)
    assert data.energies[[0, -1]].tolist() == [-1.246, 0.826]
    message = str(caught[0].message)
    assert "'0.331' = 1.01 x '0.33'" in message
    assert "'0.0329' = 0.99 x '0.033'" in message
    assert "probably a measure of bending" in message


@pytest.mark.parametrize("size", [1e-200, 1.0, 1e300])
def test_copies_are_found_whatever_the_unit_and_beside_a_mistyped_value(size):
    curves = size * np.array([[1.0, 2.0, 4.0], [1.01, 2.02, 4.04], [1.0, 3.0, 0.5]])
    assert [(copy.column, copy.original, round(copy.factor, 9)) for copy in find_scaled_copies(curves)] == [
        (1, 0, 1.01)
    ]
    curves[2, 1] = 1e271
    assert [copy.column for copy in find_scaled_copies(curves)] == [1]
