# SPDX-License-Identifier: BSD-3-Clause
"""Strain as trace, deviator and oriented deviator, with the names of a table's columns."""

import numpy as np
import pandas as pd
import pytest

from strain2dos.dos import StrainInvariants


def test_components_are_found_by_name_and_other_columns_follow_behind():
    table = pd.DataFrame({"doping": [0.3], "eyy": [-0.01], "exy": [0.0], "exx": [0.03]})
    transformer = StrainInvariants().fit(table)
    assert transformer.get_feature_names_out().tolist() == [
        "trace",
        "deviator",
        "oriented_deviator",
        "doping",
    ]
    # principal strains of 3 % along zigzag and -1 %: trace 2 %, difference 4 %, angle 0
    np.testing.assert_allclose(transformer.transform(table), [[0.02, 0.04, 0.04, 0.3]], atol=1e-12)


def test_one_column_of_biaxial_strain_stays_as_it_is():
    transformer = StrainInvariants().fit(pd.DataFrame({"strain": [0.01, 0.02]}))
    assert transformer.get_feature_names_out().tolist() == ["strain"]
    np.testing.assert_array_equal(transformer.transform(pd.DataFrame({"strain": [0.03]})), [[0.03]])


@pytest.mark.parametrize(("angle", "sign"), [(0.0, 1.0), (30.0, -1.0), (60.0, 1.0)])
def test_the_oriented_deviator_has_the_sign_of_the_direction(angle, sign):
    """Uniaxial strain of 2 % turned by 60 degrees is the same state; by 30 degrees it lies along armchair."""
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    tensor = [[0.02 * c * c, 0.02 * s * s, 0.02 * c * s]]
    found = StrainInvariants().fit_transform(tensor)
    np.testing.assert_allclose(found, [[0.02, 0.02, sign * 0.02]], atol=1e-12)
