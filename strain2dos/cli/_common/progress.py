# SPDX-License-Identifier: BSD-3-Clause
"""The progress bar of a command, and the clock of a step that has none."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from strain2dos._progress import ticking

#: Seconds before a clock is shown, and between two of its ticks.
DELAY = 1.0


@contextmanager
def clock(title: str, *, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Count the seconds of steps on a terminal, where they take longer than a moment together.

    Yields a function that gives the line the title of the next step. The line is gone when the last one ends.
    A log gets none: it would get one each second.
    """
    titles = [title]
    if quiet or not sys.stderr.isatty():
        yield titles.append
        return
    ended = threading.Event()
    shown = threading.Thread(target=_count, args=(titles, ended), daemon=True)
    shown.start()
    try:
        yield titles.append
    finally:
        ended.set()
        shown.join()


def _count(titles: Sequence[str], ended: threading.Event) -> None:
    start = time.monotonic()
    if ended.wait(DELAY):
        return
    from tqdm import tqdm

    with tqdm(bar_format="{desc}", file=sys.stderr, leave=False) as bar:
        while True:
            bar.set_description_str(f"{titles[-1]}: {time.monotonic() - start:.0f} s")
            if ended.wait(DELAY):
                return


class Progress:
    """The bar of one stage; `step` moves it."""

    def __init__(self, title: str, total: int, *, quiet: bool) -> None:
        from tqdm import tqdm

        layout = "{desc:<34}{percentage:3.0f}% |{bar:24}| {n_fmt}/{total_fmt} [{elapsed}]"
        self._bar = tqdm(total=total, desc=title, disable=quiet, file=sys.stderr, bar_format=layout)
        self._clock = ticking(self._bar)
        self._clock.__enter__()

    def step(self, count: int = 1) -> None:
        """Move the bar on by `count`."""
        self._bar.update(count)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, *details: object) -> None:
        """Leave the bar on screen, full unless there was an error."""
        self._clock.__exit__(None, None, None)
        if kind is None:
            self._bar.update(self._bar.total - self._bar.n)
        self._bar.close()
