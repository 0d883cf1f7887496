# SPDX-License-Identifier: BSD-3-Clause
"""A way to run commands, and small files for them."""

import inspect
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from typer.testing import CliRunner

from strain2dos.cli import app


class Outcome(NamedTuple):
    """What a command left."""

    code: int
    out: str
    err: str

    @property
    def wrote(self) -> list[Path]:
        """Files listed on stdout."""
        return [
            Path(line.removeprefix("wrote ")) for line in self.out.splitlines() if line.startswith("wrote ")
        ]


# click before 8.2 mixes stdout and stderr unless told otherwise, and has no such option afterwards
SEPARATE = {"mix_stderr": False} if "mix_stderr" in inspect.signature(CliRunner).parameters else {}


@pytest.fixture(scope="session")
def run():
    def run_command(*words: object) -> Outcome:
        result = CliRunner(**SEPARATE).invoke(app, [str(word) for word in words], env={"COLUMNS": "100"})
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Outcome(result.exit_code, result.stdout, result.stderr)

    return run_command


ENERGIES = np.linspace(-1.5, 1.5, 121)


@pytest.fixture(scope="session")
def true_edges():
    """Edges of the curves in the small table: linear in strain, 2 eV apart without strain."""
    return lambda strain: (-1.0 + 0.5 * np.asarray(strain), 1.0 - 1.5 * np.asarray(strain))


@pytest.fixture(scope="session")
def table(tmp_path_factory, true_edges) -> Path:
    """Seven curves with a known linear motion of the band edges, as a table."""
    path = tmp_path_factory.mktemp("table") / "curves.csv"
    strain = np.arange(0.0, 0.31, 0.05)
    vbm, cbm = true_edges(strain)
    # 100 states/eV per eV beyond an edge: the DOS crosses 10 at 0.1 eV from it
    curves = 100 * np.maximum(0, np.maximum(vbm + 0.1 - ENERGIES[:, None], ENERGIES[:, None] - cbm + 0.1))
    rows = [",".join(["", *(f"{value:.2f}" for value in strain)])]
    rows += [",".join(f"{v:.6g}" for v in (e, *line)) for e, line in zip(ENERGIES, curves, strict=True)]
    path.write_text("\n".join(rows) + "\n")
    return path


@pytest.fixture(scope="session")
def strain_map(tmp_path_factory) -> Path:
    """A map of 3 rows and 4 columns with one pixel missing; rows and columns cannot be mistaken."""
    path = tmp_path_factory.mktemp("map") / "strain.csv"
    path.write_text("0.00,0.05,0.10,0.15\n0.20,0.25,nan,0.30\n0.02,0.03,0.04,0.06\n")
    return path


@pytest.fixture(scope="session")
def model(run, table, tmp_path_factory) -> Path:
    """A model trained on the small table."""
    path = tmp_path_factory.mktemp("model") / "model.skops"
    outcome = run(
        "train",
        table,
        "--strain-unit",
        "label",
        "--edge-threshold",
        10,
        "-o",
        path,
        "--members",
        1,
        "--epochs",
        5,
        "--no-validate",
        "-q",
    )
    assert outcome.code == 0, outcome.err
    return path


@pytest.fixture(scope="session")
def mapped(run, model, strain_map, tmp_path_factory) -> Path:
    """The folder of a map run."""
    folder = tmp_path_factory.mktemp("mapped") / "out"
    outcome = run("map", model, strain_map, "--strain-unit", "label", "-o", folder, "-q")
    assert outcome.code == 0, outcome.err
    return folder
