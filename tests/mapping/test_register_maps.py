# SPDX-License-Identifier: BSD-3-Clause
import numpy as np
import pytest
import xarray as xr

from strain2dos.mapping import compare_with_pl, register_maps


def bump(x, y):
    """A gap with a wrinkle and a bubble: no shift but the true one brings two of them together."""
    gap = (
        1.6
        - 0.08 * np.exp(-((x - 4 + 0.3 * y[:, np.newaxis]) ** 2))
        - 0.05 * np.exp(-((x - 7) ** 2)) * np.exp(-((y[:, np.newaxis] - 3) ** 2))
    )
    unit = {"units": "um"}
    return xr.DataArray(gap, dims=("y", "x"), coords={"x": ("x", x, unit), "y": ("y", y, unit)})


def test_shift_between_two_maps_is_found_to_a_quarter_of_a_pixel():
    gap = bump(np.arange(0, 10, 0.4), np.arange(0, 8, 0.4))
    fine = np.arange(-1, 11, 0.3)
    noise = np.random.default_rng(0).normal(0, 0.004, (len(fine), len(fine)))
    pl = 0.2 + 0.9 * bump(fine, fine) + noise
    pl = pl.assign_coords(x=pl.x - 0.7, y=pl.y + 0.45)
    found = register_maps(pl, gap, max_shift=1.5)
    assert abs(found.attrs["shift_x"] - 0.7) < 0.3 / 4
    assert abs(found.attrs["shift_y"] + 0.45) < 0.3 / 4
    assert found.attrs["correlation"] > 0.9
    result = compare_with_pl(gap, found)
    assert abs(result.slope - 0.9) < 3 * result.slope_error


def test_without_a_search_the_coordinates_are_taken_as_they_are():
    gap = bump(np.arange(0, 10, 0.4), np.arange(0, 8, 0.4))
    fine = np.arange(0.5, 9, 0.1)
    found = register_maps(bump(fine, fine), gap)
    assert (found.attrs["shift_x"], found.attrs["shift_y"]) == (0.0, 0.0)
    np.testing.assert_allclose(found.values[2:-2, 3:-4], gap.values[2:-2, 3:-4], atol=1e-3)
    assert np.isnan(found.values[0]).all()  # outside of the moving map


def test_positions_without_a_unit_are_those_of_the_other_map_with_a_warning():
    gap = bump(np.arange(0, 10, 0.4), np.arange(0, 8, 0.4))
    fine = np.arange(0.5, 9, 0.1)
    expected = register_maps(bump(fine, fine), gap)
    for name in ("x", "y"):
        gap[name].attrs["units"] = "unknown"  # as read_raman has it where the file states none
    with pytest.warns(UserWarning, match="states no unit of its positions; they are taken to be in 'um'"):
        found = register_maps(bump(fine, fine), gap)
    np.testing.assert_array_equal(found.values, expected.values)


def test_comparison_takes_the_direct_gap_of_a_dataset():
    gap = bump(np.arange(0, 10, 0.4), np.arange(0, 8, 0.4))
    flake = xr.Dataset({"gap": gap - 0.5 * (gap - 1.6), "gap_direct": gap})
    pl = xr.Dataset({"A_center": 0.25 + 0.95 * gap})
    assert compare_with_pl(flake, pl).slope == pytest.approx(0.95)
    assert compare_with_pl(flake.drop_vars("gap_direct"), pl).slope == pytest.approx(1.9)
    with pytest.raises(ValueError, match="has none of"):
        compare_with_pl(flake, flake)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda pl: pl.assign_coords(x=pl.x + 100), "do not overlap"),
        (lambda pl: pl.drop_vars("x"), r"no coordinates along \['x'\]"),
        (lambda pl: pl.assign_coords(x=("x", pl.x.values, {"units": "nm"})), "'nm' and 'um'"),
    ],
)
def test_maps_that_cannot_be_brought_together_are_refused(change, words):
    gap = bump(np.arange(0, 10, 0.4), np.arange(0, 8, 0.4))
    with pytest.raises(ValueError, match=words):
        register_maps(change(gap), gap)
