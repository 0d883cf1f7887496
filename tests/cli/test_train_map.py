# SPDX-License-Identifier: BSD-3-Clause
"""From a table of curves to a model and from a strain map to files, with every way to go wrong."""

import json
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from strain2dos.datasets import load_mos2_dft
from strain2dos.io import read_metadata

FILES = [
    "dos_pred.csv",
    "band_edges_interpolated.csv",
    "map.nc",
    "gap_map.png",
    "band_edges_map.png",
    "metrics.json",
    "report.html",
]


def test_train_writes_a_model_its_losses_and_what_it_is(run, table, tmp_path):
    path = tmp_path / "new" / "model.skops"
    outcome = run("train", table, "--strain-unit", "label", "-o", path, "--members", 1, "--epochs", 10)
    assert outcome.code == 0, outcome.err
    assert outcome.wrote == [path, path.with_name("model-loss.png")]
    metadata = read_metadata(path)
    assert metadata["strain_unit"] == "label"
    assert metadata["strain_range"] == [0.0, 0.3]
    # 1.5 % of the curves' maxima, which lie between 60 and 90
    assert metadata["edge_threshold"] == 1
    assert metadata["training"]["curves"] == 7
    assert metadata["training"]["seed"] == 0


def test_held_out_figures_are_those_of_strains_left_out(run, table, tmp_path):
    outcome = run("train", table, "--strain-unit", "label", "-o", tmp_path / "m.skops", "--members", 1, "-q")
    assert "held out: each strain between the smallest and the largest (5 curves)" in outcome.out
    gap = float(re.search(r"band gap, mean absolute error\s+([\d.]+) meV", outcome.out)[1])
    # The gap moves by 100 meV from one strain to the next, and a straight line between them would be exact.
    # The curves have a kink on a grid point. Rebuilt from its integral, a curve has the mean of the cell
    # there: a quarter of the next value, 2.5 / 4. It crosses the threshold of 1 at (1 - 0.625) / (2.5
    # - 0.625) of a step of 25 meV beyond the kink, the table's own lines at 1 / 2.5.
    coarse = 2 * 25 * (1 / 2.5 - (1 - 0.625) / (2.5 - 0.625))
    assert gap == pytest.approx(coarse, abs=0.2)
    assert read_metadata(tmp_path / "m.skops")["held_out"]["gap_mae_mev"] == pytest.approx(gap, abs=0.005)


def _scaled(table, path, factor):
    """Write the same curves in another unit."""
    curves = pd.read_csv(table, index_col=0) * factor
    curves.columns = [f"{float(name):.2f}" for name in curves.columns]
    curves.rename_axis(index="").to_csv(path)
    return path


@pytest.mark.parametrize("factor", [0.1, 1000], ids=["states/eV/cell", "thousands"])
def test_the_edge_threshold_follows_the_unit_of_the_table(run, table, tmp_path, factor):
    words = ("--strain-unit", "label", "--members", 1, "--epochs", 2, "-q", "-o", tmp_path / "m.skops")
    outcome = run("train", _scaled(table, tmp_path / "curves.csv", factor), *words)
    assert outcome.code == 0, outcome.err
    metadata = read_metadata(tmp_path / "m.skops")
    assert metadata["edge_threshold"] == pytest.approx(factor)
    # the known edges lie where the density crosses it: the gap is told although the unit is another
    assert 0 < metadata["held_out"]["gap_mae_mev"] < 20


def test_a_table_without_a_gap_at_the_threshold_is_trained_saved_and_judged(run, table, tmp_path):
    words = ("--strain-unit", "label", "--members", 1, "--epochs", 2, "-q", "-o", tmp_path / "m.skops")
    outcome = run("train", table, "--edge-threshold", 1e6, *words)
    assert outcome.code == 0, outcome.err
    assert "5 curves have no gap at this threshold" in outcome.out
    assert set(read_metadata(tmp_path / "m.skops")["held_out"]) == {"dos_r2"}


def test_a_failing_validation_leaves_the_model(run, table, tmp_path, monkeypatch):
    def fails(*args, **kwargs):
        raise ValueError("no fold could be made")

    monkeypatch.setattr("strain2dos.cli._common.recipes.hold_out_strains", fails)
    words = ("--strain-unit", "label", "--members", 1, "--epochs", 2, "-o", tmp_path / "m.skops")
    outcome = run("train", table, *words)
    assert outcome.code == 1
    assert outcome.wrote == [tmp_path / "m.skops", tmp_path / "m-loss.png"]
    assert "held_out" not in read_metadata(tmp_path / "m.skops")
    assert outcome.err.splitlines()[0] == f"reading {table}"


def test_percents_become_fractions(run, table, tmp_path):
    path = tmp_path / "model.skops"
    run(
        "train", table, "--strain-unit", "percent", "-o", path, "--members", 1, "--epochs", 1, "--no-validate"
    )
    metadata = read_metadata(path)
    assert metadata["strain_unit"] == "fraction"
    assert metadata["strain_range"] == pytest.approx([0, 0.003])


def test_map_writes_every_file_and_nothing_else(run, model, strain_map, tmp_path):
    folder = tmp_path / "out"
    outcome = run("map", model, strain_map, "--strain-unit", "label", "-o", folder)
    assert outcome.code == 0, outcome.err
    assert outcome.wrote == [folder / name for name in FILES]
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
    assert "1 of 12 pixels without a result" in outcome.err


def test_tables_label_x_by_column_and_y_by_row(mapped, true_edges):
    edges = pd.read_csv(mapped / "band_edges_interpolated.csv")
    assert list(edges.columns) == ["x", "y", "VBM", "CBM", "BandGap"]
    strain = {(1, 1): 0.0, (4, 1): 0.15, (1, 2): 0.20, (4, 2): 0.30, (4, 3): 0.06}
    at = edges.set_index(["x", "y"])
    for place, value in strain.items():
        vbm, cbm = true_edges(value)
        assert at.loc[place, "VBM"] == pytest.approx(vbm, abs=0.03)
        assert at.loc[place, "CBM"] == pytest.approx(cbm, abs=0.03)
        assert at.loc[place, "BandGap"] == pytest.approx(
            at.loc[place, "CBM"] - at.loc[place, "VBM"], abs=1e-9
        )
    assert at.loc[(3, 2)].isna().all()


def test_the_table_of_curves_agrees_with_the_map(mapped):
    curves = pd.read_csv(mapped / "dos_pred.csv", header=0, index_col=[0, 1])
    with xr.open_dataset(mapped / "map.nc") as flake:
        assert curves.shape == (12, 121)
        assert np.allclose(curves.columns.astype(float), flake["energy"], atol=1e-9)
        one = flake["dos"].isel(y=2, x=3)
        assert np.allclose(curves.loc[(4, 3)], one, rtol=1e-9, atol=1e-9)
        assert flake["status"].values.tolist() == [[0, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]
        assert flake["gap"].attrs["units"] == "eV"
        assert flake.attrs["source_map"] == "strain.csv"


def test_metrics_hold_the_range_of_the_gap(mapped):
    merit = json.loads((mapped / "metrics.json").read_text())["merit"]
    edges = pd.read_csv(mapped / "band_edges_interpolated.csv")
    assert merit["pixels"] == 12
    assert merit["masked_pixels"] == 1
    assert merit["gap_min_ev"] == pytest.approx(edges["BandGap"].min(), abs=1e-8)
    assert merit["gap_max_ev"] == pytest.approx(edges["BandGap"].max(), abs=1e-8)


def test_a_zarr_store_holds_the_same_map(run, model, strain_map, mapped, tmp_path):
    pytest.importorskip("zarr", reason="zarr is an optional dependency")
    words = ("map", model, strain_map, "--strain-unit", "label", "--zarr", "--no-csv", "-q", "-o", tmp_path)
    outcome = run(*words)
    assert outcome.code == 0, outcome.err
    assert not (tmp_path / "dos_pred.csv").exists()
    with xr.open_dataset(mapped / "map.nc") as one, xr.open_zarr(tmp_path / "map.zarr") as other:
        xr.testing.assert_equal(one, other.load())
    assert run(*words).code == 1
    assert run(*words, "--force").code == 0


def test_a_strain_map_in_another_unit_is_refused_with_both_named(run, model, strain_map, tmp_path):
    outcome = run("map", model, strain_map, "--strain-unit", "fraction", "-o", tmp_path / "out", "-q")
    assert outcome.code == 1
    assert "was trained on strain in the unit 'label', but" in outcome.err
    assert "is stated to be in 'fraction'" in outcome.err
    assert not (tmp_path / "out").exists()


def test_a_strain_map_without_a_unit_is_wrong_usage(run, model, strain_map, tmp_path):
    outcome = run("map", model, strain_map, "-o", tmp_path / "out", "-q")
    assert outcome.code == 2
    assert "does not state the unit of its strain" in " ".join(outcome.err.split())


def test_a_map_ten_times_off_is_mapped_with_a_warning(run, model, tmp_path):
    small = tmp_path / "small.csv"
    small.write_text("0.001,0.01\n0.02,0.03\n")
    outcome = run("map", model, small, "--strain-unit", "label", "-o", tmp_path / "out", "-q")
    assert outcome.code == 0
    assert "the map is about 10 times smaller" in outcome.err
    assert outcome.err.count("warning:") == 1


def test_output_that_exists_is_kept_unless_forced(run, model, strain_map, table, mapped):
    before = (mapped / "map.nc").read_bytes()
    outcome = run("map", model, strain_map, "--strain-unit", "label", "-o", mapped, "-q")
    assert outcome.code == 1
    assert f"{mapped / 'map.nc'}" in outcome.err
    assert "pass --force" in outcome.err
    assert (mapped / "map.nc").read_bytes() == before
    assert run("train", table, "--strain-unit", "label", "-o", model, "-q").code == 1
    assert run("map", model, strain_map, "--strain-unit", "label", "-o", mapped, "-q", "--force").code == 0


def test_a_truncated_table_is_named_with_its_line(run, table, tmp_path):
    cut = tmp_path / "cut.csv"
    cut.write_text(table.read_text()[:-20])
    outcome = run("train", cut, "--strain-unit", "label", "-o", tmp_path / "model.skops", "-q")
    assert outcome.code == 1
    assert "cut.csv" in outcome.err
    assert "122" in outcome.err
    assert not (tmp_path / "model.skops").exists()


@pytest.mark.parametrize(
    ("content", "words"), [(b"", "no strain2dos model"), (b"x,y\n1,2\n", "no strain2dos model")]
)
def test_a_file_that_is_no_model_is_named(run, strain_map, tmp_path, content, words):
    path = tmp_path / "model.skops"
    path.write_bytes(content)
    outcome = run("map", path, strain_map, "--strain-unit", "label", "-o", tmp_path / "out", "-q")
    assert outcome.code == 1
    assert f"error: {path} is {words}" in outcome.err


def test_a_model_that_would_run_code_is_refused(run, strain_map, tmp_path):
    import os

    import skops.io
    from sklearn.preprocessing import FunctionTransformer

    path = tmp_path / "evil.skops"
    skops.io.dump(FunctionTransformer(os.system), path)
    outcome = run("map", path, strain_map, "--strain-unit", "label", "-o", tmp_path / "out", "-q")
    assert outcome.code == 1
    assert f"{os.system.__module__}.system" in outcome.err


def test_explain_writes_a_page_that_names_the_feature(run, model, strain_map, tmp_path):
    page = tmp_path / "why.html"
    outcome = run("explain", model, strain_map, "--strain-unit", "label", "-o", page, "--samples", 4, "-q")
    assert outcome.code == 0, outcome.err
    assert outcome.wrote == [page]
    assert "1 of 12 samples have no finite features" in outcome.err
    text = page.read_text()
    assert "strain.csv" in text
    assert "data:image/" in text
    assert run("explain", model, strain_map, "--strain-unit", "label", "-o", page, "-q").code == 1


def test_explain_needs_two_samples(run, model, tmp_path):
    one = tmp_path / "one.csv"
    one.write_text("0.1\n")
    outcome = run("explain", model, one, "--strain-unit", "label", "-o", tmp_path / "why.html", "-q")
    assert outcome.code == 1
    assert "holds 1 samples with finite features; explaining needs at least 2" in outcome.err


def test_report_comes_back_the_same_from_the_folder(run, mapped):
    page = mapped / "report.html"
    before = page.read_text()
    page.unlink()
    outcome = run("report", mapped)
    assert outcome.code == 0, outcome.err
    assert outcome.wrote == [page]
    assert page.read_text() == before


@pytest.mark.parametrize("name", ["map.nc", "gap_map.png", "dos_pred.csv"])
def test_report_refuses_a_folder_of_two_runs(run, mapped, tmp_path, name):
    for path in mapped.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    assert run("report", tmp_path).code == 0
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes() + b"0")
    outcome = run("report", tmp_path)
    assert outcome.code == 1
    assert f"outputs of more than one run, or some that were changed since: {name} is not" in outcome.err


def test_a_map_killed_before_its_end_leaves_the_old_results(run, model, strain_map, mapped, tmp_path):
    for path in mapped.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    code = (
        "import os, sys, strain2dos.mapping as m\n"
        "from strain2dos.cli import app\n"
        "m.write_band_edges_csv = lambda *a: os.kill(os.getpid(), 9)\n"
        "app(sys.argv[1:])"
    )
    words = ["map", model, strain_map, "--strain-unit", "label", "-o", tmp_path, "-q", "--force"]
    done = subprocess.run([sys.executable, "-c", code, *map(str, words)], check=False)
    assert done.returncode == -9
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before | {
        ".run.lock": b""
    }
    assert run("report", tmp_path).code == 0
    assert run(*words).code == 0
    assert {path.name for path in tmp_path.iterdir()} == set(before)


def test_a_map_is_not_put_beside_outputs_of_another_run(run, model, strain_map, mapped):
    words = ("map", model, strain_map, "--strain-unit", "label", "-o", mapped, "-q", "--force", "--no-csv")
    outcome = run(*words)
    assert outcome.code == 1
    assert "holds dos_pred.csv of another run, which this one does not replace" in outcome.err


def test_report_says_what_a_folder_lacks(run, mapped, tmp_path):
    outcome = run("report", tmp_path)
    assert outcome.code == 1
    assert f"{tmp_path} holds no metrics.json" in outcome.err
    (tmp_path / "metrics.json").write_text((mapped / "metrics.json").read_text())
    assert "lacks gap_map.png, band_edges_map.png; run `strain2dos map` again" in run("report", tmp_path).err
    (tmp_path / "metrics.json").write_text("{")
    assert "metrics.json is damaged" in run("report", tmp_path).err
    (tmp_path / "metrics.json").write_text("{}")
    assert (
        "metrics.json lacks ['command', 'files', 'merit', 'seconds', 'settings']"
        in run("report", tmp_path).err
    )


def test_the_bundled_records_train_a_model_of_spectra(run, tmp_path):
    path = tmp_path / "raman.skops"
    outcome = run("train", "--dft", "-o", path, "--members", 1, "--epochs", 2, "--no-validate", "-q")
    assert outcome.code == 0, outcome.err
    assert outcome.wrote == [path, path.with_name("raman-loss.png")]
    metadata = read_metadata(path)
    assert metadata["estimator"] == "RamanFeaturizer -> DOSRegressor"
    assert metadata["input"] == "Raman spectra"
    assert metadata["feature_names"][0] == "E'_center"
    assert len(metadata["training"]["states"]) == len(load_mos2_dft())
    refused = run("train", "--dft", "--material", "WS2", "-o", tmp_path / "ws2.skops", "-q")
    assert refused.code == 2  # before anything is computed
    assert "My own DFT, or my own material" in refused.err
