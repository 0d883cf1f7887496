# SPDX-License-Identifier: BSD-3-Clause
"""Maps of many spectra: memory, progress, interruption."""

import threading
import tracemalloc

import numpy as np
import pytest

from strain2dos.raman import RamanFeaturizer
from strain2dos.raman._fitting import engine as _engine

AXIS = np.linspace(360.0, 430.0, 180)


def write_map(path, n):
    rng = np.random.default_rng(0)
    whole = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(n, AXIS.size))
    for start in range(0, n, 5000):
        rows = whole[start : start + 5000]
        centers = 384.0 + rng.normal(0, 1, (len(rows), 1))
        rows[:] = 100 / (1 + ((AXIS - centers) / 1.5) ** 2) + 120 / (1 + ((AXIS - centers - 20) / 2.5) ** 2)
        rows += 50 + rng.normal(0, 2.5, rows.shape)
    whole.flush()
    return np.load(path, mmap_mode="r")


def test_a_map_in_a_file_needs_little_more_memory_than_its_results(tmp_path):
    spectra = write_map(tmp_path / "map.npy", 40_000)  # 29 MB, 58 MB as float64
    featurizer = RamanFeaturizer(AXIS, n_jobs=2).fit(spectra[:2])
    featurizer.transform(spectra[:2])
    tracemalloc.start()
    features = featurizer.transform(spectra)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    results = 4 * features.nbytes  # two copies of nine columns, status and the like
    blocks = 2 * 3 * _engine.MOST_ROWS * AXIS.size * 8
    assert peak < results + blocks
    np.testing.assert_array_equal(features[-7:], featurizer.transform(np.asarray(spectra[-7:])))


def test_errors_of_many_spectra_come_with_their_whole_covariance(tmp_path):
    spectra = write_map(tmp_path / "map.npy", 9_000)
    fit = RamanFeaturizer(AXIS, split=False).fit(spectra[:2]).fit_spectra(spectra)
    k = len(fit.names)
    assert fit.covariance.shape == (9_000, k, k)
    np.testing.assert_allclose(np.sqrt(fit.covariance[:, range(k), range(k)]), fit.sigma)
    assert np.all(fit.status == 0)


def test_interruption_leaves_the_blocks_that_have_not_begun():
    begun, lock = [], threading.Lock()

    def work(rows):
        with lock:
            begun.append(rows.start)
            if len(begun) == 3:
                raise KeyboardInterrupt

    for threads in (1, 2):
        begun.clear()
        with pytest.raises(KeyboardInterrupt):
            _engine.over_blocks(200 * _engine.MOST_ROWS, threads, work)
        assert len(begun) < 100


def test_progress_shows_for_long_work_only(monkeypatch, capsys):
    spectra = np.random.default_rng(0).normal(size=(600, AXIS.size))
    featurizer = RamanFeaturizer(AXIS).fit(spectra)
    featurizer.transform(spectra)
    assert "spectra" not in capsys.readouterr().err
    monkeypatch.setattr(_engine, "PATIENCE", 0.0)
    featurizer.transform(spectra)
    assert "spectra" in capsys.readouterr().err


def test_every_row_is_done_once_whatever_the_number_of_rows_and_threads():
    for n in (0, 1, 255, 256, 257, 5000, 3 * _engine.MOST_ROWS + 1):
        for threads in (1, 3):
            done = np.zeros(n, dtype=int)

            def work(rows, done=done):
                done[rows] += 1

            _engine.over_blocks(n, threads, work)
            assert np.all(done == 1)
