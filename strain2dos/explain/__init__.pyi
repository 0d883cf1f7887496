# SPDX-License-Identifier: BSD-3-Clause
from ._displays.attribution_map import AttributionMapDisplay as AttributionMapDisplay
from ._displays.edge_bars import EdgeAttributionDisplay as EdgeAttributionDisplay
from ._displays.heatmap import ExplanationHeatmapDisplay as ExplanationHeatmapDisplay
from ._displays.interactions import InteractionDisplay as InteractionDisplay
from ._explainer import DOSExplainer as DOSExplainer
from ._explanation import DOSExplanation as DOSExplanation
from ._interactions import Interactions as Interactions
from ._report import ReportFigure as ReportFigure
from ._report import write_report as write_report
from ._values.error_shares import ErrorShares as ErrorShares
