# SPDX-License-Identifier: BSD-3-Clause
"""Versions of packages that shape a result, for its record."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

# Those that a trained model and its maps depend on.
PACKAGES = ("strain2dos", "scikit-learn", "torch", "skorch", "numpy", "xarray")


def installed_versions(*packages: str) -> dict[str, str]:
    """Versions by package, without those that are not installed."""
    found = {}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def page_versions() -> dict[str, str]:
    """Versions of Python and of the packages behind a page."""
    return {"Python": platform.python_version(), **installed_versions(*PACKAGES)}
