# SPDX-License-Identifier: BSD-3-Clause
"""A featurizer without an axis gives detector indices; nothing physical is made of them."""

import numpy as np
import pytest
import xarray as xr
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from strain2dos import RamanFeaturizer, SpatialMapper, StrainDopingSeparator

SHIFT = np.linspace(360, 430, 110)


@pytest.fixture(scope="module")
def spectra():
    random = np.random.default_rng(0)
    places = random.uniform(383, 385, (6, 1))
    lines = 100 / (1 + ((SHIFT - places) / 1.5) ** 2) + 120 / (1 + ((SHIFT - places - 19) / 2.5) ** 2)
    return lines + random.normal(size=lines.shape)


def test_indices_are_marked_and_give_no_strain_and_no_map(spectra):
    fit = RamanFeaturizer(split=False).fit(spectra).fit_spectra(spectra)
    assert fit.unit == "points"
    assert RamanFeaturizer(SHIFT, split=False).fit(spectra).fit_spectra(spectra).unit == "cm-1"
    with pytest.raises(ValueError, match=r"strain needs positions in cm-1, but these are points.*\(shift\)"):
        StrainDopingSeparator().separate(fit)
    cube = xr.DataArray(spectra.reshape(2, 3, 110), dims=("y", "x", "shift"))
    with pytest.raises(ValueError, match="a map of features needs positions in cm-1"):
        fit.to_dataset(cube)


def test_a_pipeline_to_strain_without_an_axis_is_refused(spectra):
    steps = RamanFeaturizer(split=False, features=("center",)), StrainDopingSeparator()
    with pytest.raises(ValueError, match=r"no position of X can be a Raman shift .*RamanFeaturizer\(shift\)"):
        make_pipeline(*steps).set_output(transform="pandas").fit(spectra)
    steps[0].set_params(shift=SHIFT)
    strain = make_pipeline(*steps).set_output(transform="pandas").fit_transform(spectra)
    assert np.isfinite(strain.to_numpy()).all()


def test_curves_and_maps_without_an_axis_are_refused(spectra):
    curves = np.random.default_rng(1).uniform(size=(6, 9))
    with pytest.raises(ValueError, match=r"curves of 9 points, but the featurizer has no axis"):
        make_pipeline(RamanFeaturizer(split=False), Ridge()).fit(spectra, curves)
    model = make_pipeline(RamanFeaturizer(split=False, features=("center",)), Ridge())
    model.fit(spectra, curves[:, 0])
    with pytest.raises(ValueError, match="made without an axis, so its positions are detector indices"):
        SpatialMapper(model, quantities=("dos",)).predict_map(spectra.reshape(2, 3, 110))
    model.set_params(ramanfeaturizer__shift=SHIFT).fit(spectra, curves)
    flake = SpatialMapper(model, quantities=("dos",)).predict_map(spectra.reshape(2, 3, 110))
    assert (flake.status == 0).all()
