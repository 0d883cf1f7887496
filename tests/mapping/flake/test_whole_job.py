# SPDX-License-Identifier: BSD-3-Clause
"""A Raman map and a photoluminescence map in, all that a supervisor asks for out, in eight lines."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from strain2dos import make_raman_map

JOB = """
from strain2dos import map_flake
from strain2dos.mapping import at, profile, to_csv
from strain2dos.report import write_map_report
flake = map_flake("flake.nc", "pl.nc", unstrained=(384.6, 402.7), noise="poisson")
across = profile(flake, (1.5, 1.5), (5.5, 5.5), width=1.0)
curves = at(flake, [(2.0, 3.0), (3.5, 3.5), (5.0, 4.0)]).dos
to_csv(across, "across.csv")
write_map_report(flake, "report.html")
""".strip()


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("job")
    truth = make_raman_map((15, 15), doping=0.3, random_state=2)
    truth.intensity.to_netcdf(folder / "flake.nc", engine="h5netcdf")
    other = truth.pl_energy.interp(x=np.arange(0.0, 7.1, 0.7), y=np.arange(0.0, 7.1, 0.7))
    axis = np.linspace(600.0, 740.0, 120)
    center = 1239.84198 / 1.000276 / np.nan_to_num(other.values, nan=1.87)[..., None]
    counts = np.random.default_rng(0).poisson(100 + 900 / (1 + ((axis - center) / 10) ** 2))
    coords = {"y": other.y, "x": other.x, "shift": ("shift", axis, {"units": "nm"})}
    light = xr.DataArray(counts.astype(float), dims=("y", "x", "shift"), coords=coords, name="intensity")
    light.to_netcdf(folder / "pl.nc", engine="h5netcdf")
    names = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        exec(JOB, names)
    return folder, truth, names


def test_the_job_has_eight_lines():
    assert len(JOB.splitlines()) <= 8


def test_the_profile_follows_the_strain_across_the_wrinkle(done):
    folder, truth, names = done
    across = names["across"]
    strain = (truth.exx + truth.eyy) / 2
    x = xr.DataArray(across.x.values, dims="distance")
    y = xr.DataArray(across.y.values, dims="distance")
    there = strain.interp(x=x, y=y).values
    known = np.isfinite(there) & np.isfinite(across.strain.values)
    assert np.corrcoef(across.strain.values[known], there[known])[0, 1] > 0.9
    table = pd.read_csv(folder / "across.csv", skiprows=[1])
    assert {"gap", "gap_std", "strain", "strain_std", "doping"} <= set(table)


def test_curves_at_three_points_and_the_report_are_there(done):
    folder, _, names = done
    assert names["curves"].shape == (3, 651)
    assert np.isfinite(names["curves"].values).all()
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "PBE" in page
    assert "photoluminescence" in page.lower()
    assert np.isfinite(names["flake"].attrs["pl_slope"])
