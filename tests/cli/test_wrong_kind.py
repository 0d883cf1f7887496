# SPDX-License-Identifier: BSD-3-Clause
"""A file of the wrong kind for a model is named as what it is."""

import pytest


@pytest.fixture(scope="module")
def strain_model(run, table, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.skops"
    words = ("--strain-unit", "label", "--members", 1, "--epochs", 1, "--no-validate", "-q", "-o", path)
    outcome = run("train", table, *words)
    assert outcome.code == 0, outcome.err
    return path


def test_spectra_for_a_model_that_takes_strain_are_named(run, strain_model, tmp_path):
    path = tmp_path / "flake.txt"
    path.write_text("#AxisType[0]=Intens\n#AxisType[1]=Spectr\n384\t5\n385\t6\n")
    outcome = run("map", strain_model, path, "--strain-unit", "label", "-o", tmp_path / "out")
    words = " ".join(outcome.err.split())
    assert outcome.code == 1
    assert "flake.txt holds spectra (LabSpec text: two columns, axis and intensity)" in words
    assert "takes strain" in words


def test_strains_for_a_model_that_takes_spectra_are_named(run, strain_model, tmp_path, monkeypatch):
    monkeypatch.setattr("strain2dos.cli._common.inputs.takes_spectra", lambda _: True)
    path = tmp_path / "strains.csv"
    path.write_text("x,y,strain\n0,0,0.01\n1,0,0.02\n")
    outcome = run("map", strain_model, path, "-o", tmp_path / "out")
    words = " ".join(outcome.err.split())
    assert outcome.code == 1
    assert "this is a table of strains (columns x, y, strain), but spectra are needed here" in words
