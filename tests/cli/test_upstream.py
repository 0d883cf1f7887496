# SPDX-License-Identifier: BSD-3-Clause
"""The published table and strain map, end to end, against the band edges published with them."""

import re

import numpy as np
import pandas as pd
import pytest
import xarray as xr

pytestmark = pytest.mark.reference


@pytest.fixture(scope="module")
def published(run, reference_dir, tmp_path_factory):
    out = tmp_path_factory.mktemp("published")
    source = reference_dir / "upstream"
    # the edges published with the table were read at 10
    words = ("--strain-unit", "label", "--edge-threshold", 10, "-o", out / "model.skops", "-q")
    trained = run("train", source / "train_dos.csv", *words)
    assert trained.code == 0, trained.err
    assert "25 of the 34 columns of train_dos.csv are scaled copies" in trained.err
    mapped = run(
        "map",
        out / "model.skops",
        source / "raman_strain.csv",
        "--strain-unit",
        "label",
        "-o",
        out / "map",
        "-q",
    )
    assert mapped.code == 0, mapped.err
    assert "times smaller, as if it were in another unit" in mapped.err
    return out / "map", trained.out


@pytest.fixture
def run_folder(published):
    return published[0]


def test_the_table_of_curves_has_the_published_layout(run_folder):
    curves = pd.read_csv(run_folder / "dos_pred.csv")
    assert curves.shape == (33 * 33, 2 + 1037)
    energies = curves.columns[2:].astype(float)
    assert energies[0] == -1.246
    assert energies[-1] == 0.826
    assert np.allclose(np.diff(energies), 0.002, atol=1e-9)
    assert (curves.iloc[:, 2:].to_numpy() >= 0).all()


def test_labels_follow_columns_and_rows_of_the_file(run_folder, reference_dir):
    strain = pd.read_csv(reference_dir / "upstream" / "raman_strain.csv", header=None).to_numpy()
    edges = pd.read_csv(run_folder / "band_edges_interpolated.csv")
    assert list(edges.columns) == ["x", "y", "VBM", "CBM", "BandGap"]
    assert edges["x"].tolist() == [*range(1, 34)] * 33
    # one strain, one gap: pixels of the same strain agree, which transposed labels would break
    by_label = strain[edges["y"] - 1, edges["x"] - 1]
    spread = edges.groupby(np.round(by_label, 6))["BandGap"].agg(np.ptp)
    assert spread.max() < 1e-9
    assert strain[0, 1] != strain[1, 0]


def test_band_edges_agree_with_the_published_ones(run_folder):
    edges = pd.read_csv(run_folder / "band_edges_interpolated.csv").set_index(["x", "y"])
    first = edges.loc[(1, 1)]
    assert first["VBM"] == pytest.approx(-1.0427, abs=0.003)
    assert first["CBM"] == pytest.approx(0.7420, abs=0.003)
    assert (edges["BandGap"] > 1.77).all()
    assert (edges["BandGap"] < 1.79).all()


def test_a_measured_monolayer_has_its_lines_where_others_found_them(run, reference_dir, tmp_path):
    """E' 384.25 and A1' 405.1 cm-1 by a fit of four lines; a wafer map whose axis is off is told.

    Its lines lie 20.9 cm-1 apart: one layer, as the file's name has it.
    """
    model = tmp_path / "raman.skops"
    trained = run("train", "--dft", "-o", model, "--members", 1, "--epochs", 5, "--no-validate", "-q")
    assert trained.code == 0, trained.err
    raman = reference_dir / "raman"
    outcome = run("map", model, raman / "spectrum1_1ML.txt", "-o", tmp_path / "one", "-q")
    assert outcome.code == 0, outcome.err
    assert "more than one layer" not in outcome.err
    with xr.open_dataset(tmp_path / "one" / "map.nc") as found:
        assert found["domain_reason"].item() != 1.0  # layers
        lines = found["features"].isel(y=0, x=0)
        assert float(lines.sel(feature="E'_center")) == pytest.approx(384.25, abs=0.2)
        assert float(lines.sel(feature="A1'_center")) == pytest.approx(405.1, abs=0.2)
    outcome = run("map", model, raman / "wafer1_process1.csv", "-o", tmp_path / "wafer", "-q", "--no-csv")
    assert outcome.code == 0, outcome.err
    assert "spectra lie outside the training domain" in outcome.err
    with xr.open_dataset(tmp_path / "wafer" / "map.nc") as found:
        score, fitted = found["domain_score"].values.ravel(), found["status"].values.ravel() == 0
        # lines that lie 8 cm-1 off are fitted at most sites, flagged at the others
        assert fitted.sum() > 30
        assert score[fitted].min() > 1.2
        assert found["x_position"].size == found["gap"].size == 49


def test_held_out_strains_of_the_published_table_beat_interpolation(published):
    """Leave one strain out: linear interpolation along strain is off by 10.8 meV and PCHIP by 2.8 meV."""
    said = published[1]
    assert "(7 curves)" in said
    gap = float(re.search(r"band gap, mean absolute error\s+([\d.]+) meV", said)[1])
    r2 = float(re.search(r"DOS curve, mean R2\s+([\d.]+)", said)[1])
    assert 0 < gap < 2.8
    assert 0.9989 < r2 < 1
