# SPDX-License-Identifier: BSD-3-Clause
"""Reports of a map: one HTML file to read, click through and print."""

import lazy_loader as _lazy

# The names and their modules stand in __init__.pyi, which type checkers read too.
__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
