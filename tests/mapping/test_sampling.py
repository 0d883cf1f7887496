# SPDX-License-Identifier: BSD-3-Clause
import struct

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from strain2dos.mapping import at, profile, region_contrast, region_mean, to_csv, to_gsf


def plane(n_y=40, n_x=60, step=0.25, slope=(0.02, -0.03)):
    """A map whose gap is linear in x and y: the mean over any bin is known."""
    x, y = step * np.arange(n_x) - 3.0, step * np.arange(n_y) + 1.0
    gap = 1.6 + slope[0] * x[np.newaxis, :] + slope[1] * y[:, np.newaxis]
    unit = {"units": "um"}
    return xr.Dataset(
        {
            "gap": (("y", "x"), gap, {"units": "eV"}),
            "gap_std": (("y", "x"), np.full(gap.shape, 0.012), {"units": "eV"}),
            "status": (("y", "x"), np.zeros(gap.shape, dtype=np.uint8)),
        },
        coords={"x": ("x", x, unit), "y": ("y", y, unit)},
    )


@pytest.mark.parametrize("stop", [(10.0, 5.0), (0.0, 10.0), (8.0, 9.5), (-2.5, 1.5)])
def test_profile_across_a_plane_follows_its_slope_in_any_direction(stop):
    flake, start = plane(), (1.0, 5.0)
    line = profile(flake, start, stop, width=2.0)
    expected = 1.6 + 0.02 * line.x - 0.03 * line.y
    # pixels of a bin lie within half a step along and half the width across; their mean within a step
    np.testing.assert_allclose(line.gap, expected, atol=0.25 * np.hypot(0.02, 0.03))
    assert abs(float((line.gap - expected).mean())) < 1e-3
    np.testing.assert_allclose(line.distance[-1], np.hypot(stop[0] - 1.0, stop[1] - 5.0), atol=0.25)


def test_profile_along_a_row_is_the_row():
    flake = plane()
    line = profile(flake, (-3.0, 2.0), (11.75, 2.0))
    np.testing.assert_array_equal(line.gap, flake.gap.sel(y=2.0))
    assert (line.n_pixels == 1).all()
    np.testing.assert_allclose(line.gap_std, 0.012)
    assert line.distance.attrs["units"] == "um"


def test_codes_are_not_averaged_the_most_frequent_one_stands_for_a_bin():
    flake = plane(n_y=9, n_x=12)
    rng = np.random.default_rng(3)
    drawn = rng.choice([0.0, 1.0, 4.0, np.nan], flake.gap.shape, p=[0.2, 0.3, 0.3, 0.2])
    drawn[:, 0] = np.nan
    words = {"flag_values": [0.0, 1.0, 4.0], "flag_meanings": "K_K G_K K_Q"}
    flake["edge_valleys"] = (("y", "x"), drawn, words)
    line = profile(flake, (-3.0, 2.0), (-0.25, 2.0), width=10.0)

    def mode(column):
        codes, times = np.unique(column[np.isfinite(column)], return_counts=True)
        return codes[times.argmax()] if codes.size else np.nan

    np.testing.assert_array_equal(line.edge_valleys, [mode(column) for column in drawn.T])
    assert line.edge_valleys.attrs == words
    whole = region_mean(flake, np.ones(drawn.shape, dtype=bool))
    assert float(whole.edge_valleys) == mode(drawn.ravel())
    half = np.arange(12) < 6
    both = (np.broadcast_to(half, drawn.shape), np.broadcast_to(~half, drawn.shape))
    assert "edge_valleys" not in region_contrast(flake, *both)


def test_error_of_a_profile_is_the_scatter_of_profiles_over_noise():
    rng, flake = np.random.default_rng(0), plane()
    flake["gap_std"] = 0.02 * (1 + rng.random(flake.gap.shape)) * xr.ones_like(flake.gap)
    repeats = []
    for _ in range(300):
        noisy = flake.assign(gap=flake.gap + flake.gap_std * rng.normal(size=flake.gap.shape))
        repeats.append(profile(noisy, (0.0, 4.0), (5.0, 4.0), width=1.3, shared=0.0))
    scatter = np.std([line.gap.values for line in repeats], axis=0, ddof=1)
    ratio = repeats[0].gap_std.values / scatter
    assert abs(ratio.mean() - 1) < 0.03  # 21 bins of 300 repeats: 1 / sqrt(2 * 300 * 21) = 0.9 %


def test_shared_errors_do_not_average_out():
    line = profile(plane(), (0.0, 4.0), (5.0, 4.0), width=3.0)
    assert (line.n_pixels > 10).all()
    np.testing.assert_allclose(line.gap_std, 0.012)


def test_flagged_pixels_stay_out_of_profile_and_region():
    flake = plane()
    spoiled = flake.copy(deep=True)
    spoiled["gap"][:, 20] = 99.0
    spoiled["status"][:, 20] = 3
    line = profile(spoiled, (-3.0, 2.0), (11.75, 2.0))
    assert np.isnan(line.gap[20])
    assert int(line.n_pixels[20]) == 0
    np.testing.assert_array_equal(line.gap.drop_isel(distance=20), flake.gap.sel(y=2.0).drop_isel(x=20))
    assert float(region_mean(spoiled, ((0, 1), (5, 9))).gap) < 1.7


def test_curves_are_averaged_energy_by_energy():
    flake = plane()
    dos = flake.gap * xr.DataArray([1.0, 2.0, 3.0], dims="energy", coords={"energy": [0.1, 0.2, 0.3]})
    line = profile(flake.assign(dos=dos), (0.0, 4.0), (5.0, 4.0), width=1.0)
    assert line.dos.dims == ("distance", "energy")
    np.testing.assert_allclose(line.dos, line.gap.values[:, np.newaxis] * [1, 2, 3])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"stop": (0.0, 4.0)}, "start and stop are both"),
        ({"start": (50.0, 50.0), "stop": (60.0, 60.0)}, "no pixel lies within"),
        ({"width": 0.0}, "width must be positive"),
        ({"shared": 1.5}, "shared must lie from 0 to 1"),
        ({"stop": (np.nan, 1.0)}, "two finite numbers"),
    ],
)
def test_profiles_that_make_no_sense_are_refused(changes, words):
    with pytest.raises(ValueError, match=words):
        profile(plane(), **({"start": (0.0, 4.0), "stop": (5.0, 4.0)} | changes))


def test_points_take_the_pixel_that_holds_them_and_refuse_what_lies_outside():
    flake = plane()
    found = at(flake, [(0.1, 1.1), (11.8, 10.8)])
    np.testing.assert_array_equal(found.gap, [flake.gap.sel(x=0.0, y=1.0), flake.gap.sel(x=11.75, y=10.75)])
    with pytest.raises(ValueError, match=r"the point \(12.0, 5.0\) lies outside of the map, whose x"):
        at(flake, [(12.0, 5.0)])


def test_contrast_between_regions_has_the_error_of_the_scatter_over_noise():
    rng, flake = np.random.default_rng(1), plane(slope=(0.0, 0.0))
    boxes = ((0, 2), (2, 4)), ((5, 5), (9, 8))
    both = []
    for _ in range(400):
        own = rng.normal(0, np.sqrt(0.7) * 0.012, flake.gap.shape)
        common = rng.normal(0, np.sqrt(0.3) * 0.012)
        both.append(region_contrast(flake.assign(gap=flake.gap + own + common), *boxes, shared=0.3))
    scatter = np.std([float(result.gap) for result in both], ddof=1)
    assert abs(float(both[0].gap_std) / scatter - 1) < 0.12  # 3.4 standard errors of a scatter of 400
    means = [float(region_mean(flake, box, shared=0.3).gap_std) for box in boxes]
    np.testing.assert_allclose(means, np.sqrt(0.3) * 0.012, rtol=0.05)
    with pytest.raises(ValueError, match="share"):
        region_contrast(flake, boxes[0], boxes[0])


def test_table_has_units_in_its_second_row_and_reads_back(tmp_path):
    flake = plane(3, 4)
    path = to_csv(flake, tmp_path / "map.csv")
    assert path.read_text().splitlines()[1] == "um,um,eV,eV,"
    table = pd.read_csv(path, skiprows=[1])
    np.testing.assert_allclose(table["gap"].to_numpy().reshape(3, 4), flake.gap, rtol=1e-9)
    np.testing.assert_allclose(table["x"].to_numpy()[:4], flake.x)
    line = pd.read_csv(to_csv(profile(flake, (-3, 1), (-2.25, 1)), tmp_path / "line.csv", units_row=False))
    assert list(line.columns[:3]) == ["distance", "x", "y"]


def test_gwyddion_file_follows_its_specification(tmp_path):
    flake = plane(3, 4)
    blob = to_gsf(flake.gap, tmp_path / "gap.gsf").read_bytes()
    header, _, _ = blob.partition(b"\0")
    fields = dict(line.split(" = ") for line in header.decode().splitlines()[1:])
    assert header.startswith(b"Gwyddion Simple Field 1.0\n")
    start = len(blob) - 4 * 12
    assert start % 4 == 0
    assert 1 <= start - len(header) <= 4
    assert set(blob[len(header) : start]) == {0}
    data = np.array(struct.unpack("<12f", blob[start:])).reshape(int(fields["YRes"]), int(fields["XRes"]))
    np.testing.assert_allclose(data, flake.gap.values[::-1], rtol=1e-6)
    assert fields["XYUnits"] == "m"
    np.testing.assert_allclose(float(fields["XReal"]), 4 * 0.25e-6)
    with pytest.raises(ValueError, match="x is not evenly spaced"):
        to_gsf(flake.gap.assign_coords(x=[0.0, 1.0, 2.0, 9.0]), tmp_path / "uneven.gsf")
