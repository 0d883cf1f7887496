# SPDX-License-Identifier: BSD-3-Clause
"""The one decorator for compiled functions: `njit`, whose cache can neither go stale nor end a run."""

from strain2dos._compiled.decorator import njit

__all__ = ["njit"]
