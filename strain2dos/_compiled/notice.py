# SPDX-License-Identifier: BSD-3-Clause
"""A sign of life while functions are compiled: what happens, how long it takes, and that it goes on."""

import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

#: Seconds before anything is shown (most functions take less), and between two signs.
DELAY, STEP = 1.5, 1.0
#: The same in a process that another one started: its line would stand amid the progress bar of that one.
WORKER_DELAY = 15.0
TEXT = "strain2dos compiles its loops, once per installation; the fit of spectra takes about a minute"

_depth = 0
_said: list[str] = []


@contextmanager
def sign_of_life() -> Iterator[None]:
    """Show on stderr that functions are compiled, where that takes longer than a moment.

    On a terminal and in a notebook the elapsed time counts on; elsewhere, in the log of a job say, there is
    one line for each process. The environment variable STRAIN2DOS_QUIET=1 turns it off.
    """
    global _depth
    outer = _depth == 0 and os.environ.get("STRAIN2DOS_QUIET", "0") in ("", "0") and sys.stderr is not None
    _depth += 1
    done = threading.Event()
    if outer:
        shown = threading.Thread(target=_show, args=(done,), daemon=True)
        shown.start()
    try:
        yield
    finally:
        _depth -= 1
        done.set()
        if outer:
            shown.join()


def _show(done: threading.Event) -> None:
    start = time.monotonic()
    if done.wait(DELAY if multiprocessing.parent_process() is None else WORKER_DELAY):
        return
    from tqdm import tqdm

    if not (sys.stderr.isatty() or "ipykernel" in sys.modules):
        if not _said:
            tqdm.write(f"{TEXT} ...", file=sys.stderr)
            _said.append(TEXT)
        return
    with tqdm(bar_format="{desc}", file=sys.stderr) as bar:
        while True:
            bar.set_description_str(f"{TEXT}: {time.monotonic() - start:.0f} s")
            if done.wait(STEP):
                return
