# SPDX-License-Identifier: BSD-3-Clause
"""Training data: bundled (``load_*``), generated (``make_*``) and read from users' files (``read_*``)."""

import lazy_loader as _lazy

# The names and their modules stand in __init__.pyi, which type checkers read too.
__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
