# SPDX-License-Identifier: BSD-3-Clause
"""Work spread over a dask cluster through joblib has the same bits as here, for any number of workers."""

import joblib
import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV, KFold, cross_val_predict

from strain2dos import DOSRegressor
from strain2dos.datasets import make_raman_dos, make_strained_dos

distributed = pytest.importorskip("distributed")


@pytest.fixture(params=[1, 3], ids="{} workers".format)
def cluster(request):
    """Joblib's work goes to so many workers with one thread each."""
    options = {"threads_per_worker": 1, "processes": False, "dashboard_address": ":0"}
    with (
        distributed.LocalCluster(n_workers=request.param, **options) as workers,
        distributed.Client(workers),
        joblib.parallel_config("dask"),
    ):
        yield request.param


@pytest.fixture(scope="module")
def data():
    return make_strained_dos(36, random_state=0, n_k=18, energies=np.linspace(-8.0, -3.0, 101))


def search(data):
    model = DOSRegressor(data.energies, hidden_layer_sizes=(), random_state=0)
    grid = {"representation": ["pca", "cdf"]}
    found = GridSearchCV(model, grid, cv=KFold(3), error_score="raise").fit(data.phonons, data.dos)
    held_out = cross_val_predict(found.best_estimator_, data.phonons, data.dos, cv=KFold(3))
    return found.cv_results_["split0_test_score"], found.predict(data.phonons), held_out


@pytest.fixture(scope="module")
def expected(data):
    return search(data)


def test_searches_and_cross_validation(cluster, data, expected):
    for found, wanted in zip(search(data), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_generated_curves(cluster, data):
    found = make_strained_dos(36, random_state=0, n_k=18, energies=data.energies)
    for name in ("strain", "dos", "vbm", "cbm"):
        np.testing.assert_array_equal(getattr(found, name), getattr(data, name))


def test_generated_spectra_made_in_parts_with_a_seed_each(cluster):
    parts = joblib.Parallel()(joblib.delayed(make_raman_dos)(40, random_state=seed) for seed in range(3))
    for seed, part in enumerate(parts):
        np.testing.assert_array_equal(part.spectra, make_raman_dos(40, random_state=seed).spectra)


def _threads():
    import threadpoolctl
    import torch

    from strain2dos.raman._fitting.engine import n_threads

    libraries = [library["num_threads"] for library in threadpoolctl.threadpool_info()]
    return [n_threads(None), torch.get_num_threads(), *libraries]


def test_a_worker_process_of_one_thread_computes_with_one_thread():
    options = {"threads_per_worker": 1, "processes": True, "dashboard_address": ":0"}
    with distributed.LocalCluster(n_workers=1, **options) as workers, distributed.Client(workers) as client:
        assert set(client.submit(_threads).result(60)) == {1}
