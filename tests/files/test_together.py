# SPDX-License-Identifier: BSD-3-Clause
"""Outputs of a run appear together, and a mixture of two runs is refused."""

import os

import pytest

from strain2dos._files import check_together, checksum, replacing, replacing_together

NAMES = ["curves.csv", "map.nc", "metrics.json"]


def run(folder, word, stop=None):
    with replacing_together(folder, NAMES) as part:
        for name in NAMES:
            if name == stop:
                raise KeyboardInterrupt
            with replacing(part / name) as file:
                file.write_text(f"{word} {name}")


def content(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_all_outputs_appear_and_nothing_else(tmp_path):
    run(tmp_path / "out", "old")
    run(tmp_path / "out", "new")
    assert content(tmp_path / "out") == {name: f"new {name}" for name in NAMES}


@pytest.mark.parametrize("stop", NAMES)
def test_an_interrupted_run_changes_nothing(tmp_path, stop):
    run(tmp_path, "old")
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, "new", stop)
    assert content(tmp_path) == {name: f"old {name}" for name in NAMES}


@pytest.mark.parametrize("after", range(3))
def test_a_kill_between_two_moves_is_noticed_by_the_checksums(tmp_path, monkeypatch, after):
    run(tmp_path, "old")
    known = {name: checksum(tmp_path / name) for name in NAMES}
    check_together(tmp_path, known)
    move, done = os.replace, []

    def killed(one, other):
        if os.path.dirname(other) == str(tmp_path):
            if len(done) == after:
                raise KeyboardInterrupt
            done.append(other)
        move(one, other)

    monkeypatch.setattr("os.replace", killed)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, "new")
    if after:
        with pytest.raises(ValueError, match=f"more than one run.*{NAMES[0]}.*Run the command again"):
            check_together(tmp_path, known)
    else:
        check_together(tmp_path, known)


def test_what_a_killed_run_left_is_removed_and_a_folder_of_that_name_is_not(tmp_path):
    left, mine = tmp_path / ".01234567.strain2dos-run", tmp_path / ".76543210.strain2dos-run"
    for folder in (left, mine):
        folder.mkdir()
        (folder / "map.nc").write_text("x")
    (left / ".strain2dos-run").write_text("x")
    run(tmp_path, "new")
    assert not left.exists()
    assert (mine / "map.nc").exists()


def test_an_output_that_was_not_written_is_an_error(tmp_path):
    with (
        pytest.raises(OSError, match=r"map\.nc of .* was not written"),
        replacing_together(tmp_path, NAMES[1:2]),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_the_place_of_an_output_stays(tmp_path):
    (tmp_path / "map.nc").mkdir()
    (tmp_path / "map.nc" / "mine").write_text("x")
    with pytest.raises(IsADirectoryError):
        run(tmp_path, "new")
    assert [path.name for path in tmp_path.rglob("*")] == ["map.nc", "mine"]


def test_an_error_names_the_path_that_the_user_gave(tmp_path):
    with pytest.raises(FileNotFoundError) as caught, replacing_together(tmp_path, NAMES) as part:
        (part / "absent" / "file").read_text()
    assert caught.value.filename == str(tmp_path / "absent" / "file")
