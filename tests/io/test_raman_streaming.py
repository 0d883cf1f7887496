# SPDX-License-Identifier: BSD-3-Clause
"""Files larger than the memory that their spectra may take."""

import gc
import gzip
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from strain2dos.datasets import make_raman_map
from strain2dos.io import read_raman
from strain2dos.io._common.memory import available


def lies_in_a_memory_map(array):
    while array is not None and not isinstance(array, np.memmap):
        array = getattr(array, "base", None)
    return array is not None


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.parametrize("layout", ["labspec_map", "line_scan", "long_form"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_text_above_the_limit_is_the_same_from_a_memory_map(write, layouts, temporary, layout, pack):
    path = write(pack(getattr(layouts, layout)().encode("latin-1")))
    streamed = read_raman(path, memory_limit=10)
    xr.testing.assert_identical(streamed, read_raman(path))
    assert lies_in_a_memory_map(np.asarray(streamed.data))
    assert not lies_in_a_memory_map(np.asarray(read_raman(path).data))


def test_the_temporary_folder_goes_with_the_last_view_of_the_array(write, layouts, temporary):
    streamed = read_raman(write(layouts.labspec_map()), memory_limit=0)
    corner = streamed.data[0, 0]
    assert len(list(temporary.iterdir())) == 1
    del streamed
    gc.collect()
    assert len(list(temporary.iterdir())) == 1
    del corner
    gc.collect()
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(("taken", "order"), [(None, None), (None, [0, 1, 2, 5, 4, 3]), (5, None)])
@pytest.mark.filterwarnings("ignore:map.wdf holds 5")
def test_renishaw_maps_above_the_limit_stay_in_the_file(write, layouts, taken, order):
    pytest.importorskip("dask.array", reason="dask is an optional dependency")
    path = write(layouts.wdf(taken=taken, order=order), "map.wdf")
    lazy = read_raman(path, memory_limit=0)
    assert lazy.chunks is not None
    xr.testing.assert_identical(lazy.compute(), read_raman(path))


@pytest.mark.parametrize("name", ["map.nc", "map.zarr", "classic.nc", "turned.nc"])
def test_open_formats_above_the_limit_are_lazy_and_the_same(tmp_path, name):
    for module in ("dask.array", "zarr", "h5netcdf"):
        pytest.importorskip(module, reason=f"{module} is an optional dependency")
    data = make_raman_map((8, 9), random_state=0).intensity
    path = tmp_path / name
    if name == "map.zarr":
        data.to_dataset().to_zarr(path, consolidated=False)
    else:
        turned = data[..., ::-1] if name == "turned.nc" else data
        turned.to_netcdf(path, engine="scipy" if name == "classic.nc" else "h5netcdf")
    lazy = read_raman(path, memory_limit=1000)
    assert lazy.chunks is not None
    xr.testing.assert_identical(lazy.compute(), read_raman(path))


@pytest.mark.parametrize("name", ["map.wdf", "map.nc"])
def test_without_dask_a_large_file_names_the_extra(write, layouts, tmp_path, monkeypatch, name):
    path = write(layouts.wdf(), "map.wdf")
    if name == "map.nc":
        path = tmp_path / name
        read_raman(tmp_path / "map.wdf").to_netcdf(path, engine="scipy")
    monkeypatch.setitem(sys.modules, "dask.array", None)
    with pytest.raises(ImportError, match=rf'{name} .*memory_limit.*pip install "strain2dos\[dask\]"'):
        read_raman(path, memory_limit=0)


def test_too_little_space_for_the_memory_map_is_said_before_it_fills(write, layouts, temporary, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 100})())
    with pytest.raises(OSError, match=r"file\.txt decodes to .* set TMPDIR"):
        read_raman(write(layouts.labspec_map()), memory_limit=0)
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("limit", ["1 GB", -1, float("nan")])
def test_a_limit_that_is_no_number_of_bytes_is_refused(write, limit):
    with pytest.raises(ValueError, match="memory_limit must be a number of bytes"):
        read_raman(write("384 30\n385 90\n"), memory_limit=limit)


def test_default_limit_is_half_of_what_is_available():
    assert 2**20 < available() < 2**50


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the memory of a process from /proc")
@pytest.mark.parametrize("layout", ["map", "long"])
def test_neither_text_nor_cube_is_ever_whole_in_memory(tmp_path, temporary, layout):
    """Anonymous memory; pages of the memory map belong to its file and can be dropped."""
    shift = "\t".join(f"{value:.3f}" for value in np.linspace(900, 100, 1000))
    counts = ["1234.567"] * 1000
    with (tmp_path / "large.txt").open("w") as file:
        if layout == "map":
            file.write(f"\t\t{shift}\n")
            file.writelines(f"{i // 50}\t{i % 50}\t" + "\t".join(counts) + "\n" for i in range(2500))
        else:
            file.write("#X\t\t#Y\t\t#Wave\t\t#Intensity\n")
            for i in range(700):
                file.writelines(f"{i % 10}\t{i // 10}\t{value}\t1234.567\n" for value in shift.split("\t"))
    size = (tmp_path / "large.txt").stat().st_size
    assert size > 14e6

    def anonymous():
        status = Path("/proc/self/status").read_text()
        return 1024 * int(status.split("RssAnon:")[1].split()[0])

    peak = 0
    decoded = np.asarray

    class Watch:
        """Sample the memory whenever the progress bar is asked to move."""

        def __call__(self, *args, **kwargs):
            return self

        n = 0

        def __enter__(self):
            return self

        def __exit__(self, *args):
            return None

        def update(self, step):
            nonlocal peak
            self.n += step
            peak = max(peak, anonymous())

    before = anonymous()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tqdm.tqdm", Watch())
        cube = read_raman(tmp_path / "large.txt", memory_limit=2**20)
    assert peak > 0
    assert peak - before < min(8e6, 0.6 * cube.nbytes)
    assert (decoded(cube.data)[-1, -1] == 1234.567).all()
