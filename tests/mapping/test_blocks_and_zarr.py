# SPDX-License-Identifier: BSD-3-Clause
import tracemalloc

import numpy as np
import pytest
import xarray as xr
from sklearn.linear_model import Ridge

from strain2dos import SpatialMapper
from strain2dos.mapping import open_map

ENERGIES = np.linspace(-7.0, -3.0, 41)
OPTIONS = {"energies": ENERGIES, "edge_options": {"threshold": 0.1, "reference": -5.2}}


class CountingRidge(Ridge):
    """Counts the rows that it predicts and breaks down after so many; the counts are no part of a model."""

    seen = 0
    breaks_after = None

    def predict(self, X):
        if self.breaks_after is not None and CountingRidge.seen >= self.breaks_after:
            raise KeyboardInterrupt
        CountingRidge.seen += len(X)
        return super().predict(X)

    def __repr__(self, N_CHAR_MAX=700):
        return "CountingRidge()"


@pytest.fixture
def model(monkeypatch):
    monkeypatch.setattr(CountingRidge, "seen", 0)
    monkeypatch.setattr(CountingRidge, "breaks_after", None)
    strain = np.linspace(-0.02, 0.02, 9)[:, np.newaxis]
    dos = np.clip(-6.0 - 3 * strain - ENERGIES, 0, None) + np.clip(ENERGIES + 4.4 + 5 * strain, 0, None)
    return CountingRidge(alpha=1e-9).fit(strain, dos)


@pytest.fixture
def cube():
    values = np.random.default_rng(1).uniform(-0.02, 0.02, (7, 6, 1))
    values[2, 3] = np.nan
    coords = {"y": ("y", np.arange(7) * 0.4, {"units": "um"}), "x": np.arange(6) * 0.4, "feature": ["strain"]}
    return xr.DataArray(values, dims=("y", "x", "feature"), coords=coords)


def test_dask_map_is_lazy_and_equals_the_map_in_memory(model, cube):
    da = pytest.importorskip("dask.array")
    quantities = ("dos", "gap", "features")
    expected = SpatialMapper(model, quantities=quantities, **OPTIONS).predict_map(cube)
    CountingRidge.seen = 0
    lazy = SpatialMapper(model, quantities=quantities, **OPTIONS).predict_map(cube.chunk({"y": 3, "x": 4}))
    assert model.seen == 0
    assert isinstance(lazy.dos.data, da.Array)
    assert lazy.dos.chunks[:2] == ((3, 3, 1), (4, 2))
    xr.testing.assert_identical(lazy.compute(), expected)
    assert model.seen == 7 * 6 - 1


def test_dask_axes_may_be_split_and_turned(model, cube):
    pytest.importorskip("dask.array")
    wide = xr.concat([cube, cube], "feature").assign_coords(feature=["a", "b"])
    twice = Ridge().fit(np.random.default_rng(0).normal(size=(9, 2)), np.eye(9))
    mapper = SpatialMapper(twice, quantities=("dos",))
    split = wide.chunk({"feature": 1, "y": 2}).transpose("feature", "x", "y")
    np.testing.assert_allclose(
        mapper.predict_map(split).dos.compute(), mapper.predict_map(wide).dos, atol=1e-12
    )


def test_working_memory_does_not_grow_with_the_map():
    model = Ridge().fit(np.arange(9.0)[:, np.newaxis], np.random.default_rng(0).normal(size=(9, 1037)))
    mapper = SpatialMapper(model, quantities=("dos",), dtype="float32", chunks=8)
    extra = []
    for rows in (32, 160):
        tracemalloc.start()
        flake = mapper.predict_map(np.zeros((rows, 64, 1)))
        extra.append(tracemalloc.get_traced_memory()[1] - flake.dos.nbytes)
        tracemalloc.stop()
    one_chunk = 8 * 64 * 1037 * 8
    assert extra[1] < 1.1 * extra[0]
    assert extra[1] < 4 * one_chunk


def test_zarr_store_holds_the_map(model, cube, tmp_path):
    pytest.importorskip("zarr")
    mapper = SpatialMapper(model, chunks=2, **OPTIONS)
    stored = mapper.to_zarr(cube, tmp_path / "map.zarr")
    expected = mapper.predict_map(cube)
    xr.testing.assert_equal(stored.load(), expected)
    assert stored.gap.attrs["units"] == "eV"
    assert stored.attrs["model"] == expected.attrs["model"]
    assert (tmp_path / "map.zarr" / "zarr.json").exists()


def test_interrupted_run_resumes_without_computing_anything_twice(model, cube, tmp_path):
    pytest.importorskip("zarr")
    path = tmp_path / "map.zarr"
    mapper = SpatialMapper(model, chunks=2, **OPTIONS)
    CountingRidge.seen, CountingRidge.breaks_after = 0, 12 + 11
    with pytest.raises(KeyboardInterrupt):
        mapper.to_zarr(cube, path)
    for partial, blank in ((open_map(path), np.isnan), (xr.open_zarr(path, consolidated=False), np.isposinf)):
        np.testing.assert_array_equal((partial.status == 255).all("x"), [False] * 4 + [True] * 3)
        assert blank(partial.gap[4:]).all()

    CountingRidge.seen, CountingRidge.breaks_after = 0, None
    finished = mapper.to_zarr(cube, path)
    assert CountingRidge.seen == 3 * 6
    xr.testing.assert_equal(finished.load(), mapper.predict_map(cube))
    CountingRidge.seen = 0
    mapper.to_zarr(cube, path)
    assert CountingRidge.seen == 0


def test_store_of_another_model_cube_or_setting_is_refused(model, cube, tmp_path):
    pytest.importorskip("zarr")
    path = tmp_path / "map.zarr"
    mapper = SpatialMapper(model, chunks=2, **OPTIONS)
    mapper.to_zarr(cube, path)
    other_model = CountingRidge(alpha=1e-9).fit([[0.0], [1.0]], np.ones((2, 41)))
    moved = cube.copy()
    moved[6, 4] += 1e-6
    cases = [
        (SpatialMapper(other_model, chunks=2, **OPTIONS), cube),
        (mapper, moved),
        (mapper, cube.assign_coords(x=cube.x * 2)),
        (SpatialMapper(model, chunks=3, **OPTIONS), cube),
        (SpatialMapper(model, chunks=2, quantities=("gap",), **OPTIONS), cube),
    ]
    for changed, other_cube in cases:
        with pytest.raises(ValueError, match="another model, cube or other settings"):
            changed.to_zarr(other_cube, path)
    with pytest.raises(FileExistsError, match="pass resume=True"):
        mapper.to_zarr(cube, path, resume=False)


def test_foreign_folder_is_not_overwritten(model, cube, tmp_path):
    pytest.importorskip("zarr")
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="no map that could be resumed"):
        SpatialMapper(model, **OPTIONS).to_zarr(cube, tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_dask_cube_is_written_chunk_by_chunk(model, cube, tmp_path):
    pytest.importorskip("zarr")
    mapper = SpatialMapper(model, chunks=3, quantities=("gap",), **OPTIONS)
    stored = mapper.to_zarr(cube.chunk({"y": 2}), tmp_path / "map.zarr")
    xr.testing.assert_equal(stored.load(), mapper.predict_map(cube))
