# SPDX-License-Identifier: BSD-3-Clause
"""Maps of the local electronic structure of strained 2D materials from Raman spectra.

The public names are imported on first use, so ``import strain2dos`` loads neither torch nor shap.
"""

import lazy_loader as _lazy

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submodules=["datasets", "dos", "explain", "io", "mapping", "raman", "simulate"],
    submod_attrs={
        "raman": ["RamanFeaturizer", "StrainDopingSeparator"],
        "dos": ["BandEdges", "ConformalDOSRegressor", "DOSRegressor", "band_edges"],
        "mapping": ["SpatialMapper"],
        "explain": ["DOSExplainer"],
        "io": ["load_model", "save_model"],
    },
)
