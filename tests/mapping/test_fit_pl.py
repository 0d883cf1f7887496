# SPDX-License-Identifier: BSD-3-Clause
import numpy as np
import pytest
import xarray as xr
from lmfit.models import LinearModel, LorentzianModel
from scipy import constants
from scipy.optimize import curve_fit

from strain2dos.mapping import PLStatus, fit_pl
from strain2dos.mapping._photoluminescence.lines import LineModel

HC = constants.h * constants.c / constants.e * 1e9


def lorentzian(energy, center, fwhm, height):
    return height / (1 + (2 * (energy - center) / fwhm) ** 2)


def cube_over_energy(centers, noise=5.0, height=500.0, fwhm=0.06, n=250, seed=0):
    energy = np.linspace(1.6, 2.1, n)
    spectra = lorentzian(energy, np.asarray(centers)[..., np.newaxis], fwhm, height) + 20 + 8 * energy
    spectra = spectra + np.random.default_rng(seed).normal(0, noise, spectra.shape)
    dims = ("y", "x", "energy")[-spectra.ndim :]
    return xr.DataArray(spectra, dims=dims, coords={"energy": ("energy", energy, {"units": "eV"})})


def test_derivatives_of_the_model_are_those_of_finite_differences():
    model, x = LineModel(("A", "trion", "B"), 1.85, 0.25), np.linspace(1.6, 2.1, 80)
    p = np.array([3.0, 20.0, 0.4, 1.85, 0.05, 30.0, -0.03, 0.06, 8.0, 0.15, 0.08, 5.0])
    jac = model.values_and_jacobian(x, p)[1]
    for k in range(len(p)):
        step = np.zeros(len(p))
        step[k] = 1e-6 * max(abs(p[k]), 0.1)
        ends = [model.values_and_jacobian(x, p + sign * step)[0] for sign in (1, -1)]
        np.testing.assert_allclose(jac[:, k], (ends[0] - ends[1]) / (2 * step[k]), rtol=2e-5, atol=1e-3)


def test_centers_scatter_by_their_stated_error_about_the_truth():
    true = 1.85 + 0.02 * np.random.default_rng(1).normal(size=(15, 20))
    result = fit_pl(cube_over_energy(true, noise=15.0))
    pulls = ((result.A_center - true) / result.A_center_std).values
    assert (result.status == 0).all()
    assert abs(pulls.mean()) < 0.2  # 300 pixels: 3.5 standard errors
    assert 0.88 < pulls.std() < 1.12


def test_fit_agrees_with_lmfit_on_a_pure_lorentzian():
    cube = cube_over_energy(1.84, noise=2.0)
    energy = cube.energy.values
    model = LorentzianModel() + LinearModel()
    theirs = model.fit(cube.values, x=energy, center=1.85, sigma=0.03, amplitude=40, slope=0, intercept=20)
    ours = fit_pl(cube)
    assert abs(float(ours.A_center) - theirs.params["center"].value) < 0.1 * float(ours.A_center_std)
    np.testing.assert_allclose(float(ours.A_center_std), theirs.params["center"].stderr, rtol=0.15)
    np.testing.assert_allclose(float(ours.A_fwhm), theirs.params["fwhm"].value, rtol=0.02)


def test_wavelengths_come_out_at_the_energy_and_not_at_the_peak_of_the_wavelength_spectrum():
    wavelength = np.linspace(600, 750, 400)  # in vacuum
    energy = HC / wavelength
    counts = lorentzian(energy, 1.85, 0.08, 1e4) * HC / wavelength**2  # counts per nm
    cube = xr.DataArray(counts, dims="wavelength", coords={"wavelength": wavelength})
    found = float(fit_pl(cube, unit="nm", air=False).A_center)
    assert abs(found - 1.85) < 1e-5
    fine = np.linspace(1.84, 1.86, 20001)
    peak = fine[(lorentzian(fine, 1.85, 0.08, 1.0) * fine**2).argmax()]
    np.testing.assert_allclose(peak - 1.85, 0.08**2 / (4 * 1.85), rtol=0.02)  # what reading it off would add
    in_air = float(fit_pl(cube.assign_coords(wavelength=wavelength / 1.000276), unit="nm").A_center)
    assert abs(in_air - 1.85) < 1e-5


def test_axis_may_descend_and_points_may_be_missing():
    cube = cube_over_energy([[1.84, 1.86]])
    spoiled = cube.isel(energy=slice(None, None, -1)).copy(deep=True)
    spoiled[0, 0, 100:110] = np.nan
    np.testing.assert_allclose(fit_pl(spoiled).A_center, fit_pl(cube).A_center, atol=1e-3)


def test_trion_and_b_are_told_apart_from_a():
    energy = np.linspace(1.7, 2.2, 400)
    spectrum = lorentzian(energy, 1.88, 0.035, 800) + lorentzian(energy, 1.845, 0.045, 500)
    spectrum += lorentzian(energy, 2.03, 0.08, 120) + np.random.default_rng(2).normal(0, 3, 400)
    cube = xr.DataArray(spectrum, dims="energy", coords={"energy": energy})
    result = fit_pl(cube, lines=("A", "trion", "B"), unit="eV")
    for line, truth in (("A", 1.88), ("trion", 1.845), ("B", 2.03)):
        assert abs(float(result[f"{line}_center"]) - truth) < 4 * float(result[f"{line}_center_std"]) < 0.02


def test_noise_alone_gives_no_line():
    rng, energy = np.random.default_rng(3), np.linspace(1.6, 2.1, 250)
    noise = xr.DataArray(100 + rng.normal(0, 5, (400, 250)), dims=("site", "energy"))
    result = fit_pl(noise.assign_coords(energy=energy), unit="eV")
    assert (result.status != 0).all()
    assert result.A_center.isnull().all()


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lambda e: 0 * e + np.nan, PLStatus.INPUT_NOT_FINITE),
        (lambda e: lorentzian(e, 1.604, 0.05, 500), PLStatus.AT_THE_EDGE),
        (lambda e: lorentzian(e, 1.85, 0.35, 500), PLStatus.IMPLAUSIBLE_WIDTH),
        (lambda e: lorentzian(e, 1.80, 0.03, 500) + lorentzian(e, 1.88, 0.03, 450), PLStatus.POOR_FIT),
    ],
)
def test_what_is_no_exciton_line_is_flagged_with_its_reason(change, status):
    energy = np.linspace(1.6, 2.1, 250)
    values = change(energy) + np.random.default_rng(0).normal(0, 1, 250)
    result = fit_pl(xr.DataArray(values, dims="energy", coords={"energy": energy}), unit="eV")
    assert int(result.status) == status
    assert status.words


def test_axes_without_a_unit_or_in_another_one_are_refused():
    cube = cube_over_energy(1.85)
    bare = cube.assign_coords(energy=cube.energy.values)
    with pytest.raises(
        ValueError, match=r"the unit of the photoluminescence axis is None \(values 1.6 to 2.1\)"
    ):
        fit_pl(bare)
    with pytest.raises(ValueError, match="which cannot be in nm"):
        fit_pl(bare, unit="nm")
    with pytest.raises(ValueError, match="lines must be some of"):
        fit_pl(cube, lines=("B",))
    with pytest.raises(ValueError, match="needs a dim with coordinates"):
        fit_pl(cube.rename(energy="channel"))


@pytest.mark.parametrize("noise", [5.0, 60.0])
def test_fits_side_by_side_are_those_of_curve_fit_one_by_one(noise):
    """The same model under the same bounds, by scipy's trust region."""
    cube = cube_over_energy(1.85 + 0.02 * np.random.default_rng(1).normal(size=(3, 10)), noise=noise)
    x, spectra = cube.energy.values, cube.values.reshape(30, -1)
    found = fit_pl(cube)
    model = LineModel(("A",), float(x.mean()), float(np.ptp(x) / 2))
    for i, y in enumerate(spectra):
        start, low, high = model.start_and_bounds(x, y)
        best, spread = curve_fit(
            lambda x, *p: model.values_and_jacobian(x, np.array(p))[0],
            x,
            y,
            p0=np.clip(start, low + 1e-9, high - 1e-9),
            jac=lambda x, *p: model.values_and_jacobian(x, np.array(p))[1],
            bounds=(low, high),
            x_scale=np.maximum(np.abs(start), [1, 1, 1, 1e-2, 1e-2, 1e-12]),
            ftol=1e-12,
            xtol=1e-12,
        )
        errors = np.sqrt(np.diag(spread))[3:]
        for name, value, error in zip(("center", "fwhm", "area"), best[3:], errors, strict=True):
            ours, stated = (float(found[f"A_{name}{end}"].values.ravel()[i]) for end in ("", "_std"))
            assert abs(ours - value) < 0.01 * stated
            # scipy scales by chi-square per point, ours by noise of neighbors unless that is smaller
            np.testing.assert_allclose(stated, error, rtol=0.2)


def test_a_fit_does_not_depend_on_the_spectra_beside_it():
    cube = cube_over_energy(1.85 + 0.02 * np.random.default_rng(4).normal(size=(2, 200)), noise=20.0)
    cube[0, ::3, 7] = np.nan
    together, alone = fit_pl(cube), fit_pl(cube[1:, 150:151])
    for name in together:
        np.testing.assert_array_equal(together[name].values[1:, 150:151], alone[name].values)


def test_a_trion_that_is_not_there_has_no_place():
    found = fit_pl(cube_over_energy(np.full((5, 20), 1.85), noise=10.0), lines=("A", "trion"))
    ok = found.status.values == 0
    none = ok & (found.trion_area.values <= 0)
    assert none.sum() > 10
    assert np.isnan(found.trion_center.values[none]).all()
    assert np.isnan(found.trion_center_std.values[none]).all()
    pulls = (found.A_center.values - 1.85)[ok] / found.A_center_std.values[ok]
    assert np.abs(pulls).max() < 4
