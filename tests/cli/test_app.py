# SPDX-License-Identifier: BSD-3-Clause
"""The command as a whole: help, version, exit codes, and what it says when something goes wrong."""

import subprocess
import sys
import warnings

import pytest

import strain2dos
from strain2dos.cli import main

COMMANDS = ("demo", "train", "map", "explain", "report", "convert")


def test_the_version_is_the_package_version(run):
    assert run("--version").out == f"strain2dos {strain2dos.__version__}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_shows_an_example(run, command):
    outcome = run(command, "--help")
    assert outcome.code == 0
    assert f"  strain2dos {command} " in outcome.out.partition("Examples:")[2] + " "
    assert "Examples:\n" in outcome.out


def test_help_lists_every_command(run):
    outcome = run("--help")
    assert all(f"\n  {command} " in outcome.out for command in COMMANDS)


def test_help_loads_no_heavy_library():
    code = (
        "import sys; from strain2dos.cli import app; from typer.testing import CliRunner\n"
        "assert CliRunner().invoke(app, ['train', '--help']).exit_code == 0\n"
        "heavy = {'torch', 'sklearn', 'numba', 'shap', 'xarray', 'matplotlib', 'pandas'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_command_leaves_without_a_last_look_through_all_objects(monkeypatch):
    frozen = []
    monkeypatch.setattr("gc.freeze", lambda: frozen.append(True))
    monkeypatch.setattr("sys.argv", ["strain2dos", "--version"])
    with pytest.raises(SystemExit) as left:
        main()
    assert (left.value.code, frozen) == (0, [True])


def test_the_module_runs_as_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "strain2dos", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"strain2dos {strain2dos.__version__}\n"


@pytest.mark.parametrize(
    "words",
    [
        ("bogus",),
        ("train",),
        ("train", "table.csv"),
        ("train", "table.csv", "--dft", "--strain-unit", "label"),
        ("train", "table.csv", "--strain-unit", "inch"),
        ("train", "table.csv", "--strain-unit", "label", "--members", "0"),
        ("map", "model.skops"),
        ("convert", "map.wdf", "map.xlsx"),
    ],
)
def test_wrong_usage_gives_2(run, words):
    outcome = run(*words)
    assert outcome.code == 2
    assert "Usage:" in outcome.err
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize(
    "words",
    [
        ("train", "absent.csv", "--strain-unit", "label"),
        ("map", "absent.csv", "map.csv", "--strain-unit", "label"),
        ("explain", "absent.csv", "map.csv"),
        ("convert", "absent.csv", "map.nc"),
    ],
)
def test_a_missing_file_gives_1_and_its_name(run, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outcome = run(*words)
    assert outcome.code == 1
    assert outcome.err.splitlines()[-1].startswith("error: ")
    assert "absent.csv" in outcome.err
    assert "Traceback" not in outcome.err
    assert list(tmp_path.iterdir()) == []


def test_debug_lets_the_error_through(run):
    with pytest.raises(FileNotFoundError):
        run("train", "absent.csv", "--strain-unit", "label", "--debug")


def test_a_deprecation_of_another_package_reaches_no_user(run, monkeypatch, table, tmp_path):
    """Some packages derive theirs from UserWarning too, and some collect what is warned and print it."""

    class BothKinds(UserWarning, DeprecationWarning):
        pass

    def deprecated(*args, **kwargs):
        with warnings.catch_warnings(record=True) as collected:
            warnings.warn("parseString is deprecated", BothKinds, stacklevel=1)
        print(*(str(warning.message) for warning in collected), sep="\n", end="", file=sys.stderr)
        warnings.warn("parseString is deprecated", BothKinds, stacklevel=1)
        warnings.warn("the last column is empty", stacklevel=1)
        raise ValueError("stop here")

    monkeypatch.setattr("strain2dos.cli._common.recipes.hold_out_strains", deprecated)
    outcome = run("train", table, "--strain-unit", "label", "-o", tmp_path / "model.skops", "-q")
    assert outcome.err.splitlines() == ["warning: the last column is empty", "error: stop here"]


def test_an_interrupt_gives_130(run, monkeypatch, table, tmp_path):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("strain2dos.cli._common.recipes.hold_out_strains", interrupted)
    outcome = run("train", table, "--strain-unit", "label", "-o", tmp_path / "model.skops", "-q")
    assert outcome.code == 130
    assert "interrupted" in outcome.err
    # the model is there before it is validated
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["model-loss.png", "model.skops"]


def test_a_progress_bar_goes_to_stderr_and_quiet_silences_it(run, table, tmp_path):
    words = ("train", table, "--strain-unit", "label", "--members", 1, "--epochs", 1, "--no-validate", "-o")
    loud, still = run(*words, tmp_path / "a.skops"), run(*words, tmp_path / "b.skops", "--quiet")
    assert "Train" in loud.err
    assert "100%" in loud.err
    assert still.err == ""
    assert loud.out.replace("a.skops", "b.skops").replace("a-loss", "b-loss") == still.out
