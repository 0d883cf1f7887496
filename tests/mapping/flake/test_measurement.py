# SPDX-License-Identifier: BSD-3-Clause
"""What the user states of the measurement: laser line and profile of the lines; spectra of another kind."""

import numpy as np
import pytest
import xarray as xr

from strain2dos import make_raman_map, map_flake

UNSTRAINED = (384.6, 402.7)


def in_nm(cube, laser):
    shift = 1e7 / (1e7 / laser - cube["shift"].values)
    return cube.assign_coords(shift=("shift", shift, {"units": "nm"}))


def test_the_laser_line_turns_an_axis_in_nm_into_the_map_of_wavenumbers():
    cube = make_raman_map((8, 9), random_state=0).intensity
    asked = {"unstrained": UNSTRAINED, "quantities": ("gap", "strain")}
    plain, converted = map_flake(cube, **asked), map_flake(in_nm(cube, 633.0), laser_nm=633.0, **asked)
    np.testing.assert_allclose(converted.gap, plain.gap, atol=1e-5)
    assert converted.attrs["source_converted_from"] == "nm"
    with pytest.raises(ValueError, match=r"give it as laser_nm=532.0"):
        map_flake(in_nm(cube, 633.0))
    with pytest.raises(ValueError, match=r"laser_nm is the wavelength of the laser in nm.*0\.633"):
        map_flake(in_nm(cube, 633.0), laser_nm=0.633)


def test_photoluminescence_given_as_raman_spectra_is_named():
    cube = make_raman_map((8, 8), random_state=0).intensity
    shifted = cube.assign_coords(shift=("shift", cube["shift"].values + 3000.0, {"units": "cm-1"}))
    with pytest.raises(ValueError, match=r"3330 to 3440 cm-1.*photoluminescence\? Give it as pl="):
        map_flake(shifted)
    # 15 cm-1 from point to point, as a grating for light has
    coarse = xr.DataArray(
        np.random.default_rng(0).poisson(200.0, (3, 4, 560)).astype(float),
        dims=("y", "x", "shift"),
        coords={"shift": np.arange(-400.0, 8000.0, 15.0)},
    )
    with pytest.warns(UserWarning, match=r"Hardly any point of the axis.*photoluminescence"):
        map_flake(coarse)


def test_a_wide_response_of_the_spectrometer_is_no_shear_where_the_profile_says_so():
    truth = make_raman_map((10, 12), max_strain=0.01, instrument_fwhm=2.0, random_state=0)
    shear = np.hypot(truth.exx - truth.eyy, 2 * truth.exy).values
    held = {}
    for lineshape in ("voigt", None):
        found = map_flake(
            truth.intensity,
            unstrained=UNSTRAINED,
            noise="poisson",
            lineshape=lineshape,
            quantities=("shear", "shear_std", "gap", "gap_std"),
        )
        ok = found.status.values == 0
        error = np.abs(found.shear.values - shear)[ok]
        held[lineshape] = (error <= 1.645 * found.shear_std.values[ok]).mean()
        inside = np.abs(found.gap - truth.gap).values <= 1.645 * found.gap_std.values
        assert inside[ok].mean() > 0.8
    assert held["voigt"] > 0.9
    # what the option is for: Lorentzian lines read the Gaussian part of bright lines as a split
    assert held[None] < 0.5
    assert found.attrs["lineshape"] == "lorentzian"
