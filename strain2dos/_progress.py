# SPDX-License-Identifier: BSD-3-Clause
"""A progress bar whose clock moves while a step takes long."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tqdm import tqdm

#: Seconds between two refreshes.
STEP = 1.0

# What tqdm and the notice of compiling obey where a process begins.
_QUIET = {"TQDM_DISABLE": "1", "STRAIN2DOS_QUIET": "1"}
_hidden = 0


@contextmanager
def no_bars() -> Iterator[None]:
    """Keep away bars that show by themselves, in all threads and in processes begun meanwhile."""
    global _hidden
    before = {name: os.environ.get(name) for name in _QUIET}
    os.environ |= _QUIET
    _hidden += 1
    try:
        yield
    finally:
        _hidden -= 1
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


def shown_or_hidden() -> dict[str, bool]:
    """Options of a tqdm bar: none, so that its own rules hold, unless bars are kept away."""
    return {"disable": True} if _hidden > 0 else {}


@contextmanager
def ticking(bar: tqdm[Any]) -> Iterator[None]:
    """Refresh a bar each second, so that its clock runs between two steps.

    Only on a terminal: a log would get a line each second.

    Parameters
    ----------
    bar : tqdm
        On stderr.
    """
    if bar.disable or not sys.stderr.isatty():
        yield
        return
    ended = threading.Event()
    clock = threading.Thread(target=_tick, args=(bar, ended), daemon=True)
    clock.start()
    try:
        yield
    finally:
        ended.set()
        clock.join()


def _tick(bar: tqdm[Any], ended: threading.Event) -> None:
    while not ended.wait(STEP):
        bar.refresh()
