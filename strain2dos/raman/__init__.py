# SPDX-License-Identifier: BSD-3-Clause
"""Measured spectrum to features: line fits, mode tables, separation of strain and doping."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "_correlation_display": ["CorrelationDisplay"],
        "_cosmic_rays": ["mask_cosmic_rays"],
        "_feature_map_display": ["FeatureMapDisplay"],
        "_featurizer": ["RamanFeaturizer"],
        "_fit_display": ["SpectrumFitDisplay"],
        "_mode": ["ModeSource", "RamanMode"],
        "_modes": ["material_modes"],
        "_result": ["SpectraFit"],
        "_separation": ["DomainCheck", "Separation"],
        "_separator": ["StrainDopingSeparator"],
        "_status": ["FitStatus"],
        "_worst_fits_display": ["WorstFitsDisplay"],
    },
)
