# SPDX-License-Identifier: BSD-3-Clause
"""What the report of a map says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TITLE = "Map of the electronic structure"
FIGURES = (
    ("gap_map.png", "Predicted band gap. Hatched: pixels without a result.", "Map of the band gap"),
    (
        "band_edges_map.png",
        "Predicted valence band maximum and conduction band minimum.",
        "Two maps of the band edges",
    ),
)
WIDE = ("band_edges_map.png",)


def words(metrics: Mapping[str, Any]) -> list[str]:
    """Introduction."""
    merit, settings = metrics["merit"], metrics["settings"]
    return [
        f"{settings['model']} applied to the {merit['pixels']} pixels of {settings['map']}; "
        f"{merit['masked_pixels']} pixels have no result."
    ]


def tables(metrics: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What the map holds."""
    merit = metrics["merit"]
    return {
        "Map": {
            "pixels": merit["pixels"],
            "pixels without a result": merit["masked_pixels"],
            "band gap, smallest (eV)": merit["gap_min_ev"],
            "band gap, median (eV)": merit["gap_median_ev"],
            "band gap, largest (eV)": merit["gap_max_ev"],
            "pixels without a band gap": merit["pixels_without_gap"],
            "pixels outside of what the model was trained on": merit["outside_training_pixels"],
        },
        "Time": {f"{name} (s)": seconds for name, seconds in metrics["seconds"].items()},
    }


def provenance(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """What the run was made from."""
    return {name.replace("_", " "): str(value) for name, value in metrics["settings"].items()}
