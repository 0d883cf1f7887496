# SPDX-License-Identifier: BSD-3-Clause
import numpy as np
import pytest
import xarray as xr
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from strain2dos import SpatialMapper


class Breaking(Ridge):
    """Stops after so many rows; the counts are no part of the model."""

    left = None

    def predict(self, X):
        if Breaking.left is not None:
            if Breaking.left < len(X):
                raise KeyboardInterrupt
            Breaking.left -= len(X)
        return super().predict(X)


@pytest.fixture
def stop_after(monkeypatch):
    return lambda n: monkeypatch.setattr(Breaking, "left", n)


def half_written(mapper, cube, path, stop_after, rows=24):
    """Write about half of a map, and give the mapper's model back whole."""
    mapper.estimator.__class__ = Breaking
    stop_after(rows)
    with pytest.raises(KeyboardInterrupt):
        mapper.to_zarr(cube, path)
    stop_after(None)


def test_a_masked_diagonal_does_not_hide_another_model(make_mapper, cube, tmp_path, stop_after):
    diagonal = np.unique(np.linspace(0, 47, 8).astype(int))
    values = cube.values.copy().reshape(48, 1)
    values[diagonal] = np.nan
    cube = cube.copy(data=values.reshape(cube.shape))
    one, other = make_mapper(), make_mapper(shift=0.36)
    half_written(one, cube, tmp_path / "map.zarr", stop_after)
    other.estimator.__class__ = Breaking
    text = r"another model, cube or other settings: the model differs in .*Breaking\.intercept_"
    with pytest.raises(ValueError, match=text):
        other.to_zarr(cube, tmp_path / "map.zarr")


@pytest.mark.parametrize("row", [0, 7])
def test_a_changed_pixel_is_refused_in_finished_and_in_unfinished_rows(
    make_mapper, cube, tmp_path, stop_after, row
):
    mapper = make_mapper()
    half_written(mapper, cube, tmp_path / "map.zarr", stop_after)
    moved = cube.copy()
    moved[row, 4] += 1e-12
    first = row // 2 * 2
    with pytest.raises(ValueError, match=f"the cube differs in rows {first} to {first + 1}"):
        mapper.to_zarr(moved, tmp_path / "map.zarr")
    with pytest.raises(ValueError, match=f"the cube differs in rows {first} to {first + 1}"):
        mapper.to_zarr(moved.chunk(y=2), tmp_path / "map.zarr")


def test_a_dask_source_that_changed_is_refused_or_named_as_not_compared(
    make_mapper, cube, tmp_path, stop_after
):
    da = pytest.importorskip("dask.array")
    source = cube.values.copy()
    chunks = da.map_blocks(
        lambda block_info: source[slice(*block_info[None]["array-location"][0])],
        chunks=((2, 2, 2, 2), (6,), (1,)),
        dtype=float,
        meta=source,
    )
    lazy = cube.copy(data=chunks)
    mapper, path = make_mapper(), tmp_path / "map.zarr"
    half_written(mapper, lazy, path, stop_after)
    source[1, 2] += 1e-9
    with pytest.raises(ValueError, match="the cube differs in rows 0 to 1"):
        mapper.to_zarr(lazy, path)
    trusted = mapper.to_zarr(lazy, path, resume="trust")
    assert trusted.attrs["input_not_compared"] == "rows 0 to 3"
    (path / "gap/c/0/0").unlink()
    with pytest.raises(ValueError, match="the cube differs in rows 0 to 1"):
        mapper.to_zarr(lazy, path, resume="trust")
    source[1, 2] = cube.values[1, 2]
    finished = mapper.to_zarr(lazy, path)
    assert "input_not_compared" not in finished.attrs
    xr.testing.assert_equal(finished.load(), mapper.predict_map(cube))


def test_a_cube_in_memory_goes_on_with_a_lazy_one(make_mapper, cube, tmp_path, stop_after):
    mapper, path = make_mapper(), tmp_path / "map.zarr"
    half_written(mapper, cube.chunk(y=3), path, stop_after)
    xr.testing.assert_equal(mapper.to_zarr(cube, path).load(), mapper.predict_map(cube))


def test_the_error_names_what_differs(make_mapper, cube, tmp_path):
    path = tmp_path / "map.zarr"
    make_mapper().to_zarr(cube, path)
    cases = {
        "the coordinates differ in x": (make_mapper(), cube.assign_coords(x=cube.x * 2)),
        "rows in a chunk: 2 in the store, 3 in this run": (make_mapper(chunks=3), cube),
        "quantities: dos, gap in the store, gap in this run": (make_mapper(quantities=("gap",)), cube),
        "dtype: float64 in the store, float32 in this run": (make_mapper(dtype="float32"), cube),
        "the model differs in edge_options": (make_mapper(edge_options={"threshold": 0.2}), cube),
        "the energies differ": (make_mapper(energies=np.linspace(-6.0, -3.0, 11)), cube),
        "shape: .*y.* 8.* in the store": (make_mapper(), cube[:6]),
    }
    for text, (mapper, other) in cases.items():
        with pytest.raises(ValueError, match=text):
            mapper.to_zarr(other, path)


def test_another_axis_of_shifts_is_refused(make_mapper, cube, tmp_path):
    spectra = xr.DataArray(
        np.random.default_rng(0).normal(size=(4, 3, 5)),
        dims=("y", "x", "shift"),
        coords={"shift": np.arange(5.0)},
    )
    model = Ridge().fit(np.random.default_rng(1).normal(size=(9, 5)), np.eye(9))
    mapper = SpatialMapper(model, quantities=("dos",), chunks=2)
    mapper.to_zarr(spectra, tmp_path / "map.zarr")
    with pytest.raises(ValueError, match="the coordinates differ in shift"):
        mapper.to_zarr(spectra.assign_coords(shift=np.arange(5.0) + 0.5), tmp_path / "map.zarr")


def test_every_step_of_a_pipeline_counts(cube, tmp_path):
    pytest.importorskip("zarr")
    X = np.random.default_rng(0).normal(size=(9, 1))
    models = [make_pipeline(StandardScaler(), Ridge()).fit(X, np.eye(9)) for _ in range(2)]
    one, other = (SpatialMapper(model, quantities=("dos",), chunks=2) for model in models)
    first = one.to_zarr(cube, tmp_path / "map.zarr").load()
    xr.testing.assert_identical(other.to_zarr(cube, tmp_path / "map.zarr").load(), first)
    models[1][0].mean_ += 1e-12
    with pytest.raises(ValueError, match=r"the model differs in StandardScaler\.mean_\. Choose"):
        other.to_zarr(cube, tmp_path / "map.zarr")


def test_a_second_writer_is_kept_off(make_mapper, cube, tmp_path):
    from strain2dos._files import locked

    path = tmp_path / "map.zarr"
    make_mapper().to_zarr(cube, path)
    with locked(path), pytest.raises(BlockingIOError, match="is being written by another process"):
        make_mapper().to_zarr(cube, path)


def test_resume_takes_only_its_words(make_mapper, cube, tmp_path):
    with pytest.raises(ValueError, match="resume must be True, False or \"trust\", but got 'yes'"):
        make_mapper().to_zarr(cube, tmp_path / "map.zarr", resume="yes")


def test_lazy_maps_without_coordinates_work_with_several_blocks(make_mapper, cube):
    bare = cube.drop_vars(["x", "y"])
    mapper = make_mapper()
    for chunks in ({"y": 2}, {"y": 3, "x": 4}):
        lazy = mapper.predict_map(bare.chunk(chunks))
        xr.testing.assert_identical(lazy.compute(), mapper.predict_map(bare))
