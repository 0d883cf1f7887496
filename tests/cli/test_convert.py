# SPDX-License-Identifier: BSD-3-Clause
"""Instrument files to open formats."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from strain2dos.cli._convert import write_spectra
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
    table = pd.read_csv(tmp_path / "out.csv", comment="#")
    axis = np.array([float(name) for name in table.columns[-71:]])
    assert len(table) == 1
    assert np.allclose(axis, shift, atol=1e-6)
    assert np.allclose(table.iloc[0, -71:].astype(float), counts, atol=1e-6)


def test_what_was_converted_can_be_read_again(run, spectrum, tmp_path):
    assert run("convert", spectrum[0], tmp_path / "out.nc").code == 0
    xr.testing.assert_allclose(
        read_raman(tmp_path / "out.nc").drop_attrs(), read_raman(spectrum[0]).drop_attrs()
    )


MAP = """#Laser (nm)=\t532
#AxisType[0]=Intens
#AxisUnit[0]=Cnt
#AxisType[1]=Spectr
#AxisUnit[1]=1/cm
#AxisType[2]=X
#AxisUnit[2]=µm
#AxisType[3]=Y
#AxisUnit[3]=µm
\t\t400.1\t390.25\t380.3
-1.5\t0.1\t1\t2.5\t3
-1.5\t0.2\t4\t5\t0.30000000000000004
2\t0.1\t7\t8\t9
2\t0.2\t10\tnan\t1e-7
"""
SITES = "X (um);Y (um);380;381;382;\n0.0;0.0;1;2;3;\n29.7;-1.5;4;5;6;\n7;8;7;8;9;\n"


@pytest.mark.parametrize("suffix", ["nc", "zarr", "csv"])
@pytest.mark.parametrize("content", [MAP, SITES, "600 1\n601 2\n"], ids=["map", "sites", "spectrum"])
@pytest.mark.parametrize("block", [2**24, 1])
def test_cube_coordinates_units_and_header_survive_every_format(
    run, tmp_path, monkeypatch, suffix, content, block
):
    for module in {"nc": ["h5netcdf"], "zarr": ["zarr"], "csv": []}[suffix]:
        pytest.importorskip(module, reason=f"{module} is an optional dependency")
    monkeypatch.setattr("strain2dos.cli._convert._BLOCK", block)
    path, target = tmp_path / "map.txt", tmp_path / f"out.{suffix}"
    path.write_text(content, encoding="utf-8")
    outcome = run("convert", path, target)
    assert outcome.code == 0, outcome.err
    expected, found = read_raman(path), read_raman(target)
    assert found.attrs.pop("source") == (target.name if suffix == "csv" else expected.attrs["source"])
    del expected.attrs["source"]
    if suffix == "csv":
        # the table that convert writes is another layout of text; NetCDF and Zarr keep that of the source
        assert "axis in the first row" in found.attrs.pop("layout")
        del expected.attrs["layout"]
    xr.testing.assert_identical(found, expected)


@pytest.mark.parametrize("suffix", ["nc", "zarr", "csv"])
def test_spectra_above_the_memory_limit_are_written_block_by_block(tmp_path, monkeypatch, suffix):
    if suffix == "zarr":
        pytest.importorskip("zarr", reason="zarr is an optional dependency")
    monkeypatch.setattr("strain2dos.cli._convert._BLOCK", 1000)
    (tmp_path / "map.txt").write_text(MAP, encoding="utf-8")
    write_spectra(read_raman(tmp_path / "map.txt"), tmp_path / f"whole.{suffix}")
    streamed = read_raman(tmp_path / f"whole.{suffix}", memory_limit=0)
    write_spectra(streamed, tmp_path / f"again.{suffix}")
    again, whole = (read_raman(tmp_path / f"{name}.{suffix}").drop_attrs() for name in ("again", "whole"))
    xr.testing.assert_identical(again, whole)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_help_shows_an_example(run):
    assert "strain2dos convert map.wdf map.nc" in run("convert", "--help").out


def test_a_target_of_unknown_format_names_the_known_ones(run, spectrum, tmp_path):
    outcome = run("convert", spectrum[0], tmp_path / "out.xlsx")
    assert outcome.code == 2
    assert ".nc, .zarr, .csv" in outcome.err


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
