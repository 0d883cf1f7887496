# SPDX-License-Identifier: BSD-3-Clause
"""`numba.njit` with a cache that is always safe to use."""

from collections.abc import Callable
from typing import Any

import numba

from strain2dos._compiled.cache import Cache
from strain2dos._compiled.linking import SelfContained


def njit(*, cache: bool = True, **options: Any) -> Callable[[Callable], Callable]:
    """Compile a function on its first call and keep the result for later processes.

    Takes the place of `numba.njit` everywhere in the package. The cache notices changes in every file that
    the function depends on; a read-only installation, a damaged file or a full disk cost a compilation and a
    warning. Results are the same, bit for bit, in the process that compiles and in those that load.

    Parameters
    ----------
    cache : bool
        False: compile anew in each process.
    **options
        Those of `numba.njit`.
    """

    def decorate(function: Callable) -> Callable:
        compiled = numba.njit(pipeline_class=SelfContained, **options)(function)
        # NUMBA_DISABLE_JIT=1 returns the function as it is
        if cache and hasattr(compiled, "enable_caching"):
            compiled._cache = Cache(function)
        return compiled

    return decorate
