# SPDX-License-Identifier: BSD-3-Clause
"""Spectra in Zarr stores at addresses that fsspec can open."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from strain2dos.io import read_raman

fsspec = pytest.importorskip("fsspec")
pytest.importorskip("zarr")


@pytest.fixture
def spectra():
    values = np.random.default_rng(0).normal(size=(6, 4, 9))
    coords = {"y": np.arange(6.0), "x": np.arange(4.0), "shift": ("shift", np.arange(9.0), {"units": "cm-1"})}
    return xr.DataArray(values, dims=("y", "x", "shift"), coords=coords, name="intensity")


@pytest.fixture
def address(spectra):
    """A cube in memory, two rows in a chunk."""
    place = "memory://bucket/cube.zarr"
    encoding = {"intensity": {"chunks": (2, 4, 9)}}
    spectra.to_dataset().to_zarr(place, zarr_format=3, consolidated=False, encoding=encoding)
    yield place
    fsspec.filesystem("memory").rm("/bucket", recursive=True)


def test_a_cube_at_an_address_is_that_in_a_folder(address, spectra, tmp_path):
    encoding = {"intensity": {"chunks": (2, 4, 9)}}
    spectra.to_dataset().to_zarr(tmp_path / "cube.zarr", zarr_format=3, consolidated=False, encoding=encoding)
    expected = read_raman(tmp_path / "cube.zarr")
    for place in (address, Path(address)):
        xr.testing.assert_identical(read_raman(place), expected)


def test_a_cube_above_the_limit_stays_at_its_address(address, spectra):
    lazy = read_raman(address, memory_limit=10)
    assert lazy.chunks is not None
    np.testing.assert_array_equal(lazy.values, spectra.values)


def test_absent_chunks_are_nan_with_a_warning(address, spectra):
    fsspec.filesystem("memory").rm("/bucket/cube.zarr/intensity/c/1/0/0")
    with pytest.warns(UserWarning, match="lacks 1 of 3 chunks with 8 of 24 spectra"):
        found = read_raman(address)
    np.testing.assert_array_equal(
        np.isnan(found).all("shift"), np.isnan(spectra.where(spectra.y // 2 != 1)).all("shift")
    )


@pytest.mark.parametrize("place", ["memory://bucket/other.zarr", "nosuch://bucket/cube.zarr"])
def test_what_is_no_store_is_named(place):
    with pytest.raises(ValueError, match=place):
        read_raman(place)


def test_file_addresses_are_read(spectra, tmp_path):
    spectra.to_dataset().to_zarr(tmp_path / "cube.zarr", zarr_format=3, consolidated=False)
    np.testing.assert_array_equal(read_raman(f"file://{tmp_path}/cube.zarr").values, spectra.values)
