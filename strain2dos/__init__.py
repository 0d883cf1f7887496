# SPDX-License-Identifier: BSD-3-Clause
"""Maps of the local electronic structure of strained 2D materials from Raman spectra.

The public names are imported on first use, so ``import strain2dos`` loads neither torch nor shap.
"""

import lazy_loader as _lazy

__version__ = "0.2.0"

# The names and their modules stand in __init__.pyi, which type checkers read too.
__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
