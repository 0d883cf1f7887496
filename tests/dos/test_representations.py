# SPDX-License-Identifier: BSD-3-Clause
"""Ways to write a curve down: what goes in comes out, and nothing comes out negative."""

import numpy as np
import pytest
from scipy.integrate import trapezoid

from strain2dos.datasets import load_mos2_dft
from strain2dos.dos._common.arrays import plain
from strain2dos.dos._representations.basis import REPRESENTATIONS, LatentBasis, build_basis

ENERGIES = np.linspace(-3, 3, 601)


def bumps(centers):
    """Two Gaussian bands about a gap, moved by `centers`."""
    c = np.asarray(centers, dtype=float)[:, None]
    return 3 * np.exp(-0.5 * ((ENERGIES + 1.5 - c) / 0.2) ** 2) + 2 * np.exp(
        -0.5 * ((ENERGIES - 1.5 + c) / 0.15) ** 2
    )


@pytest.mark.parametrize("name", ["grid", "pca", "cdf"])
def test_first_principles_curves_survive_the_round_trip(name):
    data = load_mos2_dft()
    representation = REPRESENTATIONS[name].build(data.energies, data.dos, True, -5.4, 0.1)
    found = representation.decode(representation.encode(data.dos))
    relative = np.abs(found - data.dos).sum(1) / data.dos.sum(1)
    assert relative.max() < 0.005


@pytest.mark.parametrize("name", ["grid", "pca", "cdf"])
def test_no_latent_decodes_to_a_negative_density(name):
    representation = REPRESENTATIONS[name].build(ENERGIES, bumps([0.0, 0.1]), True, 0.0, 0.1)
    width = representation.encode(bumps([0.0])).shape[1]
    wild = np.random.RandomState(0).normal(scale=3.0, size=(50, width))
    found = representation.decode(wild)
    assert found.shape == (50, len(ENERGIES))
    assert (found >= 0).all()


def test_the_mean_of_two_moved_bands_is_the_band_between_them():
    representation = REPRESENTATIONS["cdf"].build(ENERGIES, bumps([0.0, 0.3]), True, 0.0, 0.1)
    middle = representation.decode(representation.encode(bumps([0.0, 0.3])).mean(0, keepdims=True))[0]
    wanted = bumps([0.15])[0]
    assert np.abs(middle - wanted).sum() / wanted.sum() < 0.01
    faded = bumps([0.0, 0.3]).mean(0)
    assert np.abs(faded - wanted).sum() / wanted.sum() > 0.2


def test_states_are_conserved_inside_the_window():
    representation = REPRESENTATIONS["cdf"].build(ENERGIES, bumps([0.0, 0.2]), True, 0.0, 0.1)
    for weight in (0.2, 0.5, 0.8):
        latent = representation.encode(bumps([0.0, 0.2]))
        mixed = representation.decode((weight * latent[0] + (1 - weight) * latent[1])[None])[0]
        assert trapezoid(mixed, ENERGIES) == pytest.approx(trapezoid(bumps([0.0])[0], ENERGIES), rel=2e-3)


def test_counting_needs_states_on_both_sides():
    assert (
        REPRESENTATIONS["cdf"].build(ENERGIES, np.where(ENERGIES > 0, 0.0, bumps([0.0])), True, 0.5, 0.1)
        is None
    )
    assert REPRESENTATIONS["cdf"].build(ENERGIES, bumps([0.0]), False, 0.0, 0.1) is None


@pytest.mark.parametrize("name", ["grid", "pca", "cdf"])
def test_scores_span_the_training_curves_and_their_state_rebuilds_them(name):
    dos = bumps(np.linspace(0, 0.3, 7))
    latent, scores = build_basis(name, ENERGIES, dos, True, 0.0, 0.1)
    assert scores.shape[1] <= 6
    found = LatentBasis.from_state(plain(latent)).decode(scores)
    assert np.abs(found - dos).sum() / dos.sum() < 0.005


@pytest.mark.parametrize("name", ["grid", "pca", "cdf"])
def test_linearised_decoding_predicts_small_changes(name):
    dos = bumps(np.linspace(0, 0.3, 7))
    latent, scores = build_basis(name, ENERGIES, dos, True, 0.0, 0.1)
    # the first two directions carry the shift; the last ones hold rounding
    size = 0.01 * np.ptp(scores, axis=0) * (np.arange(scores.shape[1]) < 2) * np.ones_like(scores)
    shifts = np.flatnonzero(size[0] > 1e-3 * size[0].max())
    assert len(shifts) >= 1
    for column in shifts:
        step = size * (np.arange(size.shape[1]) == column)
        change = 0.5 * np.abs(latent.decode(scores + step) - latent.decode(scores - step))
        found = latent.spread(latent.latents(scores), np.square(step))
        assert np.abs(found - change).sum() < 0.03 * change.sum()


@pytest.mark.parametrize("name", ["grid", "pca", "cdf"])
def test_standard_deviations_of_small_errors_are_those_of_drawn_curves(name):
    dos = bumps(np.linspace(0, 0.3, 7))
    latent, scores = build_basis(name, ENERGIES, dos, True, 0.0, 0.1)
    size = 0.005 * np.ptp(scores, axis=0)[None]
    random = np.random.RandomState(0)
    drawn = latent.decode(scores[[3]] + size * random.normal(size=(4000, size.shape[1])))
    found = latent.spread(latent.latents(scores[[3]]), np.square(size))[0]
    assert np.abs(found - drawn.std(0)).sum() < 0.05 * drawn.std(0).sum()
