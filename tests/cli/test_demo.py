# SPDX-License-Identifier: BSD-3-Clause
"""The demo, short: every file, figures of merit that could fail, and what a second run does."""

import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from strain2dos import SpatialMapper, load_model
from strain2dos.cli._report.demo import FIGURES
from strain2dos.datasets import load_mos2_dft
from strain2dos.io import read_metadata

FILES = {
    "model.skops",
    "training_loss.png",
    "held_out.csv",
    "gap_parity.png",
    "raman_map.nc",
    "map.nc",
    "band_edges_interpolated.csv",
    "gap_map.png",
    "band_edges_map.png",
    "pl_comparison.png",
    "explanation.nc",
    "shap_heatmap.png",
    "edge_attribution.png",
    "metrics.json",
    "report.html",
}


@pytest.fixture(scope="module")
def finished(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "out"
    outcome = run("demo", "--quick", "-o", folder)
    assert outcome.code == 0, outcome.err
    return folder, outcome


@pytest.fixture(scope="module")
def merit(finished):
    return json.loads((finished[0] / "metrics.json").read_text())["merit"]


def test_it_writes_every_file_and_lists_it(finished):
    folder, outcome = finished
    assert {path.name for path in outcome.wrote} == FILES
    assert {path.name for path in folder.iterdir()} == FILES | {"run.json"}
    assert "warning" not in outcome.err
    for title in ("Train on first principles", "Hold out strain states", "Map a wrinkled flake"):
        assert title in outcome.err


def test_held_out_gaps_beat_looking_up_the_nearest_known_state(merit):
    # The bound: take the gap of the known state whose phonons are nearest, without any noise (61 meV).
    data = load_mos2_dft()
    distance = np.linalg.norm(data.phonons[:, None] - data.phonons[None], axis=2)
    np.fill_diagonal(distance, np.inf)
    looked_up = 1e3 * np.abs(data.gap - data.gap[distance.argmin(axis=1)]).mean()
    assert 0 < merit["hold_out"]["gap_mae_mev"] < looked_up
    assert 0 < merit["hold_out"]["inner_gap_mae_mev"] < 0.7 * looked_up


def test_no_strain_state_is_predicted_by_a_model_that_saw_it(finished, merit):
    held_out = pd.read_csv(finished[0] / "held_out.csv")
    assert held_out["state"].nunique() == merit["hold_out"]["strain_states"] == len(load_mos2_dft())
    assert held_out["spectrum"].is_unique
    # a model that had seen the states would hit all of them within a few meV
    error = 1e3 * (held_out["gap_predicted"] - held_out["gap"]).groupby(held_out["state"]).mean().abs()
    assert error.max() > 20


def test_the_mapped_gap_follows_the_truth(finished, merit):
    found, flake = (xr.open_dataset(finished[0] / name) for name in ("map.nc", "raman_map.nc"))
    with found, flake:
        error = 1e3 * np.abs(found["gap"] - flake["gap"]).values
        assert merit["map"]["gap_mae_mev"] == pytest.approx(np.nanmean(error), rel=1e-9)
        assert np.nanmean(error) < 1e3 / 4 * float(flake["gap"].std())
        assert (found["status"].values[flake["dead"].values] != 0).all()
        assert (found["status"].values[~flake["flake"].values] != 0).all()
    assert merit["map"]["dead_pixels_found"] == merit["map"]["dead_pixels"] == 4
    assert merit["map"]["substrate_pixels_given_a_gap"] == 0
    assert merit["map"]["masked_flake_pixels"] < 0.05 * merit["map"]["flake_pixels"]


def test_photoluminescence_follows_the_predicted_gap_as_it_follows_the_true_one(merit):
    light = merit["photoluminescence"]
    assert light["pearson"] > 0.95
    assert light["slope"] == pytest.approx(light["slope_with_the_true_gap"], rel=0.1)
    # light is emitted at K; against the smallest gap the slope is below 0.6
    assert light["slope_with_the_true_gap"] == pytest.approx(1.0, abs=0.05)


def test_shares_of_the_features_add_up(merit):
    assert merit["explain"]["method"] == "exact"
    assert merit["explain"]["largest_rest_of_the_sum"] < 1e-6


def test_the_saved_model_is_the_one_that_mapped(finished):
    folder = finished[0]
    mapper = SpatialMapper(load_model(folder / "model.skops"))
    with xr.open_dataset(folder / "raman_map.nc") as flake, xr.open_dataset(folder / "map.nc") as found:
        again = mapper.predict_map(flake["intensity"].load())
        for name in ("dos", "vbm", "cbm", "gap", "status"):
            assert np.array_equal(again[name].values, found[name].values, equal_nan=True)
    metadata = read_metadata(folder / "model.skops")
    assert metadata["estimator"] == "RamanFeaturizer -> DOSRegressor"
    assert len(metadata["training"]["states"]) == len(load_mos2_dft())


def test_the_report_shows_every_figure_and_draws_the_band_edges_itself(finished):
    page = (finished[0] / "report.html").read_text()
    shown = [alt for name, _, alt in FIGURES if name != "band_edges_map.png"]
    drawn = re.findall(r'<img class="(white|inverted)" src="data:image/png;base64,', page)
    assert len(drawn) == len(shown) == 6
    # colors of a map mean something, and stay on a dark page
    assert drawn.count("white") == 2
    assert all(f'alt="{alt}"' in page for alt in shown)
    for name in ("Valence band maximum", "Conduction band minimum"):
        assert f'aria-label="{name}. Arrow keys choose a pixel."' in page
    assert "never saw" in page


def test_a_second_run_keeps_everything(run, finished):
    folder, first = finished
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    outcome = run("demo", "--quick", "-o", folder, "-q")
    assert outcome.code == 0
    assert outcome.err.count("kept from the last run with the same settings") == 6
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    assert outcome.out == first.out


def test_a_lost_figure_is_made_again_without_training_again(run, finished):
    folder = finished[0]
    model, figure = folder / "model.skops", folder / "shap_heatmap.png"
    before, trained = figure.read_bytes(), model.stat().st_mtime_ns
    figure.unlink()
    assert run("demo", "--quick", "-o", folder, "-q").code == 0
    assert figure.read_bytes() == before
    assert model.stat().st_mtime_ns == trained


def test_it_names_the_file_that_had_no_room_and_leaves_no_half_of_the_map(finished, tmp_path):
    resource = pytest.importorskip("resource", reason="limits are set as on Unix")
    out = shutil.copytree(finished[0], tmp_path / "out")
    spectra, found = (out / name for name in ("raman_map.nc", "map.nc"))
    # the map's spectra fit, the map does not; the model is there and not written again
    assert spectra.stat().st_size < found.stat().st_size
    room = (spectra.stat().st_size + found.stat().st_size) // 2
    found.unlink()
    # what libraries say when the process ends counts too
    done = subprocess.run(
        [sys.executable, "-m", "strain2dos", "demo", "--quick", "-q", "-o", out],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)),
    )
    said = [line for line in done.stderr.splitlines() if line.strip()]
    assert done.returncode == 1
    assert ["kept from the last run" in line for line in said] == [True, True, False]
    assert said[2].startswith(f"error: {out}/map.nc: File too large")
    assert (out / "model.skops").exists()
    assert list(out.glob("*.nc")) == []  # what belongs to the map appears together, or not at all


def test_a_folder_with_other_files_is_left_alone(run, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    outcome = run("demo", "--quick", "-o", tmp_path, "-q")
    assert outcome.code == 1
    assert "holds files that no demo run made" in outcome.err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_the_demo_model_maps_and_explains_other_spectra(run, finished, tmp_path):
    """Spectra on another axis than the training spectra, as a spectrometer would have it."""
    with xr.open_dataset(finished[0] / "raman_map.nc") as flake:
        cube = flake["intensity"].isel(shift=slice(5, -5, None), y=slice(8, 11), x=slice(4, 9)).load()
    cube.drop_attrs().to_netcdf(tmp_path / "cube.nc", engine="h5netcdf")
    model = finished[0] / "model.skops"
    outcome = run("map", model, tmp_path / "cube.nc", "-o", tmp_path / "out", "-q")
    assert outcome.code == 0, outcome.err
    assert "lines are fitted on the axis of the spectra" in " ".join(outcome.err.split())
    with (
        xr.open_dataset(tmp_path / "out" / "map.nc") as found,
        xr.open_dataset(finished[0] / "map.nc") as whole,
    ):
        part = whole["gap"].isel(y=slice(8, 11), x=slice(4, 9)).values
        both = np.isfinite(found["gap"].values) & np.isfinite(part)
        assert both.sum() >= 12
        # the lines are the same, the baseline has ten points fewer
        assert np.abs(found["gap"].values - part)[both].max() < 0.03
    outcome = run("explain", model, tmp_path / "cube.nc", "-o", tmp_path / "why.html", "--samples", 3, "-q")
    assert outcome.code == 0, outcome.err
    assert (tmp_path / "why.html").stat().st_size > 10_000
