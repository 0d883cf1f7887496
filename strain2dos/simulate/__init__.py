# SPDX-License-Identifier: BSD-3-Clause
"""Where training data comes from: tight binding, phonons, strained membranes and Raman spectra."""

import lazy_loader as _lazy

from strain2dos._renamed import with_old_names as _with_old_names

# The names and their modules stand in __init__.pyi, which type checkers read too.
__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
__getattr__ = _with_old_names(__getattr__, __name__, polarised_intensities="polarized_intensities")
