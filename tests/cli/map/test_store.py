# SPDX-License-Identifier: BSD-3-Clause
"""``strain2dos map`` into a store: here, in processes of this machine, on a cluster, at an address."""

import pytest
import xarray as xr

from strain2dos import SpatialMapper, load_pretrained
from strain2dos.datasets import make_raman_map
from strain2dos.mapping import open_map, recalibrate

distributed = pytest.importorskip("distributed")
pytest.importorskip("zarr")


def files(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def to_store(run, model, strain_map):
    return lambda *words: run("map", model, strain_map, "--strain-unit", "label", "-q", *words)


@pytest.fixture
def here(to_store, tmp_path):
    """A store written in this process."""
    outcome = to_store("--store", tmp_path / "here.zarr")
    assert outcome.code == 0, outcome.err
    assert [path.name for path in outcome.wrote] == ["here.zarr"]
    assert "1 of 12 pixels without a result" in outcome.err
    return tmp_path / "here.zarr"


def test_a_store_holds_the_map_and_the_command_goes_on_with_it(to_store, here, mapped):
    with xr.open_dataset(mapped / "map.nc") as expected:
        for name in ("dos", "gap", "vbm", "cbm", "status"):
            xr.testing.assert_equal(open_map(here)[name].load(), expected[name])
    whole = files(here)
    (here / "gap/c/0/0").unlink()
    assert to_store("--store", here).code == 0
    assert files(here) == whole


def test_processes_write_the_same_bits(to_store, here, tmp_path):
    outcome = to_store("-o", tmp_path / "out", "--workers", 2)
    assert outcome.code == 0, outcome.err
    assert "dashboard" in outcome.err
    assert files(tmp_path / "out/map.zarr") == files(here)


def test_a_running_cluster_writes_the_same_bits(to_store, here, tmp_path):
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": False, "dashboard_address": ":0"}
    with distributed.LocalCluster(**options, protocol="tcp") as cluster:
        outcome = to_store("--store", tmp_path / "map.zarr", "--scheduler", cluster.scheduler_address)
    assert outcome.code == 0, outcome.err
    assert "2 workers with 2 threads" in outcome.err
    assert files(tmp_path / "map.zarr") == files(here)


def test_an_address_takes_the_map(to_store, here):
    fsspec = pytest.importorskip("fsspec")
    assert to_store("--store", "memory://bucket/map.zarr").code == 0
    written = fsspec.filesystem("memory").find("/bucket/map.zarr")
    assert {path.removeprefix("/bucket/map.zarr/") for path in written} == set(files(here))
    xr.testing.assert_identical(open_map("memory://bucket/map.zarr").load(), open_map(here).load())
    fsspec.filesystem("memory").rm("/bucket", recursive=True)


def test_spectra_alone_are_mapped_by_the_model_of_the_package(run, tmp_path):
    spectra = make_raman_map((8, 9), random_state=0).intensity
    spectra.to_dataset().to_zarr(tmp_path / "cube.zarr", zarr_format=3, consolidated=False)
    outcome = run("map", tmp_path / "cube.zarr", "--store", tmp_path / "map.zarr", "-q")
    assert outcome.code == 0, outcome.err
    expected = SpatialMapper(recalibrate(load_pretrained(), spectra["shift"])).predict_map(spectra)
    xr.testing.assert_equal(open_map(tmp_path / "map.zarr").gap.load(), expected.gap)


def test_a_scheduler_that_does_not_answer_is_named(to_store, tmp_path, monkeypatch):
    monkeypatch.setattr("strain2dos.cli._common.cluster._PATIENCE", "1s")
    outcome = to_store("--store", tmp_path / "map.zarr", "--scheduler", "tcp://127.0.0.1:1")
    assert outcome.code == 1
    assert outcome.err.count("\n") == 1
    assert "no dask scheduler answers at tcp://127.0.0.1:1" in outcome.err
    assert not (tmp_path / "map.zarr").exists()


def test_a_cluster_has_its_workers(to_store):
    outcome = to_store("--scheduler", "tcp://127.0.0.1:1", "--workers", 2)
    assert outcome.code == 2
    assert "leave out" in outcome.err


def test_a_file_of_results_is_never_taken_for_a_store(to_store, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis/chapter.txt").write_text("all of it")
    outcome = to_store("--store", tmp_path / "thesis")
    assert outcome.code == 1
    assert "is no map that could be resumed" in outcome.err
    assert (tmp_path / "thesis/chapter.txt").read_text() == "all of it"
