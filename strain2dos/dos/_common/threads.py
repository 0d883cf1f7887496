# SPDX-License-Identifier: BSD-3-Clause
"""One thread for linear algebra, so that results do not depend on the machine or on other jobs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from threadpoolctl import ThreadpoolController, threadpool_limits

_lock = Lock()
_inside = 0
_limits: threadpool_limits | None = None
_torch_threads = 1
# libraries of linear algebra come with modules, and to look for them takes as long as a small prediction
_found: tuple[int, ThreadpoolController | None] = (0, None)


@contextmanager
def one_thread() -> Iterator[None]:
    """Run linear algebra on one thread: sums of several differ in the last bit, and small models gain none.

    Blocks may overlap in several threads of a process: the first to come takes note of the limits of the
    process, and the last to go sets them back. Random state and default dtype of torch are not touched.
    """
    import torch

    _enter(torch.get_num_threads)
    # OpenMP counts threads per calling thread, so each caller sets its own
    torch.set_num_threads(1)
    try:
        yield
    finally:
        _leave(torch.set_num_threads)


def _enter(threads_of_torch) -> None:  # type: ignore[no-untyped-def]
    global _inside, _limits, _torch_threads
    with _lock:
        if _inside == 0:
            _torch_threads = threads_of_torch()
            _limits = _controller().limit(limits=1)
        _inside += 1


def _controller() -> ThreadpoolController:
    global _found
    if _found[1] is None or _found[0] != len(sys.modules):
        _found = len(sys.modules), ThreadpoolController()
    return _found[1]


def _leave(limit_torch) -> None:  # type: ignore[no-untyped-def]
    global _inside, _limits
    with _lock:
        _inside -= 1
        if _inside == 0 and _limits is not None:
            _limits.restore_original_limits()
            _limits = None
        limit_torch(_torch_threads)
