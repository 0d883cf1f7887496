# SPDX-License-Identifier: BSD-3-Clause
"""Training data: bundled (``load_*``), generated (``make_*``) and read from users' files (``read_*``)."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "_bilayer_dos": ["make_bilayer_dos"],
        "_dft": ["load_dft"],
        "_dft_records": ["read_dft_records"],
        "_mos2_dft": ["load_mos2_dft"],
        "_raman_dos": ["RamanDOS", "make_raman_dos"],
        "_raman_map": ["make_raman_map"],
        "_strain_map": ["read_strain_map"],
        "_strained": ["StrainedDOS"],
        "_strained_dos": ["make_strained_dos"],
        "_table": ["read_dos_table"],
    },
)
