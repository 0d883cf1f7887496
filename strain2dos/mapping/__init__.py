# SPDX-License-Identifier: BSD-3-Clause
"""Maps: from a cube of spectra, features or strains to a map of the electronic structure."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "_display": ["MapDisplay"],
        "_export": ["write_band_edges_csv", "write_dos_csv"],
        "_groups": ["spatial_groups"],
        "_mapper": ["SpatialMapper"],
        "_photoluminescence.comparison": ["PLComparison", "compare_with_pl"],
        "_photoluminescence.registration": ["register_maps"],
        "_photoluminescence.fit": ["PLStatus", "fit_pl"],
        "_photoluminescence.display": ["PLComparisonDisplay"],
        "_propagate": ["propagate_spectra"],
        "_steps": ["PixelStatus"],
        "_sampling.profile": ["at", "profile"],
        "_sampling.regions": ["region_contrast", "region_mean"],
        "_sampling.tables": ["to_csv", "to_gsf"],
        "_store.opening": ["open_map"],
        "_units": ["check_strain_unit"],
    },
)
