# SPDX-License-Identifier: BSD-3-Clause
"""Files in and out: Raman spectra and maps as instruments write them, DOS maps, fitted models."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "_models.model": ["load_model", "read_metadata", "save_model"],
        "_raman": ["read_raman"],
    },
)
