# SPDX-License-Identifier: BSD-3-Clause
"""The table of the guide's page on first-principles records, against measurement."""

import importlib.util
from pathlib import Path

import pytest

from strain2dos.datasets import load_mos2_dft

PATH = Path(__file__).parents[2] / "docs" / "dft_table.py"


@pytest.fixture(scope="module")
def rates():
    spec = importlib.util.spec_from_file_location("dft_table", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.rates(load_mos2_dft()).set_index("quantity")["records"]


@pytest.mark.parametrize(
    ("quantity", "measured", "within"),
    [
        ("E', biaxial", -5.2, 0.3),  # Lloyd 2016
        ("A1', biaxial", -1.7, 0.3),
        ("E' mean, zigzag", -2.75, 0.4),  # Conley 2013
        ("shear potential beta", 0.78, 0.15),
        ("gap at K, biaxial", -99, 13),  # Lloyd 2016: A exciton
        ("gap at K, zigzag", -48, 8),  # Zhu 2013: A exciton
        ("valence top K to Gamma, zigzag", 1.0, 0.3),  # Conley 2013
    ],
)
def test_rates_of_the_records_agree_with_measured_ones(rates, quantity, measured, within):
    assert rates[quantity] == pytest.approx(measured, abs=within)


def test_both_directions_of_uniaxial_strain_have_one_slope(rates):
    assert rates["gap at K, zigzag"] == pytest.approx(rates["gap at K, armchair"], abs=1.0)
    assert rates["E' mean, zigzag"] == pytest.approx(rates["E' mean, armchair"], abs=0.05)


def test_biaxial_slopes_are_twice_the_uniaxial_ones(rates):
    assert rates["gap at K, biaxial"] == pytest.approx(2 * rates["gap at K, zigzag"], abs=3.0)
    assert rates["E', biaxial"] == pytest.approx(2 * rates["E' mean, zigzag"], abs=0.1)
