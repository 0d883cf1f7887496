# SPDX-License-Identifier: BSD-3-Clause
"""From features to the density of states: the regressor, its uncertainty, band edges and figures of merit."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submodules=["metrics"],
    submod_attrs={
        "_conformal": ["ConformalDOSRegressor"],
        "_curve_display": ["DOSCurveDisplay"],
        "_displays": ["GapParityDisplay", "LossCurveDisplay"],
        "_edge_intervals": ["EdgeIntervals"],
        "_edges": ["BandEdges", "band_edges"],
        "_propagation": ["NoisePropagation", "feature_covariance", "propagate_noise"],
        "_regressor": ["DOSRegressor"],
    },
)
