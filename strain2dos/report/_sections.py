# SPDX-License-Identifier: BSD-3-Clause
"""Tables and sentences of a page besides its first three."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from strain2dos._plotting.labels import with_minus
from strain2dos.mapping._quality import PixelCounts
from strain2dos.report._flags import flags_of
from strain2dos.report._points import Point, where
from strain2dos.report._view import MapView

_CALIBRATION = {
    "source_file": "File of the spectra",
    "source_converted_from": "Unit of the axis in the file, converted by the laser line",
    "model_name": "Model",
    "lineshape": "Profile of the lines",
    "reference": "Reference line of the axis",
    "unstrained_positions": "Positions of the unstrained layer",
    "scissor": "Absolute gap",
}


def point_table(view: MapView, points: list[Point]) -> dict[str, Any]:
    """Position and quantities of each chosen point."""
    header = ["", *(point.label for point in points)]
    rows = [("position", [where(view.places, point.pixel) for point in points])]
    for quantity in view.quantities.values():
        std = quantity.std
        cells = [
            quantity.format(float(quantity.values[k]), None if std is None else float(std[k]))
            for k in (point.pixel for point in points)
        ]
        rows.append((quantity.label, cells))
    return {"caption": "Chosen points", "header": header, "rows": rows if points else []}


def all_tables(view: MapView, counts: PixelCounts, tables: Mapping[str, Any] | None) -> list[tuple[str, Any]]:
    """Counts by reason, quantities over all pixels with a result, then the tables of the caller."""
    pixels = {counts.noun: counts.total, "without a result": counts.n_without}
    pixels |= {f"… {words}": n for words, n in counts.without.items() if words}
    pixels |= {"outside the training domain": counts.n_outside}
    pixels |= {f"… {words}": n for words, n in counts.outside.items()}
    spread = {}
    for quantity in view.quantities.values():
        known = quantity.values[np.isfinite(quantity.values)]
        if known.size:
            low, middle, high = np.quantile(known, [0.05, 0.5, 0.95])
            unit = f" ({quantity.unit})" if quantity.unit else ""
            spread[f"{quantity.label}{unit}"] = with_minus(f"{low:.4g}, {middle:.4g}, {high:.4g}")
    return [
        (counts.noun.capitalize(), pixels),
        ("5 %, median, 95 % of all results", spread),
        *((flag.label.capitalize(), flag.counts()) for flag in flags_of(view.dataset, view.places)),
        *(tables or {}).items(),
    ]


def remarks(dataset: xr.Dataset) -> list[str]:
    """Sentences that the map carries on its quantities, such as a contrast below the errors."""
    found = [values.attrs.get("remark") for values in dataset.data_vars.values()]
    return [f"{words[:1].upper()}{words[1:]}" for words in map(str, filter(None, found))]


def calibration(dataset: xr.Dataset) -> list[str]:
    """Sentences on what all pixels share."""
    found = []
    attrs = dataset["gap"].attrs if "gap" in dataset else {}
    if attrs.get("common_error"):
        source = f" ({attrs['common_error_of']})" if attrs.get("common_error_of") else ""
        found.append(
            f"{1e3 * float(attrs['common_error']):.0f} meV of error are common to the gaps of all "
            f"pixels{source}: it moves the whole map, and no difference within it."
        )
    for key, words in _CALIBRATION.items():
        if value := dataset.attrs.get(key):
            found.append(f"{words}: {value}.")
    return found
