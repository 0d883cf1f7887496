# SPDX-License-Identifier: BSD-3-Clause
"""Errors that all spectra share, calibrated rates, and what the positions show of the sample."""

import numpy as np
import pytest

from strain2dos.datasets import make_raman_map
from strain2dos.raman import (
    LineReason,
    RamanFeaturizer,
    StrainDopingSeparator,
    calibrate_rates,
    judge_positions,
    material_modes,
)
from strain2dos.simulate import simulate_spectra, strained_phonons

SHIFT = np.arange(350.0, 440.0, 0.5)


def fitted(lines, n=40, *, seed=0, **options):
    spectra = simulate_spectra(np.repeat(lines, n, axis=0), SHIFT, height=(8000.0, 9000.0), random_state=seed)
    featurizer = RamanFeaturizer(SHIFT, **{"split": False, "noise": "poisson"} | options)
    return featurizer.fit(spectra).fit_spectra(spectra)


@pytest.fixture(scope="module")
def flake():
    return make_raman_map((33, 33), cosmic_rays=0.0, random_state=1)


def test_strain_and_doping_of_the_simulated_flake_come_back_with_defaults(flake):
    cube = flake.intensity.values.reshape(-1, flake.sizes["shift"])
    featurizer = RamanFeaturizer(flake["shift"].values, noise="poisson")
    found = StrainDopingSeparator().separate(featurizer.fit(cube).fit_spectra(cube))
    strain = 0.5 * (flake.exx + flake.eyy).values.ravel()
    good = np.isfinite(found.values).all(axis=1) & np.isfinite(strain)
    slope, offset = np.polyfit(strain[good], found.values[good, 0], 1)
    assert 0.97 < slope < 1.03
    assert abs(offset) < 1e-4
    pulls = (found.values[good, 1] - flake.doping.values.ravel()[good]) / found.sigma[good, 1]
    assert abs(np.mean(pulls)) < 0.2
    assert np.mean(abs(pulls) < 2) > 0.9


def test_common_error_is_the_scatter_over_unstrained_positions_and_rates_drawn_from_their_spreads():
    rng, modes = np.random.default_rng(0), material_modes("MoS2")
    truth = np.array([[0.01, 0.4]])
    positions = StrainDopingSeparator().fit([[0.0, 0.0]]).inverse_transform(truth)
    fit = fitted(np.column_stack([positions[:, :1], positions]), n=2)
    stated = StrainDopingSeparator().separate(fit).common_sigma[0]

    def drawn(figure):
        return [rng.normal(getattr(mode, figure), mode.spread_of(figure)) for mode in modes]

    read = [
        StrainDopingSeparator(
            positions=drawn("position"), strain_rates=drawn("biaxial_rate"), doping_rates=drawn("doping_rate")
        )
        .fit(positions)
        .transform(positions)[0]
        for _ in range(3000)
    ]
    low, high = np.quantile(read, [0.1587, 0.8413], axis=0)
    np.testing.assert_allclose(stated, 0.5 * (high - low), rtol=0.1)


def test_given_positions_leave_their_own_error_and_that_of_the_rates():
    fit = fitted([[384.0, 384.0, 403.2]], unstrained={"E'": (384.0, 0.05), "A1'": (403.2, 0.05)})
    separation = StrainDopingSeparator().separate(fit)
    assert np.all(abs(separation.values) < 6 * separation.sigma)
    # independent errors of 0.05 on two positions, as the guide states them
    np.testing.assert_allclose(separation.common_sigma[0], [0.00013, 0.029], rtol=0.05)
    literature = StrainDopingSeparator().separate(fitted([[384.6, 384.6, 402.7]]))
    assert np.all(literature.common_sigma[0] > [0.0011, 0.35])


def test_both_branches_of_a_line_share_one_origin():
    # an origin of E' that is off by s moves both branches alike and is no deviator
    fit = fitted([[383.0, 386.2, 402.7]], n=2, split=True)
    invariants = StrainDopingSeparator(output="invariants", rates_covariance=np.zeros((6, 6))).separate(fit)
    trace, deviator, _ = invariants.common_sigma[0]
    assert deviator < 1e-9
    biaxial = StrainDopingSeparator(rates_covariance=np.zeros((4, 4))).separate(fit)
    assert trace == pytest.approx(2 * biaxial.common_sigma[0, 0], rel=1e-6)


def test_the_table_names_common_errors_and_remarks_beside_the_values():
    table = (
        StrainDopingSeparator()
        .separate(fitted([[383.2, 383.2, 405.1], [384.6, 384.6, 402.7]], n=1))
        .to_dataframe()
    )
    assert {"strain_common_sigma", "doping_common_sigma", "remark"} <= set(table.columns)
    assert table["remark"].tolist() == ["more than one layer?", ""]


# Lee et al., ACS Nano 4, 2695 (2010): A1'-E' of 1, 2, 3, 4 layers
LAYERS = {1: (385.0, 403.5), 2: (383.2, 405.1), 3: (382.9, 405.9), 4: (382.6, 406.8)}


@pytest.mark.parametrize(("layers", "positions"), LAYERS.items())
def test_only_more_than_one_layer_is_asked_about(layers, positions):
    assert (judge_positions([positions]).reason[0] == LineReason.LAYERS) == (layers > 1)


def test_natural_monolayers_lie_inside():
    e, a = (axis.ravel() for axis in np.meshgrid(np.arange(384, 386.01, 0.1), np.arange(402.5, 405.01, 0.1)))
    natural = (a - e >= 17.0) & (a - e <= 20.8)
    assert natural.sum() > 300
    assert np.all(judge_positions(np.column_stack([e, a])[natural]).score < 1)


def test_strained_monolayers_lie_inside_though_strain_moves_their_lines_apart():
    strain = np.linspace(-0.03, 0.05, 30)
    lines = strained_phonons(np.column_stack([strain, strain, 0 * strain]))[:, 1:]
    assert np.ptp(lines @ [-1, 1]) > 14  # from 12.7 to 27.1 cm-1 apart
    assert np.all(judge_positions(lines).reason == LineReason.INSIDE)


@pytest.mark.parametrize(
    ("positions", "reason"),
    [
        ((384.6, 402.7), "INSIDE"),
        ((384.2, 404.4), "INSIDE"),
        ((384.5, 401.6), "INSIDE"),
        ((382.9, 401.7), "INSIDE"),
        ((392.3, 410.4), "CALIBRATION"),
        ((384.0, 398.0), "DOPING"),
        ((350.0, 382.6), "STRAIN"),
        ((356.0, 417.5), "MATERIAL"),
        ((np.nan, 402.0), "NO_POSITIONS"),
    ],
)
def test_the_reason_is_named(positions, reason):
    judged = judge_positions([positions])
    assert LineReason(judged.reason[0]).name == reason
    assert (judged.score[0] > 1) == (reason not in ("INSIDE", "NO_POSITIONS"))


def test_layers_are_judged_by_positions_as_measured_whatever_the_calibration():
    # a bilayer that is taken for the unstrained material
    shift = np.array([384.6 - 383.2, 402.7 - 405.1])
    judged = judge_positions([np.array([383.2, 405.1]) + shift], shift=shift)
    assert judged.reason[0] == LineReason.LAYERS


def test_positions_of_a_material_without_rates_cannot_be_judged():
    with pytest.raises(ValueError, match="of WS2 is not in the table"):
        judge_positions([[356.0, 417.5]], material="WS2")


STRAINS = np.array([-0.005, 0.0, 0.005, 0.01, 0.015, 0.02])


def test_calibrated_rates_are_those_of_numpy_polyfit():
    rng = np.random.default_rng(0)
    lines = [384.9, 403.1] + 100 * STRAINS[:, None] * [-4.9, -1.9] + rng.normal(0, 0.1, (6, 2))
    rates = calibrate_rates(lines, STRAINS)
    for j in range(2):
        (slope, origin), covariance = np.polyfit(100 * STRAINS, lines[:, j], 1, cov=True)
        assert (rates.strain_rates[j], rates.positions[j]) == pytest.approx((slope, origin))
        np.testing.assert_allclose(rates.covariance[j], covariance[::-1, ::-1], rtol=1e-9)


def test_calibrated_rates_with_doping_scatter_as_their_covariance_states():
    rng = np.random.default_rng(1)
    doping = np.array([0.0, 0.5, 0.0, 0.5, -0.3, 0.2])
    clean = StrainDopingSeparator().fit([[0.0, 0.0]]).inverse_transform(np.column_stack([STRAINS, doping]))
    found = [
        calibrate_rates(clean + rng.normal(0, 0.05, clean.shape), STRAINS, doping=doping, sigma=0.05)
        for _ in range(4000)
    ]
    values = np.array([[one.positions, one.strain_rates, one.doping_rates] for one in found])
    np.testing.assert_allclose(values.mean(axis=0)[:, 0], [384.6, -4.31, -0.33], atol=0.01)
    for j in range(2):
        stated = found[0].covariance[j]
        sizes = np.sqrt(np.diag(stated))
        np.testing.assert_allclose(
            np.cov(values[:, :, j].T) / sizes / sizes[:, None], stated / sizes / sizes[:, None], atol=0.06
        )


def test_calibrated_rates_go_into_the_separator_with_their_errors():
    lines = [384.9, 403.1] + 100 * STRAINS[:, None] * [-4.9, -1.9]
    rates = calibrate_rates(lines, STRAINS, sigma=0.1)
    separator = StrainDopingSeparator(**rates.parameters()).fit(lines)
    np.testing.assert_allclose(separator.transform(lines)[:, 0], STRAINS, atol=1e-9)
    fit = fitted([[384.9 - 4.9, 384.9 - 4.9, 403.1 - 1.9]], n=2)
    separation = separator.separate(fit)
    assert separation.values[0] == pytest.approx([0.01, 0.0], abs=0.05)
    # an error of the rate of E' alone: strain is off by its share
    only = np.zeros((4, 4))
    only[0, 0] = 0.1**2
    one = StrainDopingSeparator(**rates.parameters() | {"rates_covariance": only, "positions_sigma": (0, 0)})
    share = one.separate(fit).common_sigma[0, 0]
    assert share == pytest.approx(
        0.1 * separation.values[0, 0] * 100 * abs(separator.inverse_[0, 0]), rel=1e-6
    )


@pytest.mark.parametrize(
    ("strain", "doping", "message"),
    [
        ([0.01, 0.01, 0.01], None, "3 states do not determine 2 coefficients"),
        ([0.0, 0.01, 0.02], [0.0, 0.1, 0.2], "differ in strain and doping, independently"),
    ],
)
def test_states_that_are_too_alike_are_refused(strain, doping, message):
    with pytest.raises(ValueError, match=message):
        calibrate_rates(np.ones((3, 2)), strain, doping=doping)


def test_impossible_common_errors_are_refused():
    with pytest.raises(ValueError, match=r"positions_sigma must be 2 errors"):
        StrainDopingSeparator(positions_sigma=(0.1, -0.1)).fit([[0.0, 0.0]])
    with pytest.raises(ValueError, match=r"covariance of shape \(4, 4\).* has shape \(2, 2\)"):
        StrainDopingSeparator(rates_covariance=np.eye(2)).fit([[0.0, 0.0]])
