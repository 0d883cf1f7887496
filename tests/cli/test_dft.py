# SPDX-License-Identifier: BSD-3-Clause
import sys

import pandas as pd
import pytest
from typer.testing import CliRunner

from strain2dos.cli import app

runner = CliRunner()


def test_plan_writes_states_that_run_reads(tmp_path):
    out = tmp_path / "plan.csv"
    result = runner.invoke(app, ["dft", "plan", "--states", "12", "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert list(pd.read_csv(out)) == ["name", "exx", "eyy", "exy"]
    assert len(pd.read_csv(out)) == 12
    again = runner.invoke(app, ["dft", "plan", "--out", str(out)])
    assert again.exit_code == 1
    assert "--force" in again.output


def test_run_without_gpaw_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "gpaw", None)
    result = runner.invoke(app, ["dft", "run", "--strain", "-0.01", "0.01", "0", "--out", str(tmp_path)])
    assert result.exit_code == 1
    assert "pip install 'strain2dos[dft]'" in result.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "give --strain EXX EYY EXY, --plan FILE or --ripple AMPLITUDE; one of them"),
        (["--strain", "0", "0", "0", "--plan", "plan.csv"], "one of them"),
        (["--strain", "0", "0", "0", "--ripple", "1", "--period", "6"], "one of them"),
        (["--ripple", "1"], "go together"),
        (["--ripple", "1", "--period", "6", "--ecut", "300"], "atomic orbitals"),
        (["--ripple", "1", "--period", "6", "--name", "a"], "--name goes with --strain"),
        (["--plan", "plan.csv", "--name", "a"], "--name goes with --strain"),
    ],
)
def test_run_wants_one_strain_a_plan_or_a_ripple(tmp_path, arguments, words):
    result = runner.invoke(app, ["dft", "run", "--out", str(tmp_path), *arguments])
    assert result.exit_code == 2
    assert words in " ".join(result.output.replace("│", " ").split())


def test_strain_in_per_cent_is_refused(tmp_path):
    result = runner.invoke(app, ["dft", "run", "--strain", "1", "1", "0", "--out", str(tmp_path)])
    assert result.exit_code == 1
    assert "one per cent is 0.01" in result.output


def test_an_unknown_material_is_refused(tmp_path):
    arguments = ["dft", "run", "--material", "MoTe2", "--strain", "0", "0", "0", "--out", str(tmp_path)]
    result = runner.invoke(app, arguments)
    assert result.exit_code == 1
    assert "MoS2, WS2, MoSe2, WSe2, but is 'MoTe2'" in " ".join(result.output.split())
