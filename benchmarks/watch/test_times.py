# SPDX-License-Identifier: BSD-3-Clause
"""Times of the steps that users wait for, with pytest-benchmark; `compare.py` sets them beside a stored run.

Run ``make bench-watch``. `test_unit_of_time` is work of NumPy alone: times of two machines are compared as
multiples of it.
"""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from strain2dos import DOSRegressor, RamanFeaturizer, read_raman
from strain2dos.datasets import load_dft, make_raman_map
from strain2dos.raman import mask_cosmic_rays
from strain2dos.simulate import TightBindingTMD


@pytest.fixture(scope="module")
def flake():
    """Counts of a map (24, 24, n_shift)."""
    return make_raman_map((24, 24), random_state=0).intensity


@pytest.fixture(autouse=True)
def _one_thread():
    with threadpool_limits(1):
        yield


def test_unit_of_time(benchmark):
    matrices = np.random.default_rng(0).normal(size=(100, 64, 64))
    benchmark(lambda: np.linalg.eigvalsh(matrices + matrices.swapaxes(1, 2)))


def test_fit_of_a_map(benchmark, flake):
    rows = flake.values.reshape(-1, flake.sizes["shift"])
    featurizer = RamanFeaturizer(flake["shift"].values, n_jobs=1).fit(rows)
    featurizer.transform(rows)  # compiled
    benchmark(featurizer.transform, rows)


def test_curves_of_a_map(benchmark):
    data = load_dft("MoS2")
    model = DOSRegressor(data.energies, hidden_layer_sizes=(), random_state=0)
    model.fit(data.phonons, data.dos, groups=data.groups)
    pixels = np.resize(data.phonons, (33 * 33, 3))
    benchmark(model.predict, pixels)


def test_tight_binding_curves(benchmark):
    model = TightBindingTMD("MoS2")
    energies = np.linspace(-8.0, -2.0, 400)
    strains = np.zeros((2, 3))
    strains[:, 0] = (0.0, 0.02)
    benchmark(model.dos, energies, strain=strains, n_k=48)


def test_mask_of_cosmic_rays(benchmark, flake):
    benchmark(mask_cosmic_rays, flake)


def test_text_file_of_a_map(benchmark, flake, tmp_path):
    path = tmp_path / "flake.txt"
    y, x = np.meshgrid(flake["y"], flake["x"], indexing="ij")
    table = np.column_stack([x.ravel(), y.ravel(), flake.values.reshape(x.size, -1)])
    header = "\t".join(["", "", *(f"{value:.3f}" for value in flake["shift"].values)])
    np.savetxt(path, table, fmt="%.3f", delimiter="\t", header=header, comments="")
    benchmark(read_raman, path)
