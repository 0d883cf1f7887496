# SPDX-License-Identifier: BSD-3-Clause
"""One wrong bit in what was written is an error to whoever reads it, or changes nothing."""

import os

import numpy as np
import pytest
import xarray as xr

from strain2dos.io import read_raman
from strain2dos.io._store.write_netcdf import write_netcdf
from strain2dos.io._store.write_zarr import write_zarr

FLIPS = 200


@pytest.fixture
def spectra():
    rng = np.random.default_rng(0)
    return xr.DataArray(
        rng.random((6, 5, 40)),
        {
            "y": np.arange(6.0),
            "x": np.arange(5.0),
            "shift": ("shift", np.linspace(380, 420, 40), {"units": "cm-1"}),
        },
        ("y", "x", "shift"),
        name="intensity",
        attrs={
            "units": "counts",
            "long_name": "Raman intensity",
            "source": "map.txt",
            "header": '{"a": "µ"}',
        },
    )


def apart(path, expected):
    """Read in a copy of this process, which damage may end: 0 for the same, 1 for an error, 2 for another."""
    child = os.fork()
    if child == 0:
        code = 3
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            code = 0 if read_raman(path).identical(expected) else 2
        except ValueError:
            code = 1
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def flip(path, rng):
    content = bytearray(path.read_bytes())
    at = int(rng.integers(len(content)))
    content[at] ^= 1 << int(rng.integers(8))
    path.write_bytes(bytes(content))


@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
@pytest.mark.parametrize("compress", [False, True])
def test_a_bit_of_netcdf(spectra, tmp_path, compress):
    path = write_netcdf(spectra.to_dataset(), tmp_path / "map.nc", compress=compress)
    whole, expected, rng = path.read_bytes(), read_raman(path), np.random.default_rng(1)
    outcomes = []
    for _ in range(FLIPS):
        path.write_bytes(whole)
        flip(path, rng)
        outcomes.append(apart(path, expected))
    assert set(outcomes) <= {0, 1}
    # what is not noticed lies in gaps between what is stored
    assert outcomes.count(1) > FLIPS / 2


def test_a_bit_of_zarr(spectra, tmp_path):
    pytest.importorskip("zarr", reason="zarr is an optional dependency")
    path = write_zarr(spectra.to_dataset(), tmp_path / "map.zarr")
    files = sorted(file for file in path.rglob("*") if file.is_file())
    sizes = np.array([file.stat().st_size for file in files])
    expected, rng, errors = read_raman(path), np.random.default_rng(2), 0
    assert expected.drop_attrs().identical(spectra.drop_attrs())
    for _ in range(FLIPS):
        file = files[rng.choice(len(files), p=sizes / sizes.sum())]
        whole = file.read_bytes()
        flip(file, rng)
        try:
            found = read_raman(path)
        except ValueError:
            errors += 1
        else:
            assert found.identical(expected), file
        file.write_bytes(whole)
    assert read_raman(path).identical(expected)
    assert errors > FLIPS / 2
