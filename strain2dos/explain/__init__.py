# SPDX-License-Identifier: BSD-3-Clause
"""Explanations: which feature moves which part of the density of states, and reports that show it."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "_display": ["EdgeAttributionDisplay", "ExplanationHeatmapDisplay"],
        "_explainer": ["DOSExplainer"],
        "_explanation": ["DOSExplanation"],
        "_report": ["ReportFigure", "write_report"],
    },
)
