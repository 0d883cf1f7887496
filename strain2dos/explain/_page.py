# SPDX-License-Identifier: BSD-3-Clause
"""An explanation as a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from strain2dos.explain._displays.edge_bars import EdgeAttributionDisplay
from strain2dos.explain._displays.heatmap import ExplanationHeatmapDisplay
from strain2dos.explain._report import ReportFigure, write_report
from strain2dos.explain._shares import Shares

_ABOUT = (
    "Each prediction is divided among its features: every feature gets the share that it has in the "
    "difference between this prediction and the mean prediction over {n} background samples (Shapley values, "
    "{method}, interventional). The shares of all features add up to that difference at every energy.",
    "Features that move together can trade shares without a change of the predictions; their sum is what "
    "counts. Shares describe the model: they are causes in the material only as far as the model is right.",
)
_METHODS = {
    "exact": "exact over all coalitions of features",
    "some rows": "over all coalitions of features, with a part of the background for most",
    "permutation": "sampled over permutations of features",
}


def write_explanation(
    explanation: Shares,
    path: str | Path,
    *,
    title: str,
    energy_windows: Mapping[str, tuple[float, float]] | None = None,
    groups: Mapping[str, Sequence[str]] | None = None,
) -> Path:
    """Write heatmap, band edges and tables of ``explanation`` to one self-contained page."""
    figures = _figures(explanation, "")
    tables = {"Mean magnitude of the shares": explanation.summary(energy_windows)}
    if groups:
        together = explanation.grouped(groups)
        figures += _figures(together, ", grouped")
        tables["Mean magnitude of the shares, grouped"] = together.summary(energy_windows)
    words = [part.format(n=explanation.n_background, method=_METHODS[explanation.method]) for part in _ABOUT]
    missing = explanation._worst_missing
    if missing:
        words.append(
            "Evaluations without a band edge were left out of the means, at most "
            + ", ".join(f"{share:.1%} for {name}" for name, share in missing.items())
            + "."
        )
    provenance = {"samples explained": len(explanation.data), "background samples": explanation.n_background}
    return write_report(
        path,
        title=title,
        figures=figures,
        tables=tables,
        text=words,
        provenance=provenance,
        tables_heading="Shares",
    )


def _figures(explanation: Shares, suffix: str) -> list[ReportFigure]:
    """Heatmap, and bars of the band edges where there are any."""
    rows = len(explanation.feature_names)
    # Figure rather than pyplot: nothing stays open behind the caller.
    axes = [
        Figure(figsize=(6.4, max(2.4, 1.3 + height * rows)), layout="constrained").subplots()
        for height in (0.4, 0.5)
    ]
    heatmap = ExplanationHeatmapDisplay.from_explanation(explanation, ax=axes[0])
    names = ", ".join(explanation.feature_names)
    found = [
        ReportFigure(
            heatmap.figure_,
            f"Features against energy{suffix}. Dashed: mean predicted band edges.",
            alt=f"Heatmap of the features {names} against energy",
        )
    ]
    if explanation.edge_values:
        bars = EdgeAttributionDisplay.from_explanation(explanation, ax=axes[1])
        caption = f"Valence band maximum, conduction band minimum and gap{suffix}."
        found.append(
            ReportFigure(bars.figure_, caption, alt=f"Bars of band edge shares of the features {names}")
        )
    return found
