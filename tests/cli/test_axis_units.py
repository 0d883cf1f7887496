# SPDX-License-Identifier: BSD-3-Clause
"""``strain2dos map`` converts an axis in nm by the laser line of the file, and refuses it without."""

import numpy as np
import pytest
import xarray as xr

from strain2dos import raman_pipeline
from strain2dos.datasets import make_raman_dos, make_raman_map
from strain2dos.io import save_model
from strain2dos.simulate import simulate_spectra


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    data = make_raman_dos(61, random_state=0)
    pipeline = raman_pipeline(
        data.shift, data.energies, n_members=1, max_epochs=2, hidden_layer_sizes=(4,), random_state=0
    )
    pipeline.fit(
        data.spectra, data.dos, dosregressor__groups=data.groups, dosregressor__edges=data.edge_targets
    )
    return save_model(
        pipeline, tmp_path_factory.mktemp("model") / "model.skops", metadata={"material": "MoS2"}
    )


@pytest.fixture(scope="module")
def flake():
    return make_raman_map((8, 8), cosmic_rays=0.0, random_state=0).intensity


def written(flake, folder, **attrs):
    shift = 1e7 / (1e7 / 532.0 - flake["shift"].values)
    cube = flake.assign_coords(shift=("shift", shift, {"units": "nm", "long_name": "wavelength"}))
    path = folder / "flake.nc"
    cube.assign_attrs(attrs).to_netcdf(path, engine="h5netcdf")
    return path


def test_nanometers_without_a_laser_line_are_refused(run, model, flake, tmp_path):
    outcome = run("map", model, written(flake, tmp_path), "-o", tmp_path / "out", "--no-csv", "-q")
    assert outcome.code == 1
    assert "spectral axis is in nm" in outcome.err
    assert "give it as --laser" in outcome.err
    assert not (tmp_path / "out").exists()


def test_nanometers_with_a_laser_line_give_the_map_of_wavenumbers(run, model, flake, tmp_path):
    flake.to_netcdf(tmp_path / "plain.nc", engine="h5netcdf")
    maps = []
    for name, path in (("nm", written(flake, tmp_path, laser_nm=532.0)), ("cm", tmp_path / "plain.nc")):
        outcome = run("map", model, path, "-o", tmp_path / name, "--no-csv", "-q")
        assert outcome.code == 0, outcome.err
        with xr.open_dataset(tmp_path / name / "map.nc", engine="h5netcdf") as found:
            maps.append(found.gap.values)
    assert (
        "in nm; the laser line of the file converts it"
        in run("map", model, tmp_path / "flake.nc", "-o", tmp_path / "again", "--no-csv", "-q").err
    )
    np.testing.assert_allclose(maps[0], maps[1], atol=1e-4)
    again = run("map", model, tmp_path / "flake.nc", "-o", tmp_path / "nm", "--no-csv", "-q", "--force")
    assert again.code == 0, again.err  # also where the run before kept its spectra for the page


def test_the_command_takes_the_laser_line_and_convert_writes_wavenumbers(run, flake, tmp_path):
    source = written(flake, tmp_path)
    outcome = run("map", source, "--laser", "532", "--unstrained", "384.6,402.7", "-o", tmp_path / "out")
    assert outcome.code == 0, outcome.err
    assert "in nm; the laser line at 532 nm converts it to cm-1" in outcome.err
    outcome = run("convert", source, tmp_path / "cm.nc", "--laser", "532")
    assert outcome.code == 0, outcome.err
    with xr.open_dataarray(tmp_path / "cm.nc", engine="h5netcdf") as cube:
        np.testing.assert_allclose(cube["shift"], flake["shift"], atol=1e-9)
        assert cube["shift"].attrs["units"] == "cm-1"
    outcome = run("map", source, "--laser", "532", "--store", tmp_path / "map.zarr")
    assert outcome.code == 2
    assert "convert --laser" in outcome.err.replace("\n", " ").replace("  ", " ")


def test_pixels_outside_are_counted_by_reason_and_the_common_error_is_named(run, model, tmp_path):
    shift = np.arange(330.0, 440.0, 0.6)
    lines = [[384.6, 384.6, 402.7]] * 13 + [[383.2, 383.2, 405.1]] * 7  # one layer, two layers
    spectra = simulate_spectra(lines, shift, random_state=0).reshape(4, 5, -1)
    cube = xr.DataArray(spectra, dims=("y", "x", "shift"), coords={"shift": shift}, name="intensity")
    cube.to_netcdf(tmp_path / "flake.nc", engine="h5netcdf")
    outcome = run("map", model, tmp_path / "flake.nc", "-o", tmp_path / "out", "--no-csv", "-q")
    assert outcome.code == 0, outcome.err
    assert "7 more than one layer?" in outcome.err
    assert "meV of error are common to the gaps of all pixels (literature" in outcome.err
