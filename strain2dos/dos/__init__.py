# SPDX-License-Identifier: BSD-3-Clause
"""From features to the density of states: the regressor, its uncertainty, band edges and figures of merit."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submodules=["metrics"],
    submod_attrs={
        "_uncertainty.conformal": ["ConformalDOSRegressor"],
        "_displays.curve": ["DOSCurveDisplay"],
        "_displays.training": ["GapParityDisplay", "LossCurveDisplay"],
        "_edges.intervals": ["EdgeIntervals"],
        "_edges.reading": ["BandEdges", "band_edges"],
        "_uncertainty.propagation": ["NoisePropagation", "feature_covariance", "propagate_noise"],
        "_regressor.regressor": ["DOSRegressor"],
    },
)
