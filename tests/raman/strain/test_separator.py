# SPDX-License-Identifier: BSD-3-Clause
"""Strain and doping come back, with their errors, and wrong settings are refused."""

import pickle
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import optimize
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from strain2dos.raman import (
    FitStatus,
    RamanFeaturizer,
    SpectraFit,
    StrainDopingSeparator,
    material_modes,
)
from strain2dos.raman._strain.common import common_errors
from strain2dos.raman._strain.lines import default_lines
from strain2dos.simulate import strained_phonons
from strain2dos.simulate._raman.phonons import PHONON_PARAMETERS

RNG = np.random.default_rng(0)
STATES = np.column_stack([RNG.uniform(-0.02, 0.04, 200), RNG.uniform(-1, 2, 200)])
BRANCHES = ("E'-_center", "E'+_center", "A1'_center")

# Three lines: the third moves strongly with strain and not with doping, as 2LA is computed to.
ORIGIN = np.array([384.6, 402.7, 454.0])
RATES = np.array([[-431.0, -0.33], [-250.0, -2.2], [-900.0, 0.0]])
THREE = {
    "columns": (0, 1, 2),
    "positions": ORIGIN,
    "strain_rates": RATES[:, 0] / 100,
    "doping_rates": RATES[:, 1],
}
SIGMA = np.array([0.05, 0.08, 0.4])


def three_lines(n, seed=0, sigma=SIGMA):
    random = np.random.default_rng(seed)
    states = np.column_stack([random.uniform(-0.02, 0.04, n), random.uniform(-1, 2, n)])
    return states, ORIGIN + states @ RATES.T + random.normal(size=(n, 3)) * sigma


def invariants_of_the_simulation():
    """Separator with the coefficients that the simulated phonons are made with."""
    p = PHONON_PARAMETERS["MoS2"]
    e_rate, a_rate = -2 * p.e_gamma * p.e_mode / 100, -2 * p.a_gamma * p.a_mode / 100
    return StrainDopingSeparator(
        output="invariants",
        columns=BRANCHES,
        positions=(p.e_mode, p.e_mode, p.a_mode),
        strain_rates=(e_rate, e_rate, a_rate),
        doping_rates=(p.e_doping, p.e_doping, p.a_doping),
        shear_potential=p.e_beta,
    )


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


def test_random_strain_tensors_come_back_as_invariants_from_simulated_phonons():
    random = np.random.default_rng(3)
    tensor = random.uniform(-0.03, 0.03, (500, 3))
    doping = random.uniform(-1.0, 3.0, 500)
    X = pd.DataFrame(strained_phonons(tensor, doping=doping), columns=BRANCHES)
    separator = invariants_of_the_simulation().fit(X)
    exx, eyy, exy = tensor.T
    expected = np.column_stack([exx + eyy, np.sqrt((exx - eyy) ** 2 + 4 * exy**2), doping])
    np.testing.assert_allclose(separator.transform(X), expected, atol=1e-12)
    np.testing.assert_allclose(separator.inverse_transform(expected), X, atol=1e-9)
    assert separator.get_feature_names_out().tolist() == ["trace", "deviator", "doping"]


def test_pure_biaxial_strain_has_twice_its_trace_and_no_deviator():
    positions = StrainDopingSeparator().fit([[0.0, 0.0]]).inverse_transform(STATES)
    X = pd.DataFrame(positions[:, [0, 0, 1]], columns=BRANCHES)
    trace, deviator, doping = StrainDopingSeparator(output="invariants").fit_transform(X).T
    np.testing.assert_allclose(trace, 2 * STATES[:, 0], atol=1e-12)
    np.testing.assert_allclose(deviator, 0.0, atol=1e-12)
    np.testing.assert_allclose(doping, STATES[:, 1], atol=1e-11)


def test_more_lines_than_unknowns_are_weighed_as_by_a_direct_minimization():
    _, X = three_lines(5)
    for sigma in (None, (0.05, 0.08, 0.4)):
        separator = StrainDopingSeparator(**THREE, sigma=sigma).fit(X)
        scale = np.ones(3) if sigma is None else np.array(sigma)
        for row, values in zip(X, separator.transform(X), strict=True):
            found = optimize.lsq_linear(RATES / scale[:, None], (row - ORIGIN) / scale, tol=1e-14).x
            np.testing.assert_allclose(values, found, rtol=1e-6, atol=1e-9)


def test_third_line_makes_strain_as_precise_as_gauss_markov_allows():
    states, X = three_lines(20_000)
    separator = StrainDopingSeparator(**THREE).fit(X)
    values, spread = separator.propagate(X, np.tile(SIGMA, (len(X), 1)))
    expected = np.linalg.inv(RATES.T @ np.diag(SIGMA**-2) @ RATES)
    np.testing.assert_allclose(spread[0], expected, rtol=1e-9)
    np.testing.assert_allclose(np.cov((values - states).T), expected, rtol=0.05)
    two = StrainDopingSeparator().fit(X[:, :2]).propagate(X[:1, :2], [SIGMA[:2]])[1][0]
    assert expected[0, 0] < 0.99 * two[0, 0]


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


def test_covariance_of_the_invariants_agrees_with_monte_carlo():
    covariance = np.array([[0.04, 0.01, 0.0], [0.01, 0.05, 0.005], [0.0, 0.005, 0.02]])
    samples = np.random.default_rng(2).multivariate_normal([381.0, 385.0, 402.0], covariance, 100_000)
    separator = StrainDopingSeparator(output="invariants").fit(samples)
    _, propagated = separator.propagate(samples[:1], covariance[None])
    drawn = separator.transform(samples)
    correlation = np.sqrt(np.outer(np.diag(propagated[0]), np.diag(propagated[0])))
    np.testing.assert_allclose(propagated[0] / correlation, np.cov(drawn.T) / correlation, atol=0.02)


@pytest.mark.parametrize("level", [0.95, 0.99])
def test_domain_flags_sound_rows_as_rarely_as_its_level_states(level):
    _, X = three_lines(40_000, seed=4)
    separator = StrainDopingSeparator(**THREE).fit(X)
    check = separator.check_consistency(X, np.tile(SIGMA, (len(X), 1)), level=level)
    assert np.all(check.dof == 1)
    assert np.mean(~check.in_domain) == pytest.approx(1 - level, abs=0.003)


def test_domain_is_calibrated_for_correlated_errors():
    covariance = np.diag(SIGMA**2) + 0.3**2  # an axis error moves all lines together
    random = np.random.default_rng(5)
    X = ORIGIN + STATES[[0]] @ RATES.T + random.multivariate_normal(np.zeros(3), covariance, 40_000)
    check = StrainDopingSeparator(**THREE).fit(X).check_consistency(X, np.tile(covariance, (len(X), 1, 1)))
    assert np.mean(~check.in_domain) == pytest.approx(0.01, abs=0.003)


def test_domain_flags_a_line_that_was_moved():
    _, X = three_lines(2000, seed=6)
    separator = StrainDopingSeparator(**THREE).fit(X)
    freed = np.linalg.svd(RATES / SIGMA[:, None])[0][:, 2]  # the one direction that no state explains
    line = int(np.argmax(np.abs(freed)))
    X[:, line] += 5 * SIGMA[line] / abs(freed[line])
    assert np.mean(separator.check_consistency(X, np.tile(SIGMA, (len(X), 1))).in_domain) < 0.02


def test_domain_of_as_many_lines_as_unknowns_cannot_be_tested():
    separator = StrainDopingSeparator().fit(STATES)
    with pytest.raises(ValueError, match=r"2 lines \(E', A1'\) determine 2 unknowns exactly, so no row"):
        separator.check_consistency(STATES, np.ones((200, 2)))
    with pytest.raises(ValueError, match=r"level must lie between 0 and 1, but is 99"):
        StrainDopingSeparator(**THREE).fit(ORIGIN[None]).check_consistency(ORIGIN[None], [SIGMA], level=99)


def test_tied_branches_of_an_unsplit_line_add_nothing_and_are_not_tested():
    # Both branches equal the singlet: their covariance is singular.
    X = pd.DataFrame([[383.0, 383.0, 401.0]], columns=BRANCHES)
    tied = np.array([[[0.01, 0.01, 0.0], [0.01, 0.01, 0.0], [0.0, 0.0, 0.04]]])
    separator = StrainDopingSeparator(columns=BRANCHES).fit(X)
    values, spread = separator.propagate(X, tied)
    two = StrainDopingSeparator().fit([[383.0, 401.0]])
    expected, expected_spread = two.propagate([[383.0, 401.0]], [[0.1, 0.2]])
    np.testing.assert_allclose(values, expected, rtol=1e-9)
    np.testing.assert_allclose(spread, expected_spread, rtol=1e-9)
    check = separator.check_consistency(X, tied)
    assert (check.dof[0], np.isnan(check.chi2[0]), check.in_domain[0]) == (0, True, False)


@pytest.mark.parametrize("extra", [False, True])
def test_an_unsplit_line_gives_no_deviator_and_an_error_that_holds_what_it_hides(extra):
    x = np.arange(340.0, 500.0, 0.5)
    rows = spectra(x, [[0.01, 0.5]] * 300, noise=2.0)
    rows += 60 / (1 + ((x - 445.0) / 10.0) ** 2)
    fit = RamanFeaturizer(x, modes=["E'", "A1'", "2LA"]).fit(rows).fit_spectra(rows)
    options = {}
    if extra:
        options = {
            "columns": (*BRANCHES, "2LA_center"),
            "positions": (384.6, 384.6, 402.7, 454.0),
            "strain_rates": (-4.31, -4.31, -2.5, -9.0),
            "doping_rates": (-0.33, -0.33, -2.2, 0.0),
        }
    result = StrainDopingSeparator(output="invariants", **options).separate(fit)
    unsplit = fit.split_probability == 0.0
    assert unsplit.mean() > 0.9
    np.testing.assert_allclose(result.values[unsplit, 1], 0.0, atol=1e-9)
    # at a signal of 50 times the noise 1.2 cm-1 may stay unseen: d^2 is 4.5 times 4 sqrt(2) times full width
    # times the scatter of the center, and the branches move apart by 299 cm-1 for a deviator of 1
    scatter = np.std(fit.params[unsplit, fit.names.index("E'_center")])
    hidden = np.sqrt(4.5 * 4.0 * np.sqrt(2.0) * 3.0 * scatter)
    assert hidden == pytest.approx(1.2, abs=0.05)
    np.testing.assert_allclose(1.645 * result.sigma[unsplit, 1], hidden / 299.0, rtol=0.15)
    pulls = (result.values - [0.02, 0.0, 0.5])[unsplit][:, [0, 2]] / result.sigma[unsplit][:, [0, 2]]
    assert np.all(np.abs(pulls.mean(axis=0)) < 4 / np.sqrt(unsplit.sum()))
    np.testing.assert_allclose(pulls.std(axis=0), 1.0, atol=0.15)
    if extra:
        assert np.all(result.consistency.dof[unsplit] == 1)
        assert np.mean(result.consistency.in_domain[unsplit]) > 0.95


def test_anisotropic_strain_comes_back_from_spectra_with_its_error():
    x = np.arange(340.0, 440.0, 0.5)
    separator = StrainDopingSeparator(output="invariants").fit([[384.6, 384.6, 402.7]])
    lower, upper, a = separator.inverse_transform([[0.01, 0.015, 0.5]])[0]
    curve = 50 / (1 + ((x - lower) / 1.5) ** 2) + 50 / (1 + ((x - upper) / 1.5) ** 2)
    rows = curve + 120 / (1 + ((x - a) / 2.5) ** 2) + np.random.default_rng(1).normal(0, 2, (400, x.size))
    result = separator.separate(RamanFeaturizer(x).fit(rows).fit_spectra(rows))
    pulls = (result.values - [0.01, 0.015, 0.5]) / result.sigma
    assert np.all(np.abs(pulls.mean(axis=0)) < 0.25)
    np.testing.assert_allclose(pulls.std(axis=0), 1.0, atol=0.12)


def test_lines_are_moved_back_to_the_reference_temperature():
    rates = [mode.temperature_rate for mode in material_modes("MoS2")]
    positions = StrainDopingSeparator().fit([[0.0, 0.0]]).inverse_transform(STATES)
    warm = positions + 105.0 * np.array(rates)
    separator = StrainDopingSeparator(temperature=400.0).fit(warm)
    np.testing.assert_allclose(separator.transform(warm), STATES, atol=1e-11)
    np.testing.assert_allclose(separator.inverse_transform(STATES), warm, atol=1e-9)
    own = StrainDopingSeparator(temperature=395.0, temperature_rates=(-0.01, -0.02)).fit(warm)
    np.testing.assert_allclose(own.origin_, [384.6 - 1.0, 402.7 - 2.0])
    with pytest.raises(ValueError, match=r"temperature_rates of WSe2 .* pass temperature_rates="):
        StrainDopingSeparator(
            material="WSe2", columns=("E'+A1'_center", "2LA_center"), strain_rates=(-2.0, -4.0),
            doping_rates=(-1.0, 0.0), temperature=300.0,
        ).fit(pd.DataFrame([[249.5, 260.0]], columns=["E'+A1'_center", "2LA_center"]))  # fmt: skip


def test_columns_are_found_by_name_and_by_choice():
    positions = StrainDopingSeparator().fit([[0.0, 0.0]]).inverse_transform(STATES)
    frame = pd.DataFrame({"A1'_center": positions[:, 1], "other": 0.0, "E'_center": positions[:, 0]})
    by_name = StrainDopingSeparator().fit(frame)
    np.testing.assert_allclose(by_name.transform(frame), STATES, atol=1e-12)
    by_choice = StrainDopingSeparator(columns=(2, 0)).fit(frame.to_numpy())
    np.testing.assert_allclose(by_choice.transform(frame.to_numpy()), STATES, atol=1e-12)
    turned = StrainDopingSeparator(columns=("A1'_center", "E'_center")).fit(frame)
    np.testing.assert_allclose(turned.transform(frame), STATES, atol=1e-12)
    numbered = StrainDopingSeparator(columns=(0, 2)).fit(frame)
    np.testing.assert_allclose(numbered.transform(frame), STATES, atol=1e-12)
    assert by_name.get_feature_names_out().tolist() == ["strain", "doping"]


def test_lines_given_by_coefficients_alone_need_as_many_columns():
    states, X = three_lines(50, sigma=np.zeros(3))
    options = {name: value for name, value in THREE.items() if name != "columns"}
    separator = StrainDopingSeparator(**options).fit(X)
    np.testing.assert_allclose(separator.transform(X), states, atol=1e-11)
    with pytest.raises(ValueError, match=r"X has 4 columns, but there are 3 lines"):
        StrainDopingSeparator(**options).fit(np.column_stack([X, X[:, 0]]))


def spectra(x, states, noise=0.0):
    centers = StrainDopingSeparator().fit([[0.0, 0.0]]).inverse_transform(states)
    e, a = centers[:, :1], centers[:, 1:]
    rows = 100 / (1 + ((x - e) / 1.5) ** 2) + 100 / (1 + ((x - a) / 2.5) ** 2) + 30
    return rows + np.random.default_rng(7).normal(0, 1, rows.shape) * noise


def test_pipeline_from_spectra_to_strain():
    x = np.arange(340.0, 440.0, 0.7)
    spectrum = spectra(x, [[0.01, 0.5]])
    pipeline = make_pipeline(RamanFeaturizer(x), StrainDopingSeparator()).set_output(transform="pandas")
    result = pipeline.fit_transform(np.vstack([spectrum, np.full_like(spectrum, np.nan)]))
    np.testing.assert_allclose(result.iloc[0], [0.01, 0.5], atol=1e-6)
    assert result.iloc[1].isna().all()


def test_pipeline_of_exactly_the_two_positions_needs_no_names():
    x = np.arange(340.0, 440.0, 0.7)
    pipeline = make_pipeline(RamanFeaturizer(x, split=False), StrainDopingSeparator())
    found = pipeline.fit_transform(spectra(x, STATES[:5]))
    np.testing.assert_allclose(found[:, 0], STATES[:5, 0], atol=2e-3)


@pytest.mark.parametrize(
    "options", [{}, {"split": False, "features": ("center", "fwhm")}, {"features": ("fwhm",)}]
)
def test_pipeline_without_names_refuses_or_gives_nothing_rather_than_wrong_numbers(options):
    x = np.arange(340.0, 440.0, 0.7)
    pipeline = make_pipeline(RamanFeaturizer(x, **options), StrainDopingSeparator())
    if options == {"features": ("fwhm",)}:
        assert np.isnan(pipeline.fit_transform(spectra(x, STATES[:5]))).all()
        return
    with pytest.raises(ValueError, match=r"columns, but there are 2 lines \(E', A1'\).*set_output"):
        pipeline.fit(spectra(x, STATES[:5]))


def test_unnamed_columns_in_the_wrong_order_give_nan_and_a_warning():
    positions = StrainDopingSeparator().fit([[0.0, 0.0]]).inverse_transform([[0.0, 0.0], [0.005, 0.3]])
    separator = StrainDopingSeparator().fit([[0.0, 0.0]])
    np.testing.assert_allclose(separator.transform(positions)[1], [0.005, 0.3], atol=1e-12)
    with pytest.warns(UserWarning, match=r"2 of 2 rows hold positions outside the windows"):
        assert np.isnan(separator.transform(positions[:, ::-1])).all()


def test_unnamed_values_that_are_no_positions_give_nan():
    X = np.random.default_rng(8).normal(size=(20, 5))
    assert np.isnan(StrainDopingSeparator().fit_transform(X)).all()
    later = StrainDopingSeparator().fit(X)
    with pytest.raises(ValueError, match=r"values in the window of E': \[0, 1\]; A1': \[0, 1\]"):
        later.transform([[384.6, 402.7, 0.0, 0.0, 0.0]])


def test_a_table_that_lacks_one_of_the_lines_is_refused():
    frame = pd.DataFrame({"E'_center": [384.0], "E'_fwhm": [3.0]})
    with pytest.raises(ValueError, match=r"""X has no column \["A1'_center"\] among"""):
        StrainDopingSeparator().fit(frame)


@pytest.mark.parametrize("reference", [None, "Si"])
def test_one_call_from_fitted_spectra_has_calibrated_errors(reference):
    x = np.arange(340.0, 545.0, 0.6)
    state = np.array([[0.01, 0.5]])
    rows = spectra(x, np.repeat(state, 600, axis=0), noise=2.0)
    rows += 40 / (1 + ((x - 520.7) / 2.0) ** 2)
    fit = RamanFeaturizer(x, split=False, reference=reference).fit(rows).fit_spectra(rows)
    result = StrainDopingSeparator().separate(fit)
    assert result.consistency is None
    pulls = (result.values - state) / result.sigma
    assert np.all(np.abs(pulls.mean(axis=0)) < 4 / np.sqrt(600))
    np.testing.assert_allclose(pulls.std(axis=0), 1.0, atol=0.12)
    correlation = np.corrcoef(result.values.T)[0, 1]
    stated = result.covariance[:, 0, 1] / result.sigma.prod(axis=1)
    assert correlation == pytest.approx(np.median(stated), abs=0.08)


def three_line_fit(n=300):
    """Build what a fit would give: three lines, the axis error shared, one spectrum not fitted."""
    covariance = np.diag([*SIGMA**2, 1.0]) + 0.1**2 * np.outer([1, 1, 1, 0], [1, 1, 1, 0])
    _, X = three_lines(n, sigma=np.zeros(3))
    noise = np.random.default_rng(9).multivariate_normal(np.zeros(4), covariance, n)
    params = np.column_stack([X, np.full(n, 3.0)]) + noise
    status = np.full(n, FitStatus.OK.value)
    status[3] = FitStatus.LOW_SNR
    names = ("E'_center", "A1'_center", "2LA_center", "E'_fwhm")
    spread = np.tile(covariance, (n, 1, 1))
    sigma = np.sqrt(np.diagonal(spread, axis1=1, axis2=2))
    return SpectraFit(params, sigma, spread, np.ones(n), status, names, np.full(n, 100), np.zeros(n))


def test_one_call_uses_the_covariance_between_lines_and_leaves_bad_fits_out():
    fit = three_line_fit()
    options = THREE | {"columns": ("E'_center", "A1'_center", "2LA_center")}
    separator = StrainDopingSeparator(**options)
    table = separator.separate(fit).to_dataframe()
    expected = np.linalg.inv(RATES.T @ np.linalg.inv(fit.covariance[0, :3, :3]) @ RATES)
    np.testing.assert_allclose(table["strain_sigma"].drop(3), np.sqrt(expected[0, 0]), rtol=1e-9)
    assert table.loc[3, ["strain", "strain_sigma", "doping", "chi2"]].isna().all()
    assert not table.loc[3, "in_domain"]
    assert table["in_domain"].mean() > 0.97
    separator.fit(pd.DataFrame(fit.params, columns=fit.names))
    values, _ = separator.propagate(pd.DataFrame(fit.params, columns=fit.names), fit.covariance[:, :3, :3])
    np.testing.assert_array_equal(np.delete(values, 3, axis=0), table[["strain", "doping"]].drop(3))


def test_one_call_refuses_what_it_cannot_find_by_name():
    with pytest.raises(ValueError, match=r"fitted lines are found by name"):
        StrainDopingSeparator(**THREE).separate(three_line_fit(5))
    with pytest.raises(ValueError, match=r"no column .* belongs to \['G', '2D'\]"):
        StrainDopingSeparator(material="graphene").separate(three_line_fit(5))
    with pytest.raises(ValueError, match=r"'output' parameter"):
        StrainDopingSeparator(output="strain").separate(three_line_fit(5))


def test_no_bit_of_a_row_depends_on_its_neighbors():
    _, X = three_lines(64)
    X[5, 1] = np.nan
    spread = np.tile(np.diag(SIGMA**2) + 0.01, (64, 1, 1))
    separator = StrainDopingSeparator(**THREE).fit(X)
    whole = separator.transform(X)
    values, covariance = separator.propagate(X, spread)
    chi2 = separator.check_consistency(X, spread).chi2
    back = separator.inverse_transform(values)
    assert np.isnan(whole[5]).all()
    assert np.isnan(values[5]).all()
    for j in range(64):
        one = slice(j, j + 1)
        np.testing.assert_array_equal(separator.transform(X[one])[0], whole[j])
        alone = separator.propagate(X[one], spread[one])
        np.testing.assert_array_equal(alone[0][0], values[j])
        np.testing.assert_array_equal(alone[1][0], covariance[j])
        np.testing.assert_array_equal(separator.check_consistency(X[one], spread[one]).chi2[0], chi2[j])
        np.testing.assert_array_equal(separator.inverse_transform(values[one])[0], back[j])


def test_clones_and_pickles_give_the_same_bits():
    _, X = three_lines(20)
    fitted = StrainDopingSeparator(**THREE, sigma=(0.1, 0.1, 0.5), temperature=300.0,
                                   temperature_rates=(-0.01, -0.01, -0.02)).fit(X)  # fmt: skip
    for twin in (clone(fitted).fit(X), pickle.loads(pickle.dumps(fitted))):
        np.testing.assert_array_equal(twin.transform(X), fitted.transform(X))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"material": "WS2"}, "strain_rates of WS2 are not in the table .* pass strain_rates="),
        ({"strain_rates": (-1.0, -2.0), "doping_rates": (-2.0, -4.0)}, "are parallel"),
        ({"positions": (384.0,)}, r"positions must be 2 finite numbers, one per line .* but is \(384.0,\)"),
        ({"columns": ("a", "b")}, "columns holds 'a', but X has 2 columns"),
        ({"columns": (0,)}, r"columns must name at least 2 different columns, .* but is \(0,\)"),
        ({"columns": (0, 0)}, r"columns must name at least 2 different columns, .* but is \(0, 0\)"),
        ({"sigma": (0.1, 0.0)}, r"sigma must be positive, but is \(0.1, 0.0\)"),
        ({"material": "MoSe2"}, "strain_rates of MoSe2 are not in the table"),
        ({"output": "invariants", "columns": (0, 1)}, "at least 3 different columns"),
        ({"output": "invariants", "shear_potential": 0.0}, "cannot be told apart"),
    ],
)
def test_wrong_settings_are_refused_with_the_way_out(options, message):
    with pytest.raises(ValueError, match=message):
        StrainDopingSeparator(**options).fit(STATES)


def test_invariants_need_both_branches_and_a_shear_potential():
    columns = ("E'_center", "A1'_center", "2LA_center")
    X = pd.DataFrame([ORIGIN], columns=columns)
    options = THREE | {"columns": columns, "output": "invariants"}
    with pytest.raises(ValueError, match=r"needs both branches .* but the lines are E', A1', 2LA"):
        StrainDopingSeparator(**options).fit(X)
    branches = ("E'-_center", "E'+_center", "A1'_center")
    X = pd.DataFrame([[287.0, 287.0, 240.0]], columns=branches)
    rates = {"strain_rates": (-3.0, -3.0, -1.0), "doping_rates": (0.0, 0.0, -1.0), "columns": branches}
    with pytest.raises(ValueError, match=r"shear potential of MoSe2 is not in the table; pass"):
        StrainDopingSeparator(material="MoSe2", output="invariants", **rates).fit(X)


def test_wrong_covariance_shape_is_refused():
    separator = StrainDopingSeparator().fit(STATES)
    with pytest.raises(ValueError, match=r"must have shape \(200, 2, 2\).* but has \(3, 2\)"):
        separator.propagate(STATES, np.ones((3, 2)))


def test_wrong_width_of_states_is_refused():
    separator = StrainDopingSeparator(output="invariants").fit([[384.6, 384.6, 402.7]])
    with pytest.raises(ValueError, match=r"the 3 columns trace, deviator, doping, but has 2"):
        separator.inverse_transform(STATES)


def test_figures_and_code_of_the_guide_are_true():
    folder = Path(__file__).parents[3] / "docs" / "guide"
    guide = (folder / "strain_doping.md").read_text(encoding="utf-8")
    calibrate, namespace = (folder / "calibrate.md").read_text(encoding="utf-8"), {}
    for block in re.findall(r"```python\n(.*?)```", guide + calibrate, flags=re.DOTALL):
        if block in calibrate and "calibrate_rates" not in block:
            continue  # reads the user's files
        exec(block, namespace)
    assert namespace["table"].columns.tolist() == ["strain", "doping"]
    assert namespace["errors"].notna().all(axis=None)
    two = StrainDopingSeparator().fit([[384.6, 402.7]])
    spread = two.propagate([[384.6, 402.7]], [[0.05, 0.05]])[1][0]
    strain, doping = np.sqrt(np.diag(spread))
    assert "| biaxial strain | 0.013 % |" in guide
    assert 100 * strain == pytest.approx(0.013, abs=0.0005)
    assert "| doping | 0.029 ·" in guide
    assert doping == pytest.approx(0.029, abs=0.0005)
    assert spread[0, 1] / (strain * doping) == pytest.approx(-0.62, abs=0.01)
    three = StrainDopingSeparator(output="invariants").fit([[384.6, 384.6, 402.7]])
    spread = three.propagate([[384.6, 384.6, 402.7]], [[0.05] * 3])[1][0]
    np.testing.assert_allclose(100 * np.sqrt(np.diag(spread))[:2], [0.018, 0.024], atol=0.0005)
    axes = two.matrix_ / np.linalg.norm(two.matrix_, axis=0)
    assert np.degrees(np.arccos(axes[:, 0] @ axes[:, 1])) == pytest.approx(51, abs=0.5)
    np.testing.assert_allclose(-two.inverse_ @ [1.0, 1.0], [0.0022, 0.21], atol=0.001)
    warm = StrainDopingSeparator(temperature=305.0).fit([[384.6, 402.7]])
    np.testing.assert_allclose(two.transform([warm.origin_])[0], [0.00029, 0.023], atol=0.0005)
    for row, state in (
        ("at zero strain | 0.13 % | 0.38", [[0.0, 0.0]]),
        ("1 % of strain | 0.17 % | 0.45", [[0.01, 0.0]]),
    ):
        common = common_errors(default_lines("MoS2", "biaxial"), None, None, (False,) * 3)
        strain, doping = np.sqrt(np.diag(common.of(np.array(state), two.inverse_, 100.0)[0]))
        assert row in guide
        assert (100 * strain, doping) == pytest.approx(
            [float(n.split()[0]) for n in row.split("|")[1:]], abs=0.006
        )
    assert namespace["rates"].covariance[0, 1, 1] ** 0.5 == pytest.approx(0.07, abs=0.005)
    lloyd = StrainDopingSeparator(strain_rates=(-5.2, -1.7)).fit([[384.6, 402.7]])
    read = lloyd.transform(two.inverse_transform([[0.01, 0.0]]))[0]
    np.testing.assert_allclose(read, [0.0080, 0.52], atol=0.005)
