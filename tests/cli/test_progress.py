# SPDX-License-Identifier: BSD-3-Clause
"""The clock of a step that has no bar."""

import contextlib
import io
import sys
import time

import pytest

from strain2dos.cli._common import progress
from strain2dos.cli._common.progress import clock


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


@pytest.fixture
def shown(monkeypatch):
    monkeypatch.setattr(progress, "DELAY", 0.02)

    def watch(stream, seconds, *, quiet=False):
        monkeypatch.setattr(sys, "stderr", stream)
        with clock("writing map.nc", quiet=quiet):
            time.sleep(seconds)
        return stream.getvalue()

    return watch


def test_the_seconds_of_a_long_step_count_on_a_terminal_and_are_gone_afterwards(shown):
    seen = shown(Terminal(), 0.5)
    assert seen.count("writing map.nc: 0 s") >= 1
    assert seen.endswith("\r")
    assert "\n" not in seen


def test_a_short_step_a_log_and_a_quiet_run_show_nothing(shown):
    assert shown(Terminal(), 0.0) == ""
    assert shown(io.StringIO(), 0.1) == ""
    assert shown(Terminal(), 0.1, quiet=True) == ""


def test_the_clock_stops_when_the_step_fails(monkeypatch):
    monkeypatch.setattr(progress, "DELAY", 0.02)
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    with contextlib.suppress(ValueError), clock("reading", quiet=False):
        time.sleep(0.1)
        raise ValueError("no spectra")
    seen = stream.getvalue()
    assert "reading: 0 s" in seen
    time.sleep(0.1)
    assert stream.getvalue() == seen
