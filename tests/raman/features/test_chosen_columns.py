# SPDX-License-Identifier: BSD-3-Clause
"""Columns of a featurizer by kind and by name, and what a pipeline hands on of the lines that it fits."""

import numpy as np
import pytest

from strain2dos import RamanFeaturizer, raman_pipeline
from strain2dos.simulate import simulate_spectra

SHIFT = np.arange(330.0, 440.0, 0.6)
LINES = np.array([[384.1, 385.3, 402.9], [383.0, 383.0, 402.0]])
ENERGIES = np.linspace(-7.0, -3.0, 9)


def test_columns_by_name_are_those_of_their_kind():
    spectra = simulate_spectra(LINES, SHIFT, random_state=0)
    every = RamanFeaturizer(SHIFT, features=("center", "fwhm", "height")).fit(spectra)
    names = every.get_feature_names_out().tolist()
    chosen = RamanFeaturizer(SHIFT, features=("A1'_fwhm", "E'_center", "E'_height")).fit(spectra)
    # in the order of the spectrum, however they were asked for
    assert chosen.get_feature_names_out().tolist() == ["E'_center", "E'_height", "A1'_fwhm"]
    columns = [names.index(name) for name in chosen.get_feature_names_out()]
    np.testing.assert_array_equal(chosen.transform(spectra), every.transform(spectra)[:, columns])
    both = RamanFeaturizer(SHIFT, features=("center", "A1'_fwhm", "difference")).fit(spectra)
    expected = ["E'_center", "E'-_center", "E'+_center", "A1'_center", "A1'_fwhm", "A1'-E'"]
    assert both.get_feature_names_out().tolist() == expected


def test_a_column_of_a_line_that_is_not_fitted_is_refused():
    with pytest.raises(
        ValueError, match=r"""or columns such as "E'_center" for .* but is \('2LA_center',\)"""
    ):
        RamanFeaturizer(SHIFT, features=("2LA_center",)).fit(np.ones((1, SHIFT.size)))


@pytest.mark.parametrize(
    ("material", "modes", "names"),
    [
        ("WS2", "all", ["E'_center", "E'-_center", "E'+_center", "A1'_center"]),
        ("WS2", ["2LA", "E'", "A1'"], ["E'_center", "E'-_center", "E'+_center", "A1'_center"]),
        ("MoSe2", "auto", ["A1'_center"]),
        ("MoSe2", "all", ["A1'_center", "E'_center", "E'-_center", "E'+_center"]),
        ("WSe2", "all", ["E'+A1'_center"]),
    ],
)
def test_a_pipeline_hands_on_the_lines_that_strain_moves(material, modes, names):
    shift = np.arange(200.0, 440.0, 0.6)
    model = raman_pipeline(shift, ENERGIES, material=material, modes=modes)
    featurizer = model[0].fit(np.ones((1, shift.size)))
    assert featurizer.get_feature_names_out().tolist() == names
