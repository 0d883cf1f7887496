# SPDX-License-Identifier: BSD-3-Clause
"""Curves as means over the uncertainty of the energies of their states."""

import numpy as np
import pytest

from strain2dos.datasets import load_mos2_dft
from strain2dos.dos import DOSRegressor, band_edges, metrics
from strain2dos.dos._representations.basis import REPRESENTATIONS, build_basis

DATA = load_mos2_dft()
STATE = DATA.dos[[20]]
EDGES = {"threshold": 0.15, "reference": -5.4}


@pytest.fixture(scope="module")
def latent():
    return build_basis("cdf", DATA.energies, DATA.dos, True, -5.4, 0.1)[0]


def carried(latent, variance):
    """Variances of latents from those of scores."""
    return variance @ np.square(latent.directions)


def scattered(latent, size):
    """Scores of one state and variances, shared out as over the states, that move energies by `size` eV."""
    scores = (latent.representation.encode(STATE) - latent.mean) @ latent.directions.T
    counts = latent.representation.up, latent.representation.down
    unit = np.sqrt(np.r_[np.gradient(counts[0]), np.gradient(counts[1])])
    variance = ((latent.representation.encode(DATA.dos) - latent.mean) @ latent.directions.T).var(0)[None]
    scale = size / np.median(np.sqrt(carried(latent, variance)) / unit)
    return scores, scale**2 * variance


@pytest.mark.parametrize(("size", "gain"), [(0.01, 1.5), (0.02, 3.0), (0.03, 5.0), (0.05, 4.0)])
def test_curves_are_the_mean_of_drawn_curves(latent, size, gain):
    scores, variance = scattered(latent, size)
    random = np.random.default_rng(0)
    drawn = scores + np.sqrt(variance) * random.normal(size=(20_000, scores.shape[1]))
    mean = np.mean([latent.decode(part).mean(0) for part in np.split(drawn, 20)], axis=0)
    found = latent.representation.expected(latent.latents(scores), carried(latent, variance))[0]
    vbm, cbm, _ = band_edges(DATA.energies, STATE, **EDGES)
    # the edges stay sharp, and states from beyond the window are known for a tenth of an eV
    away = (DATA.energies < vbm[0] - 0.3) | (DATA.energies > cbm[0] + 0.3)
    away &= (DATA.energies > DATA.energies[0] + 0.2) & (DATA.energies < DATA.energies[-1] - 0.2)

    def miss(curve):
        return np.sqrt(np.mean(np.square(curve - mean)[away]))

    assert miss(latent.decode(scores)[0]) > gain * miss(found)


def test_edges_stay_where_they_are(latent):
    scores, variance = scattered(latent, 0.03)
    found = latent.representation.expected(latent.latents(scores), carried(latent, variance))
    sharp, blunt = (band_edges(DATA.energies, curve, **EDGES) for curve in (latent.decode(scores), found))
    assert abs(blunt.vbm[0] - sharp.vbm[0]) < 1e-3
    assert abs(blunt.cbm[0] - sharp.cbm[0]) < 1e-3
    assert (found >= 0).all()
    inside = (DATA.energies > sharp.vbm[0] - 1.5) & (DATA.energies < sharp.cbm[0] + 1.0)
    assert found[0][inside].sum() == pytest.approx(latent.decode(scores)[0][inside].sum(), rel=0.01)


def test_no_uncertainty_fills_the_gap(latent):
    scores, variance = scattered(latent, 1.0)
    found = latent.representation.expected(latent.latents(scores), carried(latent, variance))
    vbm, cbm, _ = band_edges(DATA.energies, latent.decode(scores), **EDGES)
    inside = (DATA.energies > vbm[0] + 0.1) & (DATA.energies < cbm[0] - 0.1)
    assert found[0][inside].mean() < 1e-3 * found.mean()
    assert (found >= 0).all()


def test_less_than_half_a_step_of_the_grid_changes_nothing(latent):
    scores, variance = scattered(latent, 0.001)
    latents = latent.latents(scores)
    found = latent.representation.expected(latents, carried(latent, variance))
    assert np.array_equal(found, latent.representation.decode(latents))


@pytest.mark.parametrize("name", ["grid", "pca"])
def test_other_forms_decode(name):
    representation = REPRESENTATIONS[name].build(DATA.energies, DATA.dos, True, -5.4, 0.1)
    latents = representation.encode(STATE)
    assert np.array_equal(
        representation.expected(latents, np.ones_like(latents)), representation.decode(latents)
    )


def test_corners_that_were_left_out_are_explained_better_than_by_the_sharp_curve():
    """Extrapolated curves have features at wrong energies, where a mean errs less; gaps stay."""
    features = np.asarray(DATA.strain)
    corners = [[0], [1], [28, 33], [59], [60]]
    assert np.abs(features[np.concatenate(corners), :2]).min() >= 0.04
    blunt, sharp, gaps = [], [], []
    for rows in corners:
        kept = np.setdiff1d(np.arange(len(features)), rows)
        model = DOSRegressor(DATA.energies, representation="cdf", n_members=1, max_epochs=1, random_state=0)
        model.fit(features[kept], DATA.dos[kept], groups=kept)
        curves = model.predict(features[rows])
        fitted = model.fitted_
        found = fitted.heads.loaded("cpu").curve(fitted.standardise(features[rows]))
        plain = fitted.basis.representation.decode(fitted.latents(found)[0])
        blunt.append(metrics.r2_per_curve(DATA.dos[rows], curves))
        sharp.append(metrics.r2_per_curve(DATA.dos[rows], plain))
        gaps += [[band_edges(DATA.energies, each, **EDGES).gap for each in (curves, plain)]]
    assert np.mean(blunt) > np.mean(sharp) + 5e-4
    for one, other in gaps:
        np.testing.assert_allclose(one, other, atol=1e-3)
