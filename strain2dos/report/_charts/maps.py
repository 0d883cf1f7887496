# SPDX-License-Identifier: BSD-3-Clause
"""Maps of a page: images, sites and line scans, whose pixels can be clicked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from strain2dos._grids import borders
from strain2dos._plotting.axes import COLORS, VERMILION
from strain2dos._plotting.lengths import micrometers_per
from strain2dos._plotting.maps import position_label, robust_scale
from strain2dos.mapping._places import Places
from strain2dos.report._charts.chart import new_chart, on_click
from strain2dos.report._quantities import Quantity

if TYPE_CHECKING:
    from bokeh.models import LinearColorMapper
    from bokeh.plotting import figure

# Names by which the script of the page finds what it changes.
CURSOR, STRIP, DEAD, OUTSIDE = "cursor", "strip", "dead", "outside"
_EMPTY_BOXES: dict[str, list[float]] = {"left": [], "right": [], "bottom": [], "top": []}
# Pixels of a chart, of its y axis with color bar, of its x axis.
_USUAL_WIDTH, _SIDES, _BELOW = 520.0, 135.0, 48.0


def map_chart(name: str, quantity: Quantity, places: Places, shape: tuple[int, ...], label: str) -> figure:
    """Picture of a quantity where it was measured: an image, disks at sites, or a curve with a band.

    Parameters
    ----------
    name : str
        Prefix of the names of its parts.
    quantity : Quantity
    places : Places
        In reading order; x and y of a grid ascend.
    shape : tuple of int
        Rows and columns of a grid.
    label : str
        Title of the color bar.
    """
    if places.kind == "grid":
        return _image_chart(name, quantity, places, shape, label)
    if places.kind == "sites":
        return _sites_chart(name, quantity, places, label)
    return _curve_chart(name, quantity, places, label)


def _map_figure(name: str, places: Places, x: NDArray[np.float64], y: NDArray[np.float64]) -> figure:
    """Axes of a map with equal scales, a scale bar, and what the script of the page moves."""
    from bokeh.models import ColumnDataSource, CustomJS, DataRange1d

    indices = places.unit in ("pixel", "px")
    unit = "pixel" if indices else places.unit
    chart = new_chart(
        name,
        position_label("x", unit),
        position_label("y", unit),
        x_range=DataRange1d(range_padding=0, bounds=None),
        y_range=DataRange1d(range_padding=0, flipped=indices),
        match_aspect=True,
        aspect_ratio=_aspect(np.ptp(x), np.ptp(y)),
    )
    chart.quad(
        left=[x.min()], right=[x.max()], bottom=[y.min()], top=[y.max()], fill_color=None,
        line_color="#888888", line_width=0.5,
    )  # fmt: skip
    chart.grid.visible = False
    _scale_bar(chart, places.unit)
    strip = ColumnDataSource({"x": [], "y": []}, name=f"{name}-{STRIP}")
    chart.line("x", "y", source=strip, line_color="white", line_width=5)
    chart.line("x", "y", source=strip, line_color=VERMILION, line_width=2.5)
    on_click(chart)
    for event, action in (("panstart", "start"), ("pan", "drag"), ("panend", "end")):
        chart.js_on_event(event, CustomJS(code=f"window.strain2dos.{action}(cb_obj.x, cb_obj.y)"))
    return chart


def _aspect(width: float, height: float) -> float:
    """Width over height of a chart on a wide page: the map with room for axes and color bar."""
    frame = _USUAL_WIDTH - _SIDES
    return float(_USUAL_WIDTH / (frame * np.clip(height / max(width, 1e-300), 0.25, 1.6) + _BELOW))


def _add_cursor(chart: figure, name: str) -> None:
    from bokeh.models import ColumnDataSource

    cursor = ColumnDataSource({"x": [], "y": []}, name=f"{name}-{CURSOR}")
    for color, width in (("white", 5), (VERMILION, 2.5)):
        chart.scatter(
            "x", "y", source=cursor, size=16, marker="circle", fill_color=None, line_color=color,
            line_width=width,
        )  # fmt: skip


def _scale_bar(chart: figure, unit: str) -> None:
    from bokeh.models import MetricLength, ScaleBar  # type: ignore[attr-defined]

    factor = micrometers_per(unit)
    if factor is None:
        return
    names = {1.0: "µm", 1e-3: "nm", 1e3: "mm", 1e4: "cm", 1e6: "m"}
    bar = ScaleBar(
        range=chart.x_range, unit=names[factor], dimensional=MetricLength(include=["nm", "µm", "mm"]),
        location="bottom_right", bar_length=0.15, padding=6, margin=6, background_fill_color="white",
        background_fill_alpha=0.75, border_line_color=None, bar_line_width=3, label_text_color="black",
    )  # fmt: skip
    chart.add_layout(bar)


def _mapper(quantity: Quantity) -> LinearColorMapper:
    import matplotlib as mpl
    from bokeh.models import LinearColorMapper
    from matplotlib.colors import to_hex

    known = quantity.values[np.isfinite(quantity.values)]
    name = "RdBu_r" if quantity.signed else ("magma" if quantity.name.endswith("_std") else "viridis")
    scale = robust_scale(known)
    if scale.vmin is None or scale.vmax is None:
        low, high = 0.0, 1.0
    else:
        low, high = scale.vmin, scale.vmax
        if quantity.signed:
            high = max(abs(low), abs(high))
            low = -high
        if low == high:
            low, high = low - 0.5e-3, high + 0.5e-3
    palette = [to_hex(color) for color in mpl.colormaps[name](np.linspace(0, 1, 256))]
    return LinearColorMapper(palette=palette, low=low, high=high, nan_color="rgba(0,0,0,0)")


def _color_bar(chart: figure, mapper: LinearColorMapper, label: str) -> None:
    from bokeh.models import BasicTicker, ColorBar  # type: ignore[attr-defined]

    bar = ColorBar(
        color_mapper=mapper, title=label, width=10, padding=4, title_text_font_style="normal",
        title_text_font_size="12px", ticker=BasicTicker(desired_num_ticks=5), background_fill_color=None,
        title_standoff=6,
    )  # fmt: skip
    chart.add_layout(bar, "right")


def _image_chart(name: str, quantity: Quantity, places: Places, shape: tuple[int, ...], label: str) -> figure:
    from bokeh.models import ColumnDataSource

    grid = places.x.reshape(shape), places.y.reshape(shape)
    x, y = borders(grid[0][0]), borders(grid[1][:, 0])
    values = quantity.values.reshape(shape)
    chart = _map_figure(name, places, x, y)
    mapper = _mapper(quantity)
    if _even(x) and _even(y):
        source = ColumnDataSource({"image": [values.astype(np.float32)]}, name=f"{name}-image")
        chart.image(  # type: ignore[call-arg] # Bokeh's stubs lack color_mapper
            "image", x=x[0], y=y[0], dw=x[-1] - x[0], dh=y[-1] - y[0], source=source, color_mapper=mapper,
            level="image",
        )  # fmt: skip
    else:
        left, bottom = np.meshgrid(x[:-1], y[:-1])
        right, top = np.meshgrid(x[1:], y[1:])
        boxes = {"left": left, "right": right, "bottom": bottom, "top": top, "value": values}
        chart.quad(
            "left", "right", "top", "bottom", line_color=None, level="image",
            source=ColumnDataSource({key: part.ravel() for key, part in boxes.items()}),
            fill_color={"field": "value", "transform": mapper},
        )  # fmt: skip
    _boxes(chart, name)
    _add_cursor(chart, name)
    _color_bar(chart, mapper, label)
    return chart


def _even(ends: NDArray[np.float64]) -> bool:
    steps = np.diff(ends)
    return bool(np.ptp(steps) <= 0.01 * abs(steps.mean()))


def _boxes(chart: figure, name: str) -> None:
    """Hatches over pixels, which the script of the page places: dead ones, and those not to be trusted."""
    from bokeh.models import ColumnDataSource

    styles = (
        (DEAD, "#888888", 0.18, "right_diagonal_line", "#888888"),
        (OUTSIDE, "white", 0.35, "diagonal_cross", "#222222"),
    )
    for kind, fill, alpha, pattern, gray in styles:
        source = ColumnDataSource(dict(_EMPTY_BOXES), name=f"{name}-{kind}")
        chart.quad(
            "left", "right", "top", "bottom", source=source, line_color=None, hatch_color=gray,
            hatch_scale=7, hatch_weight=0.8, fill_color=fill, fill_alpha=alpha, hatch_pattern=pattern,
        )  # fmt: skip


def _sites_chart(name: str, quantity: Quantity, places: Places, label: str) -> figure:
    from bokeh.models import ColumnDataSource

    margin = 0.08 * max(np.ptp(places.x), np.ptp(places.y), 1e-9)
    around = (np.array([side.min() - margin, side.max() + margin]) for side in (places.x, places.y))
    chart = _map_figure(name, places, *around)
    mapper = _mapper(quantity)
    source = ColumnDataSource({"x": places.x, "y": places.y, "value": quantity.values})
    chart.scatter(
        "x", "y", source=source, size=15, line_color="#888888",
        fill_color={"field": "value", "transform": mapper},
    )  # fmt: skip
    _crosses(chart, name)
    _add_cursor(chart, name)
    _color_bar(chart, mapper, label)
    return chart


def _curve_chart(name: str, quantity: Quantity, places: Places, label: str) -> figure:
    from bokeh.models import ColumnDataSource

    x = position_label(places.along_name, places.unit) if places.kind == "line" else "spectrum"
    chart = new_chart(name, x, label, height=320)
    order = np.argsort(places.along, kind="stable")
    along, values = places.along[order], quantity.values[order]
    if quantity.std is not None:
        std = quantity.std[order]
        low, high = values - std, values + std
        if places.kind == "line":
            chart.varea(along, low, high, fill_color=COLORS[0], fill_alpha=0.22)
        else:
            chart.segment(along, low, along, high, line_color=COLORS[0])
    if places.kind == "line":
        chart.line(along, values, line_color=COLORS[0], line_width=2)
    source = ColumnDataSource({"x": places.along, "y": quantity.values})
    chart.scatter("x", "y", source=source, size=5, color=COLORS[0])
    _crosses(chart, name)
    _add_cursor(chart, name)
    on_click(chart)
    return chart


def _crosses(chart: figure, name: str) -> None:
    from bokeh.models import ColumnDataSource

    for kind, marker, color in ((DEAD, "dash", "#888888"), (OUTSIDE, "x", "#222222")):
        source = ColumnDataSource({"x": [], "y": []}, name=f"{name}-{kind}")
        chart.scatter("x", "y", source=source, size=11, marker=marker, color=color, line_width=1.5)
