# SPDX-License-Identifier: BSD-3-Clause
"""The ``strain2dos`` command: demo, train, map, explain, report and convert from a shell."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(__name__, submod_attrs={"_app": ["app", "main"]})
