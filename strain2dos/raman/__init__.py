# SPDX-License-Identifier: BSD-3-Clause
"""Measured spectrum to features: line fits, mode tables, separation of strain and doping."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "_cosmic_rays": ["mask_cosmic_rays"],
        "_displays": ["CorrelationDisplay", "SpectrumFitDisplay"],
        "_featurizer": ["RamanFeaturizer"],
        "_modes": ["RamanMode", "material_modes"],
        "_result": ["SpectraFit"],
        "_separator": ["StrainDopingSeparator"],
        "_status": ["FitStatus"],
    },
)
