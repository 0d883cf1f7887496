# SPDX-License-Identifier: BSD-3-Clause
"""Instrument files to open formats."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from strain2dos.io import read_raman


@pytest.fixture
def spectrum(tmp_path):
    """A falling two-column text file, as many instruments write it."""
    shift = np.linspace(430, 360, 71)
    counts = 100 / (1 + ((shift - 384) / 1.5) ** 2) + 20
    path = tmp_path / "spectrum.txt"
    np.savetxt(path, np.column_stack([shift, counts]), delimiter="\t", fmt="%.6f")
    return path, shift[::-1], counts[::-1]


@pytest.mark.parametrize("suffix", ["nc", "zarr"])
def test_values_survive_in_netcdf_and_zarr(run, spectrum, tmp_path, suffix):
    path, shift, counts = spectrum
    if suffix == "zarr":
        pytest.importorskip("zarr", reason="zarr is an optional dependency")
    target = tmp_path / f"out.{suffix}"
    outcome = run("convert", path, target)
    assert outcome.code == 0, outcome.err
    assert outcome.wrote == [target]
    with xr.open_dataset(target, engine="zarr" if suffix == "zarr" else "h5netcdf") as found:
        assert np.allclose(found["shift"], shift, atol=1e-6)
        assert np.allclose(found["intensity"].squeeze(), counts, atol=1e-6)


def test_a_table_has_one_spectrum_a_row(run, spectrum, tmp_path):
    path, shift, counts = spectrum
    assert run("convert", path, tmp_path / "out.csv").code == 0
    table = pd.read_csv(tmp_path / "out.csv")
    axis = np.array([float(name) for name in table.columns[-71:]])
    assert len(table) == 1
    assert np.allclose(axis, shift, atol=1e-6)
    assert np.allclose(table.iloc[0, -71:].astype(float), counts, atol=1e-6)


def test_what_was_converted_can_be_read_again(run, spectrum, tmp_path):
    assert run("convert", spectrum[0], tmp_path / "out.nc").code == 0
    xr.testing.assert_allclose(
        read_raman(tmp_path / "out.nc").drop_attrs(), read_raman(spectrum[0]).drop_attrs()
    )


def test_an_existing_file_is_kept_unless_forced(run, spectrum, tmp_path):
    target = tmp_path / "out.csv"
    target.write_text("mine")
    assert run("convert", spectrum[0], target).code == 1
    assert target.read_text() == "mine"
    assert run("convert", spectrum[0], target, "--force").code == 0
    assert target.read_text() != "mine"


def test_a_file_without_numbers_is_an_error(run, tmp_path):
    (tmp_path / "letter.txt").write_text("Dear Sir or Madam,\n")
    outcome = run("convert", tmp_path / "letter.txt", tmp_path / "out.nc")
    assert outcome.code == 1
    assert "letter.txt" in outcome.err
    assert not (tmp_path / "out.nc").exists()
