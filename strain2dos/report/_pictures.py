# SPDX-License-Identifier: BSD-3-Clause
"""Pictures of a page for readers without scripts and for installations without the charting library."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import matplotlib as mpl
import matplotlib.style
import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from strain2dos._plotting.axes import COLORS
from strain2dos.explain._report import ReportFigure
from strain2dos.mapping import MapDisplay, profile
from strain2dos.report._points import Point
from strain2dos.report._view import MapView

_DARK = {
    "text.color": "#e6eaf0", "axes.labelcolor": "#e6eaf0", "axes.edgecolor": "#a3adba",
    "xtick.color": "#e6eaf0", "ytick.color": "#e6eaf0", "figure.facecolor": "#1a2029",
    "axes.facecolor": "#1a2029", "savefig.facecolor": "#1a2029", "legend.labelcolor": "#e6eaf0",
}  # fmt: skip


@dataclass(frozen=True)
class Picture:
    """A picture for light and for dark pages, as ``data:`` addresses."""

    light: str
    dark: str
    alt: str


def pictures(view: MapView, points: list[Point], *, only_lead: bool) -> dict[str, Picture]:
    """Draw what a page shows: the leading quantity, and where there are no charts all others too."""
    dataset, lead = view.dataset, view.lead
    alt = f"Map: {view.quantities[lead].label}"
    if only_lead:
        plain = ReportFigure(_map(dataset, lead)).data_uri()
        return {"lead": Picture(plain, plain, alt)}
    found = {"lead": _themed(lambda: _map(dataset, lead), alt)}
    for name, quantity in view.quantities.items():
        if name != lead:
            found[name] = _themed(partial(_map, dataset, name), f"Map: {quantity.label}")
    if view.places.kind == "grid":
        found["profile"] = _themed(lambda: _profile(dataset, lead), "Profile through the middle of the map")
    if "dos" in dataset and "energy" in dataset.coords and points:
        found["points"] = _themed(lambda: _points(view, points), "Density of states at points")
    return found


def _themed(draw: Callable[[], Figure], alt: str) -> Picture:
    addresses = []
    for style in ({}, _DARK):
        with mpl.style.context(style):
            addresses.append(ReportFigure(draw()).data_uri())
    return Picture(addresses[0], addresses[1], alt)


def _map(dataset: xr.Dataset, name: str) -> Figure:
    # Figure rather than pyplot: nothing stays open behind the caller.
    if f"{name}_std" in dataset and name == "gap":
        figure = Figure(figsize=(9.6, 4.2), layout="constrained")
        MapDisplay.beside_error(dataset, name, axes=figure.subplots(1, 2))
        return figure
    figure = Figure(figsize=(5.4, 4.4), layout="constrained")
    MapDisplay.from_dataset(dataset, name, ax=figure.subplots())
    return figure


def _profile(dataset: xr.Dataset, name: str) -> Figure:
    y = dataset["y"].values if "y" in dataset.coords else np.arange(dataset.sizes["y"])
    x = dataset["x"].values if "x" in dataset.coords else np.arange(dataset.sizes["x"])
    middle = float(y[len(y) // 2])
    along = profile(dataset, (float(x[0]), middle), (float(x[-1]), middle))
    figure = Figure(figsize=(6.4, 3.0), layout="constrained")
    MapDisplay.from_dataset(along, name, ax=figure.subplots())
    return figure


def _points(view: MapView, points: list[Point]) -> Figure:
    figure = Figure(figsize=(6.4, 3.4), layout="constrained")
    ax = figure.subplots()
    energies = view.dataset["energy"].values
    for number, point in enumerate(points):
        dos, std = view.curve("dos", point.pixel), view.curve("dos_std", point.pixel)
        if dos is None:
            continue
        color = COLORS[number % len(COLORS)]
        ax.plot(energies, dos, color=color, label=point.label)
        if std is not None:
            ax.fill_between(energies, np.maximum(dos - std, 0), dos + std, color=color, alpha=0.25, lw=0)
    ax.set(xlabel="Energy (eV)", ylabel="DOS (states/eV/cell)")
    ax.legend(frameon=False, fontsize="small")
    return figure
