# SPDX-License-Identifier: BSD-3-Clause
"""What a picture of a map shows: what is outside, what is dead, why, where, and how large."""

from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from strain2dos._plotting.sites import draw_curve
from strain2dos.mapping import MapDisplay, to_csv, write_band_edges_csv
from strain2dos.mapping._places import places_of
from strain2dos.mapping._quality import count_pixels, reason_words, refusal


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def flake():
    """30 x 40 pixels of 0.5 um: 240 without a line, 4 saturated, 216 outside for two reasons."""
    row, column = np.mgrid[:30, :40]
    gap = 1.6 + 0.08 * np.sin(column / 6) * np.cos(row / 5)
    status = np.zeros(gap.shape, np.uint8)
    status[:6], status[10, 10:14] = 107, 105
    gap[status > 0] = np.nan
    reason = np.where(column > 30, np.where(row > 15, 1.0, 2.0), 0.0)
    dims = ("y", "x")
    unit = {"units": "um"}
    return xr.Dataset(
        {
            "gap": (dims, gap, {"units": "eV", "functional": "PBE"}),
            "gap_std": (dims, 0.02 + 0 * gap, {"units": "eV"}),
            "vbm": (dims, -gap / 2, {"units": "eV"}),
            "cbm": (dims, gap / 2, {"units": "eV"}),
            "status": (dims, status),
            "domain_score": (dims, np.where(column > 30, 1.4, 0.5)),
            "domain_reason": (dims, reason),
        },
        coords={"x": ("x", 0.5 * np.arange(40), unit), "y": ("y", 0.5 * np.arange(30), unit)},
    )


@pytest.fixture
def wafer(flake):
    part = flake.isel(y=slice(4, 11), x=slice(27, 34))
    sites = xr.Dataset({name: ("n", values.values.ravel(), values.attrs) for name, values in part.items()})
    rng = np.random.default_rng(0)
    angle, radius = rng.uniform(0, 2 * np.pi, 49), 50 * np.sqrt(rng.uniform(size=49))
    places = {"x": radius * np.cos(angle), "y": radius * np.sin(angle)}
    return sites.assign_coords({name: ("n", values, {"units": "mm"}) for name, values in places.items()})


def hatched_area(patch):
    """Area of the rectangles of a hatch, in pixels of 0.25 um2."""
    corners = patch.get_path().vertices.reshape(-1, 5, 2)
    return np.abs((corners[:, 1, 0] - corners[:, 0, 0]) * (corners[:, 2, 1] - corners[:, 1, 1])).sum() / 0.25


def test_pixels_outside_are_hatched_apart_from_dead_ones(flake):
    ax = MapDisplay.from_dataset(flake, "gap").ax_
    (outside,) = [patch for patch in ax.patches if patch.get_hatch()]
    assert hatched_area(outside) == pytest.approx(216)
    assert ax.patch.get_hatch() != outside.get_hatch()
    assert np.ma.count_masked(ax.collections[0].get_array()) == 244


def test_reasons_are_counted_in_words_under_the_map(flake):
    display = MapDisplay.from_dataset(flake, "gap")
    dead, outside = [" ".join(text.get_text().split()) for text in display.legend_.get_texts()]
    assert dead == "244 no result: 240 a line is lost in the noise, 4 the detector clipped a line"
    assert outside == "216 outside: 126 more than one layer?, 90 doped beyond the training set"
    display.figure_.canvas.draw()
    legend, axes = (artist.get_window_extent() for artist in (display.legend_, display.ax_))
    assert legend.y1 < axes.y0
    assert legend.x0 >= 0
    assert legend.y0 >= 0


def test_words_of_each_pixel_name_its_reason(flake):
    words = reason_words(flake)
    assert words[0, 0] == "a line is lost in the noise"
    assert words[10, 11] == "the detector clipped a line"
    assert words[20, 35] == "outside: more than one layer?"
    assert words[20, 5] == ""


def test_a_pixel_without_a_score_is_not_called_inside(flake):
    flake["domain_score"][20, 5] = np.nan
    flake["domain_score"][0, 0] = np.nan  # without a result anyway
    assert reason_words(flake)[20, 5].startswith("outside")
    assert sum(count_pixels(flake).outside.values()) == 217


def test_the_scale_bar_is_as_long_as_its_label(flake):
    def bar_of(dataset):
        ax = MapDisplay.from_dataset(dataset, "gap").ax_
        (bar,) = [artist for artist in ax.artists if hasattr(artist, "size_bar")]
        (line,) = bar.size_bar.get_children()
        return line.get_width(), bar.txt_label.get_text()

    assert bar_of(flake) == (5.0, "5 µm")
    nm = flake.assign_coords(x=("x", 500.0 * np.arange(40), {"units": "nm"}))
    assert bar_of(nm) == (5000.0, "5 µm")
    table = flake.drop_vars(["x", "y"])
    assert not MapDisplay.from_dataset(table, "gap").ax_.artists


@pytest.mark.parametrize("shape", [(1, 2), (2, 2), (2, 3), (3, 1)])
def test_nothing_collides_in_a_plain_grid_of_axes(flake, shape):
    figure, axes = plt.subplots(*shape, figsize=(4.2 * shape[1], 3.6 * shape[0]), squeeze=False)
    names = ("gap", "gap_std", "vbm", "cbm", "domain_score", "gap")
    shown = [MapDisplay.from_dataset(flake, name, ax=ax) for name, ax in zip(names, axes.flat, strict=False)]
    figure.canvas.draw()
    boxes = []
    for display in shown:
        parts = (display.ax_, display.colorbar_.ax, display.legend_)
        boxes.append([part.get_tightbbox() for part in parts])
    for ours, theirs in combinations(boxes, 2):
        assert not any(box.overlaps(other) for box in ours for other in theirs)
    for bar, axes_box in ((display.colorbar_.ax, display.ax_) for display in shown):
        heights = [part.get_window_extent().height for part in (bar, axes_box)]
        assert heights[0] == pytest.approx(heights[1], abs=1.0)


def test_the_error_map_stands_beside_the_map(flake):
    gap, error = MapDisplay.beside_error(flake)
    assert gap.figure_ is error.figure_
    assert error.colorbar_.ax.get_ylabel() == "Error of band gap (eV)"
    np.testing.assert_allclose(error.im_.get_array().compressed(), 0.02)
    with pytest.raises(ValueError, match="no vbm_std"):
        MapDisplay.beside_error(flake, "vbm")


def test_a_gap_of_pbe_is_named_so(flake, tmp_path):
    assert MapDisplay.from_dataset(flake, "gap").colorbar_.ax.get_ylabel() == "Band gap, PBE (eV)"
    assert "eV (PBE)" in to_csv(flake, tmp_path / "a.csv").read_text().splitlines()[1].split(",")


def test_a_line_scan_is_a_curve_with_a_band(flake):
    line = flake.isel(y=[20])
    display = MapDisplay.from_dataset(line, "gap")
    np.testing.assert_allclose(display.im_.get_xdata(), line.x)
    np.testing.assert_allclose(display.im_.get_ydata(), line.gap[0])
    (band,) = display.ax_.collections
    low, high = (limit(band.get_paths()[0].vertices[:, 1]) for limit in (np.min, np.max))
    assert (low, high) == pytest.approx((line.gap.values.min() - 0.02, line.gap.values.max() + 0.02))
    assert display.ax_.get_xlabel() == "x (µm)"


def test_a_slanted_scan_runs_over_its_distance():
    steps = np.arange(5.0)
    unit = {"units": "um"}
    coords = {"x": ("n", 3 * steps, unit), "y": ("n", 10 - 4 * steps, unit)}
    places = places_of(xr.DataArray(steps, dims="n", coords=coords))
    assert places.kind == "line"
    np.testing.assert_allclose(places.along, 5 * steps, atol=1e-12)


def test_sites_of_a_wafer_stand_in_their_true_positions(wafer):
    display = MapDisplay.from_dataset(wafer, "gap")
    known = np.isfinite(wafer.gap.values)
    places = np.column_stack([wafer.x, wafer.y])
    np.testing.assert_allclose(display.im_.get_offsets(), places[known])
    np.testing.assert_allclose(display.im_.get_array(), wafer.gap[known])
    dead, outside = display.ax_.collections[0], display.ax_.collections[-1]
    np.testing.assert_allclose(dead.get_offsets(), places[~known])
    where = ((wafer.domain_score > 1) & (wafer.status == 0)).values
    np.testing.assert_allclose(outside.get_offsets(), places[where])
    assert dead.get_hatch() != outside.get_hatch()
    assert display.ax_.get_xlabel() == "x (mm)"


def test_a_strip_of_sites_is_drawn_in_their_positions(wafer):
    """As the command lays sites side by side: one row, with the positions beside it."""
    strip = wafer.rename(x="x_position", y="y_position").rename(n="x").expand_dims("y")
    display = MapDisplay.from_dataset(strip, "gap")
    known = np.isfinite(wafer.gap.values)
    np.testing.assert_allclose(display.im_.get_offsets(), np.column_stack([wafer.x, wafer.y])[known])


def test_sites_without_positions_are_points_with_error_bars(wafer):
    display = MapDisplay.from_dataset(wafer.drop_vars(["x", "y"]), "gap")
    assert display.im_.get_linestyle() == "None"
    assert display.ax_.get_xlabel() == "spectrum"
    assert len(display.ax_.get_xticks()) <= 10


@pytest.mark.parametrize(
    ("reason", "question"),
    [(1, "Is it more than one layer?"), (4, "Is this MoS2?"), (5, "in cm-1 rather than nm?")],
)
def test_a_map_that_is_nearly_all_outside_is_refused_with_the_likely_cause(flake, reason, question):
    assert refusal(flake) is None
    far = flake.assign(
        domain_score=0 * flake.domain_score + 2, domain_reason=0 * flake.domain_reason + reason
    )
    words = refusal(far)
    assert words.startswith("All 956 pixels with a result lie outside")
    assert question in words
    title = MapDisplay.from_dataset(far, "gap").ax_.get_title(loc="left")
    assert " ".join(title.split()) == words


def test_a_map_without_any_line_is_refused(flake):
    empty = flake.assign(status=xr.full_like(flake.status, 107), gap=np.nan * flake.gap)
    assert refusal(empty).startswith(
        "None of the 1200 pixels has a result: 1200 a line is lost in the noise."
    )
    assert "Is this MoS2? Is the axis in cm-1 rather than nm" in refusal(empty)
    edge = empty.assign(status=xr.full_like(flake.status, 112))
    assert "Does the axis cover the lines of WS2" in refusal(edge.assign_attrs(material="WS2"))


def test_values_without_a_gap_are_counted_too(flake):
    flake.gap[29, 0] = np.nan
    assert count_pixels(flake).without["no gap"] == 1


def test_tables_hold_positions_in_micrometers(flake, wafer, tmp_path):
    nm = flake.assign_coords(x=("x", 500.0 * np.arange(40), {"units": "nm"}))
    nm = nm.assign_coords(y=("y", 500.0 * np.arange(30), {"units": "nm"}))
    table = pd.read_csv(to_csv(nm, tmp_path / "map.csv"), skiprows=[1])
    assert table[["x", "y"]].iloc[41].tolist() == [0.5, 0.5]
    assert to_csv(nm, tmp_path / "map.csv").read_text().splitlines()[1].startswith("um,um,")
    edges = pd.read_csv(write_band_edges_csv(nm, tmp_path / "edges.csv"))
    assert edges.columns.tolist() == ["x", "y", "VBM", "CBM", "BandGap", "x_um", "y_um"]
    assert edges[["x", "y", "x_um", "y_um"]].iloc[41].tolist() == [2, 2, 0.5, 0.5]
    sites = pd.read_csv(to_csv(wafer, tmp_path / "wafer.csv"), skiprows=[1])
    np.testing.assert_allclose(sites[["x", "y"]], 1e3 * np.column_stack([wafer.x, wafer.y]))


def test_a_single_spectrum_is_a_point_with_its_error(flake):
    one = flake.isel(y=[20], x=[5])
    display = MapDisplay.from_dataset(one, "gap")
    assert display.im_.get_ydata() == pytest.approx(one.gap.values.ravel())
    assert display.ax_.get_xlabel() == "spectrum"
    far = one.assign(domain_score=one.domain_score + 2, domain_reason=one.domain_reason + 1)
    assert refusal(far).startswith("The spectrum lies outside the training domain: do not use its gap. Is it")


def test_one_spectrum_is_drawn_over_its_number():
    ax, _ = draw_curve(
        np.array([0.0]), np.array([1.57]), None, None, xlabel="spectrum", ylabel="gap", joined=False
    )
    inside = [tick for tick in ax.get_xticks() if ax.get_xlim()[0] <= tick <= ax.get_xlim()[1]]
    assert inside == [0.0]
    plt.close(ax.figure)
