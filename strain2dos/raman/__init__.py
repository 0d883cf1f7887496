# SPDX-License-Identifier: BSD-3-Clause
"""Measured spectrum to features: line fits, mode tables, separation of strain and doping."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "_displays.strain_doping": ["CorrelationDisplay"],
        "_cosmic_rays.mask": ["mask_cosmic_rays"],
        "_displays.feature_map": ["FeatureMapDisplay"],
        "_features.featurizer": ["RamanFeaturizer"],
        "_displays.spectrum_fit": ["SpectrumFitDisplay"],
        "_materials.mode": ["ModeSource", "RamanMode"],
        "_materials.lookup": ["material_modes"],
        "_features.calibration": ["LineCalibration"],
        "_features.result": ["SpectraFit"],
        "_features.unstrained": ["measure_unstrained"],
        "_strain.least_squares": ["DomainCheck", "Separation"],
        "_strain.calibrate_rates": ["CalibratedRates", "calibrate_rates"],
        "_strain.plausibility": ["LineJudgement", "LineReason", "judge_positions"],
        "_strain.separator": ["StrainDopingSeparator"],
        "_fitting.status": ["FitStatus"],
        "_displays.worst_fits": ["WorstFitsDisplay"],
    },
)
