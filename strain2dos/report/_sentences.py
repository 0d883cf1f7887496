# SPDX-License-Identifier: BSD-3-Clause
"""What a map shows, in three sentences with plus and minus."""

from __future__ import annotations

import numpy as np
import xarray as xr

from strain2dos.mapping._quality import PixelCounts
from strain2dos.report._quantities import Quantity
from strain2dos.report._view import MapView

_MOVED = ("strain", "strain_biaxial", "shear", "doping")


def sentences(view: MapView, counts: PixelCounts, *, refused: bool = False) -> list[str]:
    """Sentences on the gap, on strain and doping, and on the number of pixels that these rest on.

    Of a map that is not to be used, the number of pixels inside the training domain alone.
    """
    dataset, quantities, trusted = view.dataset, view.quantities, view.trusted
    if not trusted.any():
        return [f"No pixel can be trusted: {_rest(counts)}."]
    if refused:
        inside = f"{int(trusted.sum())} of {counts.total} {counts.noun} inside the training domain"
        return [f"{inside} ({_rest(counts)})."]
    found = []
    if "gap" in quantities:
        found.append(_gap(dataset, quantities["gap"], trusted))
    found.append(_strain(quantities, trusted) or _contrast(quantities, trusted))
    rest = _rest(counts)
    found.append(
        f"This rests on {int(trusted.sum())} of {counts.total} {counts.noun}{f' ({rest})' if rest else ''}."
    )
    return [words for words in found if words]


def _gap(dataset: xr.Dataset, gap: Quantity, trusted: np.ndarray) -> str:
    middle, error = _middle(gap, trusted)
    low, high = np.nanquantile(gap.values[trusted], [0.05, 0.95])
    name, *functional = gap.label.split(", ")
    of = f" ({functional[0]})" if functional else ""
    words = f"The {_lower(name)}{of} is {gap.format(middle, error)}"
    shared = _shared(gap, trusted) or dataset["gap"].attrs.get("common_error")
    scissor = dataset["gap"].attrs.get("scissor")
    moved = f" {str(scissor)[:1].upper()}{str(scissor)[1:]}." if isinstance(scissor, str) and scissor else ""
    if trusted.sum() == 1:
        further = (
            f", and a further ± {float(shared):.3f} {gap.unit} comes from the calibration" if shared else ""
        )
        return f"{words}{further}.{moved}"
    errors = []
    if error is not None:
        errors.append("± is the median error of a pixel")
    if shared:
        errors.append(f"a further ± {float(shared):.3f} {gap.unit} is common to all pixels")
    detail = f" (median; {'; '.join(errors)})" if errors else " (median; the map has no error of it)"
    return (
        f"{words}{detail}, and runs from {low:.3f} to {high:.3f} {gap.unit} (5 to 95 % of the pixels).{moved}"
    )


def _strain(quantities: dict[str, Quantity], trusted: np.ndarray) -> str:
    known = [quantities[name] for name in _MOVED if name in quantities]
    parts = [
        f"{_lower(quantity.label)} {quantity.format(*_middle(quantity, trusted))}{_common(quantity, trusted)}"
        for quantity in known
        if np.isfinite(quantity.values[trusted]).any()
    ]
    if not parts:
        return ""
    words = ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1]
    middle = " (medians, with the median error of a pixel)" if trusted.sum() > 1 else ""
    return f"{words[:1].upper()}{words[1:]}{middle}."


def _contrast(quantities: dict[str, Quantity], trusted: np.ndarray) -> str:
    """Whether differences within the map exceed the error of a pixel."""
    gap = quantities.get("gap")
    if gap is None or gap.std is None or gap.unit != "eV":
        return ""
    low, high = np.nanquantile(gap.values[trusted], [0.05, 0.95])
    error = float(np.nanmedian(gap.std[trusted]))
    spread = 1e3 * (high - low)
    verdict = "more than" if high - low > 2 * error else "which does not exceed"
    return (
        f"Between its 5 and 95 % pixels the gap differs by {spread:.0f} ± {1e3 * np.sqrt(2) * error:.0f} "
        f"meV, {verdict} twice the error of a pixel."
    )


def _lower(label: str) -> str:
    return label[:1].lower() + label[1:]


def _shared(quantity: Quantity, trusted: np.ndarray) -> float | None:
    """Median of the error that all pixels share."""
    if quantity.common is None or not np.isfinite(quantity.common[trusted]).any():
        return None
    return float(np.nanmedian(quantity.common[trusted]))


def _common(quantity: Quantity, trusted: np.ndarray) -> str:
    shared = _shared(quantity, trusted)
    if shared is None or shared < 0.01 * (_middle(quantity, trusted)[1] or 0.0):
        return ""
    return f" ({'common to all pixels' if trusted.sum() > 1 else 'calibration'}: ± {shared:.2g})"


def _middle(quantity: Quantity, trusted: np.ndarray) -> tuple[float, float | None]:
    middle = float(np.nanmedian(quantity.values[trusted]))
    if quantity.std is None or not np.isfinite(quantity.std[trusted]).any():
        return middle, None
    return middle, float(np.nanmedian(quantity.std[trusted]))


def _rest(counts: PixelCounts) -> str:
    words = [counts.without_words(brief=True), counts.outside_words(brief=True)]
    return "; ".join(part for part in words if part)
