# SPDX-License-Identifier: BSD-3-Clause
"""`numba.njit` with a cache that is always safe to use."""

from collections.abc import Callable
from typing import Any

import numba

from strain2dos._compiled.cache import Cache
from strain2dos._compiled.linking import Part, SelfContained


def njit(*, cache: bool = True, part: bool = False, **options: Any) -> Callable[[Callable], Callable]:
    """Compile a function on its first call and keep the result for later processes.

    Takes the place of `numba.njit` everywhere in the package. The cache notices changes in every file that
    the function depends on; a read-only installation, a damaged file or a full disk cost a compilation and a
    warning. Results are the same, bit for bit, in the process that compiles and in those that load.

    Parameters
    ----------
    cache : bool
        False: compile anew in each process.
    part : bool
        Only functions compiled by this decorator call the function: it is compiled with them, not by itself,
        which takes a third of the time. A call from Python raises TypeError.
    **options
        Those of `numba.njit`.
    """

    def decorate(function: Callable) -> Callable:
        compiled = numba.njit(pipeline_class=Part if part else SelfContained, **options)(function)
        if not hasattr(compiled, "enable_caching"):
            return compiled  # NUMBA_DISABLE_JIT=1 returns the function as it is
        if part:
            compiled._insert = lambda *_: None  # no entry for Python
        elif cache:
            compiled._cache = Cache(function)
        return compiled

    return decorate
