# SPDX-License-Identifier: BSD-3-Clause
"""Photoluminescence of a mapped flake, measured on other pixels."""

import numpy as np
import pytest
import xarray as xr

from strain2dos import make_raman_map, map_flake
from strain2dos.mapping import PLComparisonDisplay, compare_with_pl, fit_pl

UNSTRAINED = (384.6, 402.7)
SIDE = 15.0  # um


@pytest.fixture(scope="module")
def flake():
    return make_raman_map((31, 31), step=SIDE / 30, doping=0.3, random_strain=0.0, random_state=0)


@pytest.fixture(scope="module")
def light():
    """Spectra of the same wrinkle on another grid, in nm."""
    energy = make_raman_map((34, 34), step=SIDE / 33, random_strain=0.0, pl_noise=0.0, random_state=3)
    axis = np.linspace(590.0, 760.0, 300)
    photon = 1239.84198 / 1.000276 / axis
    center = energy.pl_energy.values[..., None]
    shape = 1 / (1 + ((photon - center) / 0.028) ** 2) * photon**2
    counts = np.random.default_rng(0).poisson(200 + 900 * np.nan_to_num(shape))
    coords = {"y": energy.y, "x": energy.x, "wavelength": ("wavelength", axis, {"units": "nm"})}
    return xr.DataArray(counts.astype(float), dims=("y", "x", "wavelength"), coords=coords)


@pytest.fixture(scope="module")
def mapped(flake, light):
    return map_flake(flake.intensity, light, unstrained=UNSTRAINED, noise="poisson")


def test_the_slope_against_the_gap_at_k_is_one_within_its_error(mapped):
    compared = compare_with_pl(mapped, mapped)
    assert compared.slope == pytest.approx(1.0, abs=compared.slope_total_error)
    assert abs(compared.slope - 1.0) < 0.05
    assert compared.slope_error < 0.01  # pixels
    assert compared.slope_model_error < 0.15  # the model, and rates that differ between experiments
    assert compared.slope == mapped.attrs["pl_slope"]


def test_the_light_lies_on_the_pixels_of_the_flake(mapped, flake):
    error = (mapped.pl_energy - (flake.gap_direct + flake.attrs["exciton_offset_eV"])).values
    known = np.isfinite(error)
    assert known.sum() > 300
    assert np.median(np.abs(error[known])) < 0.003
    assert np.nanmedian(mapped.pl_energy_std) < 0.003


def test_the_positions_keep_their_unit(mapped, flake):
    assert mapped.x.attrs["units"] == flake.x.attrs["units"] == "um"
    assert mapped.y.attrs["units"] == "um"


def test_the_rate_against_strain_is_that_of_the_gap_and_named_beside_the_literature(mapped, flake):
    known = np.isfinite(flake.gap_direct.values) & np.isfinite(mapped.pl_energy.values)
    strain = 50 * (flake.exx + flake.eyy).values[known]
    true_rate = np.polyfit(strain, 1e3 * flake.gap_direct.values[known], 1)[0]
    assert mapped.attrs["pl_rate"] == pytest.approx(true_rate, abs=3 * mapped.attrs["pl_rate_error"] + 2)
    assert "-40 to -110" in mapped.attrs["pl_comparison"]


def test_the_figure_shades_the_rates_of_other_flakes(mapped):
    display = PLComparisonDisplay.from_maps(mapped, mapped)
    texts = [text.get_text() for text in display.ax_.get_legend().texts]
    assert "Other flakes, \u221240 to \u2212110 meV/%" in texts
    assert display.ax_.get_xlabel() == "Predicted direct gap at K, PBE (eV)"


def test_a_fitted_dataset_a_map_and_a_file_give_the_same(mapped, flake, light, tmp_path):
    path = tmp_path / "pl.nc"
    light.rename("intensity").rename(wavelength="shift").to_netcdf(path, engine="h5netcdf")
    fitted = fit_pl(light)
    options = {"unstrained": UNSTRAINED, "noise": "poisson", "quantities": ("gap", "gap_direct")}
    for pl in (fitted, fitted.A_center, path):
        found = map_flake(flake.intensity, pl, **options)
        np.testing.assert_allclose(found.pl_energy, mapped.pl_energy, atol=1e-9)


def test_wavelengths_are_refused_as_energies(flake):
    with pytest.raises(ValueError, match=r"energies in eV, but their median is 67"):
        map_flake(flake.intensity, 1239.84 / flake.pl_energy, unstrained=UNSTRAINED)


def test_a_gap_that_varies_less_than_its_error_is_named(mapped):
    flat = mapped.assign(gap_direct_std=mapped.gap_direct_std * 0 + 1.0)
    assert "Contrast below its error: the gap varies" in compare_with_pl(flat, mapped).remark
    assert compare_with_pl(mapped, mapped).remark == ""


def test_a_file_without_a_unit_is_refused_before_the_map_and_read_with_pl_unit(
    flake, light, tmp_path, monkeypatch
):
    path = tmp_path / "pl.nc"
    bare = light.rename("intensity").rename(wavelength="shift")
    bare = bare.assign_coords(shift=bare["shift"].values)
    bare.to_netcdf(path, engine="h5netcdf")
    options = {"unstrained": UNSTRAINED, "noise": "poisson", "quantities": ("gap", "gap_direct")}
    with monkeypatch.context() as patch:
        patch.setattr("strain2dos.mapping._flake.map_flake.map_in_memory", None)
        with pytest.raises(ValueError, match=r"unit of the photoluminescence axis is None .*pl_unit= to map"):
            map_flake(flake.intensity, path, **options)
    found = map_flake(flake.intensity, path, pl_unit="nm", **options)
    expected = map_flake(flake.intensity, light, **options)
    np.testing.assert_array_equal(found.pl_energy, expected.pl_energy)
    assert np.isfinite(found.pl_energy.values).sum() > 300
