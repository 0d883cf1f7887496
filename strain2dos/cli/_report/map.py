# SPDX-License-Identifier: BSD-3-Clause
"""Words, tables and figures of the report of a map."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

TITLE = "Map of the electronic structure"
# Figures that every run has; those of OPTIONAL are shown where the folder holds them.
FIGURES = (
    ("gap_map.png", "Predicted band gap. Hatched: pixels without a result.", "Map of the band gap"),
    (
        "band_edges_map.png",
        "Predicted valence band maximum and conduction band minimum.",
        "Two maps of the band edges",
    ),
)
OPTIONAL = (
    (
        "pl_comparison.png",
        "Photoluminescence of the same flake against the predicted gap.",
        "Scatter plot of photoluminescence energy against predicted gap",
    ),
    (
        "shap_heatmap.png",
        "Where in the density of states each feature acts (Shapley values).",
        "Heatmap of feature against energy",
    ),
    (
        "edge_attribution.png",
        "What each feature does to the band edges and the gap.",
        "Bars of the share of each feature in the band edges",
    ),
)
WIDE = ("band_edges_map.png",)
# Section of each figure of the page; the gap itself is drawn there from the map.
SECTIONS = {
    "band_edges_map.png": "Band edges",
    "pl_comparison.png": "Photoluminescence",
    "shap_heatmap.png": "Explanation",
    "edge_attribution.png": "Explanation",
}


def words(metrics: Mapping[str, Any]) -> list[str]:
    """Introduction."""
    merit, settings = metrics["merit"], metrics["settings"]
    return [
        f"Model: {settings['model']}, applied to the {merit['pixels']} pixels of {settings['map']}; "
        f"{merit['masked_pixels']} pixels have no result."
    ]


def tables(metrics: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What the map holds."""
    merit = metrics["merit"]
    return {
        "Map": {
            "band gap, smallest (eV)": merit["gap_min_ev"],
            "band gap, median (eV)": merit["gap_median_ev"],
            "band gap, largest (eV)": merit["gap_max_ev"],
            "pixels without a band gap": merit["pixels_without_gap"],
        },
        "Time": {f"{name} (s)": seconds for name, seconds in metrics["seconds"].items()},
    }


def provenance(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """What the run was made from."""
    return {name.replace("_", " "): str(value) for name, value in metrics["settings"].items()}


def store_of(folder: Path) -> Path | None:
    """File or store of the map in the folder of a run; None where it has none."""
    return next((folder / name for name in ("map.nc", "map.zarr") if (folder / name).exists()), None)
