# SPDX-License-Identifier: BSD-3-Clause
"""``strain2dos map FLAKE``: spectra to strain, doping and gaps without training."""

import json
import re

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from strain2dos import make_raman_map, map_flake
from strain2dos.io import save_model
from strain2dos.mapping._flake.model import choose_model

UNSTRAINED = ("--unstrained", "384.6,402.7", "--noise", "poisson")


@pytest.fixture(scope="module")
def flake():
    return make_raman_map((12, 14), doping=0.3, random_state=0)


@pytest.fixture(scope="module")
def file(flake, tmp_path_factory):
    path = tmp_path_factory.mktemp("flake") / "flake.nc"
    flake.intensity.to_netcdf(path, engine="h5netcdf")
    return path


@pytest.fixture(scope="module")
def light(flake, tmp_path_factory):
    """Photoluminescence of the flake in nm, one line a pixel."""
    axis = np.linspace(600.0, 740.0, 120)
    center = 1239.84198 / 1.000276 / np.nan_to_num(flake.pl_energy.values, nan=1.87)[..., None]
    counts = np.random.default_rng(0).poisson(100 + 900 / (1 + ((axis - center) / 10) ** 2))
    coords = {"y": flake.y, "x": flake.x, "shift": ("shift", axis, {"units": "nm"})}
    cube = xr.DataArray(counts.astype(float), dims=("y", "x", "shift"), coords=coords, name="intensity")
    path = tmp_path_factory.mktemp("light") / "pl.nc"
    cube.to_netcdf(path, engine="h5netcdf")
    return path


@pytest.fixture(scope="module")
def done(run, file, light, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "out"
    outcome = run("map", file, "--pl", light, *UNSTRAINED, "--scissor", 1.88, "-q", "-o", folder)
    assert outcome.code == 0, outcome.err
    return outcome, folder


def test_a_file_of_spectra_is_mapped_without_a_model(done, flake):
    outcome, folder = done
    known = {"unstrained": (384.6, 402.7), "noise": "poisson", "scissor": 1.88}
    expected = map_flake(flake.intensity, **known)
    with xr.open_dataset(folder / "map.nc", engine="h5netcdf") as found:
        for name in ("gap", "gap_direct", "strain", "doping_std", "gap_common_std", "status"):
            np.testing.assert_allclose(found[name], expected[name], rtol=1e-6)
        assert found.gap.attrs["functional"] == "PBE + scissor"
        assert (found.status_reason.values == expected.status_reason.values).all()
        assert "pl_energy" in found
    assert {path.name for path in outcome.wrote} == {path.name for path in folder.iterdir()}


def test_the_screen_names_each_quantity_with_both_errors_and_the_light(done):
    out = done[0].out
    for words in ("strain ", "doping ", "gap ", "gap_direct "):
        (line,) = [line for line in out.splitlines() if line.startswith(words)]
        assert "error of a pixel" in line
        assert "common to all pixels" in line
    assert "(PBE + scissor)" in out
    assert "The photoluminescence follows the gap at K with a slope of" in out


def test_one_spectrum_has_values_with_errors_and_no_span(run, flake, tmp_path):
    spectrum = flake.intensity[6, 7]
    np.savetxt(tmp_path / "one.txt", np.column_stack([spectrum["shift"], spectrum]), delimiter="\t")
    outcome = run("map", tmp_path / "one.txt", *UNSTRAINED, "-q", "-o", tmp_path / "out")
    assert outcome.code == 0, outcome.err
    (line,) = [line for line in outcome.out.splitlines() if line.startswith("strain ")]
    found = re.fullmatch(r"strain +(-?[\d.]+) %, error ([\d.]+), common ([\d.]+)", line)
    assert found, line
    truth = 50 * float(flake.exx[6, 7] + flake.eyy[6, 7])
    assert abs(float(found[1]) - truth) < 4 * np.hypot(float(found[2]), float(found[3]))


def test_the_table_has_a_row_per_pixel(done, flake):
    table = pd.read_csv(done[1] / "flake.csv", skiprows=[1])
    assert len(table) == flake.sizes["y"] * flake.sizes["x"]
    assert {"x", "y", "gap", "gap_std", "strain", "strain_std", "doping", "status_reason"} <= set(table)


def test_settings_are_recorded(done):
    settings = json.loads((done[1] / "metrics.json").read_text())["settings"]
    assert settings["scissor"] == 1.88
    assert settings["unstrained"] == [384.6, 402.7]
    assert settings["model"].startswith("bundled MoS2")


def test_a_model_of_ones_own_takes_the_same_options(run, file, tmp_path):
    path = save_model(choose_model(None, "MoS2").pipeline, tmp_path / "own.skops")
    outcome = run("map", path, file, *UNSTRAINED, "-q", "-o", tmp_path / "out")
    assert outcome.code == 0, outcome.err
    with xr.open_dataset(tmp_path / "out" / "map.nc", engine="h5netcdf") as found:
        assert found.attrs["model_name"] == "own.skops"
        assert "functional" not in found.gap.attrs


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--material", "WSe2"), 1, "no model for 'WSe2' comes with the package"),
        (("--unstrained", "384.6"), 2, "must be 2 numbers"),
        (("--scissor", 1880), 1, "scissor is the gap of the unstrained layer in eV"),
        (("--store", "map.zarr", "--scissor", 1.88), 2, "map by a model as it is"),
    ],
)
def test_wrong_options_name_the_way_out(run, file, tmp_path, words, code, said):
    outcome = run("map", file, *words, "-q", "-o", tmp_path / "out")
    assert outcome.code == code
    assert said in " ".join(outcome.err.replace("│", " ").split())
    assert not (tmp_path / "out").exists()


def test_the_unit_of_a_file_of_light_that_states_none_is_asked_for_and_taken(run, file, light, tmp_path):
    bare = tmp_path / "bare.nc"
    with xr.open_dataarray(light, engine="h5netcdf") as cube:
        cube.assign_coords(shift=cube["shift"].values).to_netcdf(bare, engine="h5netcdf")
    options = ("map", file, "--pl", bare, *UNSTRAINED, "-q", "-o", tmp_path / "out")
    outcome = run(*options)
    assert outcome.code != 0
    assert "--pl-unit nm" in outcome.err
    assert not (tmp_path / "out" / "map.nc").exists()
    outcome = run(*options, "--pl-unit", "nm")
    assert outcome.code == 0, outcome.err
    with xr.open_dataset(tmp_path / "out" / "map.nc", engine="h5netcdf") as found:
        assert np.isfinite(found.pl_energy.values).sum() > 50


def test_a_map_that_cannot_be_used_is_told_without_numbers(run, tmp_path):
    noise = np.random.default_rng(0).normal(100, 10, (3, 4, 184))
    cube = xr.DataArray(
        noise, dims=("y", "x", "shift"), coords={"shift": np.arange(330.0, 440.0, 0.6)}, name="intensity"
    )
    cube.to_netcdf(tmp_path / "noise.nc", engine="h5netcdf")
    outcome = run("map", tmp_path / "noise.nc", "-q", "-o", tmp_path / "out")
    assert outcome.code == 0, outcome.err
    assert "Is this MoS2" in outcome.err
    assert all(line.startswith("wrote") for line in outcome.out.splitlines())
