# SPDX-License-Identifier: BSD-3-Clause
"""What the script of a page reads: the numbers of each pixel, words, spectra and curves."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from strain2dos._plotting.maps import unit_sign
from strain2dos.mapping._places import Places
from strain2dos.mapping._quality import reason_words
from strain2dos.report._flags import flags_of
from strain2dos.report._quantities import Quantity
from strain2dos.report._thin import DOS_BYTES, SPECTRA_BYTES, curve_table, packed
from strain2dos.report._view import MapView

# A line of a spectrum is a few points wide, so spectra keep all of theirs.
_FEWEST_ENERGIES = 80


def page_content(view: MapView, spectra: xr.Dataset | None) -> tuple[dict[str, Any], list[str]]:
    """Gather the numbers of a page.

    Returns
    -------
    dict
        Ready for JSON.
    list of str
        What was left out to keep the page light.
    """
    dataset, places = view.dataset, view.places
    content: dict[str, Any] = {
        "kind": places.kind,
        "shape": list(view.shape),
        "x": packed(places.x, "<f8"),
        "y": packed(places.y, "<f8"),
        "along": packed(places.along, "<f8"),
        "unit": "pixel" if places.unit == "px" else unit_sign(places.unit),
        "quantities": [_quantity(quantity) for quantity in view.quantities.values()],
        "flags": [flag.packed() for flag in flags_of(dataset, places)],
        **_quality(dataset, places),
    }
    notes: list[str] = []
    if "dos" in dataset and dataset["dos"].ndim == len(places.dims) + 1:
        content["dos"], found = _dos(dataset, places)
        notes += found
    if spectra is not None:
        good = np.ones(places.x.size, dtype=bool)
        if "status" in dataset:
            good = view.flat("status") == 0
        content["spectra"], found = _spectra(spectra, places, good)
        notes += found
    return content, notes


def _quantity(quantity: Quantity) -> dict[str, Any]:
    return {
        "name": quantity.name,
        "label": quantity.label,
        "unit": quantity.unit,
        "signed": quantity.signed,
        "common": None if quantity.common is None else packed(quantity.common, "<f4"),
        "values": packed(quantity.values, "<f4"),
        "std": None if quantity.std is None else packed(quantity.std, "<f4"),
    }


def _quality(dataset: xr.Dataset, places: Places) -> dict[str, Any]:
    """Score of each pixel, whether it has a result, and its reason as a number with a list of words."""
    n = places.x.size
    found: dict[str, Any] = {"score": None}
    if "domain_score" in dataset:
        found["score"] = packed(dataset["domain_score"].transpose(*places.dims).values.ravel(), "<f4")
    if not {"status", "domain_score"} & set(dataset.data_vars):
        return found | {
            "words": [""],
            "reason": packed(np.zeros(n), "<u1"),
            "good": packed(np.ones(n), "<u1"),
        }
    ordered = dataset.transpose(*places.dims, ...)
    words, reason = np.unique(reason_words(ordered).ravel(), return_inverse=True)
    status = ordered["status"].values.ravel() if "status" in dataset else np.zeros(n)
    return found | {
        "words": [str(word) for word in words],
        "reason": packed(reason.ravel(), "<u1"),
        "good": packed(status == 0, "<u1"),
    }


def _dos(dataset: xr.Dataset, places: Places) -> tuple[dict[str, Any], list[str]]:
    curves = {"dos": _rows(dataset["dos"], places)}
    if "dos_std" in dataset:
        curves["std"] = _rows(dataset["dos_std"], places)
    dim = next(str(dim) for dim in dataset["dos"].dims if dim not in places.dims)
    axis = dataset[dim].values if dim in dataset.coords else np.arange(curves["dos"].shape[1])
    table, notes = curve_table(np.asarray(axis, dtype=float), curves, DOS_BYTES, "energies", _FEWEST_ENERGIES)
    return table, notes


def _spectra(
    spectra: xr.Dataset, places: Places, good: NDArray[np.bool_]
) -> tuple[dict[str, Any], list[str]]:
    curves = {name: _rows(spectra[name], places) for name in ("intensity", "fit") if name in spectra}
    if curves["intensity"].shape[0] != good.size:
        raise ValueError(
            f"the spectra are of {curves['intensity'].shape[0]} pixels, but the map has {good.size}; give "
            "the spectra of this map."
        )
    axis = np.asarray(spectra["shift"].values, dtype=float)
    return curve_table(axis, curves, SPECTRA_BYTES, "Raman shifts", axis.size, good)


def _rows(values: xr.DataArray, places: Places) -> NDArray[np.float64]:
    stacked = values.transpose(*places.dims, ...).values
    return np.asarray(stacked, dtype=np.float64).reshape(-1, stacked.shape[-1])
