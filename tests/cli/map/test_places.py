# SPDX-License-Identifier: BSD-3-Clause
"""``strain2dos report --profile --at``: what a map holds along a line and at points."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from strain2dos import make_raman_map
from strain2dos.mapping import at, profile


@pytest.fixture(scope="module")
def folder(run, tmp_path_factory):
    place = tmp_path_factory.mktemp("places")
    make_raman_map((12, 14), random_state=0).intensity.to_netcdf(place / "flake.nc", engine="h5netcdf")
    outcome = run("map", place / "flake.nc", "--unstrained", "384.6,402.7", "-q", "-o", place / "out")
    assert outcome.code == 0, outcome.err
    return place / "out"


def test_a_line_and_points_are_written_and_shown(run, folder):
    words = ("--profile", "1,2,5,2", "--width", "1", "--at", "2,3", "--at", "4.1,2")
    outcome = run("report", folder, *words, "--force")
    assert outcome.code == 0, outcome.err
    names = ["profile.csv", "profile.png", "points.csv", "points_dos.csv", "report.html"]
    assert [path.name for path in outcome.wrote] == names
    with xr.open_dataset(folder / "map.nc", engine="h5netcdf") as flake:
        along = profile(flake, (1, 2), (5, 2), width=1.0)
        points = at(flake, [(2, 3), (4.1, 2)])
        line = pd.read_csv(folder / "profile.csv", skiprows=[1])
        np.testing.assert_allclose(line["gap"], along.gap, rtol=1e-6)
        np.testing.assert_allclose(line["strain_std"], along.strain_std, rtol=1e-6)
        curves = pd.read_csv(folder / "points_dos.csv")
        np.testing.assert_allclose(curves["dos_2"], points.dos[1], rtol=1e-6)
        np.testing.assert_allclose(curves["energy (eV)"], flake.energy)
        values = pd.read_csv(folder / "points.csv", skiprows=[1])
        np.testing.assert_allclose(values["gap"], points.gap, rtol=1e-6)
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "From (1, 2) to (5, 2)" in page


def test_tables_of_places_are_not_replaced_unasked(run, folder):
    assert run("report", folder, "--at", "2,3", "--force").code == 0
    before = (folder / "points.csv").read_bytes()
    outcome = run("report", folder, "--at", "4,3")
    assert outcome.code != 0
    assert "--force" in outcome.err
    assert (folder / "points.csv").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--at", "2"), "must be 2 numbers"),
        (("--profile", "1,2,5"), "must be 4 numbers"),
        (("--width", "1"), "--profile"),
        (("--at", "200,3", "--force"), "outside"),
    ],
)
def test_places_that_cannot_be_are_refused(run, folder, words, message):
    page = (folder / "report.html").read_bytes()
    outcome = run("report", folder, *words)
    assert outcome.code != 0
    assert message in " ".join(outcome.err.split())
    assert (folder / "report.html").read_bytes() == page


def test_a_point_outside_leaves_no_half_of_what_was_asked(run, folder):
    run("report", folder, "--profile", "1,2,5,2", "--force")
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    outcome = run("report", folder, "--profile", "1,3,5,3", "--at", "200,3", "--force")
    assert outcome.code != 0
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before
