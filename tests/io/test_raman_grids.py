# SPDX-License-Identifier: BSD-3-Clause
"""Positions that miss their grid: moved onto it and counted, or said."""

import warnings
from pathlib import Path

import numpy as np
import pytest

from strain2dos.io import read_raman
from strain2dos.io._common.grid import grid_of

ROWS, COLUMNS = 6, 7


def positions():
    y, x = (part.ravel().astype(float) for part in np.mgrid[:ROWS, :COLUMNS])
    return 10 + 0.5 * y, -3 + 2.0 * x


def table(y, x):
    """A table whose intensities are the numbers of the spectra."""
    lines = ["y,x,380,381"] + [
        f"{float(b)!r},{float(a)!r},{k},{k + 0.5}" for k, (b, a) in enumerate(zip(y, x, strict=True))
    ]
    return "\n".join(lines) + "\n"


def whole():
    return np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS)


def test_positions_on_a_grid_are_kept_without_a_word(write):
    y, x = positions()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cube = read_raman(write(table(y, x)))
    np.testing.assert_array_equal(cube[..., 0], whole())


@pytest.mark.parametrize("jitter", [0.001, 0.1, 0.2])
def test_jitter_within_the_tolerance_keeps_the_grid_and_is_counted(write, jitter):
    rng = np.random.default_rng(0)
    y, x = positions()
    y, x = (p + s * rng.uniform(-jitter, jitter, p.size) for p, s in ((y, 0.5), (x, 2.0)))
    with pytest.warns(UserWarning, match=r"grid of 6 x 7 positions, 42 of 42 positions .*\(tolerance 0.25\)"):
        cube = read_raman(write(table(y, x)))
    np.testing.assert_array_equal(cube[..., 0], whole())
    np.testing.assert_allclose(cube.x, -3 + 2.0 * np.arange(COLUMNS), atol=2.0 * jitter)
    np.testing.assert_allclose(cube.y, 10 + 0.5 * np.arange(ROWS), atol=0.5 * jitter)


def test_one_shifted_position_goes_back_to_its_place_and_is_counted(write):
    y, x = positions()
    x[17] += 0.4
    with pytest.warns(UserWarning, match=r"1 of 42 positions miss it by up to 0.2 of a step"):
        cube = read_raman(write(table(y, x)))
    np.testing.assert_array_equal(cube[..., 0], whole())
    np.testing.assert_array_equal(cube.x, -3 + 2.0 * np.arange(COLUMNS))


def test_a_doubled_position_goes_to_the_gap_between_its_neighbors(write):
    y, x = positions()
    x[17] = x[16]
    with pytest.warns(
        UserWarning, match=r"1 spectra share a point with another \(18 with 17\) and were put on"
    ):
        cube = read_raman(write(table(y, x)))
    np.testing.assert_array_equal(cube[..., 0], whole())


def test_a_spectrum_taken_twice_is_left_out_and_said(write):
    y, x = positions()
    y, x = np.append(y, y[20]), np.append(x, x[20])
    with pytest.warns(
        UserWarning, match=r"1 spectra share a point with another \(43 with 21\) and were left out"
    ):
        cube = read_raman(write(table(y, x)))
    np.testing.assert_array_equal(cube[..., 0], whole())


def test_doubled_positions_of_a_large_jittery_map_are_found_quickly(write):
    rng = np.random.default_rng(0)
    y, x = (part.ravel() + rng.uniform(-0.1, 0.1, 10**6) for part in np.mgrid[:1000, :1000].astype(float))
    taken = np.arange(500, 10**6, 1000)
    x[taken] = x[taken - 1]
    with pytest.warns(UserWarning, match="1000 spectra share a point .* put on the missing point"):
        grid = grid_of(Path("map.txt"), {"x": x, "y": y})
    np.testing.assert_array_equal(grid.index, np.arange(10**6))


def test_a_scan_stopped_within_a_line_keeps_its_grid_despite_jitter(write):
    y, x = (p[:-3] + 1e-3 * np.sin(np.arange(p.size - 3)) for p in positions())
    with pytest.warns(UserWarning, match="3 positions are missing and NaN"):
        cube = read_raman(write(table(y, x)))
    expected = whole().astype(float)
    expected.ravel()[-3:] = np.nan
    np.testing.assert_array_equal(cube[..., 0], expected)


def test_repeated_measurements_of_a_map_stay_a_list(write):
    y, x = (np.tile(p, 2) for p in positions())
    assert read_raman(write(table(y, x))).dims == ("n", "shift")


def test_a_position_beyond_the_tolerance_is_named_and_stays(write):
    y, x = positions()
    x[17] += 0.8
    with pytest.warns(UserWarning, match=r"holds 42 of the 6 x 8|0.40 steps off") as heard:
        cube = read_raman(write(table(y, x)))
    assert "spectrum 18 at x = 3.8, y = 11 lies 0.40 steps off the grid of 6 x 7" in str(heard[0].message)
    assert cube.sel(y=11, x=3.8)[0] == 17
    np.testing.assert_array_equal(cube.drop_sel(x=3.8)[..., 0], np.where(whole() == 17, np.nan, whole()))


@pytest.mark.parametrize("seed", range(20))
def test_scattered_sites_are_no_grid(write, seed):
    rng = np.random.default_rng(seed)
    y, x = rng.uniform(-50, 50, (2, int(rng.integers(3, 60))))
    assert read_raman(write(table(y, x))).dims == ("n", "shift")


def test_places_whose_distances_differ_beyond_all_numbers_are_compared_in_silence():
    row, x = np.mgrid[:ROWS, :COLUMNS].reshape(2, -1).astype(float)
    # a damaged file: two rows next to each other in the last bit, the others far apart
    y = np.where(row == 1, 1e-310, 1e12 * row)
    x[-1] += 0.01
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        assert len(grid_of(Path("far.txt"), {"y": y, "x": x}).x) >= COLUMNS
