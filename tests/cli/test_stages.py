# SPDX-License-Identifier: BSD-3-Clause
"""A run in stages reuses what is finished under the same settings, and nothing else."""

import json
import os

import pytest

from strain2dos._files import replacing
from strain2dos.cli._demo.run import RECORD, Run, Stage


class Counter:
    """Three stages that count how often each was worked through."""

    def __init__(self):
        self.calls = []
        self.interrupt = None
        self.told = []

    def stage(self, name):
        def work(folder, settings, bar):
            self.calls.append(name)
            with replacing(folder / f"{name}.txt") as part:
                part.write_text(f"{name} {settings['seed']}")
                if self.interrupt == name:
                    raise KeyboardInterrupt
            return {"figure": len(name)}

        return Stage(name, name.title(), [f"{name}.txt"], work)

    def execute(self, folder, *, force=False, **settings):
        run = Run(folder, {"seed": 0} | settings, "test", force=force)
        return run.execute([self.stage(n) for n in ("a", "bb", "ccc")], quiet=True, tell=self.told.append)


def test_a_second_run_with_the_same_settings_does_nothing(tmp_path):
    counter = Counter()
    first = counter.execute(tmp_path)
    second = counter.execute(tmp_path)
    assert counter.calls == ["a", "bb", "ccc"]
    assert first == second == {"a": {"figure": 1}, "bb": {"figure": 2}, "ccc": {"figure": 3}}
    assert counter.told == [f"{n}: kept from the last run with the same settings" for n in ("A", "Bb", "Ccc")]


def test_other_settings_start_anew(tmp_path):
    counter = Counter()
    counter.execute(tmp_path)
    counter.execute(tmp_path, seed=1)
    assert counter.calls == ["a", "bb", "ccc"] * 2
    assert (tmp_path / "ccc.txt").read_text() == "ccc 1"


def test_a_lost_file_redoes_its_stage_and_those_after_it(tmp_path):
    counter = Counter()
    counter.execute(tmp_path)
    (tmp_path / "bb.txt").unlink()
    counter.execute(tmp_path)
    assert counter.calls == ["a", "bb", "ccc", "bb", "ccc"]


def test_a_file_that_no_run_wrote_is_never_removed_unless_forced(tmp_path):
    counter = Counter()
    counter.execute(tmp_path)
    (tmp_path / "bb.txt").write_text("mine")
    for settings in ({}, {"seed": 1}):
        with pytest.raises(FileExistsError, match=r"bb\.txt in .* is not what a demo run wrote"):
            counter.execute(tmp_path, **settings)
    assert {path.name for path in tmp_path.iterdir()} == {"a.txt", "bb.txt", "ccc.txt", RECORD}
    assert (tmp_path / "bb.txt").read_text() == "mine"
    counter.execute(tmp_path, force=True)
    assert (tmp_path / "bb.txt").read_text() == "bb 0"


def test_a_run_killed_while_its_files_are_moved_goes_on_without_force(tmp_path, monkeypatch):
    counter = Counter()
    counter.execute(tmp_path)
    move = os.replace

    def killed(one, other):
        if os.path.basename(other) == "bb.txt" and "strain2dos-run" not in os.path.dirname(other):
            raise KeyboardInterrupt
        move(one, other)

    monkeypatch.setattr("os.replace", killed)
    with pytest.raises(KeyboardInterrupt):
        counter.execute(tmp_path, seed=1)
    monkeypatch.undo()
    counter.execute(tmp_path, seed=1)
    assert (tmp_path / "bb.txt").read_text() == "bb 1"
    assert {path.name for path in tmp_path.iterdir()} == {"a.txt", "bb.txt", "ccc.txt", RECORD}


def test_an_interrupted_run_leaves_whole_files_and_goes_on_where_it_stopped(tmp_path):
    counter = Counter()
    counter.interrupt = "bb"
    with pytest.raises(KeyboardInterrupt):
        counter.execute(tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.txt", RECORD]
    counter.interrupt = None
    counter.execute(tmp_path)
    assert counter.calls == ["a", "bb", "bb", "ccc"]


def test_files_of_other_settings_are_gone_when_a_new_run_is_interrupted(tmp_path):
    counter = Counter()
    counter.execute(tmp_path)
    counter.interrupt = "bb"
    with pytest.raises(KeyboardInterrupt):
        counter.execute(tmp_path, seed=1)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.txt", RECORD]
    assert json.loads((tmp_path / RECORD).read_text())["settings"] == {"seed": 1}


def test_a_broken_record_starts_anew_once_forced(tmp_path):
    counter = Counter()
    counter.execute(tmp_path)
    (tmp_path / RECORD).write_text('{"key": ')
    with pytest.raises(FileExistsError, match=r"a\.txt, bb\.txt, ccc\.txt in"):
        counter.execute(tmp_path)
    counter.execute(tmp_path, force=True)
    assert counter.calls == ["a", "bb", "ccc"] * 2
