# SPDX-License-Identifier: BSD-3-Clause
"""Bokeh in a page: its library, charts as JSON, and what all charts share.

Bokeh carries its JavaScript in its wheel, is maintained, and weighs 1.3 MB in a page; the bundle of Plotly
weighs 4.5 MB.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from bokeh.plotting import figure

Sizing = Literal["scale_width", "stretch_width"]

# Bokeh calls the second of two clicks within 0.3 s a double tap, wherever it lands,
# and one held for 0.3 s a press.
CLICKS = ("tap", "doubletap", "press")


def available() -> bool:
    """Whether Bokeh is installed (``pip install "strain2dos[report]"``)."""
    from importlib.util import find_spec

    return find_spec("bokeh") is not None


def library() -> str:
    """Script element that holds Bokeh itself."""
    from bokeh.resources import Resources

    return Resources(mode="inline", components=["bokeh"]).render_js()


def embedded(charts: dict[str, Any]) -> str:
    """Charts with the ids of their elements, as JSON; the same charts give the same text.

    Bokeh counts its models over the whole session, so their numbers are replaced by those within the page.
    """
    from bokeh.core.types import ID
    from bokeh.embed import json_item

    items = [json_item(chart, ID(f"chart-{name}")) for name, chart in charts.items()]
    text = json.dumps(items, separators=(",", ":"), ensure_ascii=False)
    numbers: dict[str, str] = {}
    return re.sub(r'"p\d+"', lambda found: numbers.setdefault(found[0], f'"p{len(numbers) + 1}"'), text)


def new_chart(name: str, x: str, y: str, **options: Any) -> figure:
    """Chart without tools and toolbar that follows the width and the colors of the page."""
    from bokeh.plotting import figure

    sizing: Sizing = "scale_width" if "aspect_ratio" in options else "stretch_width"
    chart = figure(
        name=name, tools="", toolbar_location=None, sizing_mode=sizing, x_axis_label=x,
        y_axis_label=y, output_backend="canvas", **options,
    )  # fmt: skip
    chart.axis.axis_label_text_font_style = "normal"
    chart.background_fill_color = chart.border_fill_color = None
    return chart


def legend_above(chart: figure) -> None:
    """Put the legend over the chart, where it hides no curve; a click on an entry hides its curve."""
    (legend,) = chart.legend
    legend.update(
        orientation="horizontal", label_text_font_size="12px", click_policy="hide", border_line_color=None,
        background_fill_color=None, padding=2,
    )  # fmt: skip
    chart.center.remove(legend)
    chart.add_layout(legend, "above")


def on_click(chart: figure) -> None:
    """Show the pixel that was clicked, however fast or slow."""
    from bokeh.models import CustomJS

    for event in CLICKS:
        chart.js_on_event(event, CustomJS(code="window.strain2dos.pick(cb_obj.x, cb_obj.y)"))
