# SPDX-License-Identifier: BSD-3-Clause
"""Who waits for the compiler sees what happens; who does not wait sees nothing."""

import io
import time

import pytest

from strain2dos._compiled import notice
from strain2dos._compiled.linking import SelfContained


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def shown(monkeypatch):
    """What is shown, on a terminal and elsewhere, of waits that are as long as the text says."""
    monkeypatch.setenv("STRAIN2DOS_QUIET", "0")
    monkeypatch.setattr(notice, "_said", [])
    monkeypatch.setattr(notice, "DELAY", 0.2)
    monkeypatch.setattr(notice, "STEP", 0.1)

    def run(stream, *waits):
        monkeypatch.setattr("sys.stderr", stream)
        for wait in waits:
            with notice.sign_of_life(), notice.sign_of_life():
                time.sleep(wait)
        return stream.getvalue()

    return run


def test_short_compilations_show_nothing(shown):
    assert shown(Terminal(), 0.0, 0.0, 0.0) == shown(io.StringIO(), 0.0, 0.0, 0.0) == ""


def test_a_log_gets_one_line(shown):
    assert shown(io.StringIO(), 0.8, 0.8) == f"{notice.TEXT} ...\n"


def test_a_worker_writes_only_of_a_long_wait(shown, monkeypatch):
    monkeypatch.setattr(notice.multiprocessing, "parent_process", object)
    monkeypatch.setattr(notice, "WORKER_DELAY", 0.6)
    assert shown(io.StringIO(), 0.3) == ""
    assert shown(io.StringIO(), 1.2) == f"{notice.TEXT} ...\n"


def test_seconds_count_on_a_terminal(shown, monkeypatch):
    monkeypatch.delitem(__import__("sys").modules, "ipykernel", raising=False)
    text = shown(Terminal(), 1.4)
    assert text.count(notice.TEXT) >= 3
    assert f"{notice.TEXT}: 0 s" in text
    assert f"{notice.TEXT}: 1 s" in text
    assert text.endswith("\n")


def test_the_variable_turns_it_off(shown, monkeypatch):
    monkeypatch.setenv("STRAIN2DOS_QUIET", "1")
    assert shown(Terminal(), 0.5) == ""


def test_an_error_of_the_compiler_ends_it(shown):
    with pytest.raises(RuntimeError, match="no"), notice.sign_of_life():
        raise RuntimeError("no")
    assert notice._depth == 0
    assert shown(io.StringIO(), 0.8) == f"{notice.TEXT} ...\n"


def test_the_compiler_gives_the_sign(monkeypatch):
    from numba import njit

    given = []
    monkeypatch.setattr("strain2dos._compiled.linking.sign_of_life", lambda: given.append(1) or _Nothing())

    @njit(pipeline_class=SelfContained)
    def double(x):
        return 2 * x

    assert double(2) == 4
    assert given == [1]


class _Nothing:
    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None
