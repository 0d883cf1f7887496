# SPDX-License-Identifier: BSD-3-Clause
import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from scipy import stats

from strain2dos.mapping import MapDisplay, PLComparisonDisplay, compare_with_pl


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def maps():
    rng = np.random.default_rng(3)
    true = 1.6 + 0.05 * np.sin(np.linspace(0, 6, 20))[:, np.newaxis] * np.cos(np.linspace(0, 5, 30))
    gap = true + rng.normal(0, 0.01, true.shape)
    pl = 0.3 + 0.95 * true + rng.normal(0, 0.02, true.shape)
    return gap, pl


def test_deming_line_is_the_principal_axis_once_both_errors_are_equal(maps):
    gap, pl = (values.ravel() for values in maps)
    result = compare_with_pl(*maps, error_ratio=4.0)
    centered = np.column_stack([gap - gap.mean(), (pl - pl.mean()) / 2.0])
    axis = np.linalg.svd(centered, full_matrices=False)[2][0]
    slope = 2.0 * axis[1] / axis[0]
    np.testing.assert_allclose(
        [result.slope, result.intercept], [slope, pl.mean() - slope * gap.mean()], rtol=1e-9
    )
    assert abs(result.slope - 0.95) < 3 * result.slope_error
    flipped = compare_with_pl(*maps[::-1], error_ratio=0.25)
    np.testing.assert_allclose(flipped.slope, 1 / result.slope, rtol=1e-9)


def test_least_squares_figures_equal_scipy(maps):
    gap, pl = (values.ravel() for values in maps)
    result = compare_with_pl(*maps, method="ols")
    line = stats.linregress(gap, pl)
    np.testing.assert_allclose(
        [result.slope, result.intercept, result.pearson], [line.slope, line.intercept, line.rvalue]
    )
    np.testing.assert_allclose(result.rms_residual_mev, 1e3 * np.std(pl - line.slope * gap), rtol=1e-9)
    np.testing.assert_allclose(result.mean_offset_mev, 1e3 * (pl - gap).mean())


def test_summary_shows_the_error_of_the_slope(maps):
    result = compare_with_pl(*maps)
    assert result.summary()["slope (eV/eV)"] == f"{result.slope:.3f} ± {result.slope_error:.3f}"
    assert np.isnan(compare_with_pl([[1.5, 1.6, 1.7]], [[1.8, 1.9, 2.1]], block=2).slope_error)
    assert result.summary()["RMS residual (meV)"] == result.to_dict()["rms_residual_mev"]


def test_masked_and_missing_pixels_are_left_out(maps):
    gap, pl = maps
    mask = np.ones(gap.shape, bool)
    mask[:5] = False
    spoiled = gap.copy()
    spoiled[:5] = 99.0
    spoiled[7, 7] = np.nan
    pl[9, 9] = np.nan
    result = compare_with_pl(spoiled, pl, mask=mask)
    assert result.n_pixels == 15 * 30 - 2
    cropped = compare_with_pl(spoiled[5:], pl[5:])
    assert (cropped.slope, cropped.pearson) == (result.slope, result.pearson)


def test_block_error_covers_the_scatter_of_slopes_over_repeats():
    rng = np.random.default_rng(0)
    true = 1.6 + 0.05 * rng.normal(size=(24, 24))
    results = [compare_with_pl(true, true + rng.normal(0, 0.02, true.shape), method="ols") for _ in range(60)]
    scatter = np.std([result.slope for result in results])
    assert 0.75 * scatter < np.mean([result.slope_error for result in results]) < 1.35 * scatter


def test_maps_on_other_pixels_are_refused(maps):
    gap = xr.DataArray(maps[0], dims=("y", "x"), coords={"y": np.arange(20), "x": np.arange(30)})
    pl = gap.copy(data=maps[1])
    turned = compare_with_pl(gap, pl.transpose("x", "y"))
    assert turned == compare_with_pl(gap, pl)
    with pytest.raises(ValueError, match=r"differ along 'x' by up to 0.5"):
        compare_with_pl(gap, pl.assign_coords(x=pl.x + 0.5))
    with pytest.raises(ValueError, match=r"they have \(20, 30\) and \(20, 29\)"):
        compare_with_pl(gap, pl[:, 1:])
    with pytest.raises(ValueError, match="only 0 of 600 pixels"):
        compare_with_pl(gap, pl * np.nan)
    with pytest.raises(ValueError, match=r"gap map is 1.6 eV at every pixel"):
        compare_with_pl(0 * gap + 1.6, pl)


def test_pl_figure_names_units_and_figures_of_merit(maps):
    display = PLComparisonDisplay.from_maps(*maps)
    assert display.ax_.get_ylabel() == "PL peak energy (eV)"
    assert f"{display.comparison.rms_residual_mev:.1f} meV" in display.ax_.get_title(loc="left")
    assert len(display.ax_.collections[0].get_offsets()) == 600
    _, ax = plt.subplots()
    assert display.plot(ax=ax).ax_ is ax


@pytest.fixture
def flake():
    gap = np.linspace(1.5, 1.7, 12).reshape(3, 4)
    gap[1, 2] = np.nan
    coords = {"y": ("y", [0.0, 0.5, 1.0], {"units": "um"}), "x": ("x", [3.0, 2.0, 1.0, 0.0], {"units": "um"})}
    dos = gap[..., np.newaxis] * np.array([1.0, 2.0])
    variables = {
        "gap": (("y", "x"), gap, {"units": "eV", "long_name": "band gap"}),
        "dos": (("y", "x", "energy"), dos, {"units": "states/eV/cell", "long_name": "density of states"}),
    }
    return xr.Dataset(variables, coords={**coords, "energy": [-6.0, -5.0]})


def test_map_has_units_true_extent_and_hatched_pixels(flake):
    display = MapDisplay.from_dataset(flake, "gap")
    assert display.ax_.get_xlabel() == "x (µm)"
    assert display.colorbar_.ax.get_ylabel() == "Band gap (eV)"
    assert display.ax_.get_aspect() == 1.0
    assert sorted(display.ax_.get_xlim()) == [-0.5, 3.5]
    assert display.ax_.patch.get_hatch() == "////"
    assert "1 of 12 pixels" in display.ax_.get_title(loc="left")
    # The first column of the data lies at x = 3.
    np.testing.assert_array_equal(display.im_.get_coordinates()[0, :, 0], [3.5, 2.5, 1.5, 0.5, -0.5])


def test_one_stray_pixel_does_not_take_the_colors():
    gap = np.linspace(1.5, 1.7, 400).reshape(20, 20)
    gap[3, 4] = 0.4
    flake = xr.Dataset({"gap": (("y", "x"), gap, {"units": "eV"})})
    display = MapDisplay.from_dataset(flake, "gap")
    np.testing.assert_allclose(display.im_.get_clim(), (1.5, 1.7), atol=0.02)
    assert display.colorbar_.extend == "min"
    display = MapDisplay.from_dataset(flake, "gap", vmin=0.0, vmax=9.0)
    assert display.im_.get_clim() == (0.0, 9.0)
    assert display.colorbar_.extend == "neither"


def test_map_of_the_dos_needs_an_energy(flake):
    with pytest.raises(ValueError, match="pass energy="):
        MapDisplay.from_dataset(flake, "dos")
    display = MapDisplay.from_dataset(flake, "dos", energy=-5.1)
    assert display.colorbar_.ax.get_ylabel() == "Density of states at -5.00 eV (states/eV/cell)"
    with pytest.raises(ValueError, match="no variable 'vbm'"):
        MapDisplay.from_dataset(flake, "vbm")


def test_map_without_positions_is_shown_as_a_table_is_read(flake):
    display = MapDisplay.from_dataset(flake[["gap"]].drop_vars(["x", "y"]))
    assert display.ax_.yaxis_inverted()
    assert display.ax_.get_ylabel() == "y (pixel)"
