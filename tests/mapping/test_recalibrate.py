# SPDX-License-Identifier: BSD-3-Clause
"""A model trained without silicon maps spectra whose axis is off, with the calibration of the sample."""

import numpy as np
import pytest
import xarray as xr
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline

from strain2dos import RamanFeaturizer, StrainDopingSeparator
from strain2dos.datasets import make_raman_map
from strain2dos.mapping import recalibrate
from strain2dos.simulate import SpectrumEffects, simulate_spectra

WIDE = np.arange(330.0, 560.0, 0.5)


@pytest.fixture(scope="module")
def model():
    """A linear model of strain and doping, trained on 330 to 440 cm-1."""
    shift = np.arange(330.0, 440.0, 0.6)
    states = np.random.default_rng(0).uniform([-0.01, -1.0], [0.02, 1.0], (200, 2))
    lines = StrainDopingSeparator().fit([[0.0, 0.0]]).inverse_transform(states)
    spectra = simulate_spectra(lines[:, [0, 0, 1]], shift, random_state=0)
    return make_pipeline(RamanFeaturizer(shift, split=False, noise="poisson"), LinearRegression()).fit(
        spectra, states
    )


def measured(offset, *, moved=(0.0, 0.0)):
    e, a = 384.6 - 4.31 + moved[0], 402.7 - 2.50 + moved[1]  # 1 % of biaxial strain
    effects = SpectrumEffects(bands={"Si": 3.0}, axis_offset=offset)
    return simulate_spectra([[e, e, a]] * 100, WIDE, effects=effects, random_state=1)


@pytest.mark.parametrize("offset", [-15.0, 7.7, 15.0])
def test_silicon_corrects_the_axis_of_a_model_trained_without_it(model, offset):
    found = recalibrate(model, WIDE, reference="Si").predict(measured(offset)).mean(axis=0)
    assert found[0] == pytest.approx(0.01, abs=2e-4)
    assert found[1] == pytest.approx(0.0, abs=0.03)


def test_unstrained_positions_of_the_sample_are_taken_out(model):
    moved = (-0.5, 0.8)
    unstrained = {"E'": 384.1, "A1'": 403.5}
    found = recalibrate(model, WIDE, reference="Si", unstrained=unstrained).predict(
        measured(5.0, moved=moved)
    )
    assert found.mean(axis=0) == pytest.approx([0.01, 0.0], abs=0.03)
    assert found[:, 0].mean() == pytest.approx(0.01, abs=2e-4)


def test_a_region_of_the_map_gives_the_unstrained_positions(model):
    still = {"doping": 0.0, "random_strain": 0.0, "cosmic_rays": 0.0, "n_dead": 0, "random_state": 0}
    flake = make_raman_map((12, 16), scene="bubble", **still)
    cube = flake.intensity.assign_coords(shift=flake["shift"] + 1.0)  # an axis that is off by 1
    there = recalibrate(model, cube, region=(1.0, 1.0, 2.0, 5.0))
    strain = there.predict(cube.sel(x=1.5, y=slice(2.0, 4.0)).values)[:, 0]
    assert abs(strain.mean()) < 3e-4
    assert model.predict(flake.intensity.sel(x=1.5, y=slice(2.0, 4.0)).values)[:, 0].mean() == pytest.approx(
        strain.mean(), abs=4e-4
    )


def test_what_cannot_be_recalibrated_is_refused(model):
    with pytest.raises(ValueError, match="starts with a RamanFeaturizer, but got LinearRegression"):
        recalibrate(LinearRegression(), WIDE)
    with pytest.raises(ValueError, match="pass the map in place of its axis"):
        recalibrate(model, WIDE, region=(0, 0, 1, 1))
    nm = xr.DataArray(WIDE, dims="shift", coords={"shift": WIDE}, attrs={"units": "nm"})
    with pytest.raises(ValueError, match="spectral axis is in nm"):
        recalibrate(model, nm)
