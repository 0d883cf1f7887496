# SPDX-License-Identifier: BSD-3-Clause
"""Import every module of the package."""

import importlib
import pkgutil

import strain2dos

for module in pkgutil.walk_packages(strain2dos.__path__, "strain2dos."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
