# SPDX-License-Identifier: BSD-3-Clause
"""Axes in other units are converted where that is possible and refused where not; never relabeled."""

import numpy as np
import pytest
import xarray as xr
from scipy.constants import c, e, h
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from strain2dos import RamanFeaturizer, SpatialMapper
from strain2dos.datasets import make_raman_dos
from strain2dos.raman import in_wavenumbers, measure_unstrained, to_raman_shift
from strain2dos.raman._features.units import stated_laser
from strain2dos.simulate import simulate_spectra

LASER = 532.0
SHIFT = np.arange(330.0, 440.0, 0.5)


def photons(unit):
    """Wavelength in nm or energy in eV of the scattered light, from the constants of SciPy."""
    wavelength = 1.0 / (1.0 / (LASER * 1e-9) - SHIFT * 100)
    return wavelength * 1e9 if unit == "nm" else h * c / wavelength / e


@pytest.mark.parametrize("unit", ["nm", "eV"])
def test_scattered_light_converts_by_the_laser_line(unit):
    np.testing.assert_allclose(to_raman_shift(photons(unit), unit, LASER), SHIFT, atol=1e-4)


def test_energies_below_those_of_photons_are_shifts():
    energy = h * c * SHIFT * 100 / e
    np.testing.assert_allclose(to_raman_shift(energy, "eV"), SHIFT, rtol=1e-8)
    np.testing.assert_allclose(to_raman_shift(1e3 * energy, "meV"), SHIFT, rtol=1e-8)


def cube(axis, unit, **attrs):
    spectra = simulate_spectra([[383.0, 383.0, 402.0]] * 12, SHIFT, random_state=0).reshape(3, 4, -1)
    return xr.DataArray(
        spectra, dims=("y", "x", "shift"), coords={"shift": ("shift", axis, {"units": unit})}, attrs=attrs
    )


@pytest.mark.parametrize(
    ("header", "wavelength"),
    [
        ('{"Laser wavelength": "532,0 nm"}', 532.0),
        ('{"Excitation (cm-1)": "18796.99"}', 532.0),
        ('{"Laser power (mW)": "633", "Laser": 785}', 785.0),
        ('{"Laser power (mW)": "633"}', None),
        ('{"Excitation": "green"}', None),
        ('{"Acq. time (s)": "600"}', None),
        ("[532]", None),
        ("no JSON", None),
    ],
)
def test_a_header_states_the_laser_by_name_and_by_a_wavelength(header, wavelength):
    assert stated_laser({"header": header}) == (wavelength and pytest.approx(wavelength, abs=1e-4))


def test_an_axis_in_wavenumbers_and_spectra_without_an_axis_stay_as_they_are():
    np.testing.assert_array_equal(to_raman_shift(SHIFT, "1/cm"), SHIFT)
    plain = cube(SHIFT, "cm-1")
    assert in_wavenumbers(plain) is plain
    unlabeled = plain.drop_vars("shift")
    assert in_wavenumbers(unlabeled) is unlabeled


@pytest.fixture(scope="module")
def model():
    data = make_raman_dos(61, shift=SHIFT, random_state=0)
    return make_pipeline(RamanFeaturizer(data.shift), Ridge()).fit(data.spectra, data.dos)


def test_a_map_in_nm_is_converted_by_the_laser_that_it_states(model):
    mapper = SpatialMapper(model, quantities=("dos", "features"))
    plain = mapper.predict_map(cube(SHIFT, "cm-1"))
    for attrs in ({"laser_nm": LASER}, {"header": '{"Laser (nm)": "532.00", "Power (mW)": "1"}'}):
        there = mapper.predict_map(cube(photons("nm"), "nm", **attrs))
        np.testing.assert_allclose(there.features, plain.features, atol=1e-3)


@pytest.mark.parametrize(("axis", "unit"), [(photons("nm"), "nm"), (photons("eV"), "eV"), (SHIFT, "pixels")])
def test_a_map_in_a_unit_that_cannot_be_converted_is_refused_everywhere(model, axis, unit):
    flake = cube(axis, unit)
    with pytest.raises(ValueError, match=f"spectral axis is in '?{unit}"):
        SpatialMapper(model, quantities=("dos",)).predict_map(flake)
    with pytest.raises(ValueError, match=f"spectral axis is in '?{unit}"):
        measure_unstrained(flake)
    with pytest.raises(ValueError, match=f"spectral axis is in '?{unit}"):
        RamanFeaturizer(flake["shift"]).fit(flake.values.reshape(12, -1))
    with pytest.raises(ValueError, match=f"spectral axis is in '?{unit}"):
        make_raman_dos(4, shift=flake["shift"])


def test_falling_photon_energies_become_a_rising_shift():
    flake = in_wavenumbers(cube(photons("eV"), "eV", laser_nm=LASER))
    np.testing.assert_allclose(flake["shift"], SHIFT, atol=1e-4)
    assert flake["shift"].attrs == {"units": "cm-1", "long_name": "Raman shift", "converted_from": "eV"}
    ordered = cube(photons("eV")[::-1], "eV", laser_nm=LASER)
    turned = in_wavenumbers(ordered)
    np.testing.assert_allclose(turned["shift"], SHIFT, atol=1e-4)
    np.testing.assert_array_equal(turned.values, ordered.values[..., ::-1])


def test_an_axis_without_a_unit_or_in_wavenumbers_stays_as_it_is():
    for unit in ("cm-1", "1/cm", "cm\u207b\u00b9", "unknown", ""):
        flake = cube(SHIFT, unit)
        assert in_wavenumbers(flake) is flake
