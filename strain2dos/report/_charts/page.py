# SPDX-License-Identifier: BSD-3-Clause
"""All charts of a page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from strain2dos.report._charts.lines import line_chart, points_chart
from strain2dos.report._charts.maps import map_chart
from strain2dos.report._points import Point
from strain2dos.report._quantities import Quantity
from strain2dos.report._view import MapView

if TYPE_CHECKING:
    from bokeh.plotting import figure


def page_charts(
    view: MapView, names: Iterable[str], points: list[Point], *, with_spectra: bool
) -> dict[str, figure]:
    """Charts of a page by the ends of their elements' ids.

    Parameters
    ----------
    view : MapView
    names : iterable of str
        Quantities to draw besides the leading one.
    points : list of Point
        Whose density of states is drawn.
    with_spectra : bool
        Whether the page shows the spectrum of a pixel.
    """
    dataset, places, lead = view.dataset, view.places, view.lead
    found: dict[str, figure] = {}
    for name in dict.fromkeys((lead, *names)):
        quantity = view.quantities[name]
        label = f"{quantity.label} ({quantity.unit})" if quantity.unit else quantity.label
        found[f"map-{name}"] = map_chart(f"map-{name}", quantity, places, view.shape, label)
    main = view.quantities[lead]
    if main.std is not None and places.kind in ("grid", "sites"):
        # errors are a thousandth of the energies, so a color bar in eV would count in powers of ten
        factor, unit = (1e3, "meV") if main.unit == "eV" else (1.0, main.unit)
        error = Quantity(f"{lead}_std", f"Error of {main.label}", unit, factor * main.std, None, False)
        label = f"Standard deviation ({unit})"
        found["map-error"] = map_chart("map-error", error, places, view.shape, label)
    if "dos" in dataset:
        found["dos"] = line_chart("dos", "Energy (eV)", "DOS (states/eV/cell)", curves=("DOS",))
        if points and "energy" in dataset.coords:
            curves = {
                point.label: (dos, view.curve("dos_std", point.pixel))
                for point in points
                if (dos := view.curve("dos", point.pixel)) is not None
            }
            found["points"] = points_chart(dataset["energy"].values, curves)
    if with_spectra:
        found["spectrum"] = line_chart(
            "spectrum", "Raman shift (cm⁻¹)", "Intensity (counts)", curves=("measured", "fit"), band=False
        )
    if places.kind == "grid":
        found["profile"] = line_chart("profile", "Distance", main.label, curves=("mean",))
    return found
