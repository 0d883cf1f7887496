# SPDX-License-Identifier: BSD-3-Clause
from ._display import EdgeAttributionDisplay as EdgeAttributionDisplay
from ._display import ExplanationHeatmapDisplay as ExplanationHeatmapDisplay
from ._explainer import DOSExplainer as DOSExplainer
from ._explanation import DOSExplanation as DOSExplanation
from ._interaction_display import InteractionDisplay as InteractionDisplay
from ._interactions import Interactions as Interactions
from ._report import ReportFigure as ReportFigure
from ._report import write_report as write_report
