# SPDX-License-Identifier: BSD-3-Clause
"""Strain and doping come back, with their errors, and wrong settings are refused."""

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

from strain2dos.raman import RamanFeaturizer, StrainDopingSeparator

RNG = np.random.default_rng(0)
STATES = np.column_stack([RNG.uniform(-0.02, 0.04, 200), RNG.uniform(-1, 2, 200)])


def test_strain_and_doping_come_back_from_positions_written_out_by_hand():
    strain, doping = STATES.T
    positions = np.column_stack(
        [384.6 - 4.31 * 100 * strain - 0.33 * doping, 402.7 - 2.50 * 100 * strain - 2.2 * doping]
    )
    separator = StrainDopingSeparator().fit(positions)
    np.testing.assert_allclose(separator.transform(positions), STATES, atol=1e-12)
    np.testing.assert_allclose(separator.inverse_transform(STATES), positions, atol=1e-10)


def test_rates_agree_with_the_gruneisen_parameters_they_come_from():
    # gamma = -(1 / 2 w) dw/d(strain): Michail 2024 states 0.56 and 0.31, here with w = 385 and 403 cm-1.
    rates = StrainDopingSeparator().fit([[0.0, 0.0]]).matrix_[:, 0] / 100
    np.testing.assert_allclose(rates, [-2 * 0.56 * 385 / 100, -2 * 0.31 * 403 / 100], atol=0.005)


def test_propagated_covariance_agrees_with_monte_carlo():
    covariance = np.array([[0.04, 0.01], [0.01, 0.02]])
    samples = np.random.default_rng(1).multivariate_normal([384.0, 402.0], covariance, 100_000)
    separator = StrainDopingSeparator().fit(samples)
    values, propagated = separator.propagate([[384.0, 402.0]], covariance[None])
    drawn = separator.transform(samples)
    np.testing.assert_allclose(propagated[0], np.cov(drawn.T), rtol=0.02)
    np.testing.assert_allclose(
        values[0], drawn.mean(axis=0), atol=4 * np.sqrt(np.diag(propagated[0]) / 1e5).max()
    )


def test_columns_are_found_by_name_and_by_choice():
    positions = StrainDopingSeparator().fit([[0.0, 0.0]]).inverse_transform(STATES)
    frame = pd.DataFrame({"A1'_center": positions[:, 1], "other": 0.0, "E'_center": positions[:, 0]})
    by_name = StrainDopingSeparator().fit(frame)
    np.testing.assert_allclose(by_name.transform(frame), STATES, atol=1e-12)
    by_choice = StrainDopingSeparator(columns=(2, 0)).fit(frame.to_numpy())
    np.testing.assert_allclose(by_choice.transform(frame.to_numpy()), STATES, atol=1e-12)
    assert by_name.get_feature_names_out().tolist() == ["strain", "doping"]


def test_pipeline_from_spectra_to_strain():
    x = np.arange(340.0, 440.0, 0.7)
    e, a = StrainDopingSeparator().fit([[0.0, 0.0]]).inverse_transform([[0.01, 0.5]])[0]
    spectrum = 100 / (1 + ((x - e) / 1.5) ** 2) + 100 / (1 + ((x - a) / 2.5) ** 2) + 30
    pipeline = make_pipeline(RamanFeaturizer(x), StrainDopingSeparator()).set_output(transform="pandas")
    result = pipeline.fit_transform(np.vstack([spectrum, np.full_like(x, np.nan)]))
    np.testing.assert_allclose(result.iloc[0], [0.01, 0.5], atol=1e-6)
    assert result.iloc[1].isna().all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"material": "WS2"}, "strain_rates of WS2 are not in the table .* pass strain_rates="),
        ({"strain_rates": (-1.0, -2.0), "doping_rates": (-2.0, -4.0)}, "are parallel"),
        ({"positions": (384.0,)}, r"positions must be two finite numbers, one per line, but is \(384.0,\)"),
        ({"columns": ("a", "b")}, "columns holds 'a', but X has 2 columns"),
        ({"columns": (0,)}, r"columns must name two columns, but is \(0,\)"),
    ],
)
def test_wrong_settings_are_refused_with_the_way_out(options, message):
    with pytest.raises(ValueError, match=message):
        StrainDopingSeparator(**options).fit(STATES)


def test_wrong_covariance_shape_is_refused():
    separator = StrainDopingSeparator().fit(STATES)
    with pytest.raises(ValueError, match=r"must have shape \(200, 2, 2\).* but has \(3, 2\)"):
        separator.propagate(STATES, np.ones((3, 2)))
