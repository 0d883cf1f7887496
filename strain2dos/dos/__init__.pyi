# SPDX-License-Identifier: BSD-3-Clause
from . import metrics as metrics
from ._displays.curve import DOSCurveDisplay as DOSCurveDisplay
from ._displays.training import GapParityDisplay as GapParityDisplay
from ._displays.training import LossCurveDisplay as LossCurveDisplay
from ._edges.intervals import EdgeIntervals as EdgeIntervals
from ._edges.reading import BandEdges as BandEdges
from ._edges.reading import band_edges as band_edges
from ._regressor.invariants import StrainInvariants as StrainInvariants
from ._regressor.regressor import DOSRegressor as DOSRegressor
from ._uncertainty.conformal import ConformalDOSRegressor as ConformalDOSRegressor
from ._uncertainty.covariance import feature_covariance as feature_covariance
from ._uncertainty.propagation import NoisePropagation as NoisePropagation
from ._uncertainty.propagation import propagate_noise as propagate_noise
