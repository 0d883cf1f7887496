# SPDX-License-Identifier: BSD-3-Clause
"""Figures of merit for curves of the density of states, their band edges and their error bars.

Those of curves and edges take ``(y_true, y_pred)`` with one row per curve. :func:`make_dos_scorer` makes
scorers of them by name, for cross-validation and searches.
"""

from strain2dos.dos._metrics.curves import (
    dos_mae,
    gap_density,
    negative_share,
    r2_per_curve,
    relative_l1,
    wasserstein,
)
from strain2dos.dos._metrics.edges import cbm_mae, edge_mae, gap_mae, vbm_mae
from strain2dos.dos._metrics.intervals import interval_coverage, interval_score, interval_width
from strain2dos.dos._metrics.scorers import DOSScorer, make_dos_scorer

__all__ = [
    "DOSScorer",
    "cbm_mae",
    "dos_mae",
    "edge_mae",
    "gap_density",
    "gap_mae",
    "interval_coverage",
    "interval_score",
    "interval_width",
    "make_dos_scorer",
    "negative_share",
    "r2_per_curve",
    "relative_l1",
    "vbm_mae",
    "wasserstein",
]
