# SPDX-License-Identifier: BSD-3-Clause
"""The whole package where nothing can be written; cold, warm and damaged caches give the same bits."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from sklearn.pipeline import make_pipeline

import strain2dos
from strain2dos import DOSRegressor, RamanFeaturizer
from strain2dos.datasets import make_raman_dos
from strain2dos.io import save_model

FIT = """
import hashlib, sys
import numpy as np
from strain2dos import RamanFeaturizer
from strain2dos.raman._fitting.batch import fit_rows
data = np.load("spectra.npz")
featurizer = RamanFeaturizer(data["shift"], features=("center", "fwhm", "area"), n_jobs=int(sys.argv[1]))
found = featurizer.fit(data["spectra"]).transform(data["spectra"])
print(hashlib.md5(found.tobytes()).hexdigest(), fit_rows.stats.cache_hits.total())
"""


@pytest.fixture(scope="module")
def container(place) -> Path:
    """A read-only copy of the package beside 600 spectra, a trained pipeline and a map of spectra."""
    data = make_raman_dos(48, random_state=0)
    rng = np.random.default_rng(0)
    spectra = np.tile(data.spectra, (13, 1))[:600]
    np.savez(place / "spectra.npz", shift=data.shift, spectra=rng.poisson(spectra.clip(0)).astype(float))
    regressor = DOSRegressor(data.energies, hidden_layer_sizes=(), representation="pca", random_state=0)
    model = make_pipeline(RamanFeaturizer(data.shift), regressor).fit(data.spectra, data.dos)
    save_model(model, place / "model.skops")
    cube = xr.DataArray(
        data.spectra.reshape(6, 8, -1), dims=("y", "x", "shift"), coords={"shift": data.shift}, name="raman"
    )
    cube["shift"].attrs["units"] = "cm-1"
    cube.to_netcdf(place / "cube.nc")
    package = place / "strain2dos"
    shutil.copytree(Path(strain2dos.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    for path in [package, *package.rglob("*")]:
        path.chmod(path.stat().st_mode & 0o555 | 0o444)
    return place


@pytest.fixture(scope="module")
def cold(run, container):
    """The first process: it compiles."""
    return run("-c", FIT, 1)


def digest_and_hits(done):
    assert done.returncode == 0, done.stderr
    digest, hits = done.stdout.split()
    return digest, int(hits)


def test_a_process_that_compiles_fits_with_one_warning(cold):
    assert digest_and_hits(cold)[1] == 0
    assert cold.stderr.count("RuntimeWarning") == 1
    assert "NUMBA_CACHE_DIR" in cold.stderr


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_features_are_the_same_bits_from_a_cold_and_a_warm_cache(run, cold, n_jobs):
    assert digest_and_hits(run("-c", FIT, n_jobs)) == (digest_and_hits(cold)[0], 1)


def test_a_map_is_made(run, cold, container):
    done = run("-m", "strain2dos", "map", "model.skops", "cube.nc", "-o", "tmp/mapped", "-q")
    assert done.returncode == 0, done.stderr
    assert "damaged" not in done.stderr
    with xr.open_dataset(container / "tmp" / "mapped" / "map.nc") as found:
        assert (found.sizes["y"], found.sizes["x"]) == (6, 8)


def test_the_fit_compiled_anew_over_cached_parts_gives_the_same_bits(run, cold, container):
    """A run that was interrupted while it compiled leaves that; so does a damaged file."""
    (index,) = (container / "tmp").rglob("batch.fit_rows*.nbi")
    content = index.read_bytes()
    index.write_bytes(content[: len(content) // 2])
    assert digest_and_hits(run("-c", FIT, 1)) == (digest_and_hits(cold)[0], 0)
