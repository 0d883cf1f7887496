# SPDX-License-Identifier: BSD-3-Clause
"""The domain of a map: natural monolayers inside, other layers outside, with the reason named."""

import numpy as np
import pytest
import xarray as xr

from strain2dos import RamanFeaturizer, SpatialMapper, raman_pipeline
from strain2dos.datasets import make_raman_dos
from strain2dos.mapping._pixels.lines import judge_features
from strain2dos.raman import LineReason
from strain2dos.simulate import simulate_spectra


@pytest.fixture(scope="module")
def data():
    return make_raman_dos(183, random_state=0)


@pytest.fixture(scope="module")
def model(data):
    pipeline = raman_pipeline(data.shift, data.energies, n_members=1, max_epochs=10, random_state=0)
    # a spectrum whose fit failed has no positions to learn from; few may
    good = RamanFeaturizer(data.shift).fit(data.spectra).fit_spectra(data.spectra).status == 0
    assert good.mean() > 0.99
    known = {"dosregressor__groups": data.groups[good], "dosregressor__edges": data.edge_targets[good]}
    return pipeline.fit(data.spectra[good], data.dos[good], **known)


def mapped(model, lines, shift, **options):
    spectra = simulate_spectra(lines, shift, random_state=1)
    cube = xr.DataArray(spectra[None], dims=("y", "x", "shift"), coords={"shift": shift})
    quantities = ("gap", "domain_score", "domain_reason")
    return SpatialMapper(model, quantities=quantities, **options).predict_map(cube).isel(y=0)


@pytest.mark.parametrize(
    ("e", "a", "reason"),
    [
        (384.6, 402.7, "INSIDE"),
        (384.2, 404.4, "INSIDE"),
        (384.5, 401.6, "INSIDE"),  # n-doped
        (382.9, 401.7, "INSIDE"),  # 0.4 % of biaxial strain
        (383.2, 405.1, "LAYERS"),  # two layers
        (382.9, 405.9, "LAYERS"),  # three
        (392.3, 410.4, "CALIBRATION"),  # an axis that is off by 7.7
        (384.0, 398.0, "DOPING"),
    ],
)
def test_the_reason_of_a_pixel_is_named(model, data, e, a, reason):
    flake = mapped(model, [[e, e, a]] * 100, data.shift)
    code = LineReason[reason]
    assert np.mean(flake.domain_reason == code) >= 0.95
    assert np.mean((flake.domain_score <= 1) == (code == LineReason.INSIDE)) >= 0.95
    words = flake.domain_reason.attrs["flag_meanings"].split()
    assert words[int(flake.domain_reason[0])] == reason.lower()


def test_natural_monolayers_lie_inside(model, data):
    e, a = np.random.default_rng(0).uniform([384, 402.5], [386, 405], (800, 2)).T
    natural = (a - e >= 17.0) & (a - e <= 20.8)
    flake = mapped(model, np.column_stack([e, e, a])[natural], data.shift)
    assert np.mean(flake.status == 0) > 0.99
    assert np.mean(flake.domain_score <= 1) >= 0.95


def test_the_gap_names_the_error_that_all_pixels_share(model, data):
    attrs = mapped(model, [[384.6, 384.6, 402.7]], data.shift).gap.attrs
    assert "literature" in attrs["common_error_of"]
    # 0.5 cm-1 of E' and 0.7 of A1', at about -180 meV per -4.31 and -2.50 cm-1
    shifted = [
        mapped(model, [[384.6 + s, 384.6 + s, 402.7]] * 50, data.shift).gap.mean() for s in (0.25, -0.25)
    ]
    assert attrs["common_error"] == pytest.approx(abs(float(shifted[0] - shifted[1])), rel=0.25)
    given = raman_pipeline(data.shift, data.energies, unstrained={"E'": (384.6, 0.05), "A1'": (402.7, 0.05)})
    given.steps[0][1].fit(data.spectra)
    given.steps[1] = model.steps[1]
    attrs = mapped(given, [[384.6, 384.6, 402.7]], data.shift).gap.attrs
    assert "given" in attrs["common_error_of"]
    assert attrs["common_error"] < 0.003


def test_the_mapper_scores_rows_as_it_scores_pixels(model, data):
    spectra = simulate_spectra([[384.6, 384.6, 402.7], [383.2, 383.2, 405.1]], data.shift, random_state=0)
    cube = xr.DataArray(spectra[None], dims=("y", "x", "shift"), coords={"shift": data.shift})
    mapper = SpatialMapper(model, quantities=("domain_score",))
    np.testing.assert_allclose(
        mapper.domain_score(spectra), mapper.predict_map(cube).domain_score[0], rtol=1e-6
    )


def test_positions_within_their_errors_of_a_limit_are_inside_and_two_layers_are_not(data):
    featurizer = RamanFeaturizer(data.shift).fit(data.spectra)
    columns = featurizer.get_feature_names_out()
    rows = np.array(
        [[a if "A1'" in name else e for name in columns] for e, a in [(384.76, 405.79), (383.2, 405.1)]]
    )
    without, within = (
        judge_features(featurizer, rows),
        judge_features(featurizer, rows, np.full(rows.shape, 0.14)),
    )
    assert (without.score > 1).all()
    assert (within.score > 1).tolist() == [False, True]
