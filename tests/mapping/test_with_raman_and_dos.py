# SPDX-License-Identifier: BSD-3-Clause
"""The map of a synthetic flake through the project's own estimators, against its known truth."""

import numpy as np
import pytest
import xarray as xr
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from strain2dos import SpatialMapper
from strain2dos.datasets import load_mos2_dft, make_raman_dos, make_raman_map
from strain2dos.dos import DOSRegressor
from strain2dos.dos._regressor.fitted import FittedDOS
from strain2dos.mapping._pixels.model import FittedModel
from strain2dos.raman import RamanFeaturizer


@pytest.fixture(scope="module")
def flake():
    return make_raman_map((9, 12), cosmic_rays=0.0, random_state=0)


@pytest.fixture(scope="module")
def pipeline():
    data = make_raman_dos(64, random_state=0)
    regressor = DOSRegressor(data.energies, n_members=2, max_epochs=20, random_state=0)
    model = make_pipeline(RamanFeaturizer(data.shift), StandardScaler(), regressor)
    return model.fit(data.spectra, data.dos, dosregressor__groups=data.groups)


@pytest.fixture(scope="module")
def mapped(pipeline, flake):
    quantities = ("dos", "vbm", "cbm", "gap", "dos_std", "domain_score", "features")
    return SpatialMapper(pipeline, quantities=quantities, chunks=2).predict_map(flake.intensity)


def test_flake_is_mapped_and_what_is_no_flake_is_masked(mapped, flake):
    signal = (flake.flake & ~flake.dead).values
    ok = mapped.status.values == 0
    assert ok[signal].mean() > 0.97
    assert not ok[~signal].any()
    np.testing.assert_array_equal(np.isfinite(mapped.gap.values), ok)
    assert (mapped.status.values[np.isnan(flake.intensity.values).all(axis=-1)] == 1).all()
    assert float(mapped.dos.min()) >= 0.0
    assert (mapped.dos_std.values[ok] >= 0.0).all()
    assert mapped.dos_std.values[ok].max(axis=-1).min() > 0.0


def test_pixels_hit_by_a_cosmic_ray_are_mapped_without_it(mapped, flake, pipeline):
    y, x = np.argwhere(mapped.status.values == 0)[10]
    masked = flake.intensity.copy()
    masked[y, x, 60:63] = np.nan
    found = SpatialMapper(pipeline, quantities=("gap",)).predict_map(masked)
    np.testing.assert_array_equal(found.status, mapped.status)
    assert abs(float(found.gap[y, x] - mapped.gap[y, x])) < 5e-3


def test_mapped_gap_falls_where_the_flake_is_stretched(mapped, flake):
    ok = mapped.status.values == 0
    gap, truth = mapped.gap.values[ok], flake.gap.values[ok]
    assert np.corrcoef(gap, truth)[0, 1] > 0.95
    stretch = (flake.exx + flake.eyy).values[ok]
    assert np.corrcoef(gap, stretch)[0, 1] < -0.9


def test_map_equals_the_pipeline_pixel_by_pixel(mapped, flake, pipeline):
    for y, x in np.argwhere(mapped.status.values == 0)[::15]:
        spectrum = flake.intensity.values[y, x][np.newaxis]
        # A row alone takes another path through BLAS; the trend's weights turn 1e-16 into some 1e-11.
        np.testing.assert_allclose(mapped.dos[y, x], pipeline.predict(spectrum)[0], rtol=0, atol=1e-9)
        features = pipeline[:-1].transform(spectrum)
        np.testing.assert_allclose(mapped.gap[y, x], pipeline[-1].predict_edges(features).gap[0], atol=1e-9)


def test_lazy_map_equals_the_map_in_memory(mapped, flake, pipeline):
    pytest.importorskip("dask.array")
    quantities = ("dos", "vbm", "cbm", "gap", "domain_score", "features")
    lazy = (
        SpatialMapper(pipeline, quantities=quantities).predict_map(flake.intensity.chunk({"y": 4})).compute()
    )
    xr.testing.assert_allclose(lazy, mapped.drop_vars("dos_std"), rtol=0, atol=1e-10)


@pytest.mark.parametrize("learned", [False, True])
def test_curves_and_edges_of_rows_are_computed_once_and_are_those_of_the_regressor(learned, monkeypatch):
    data = load_mos2_dft()
    edges = data.valleys if learned else None
    regressor = DOSRegressor(data.energies, hidden_layer_sizes=(), random_state=0)
    regressor.fit(data.phonons, data.dos, edges=edges)
    calls = []

    def counted(name):
        inner = getattr(FittedDOS, name)

        def call(self, *args, **options):
            calls.append(name)
            return inner(self, *args, **options)

        return call

    for name in ("curves", "valley_energies"):
        monkeypatch.setattr(FittedDOS, name, counted(name))
    spread = ("vbm_std", "cbm_std", "gap_std", "gap_direct") if learned else ()
    wanted = ("dos", "dos_std", "vbm", "cbm", "gap", *spread)
    found = FittedModel.from_estimator(regressor).predict(data.phonons, wanted)
    assert sorted(calls) == ["curves", "valley_energies"][: 1 + learned]
    for name, values in zip(("vbm", "cbm", "gap"), regressor.predict_edges(data.phonons), strict=True):
        np.testing.assert_array_equal(found[name], values)
