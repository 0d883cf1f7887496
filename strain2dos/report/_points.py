# SPDX-License-Identifier: BSD-3-Clause
"""Points of a map that a report shows in full: those given, or those of notable gaps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from strain2dos._plotting.labels import with_minus
from strain2dos.mapping._places import Places
from strain2dos.report._view import MapView


@dataclass(frozen=True)
class Point:
    """A pixel shown in full."""

    label: str
    pixel: int


def chosen_points(view: MapView, points: npt.ArrayLike | None) -> list[Point]:
    """Find the pixels nearest to `points` (n, 2), x and y; without them those of notable gaps."""
    if points is not None:
        wanted = np.atleast_2d(np.asarray(points, dtype=np.float64))
        if wanted.ndim != 2 or wanted.shape[1] != 2 or not np.isfinite(wanted).all():
            raise ValueError(f"points must be finite and of shape (n, 2), x and y, but is {points!r}.")
        nearest = [int(np.argmin(np.hypot(view.places.x - x, view.places.y - y))) for x, y in wanted]
        return [Point(chr(ord("A") + number), pixel) for number, pixel in enumerate(nearest)]
    gap = view.quantities.get("gap", view.quantities[view.lead])
    trusted = view.trusted
    if not trusted.any():
        return []
    pixels = np.flatnonzero(trusted & np.isfinite(gap.values))
    ranked = pixels[np.argsort(gap.values[pixels], kind="stable")]
    names = {"smallest": 0, "middle": len(ranked) // 2, "largest": len(ranked) - 1}
    word = "gap" if gap.name == "gap" else gap.label
    return [
        Point(f"{letter}: {name} {word}", int(ranked[place]))
        for letter, (name, place) in zip("ABC", names.items(), strict=True)
    ][: len(ranked)]


def where(places: Places, pixel: int) -> str:
    """Position of a pixel in words: "x 3.5 µm, y 2.0 µm"."""
    x, y, unit = places.in_micrometers()
    sign = {"um": "µm", "unknown": "(unit unknown)", "pixel": "px"}.get(unit, unit)
    if places.kind == "numbers":
        return f"spectrum {pixel + 1}"
    return with_minus(f"x {x[pixel]:.4g} {sign}, y {y[pixel]:.4g} {sign}")
