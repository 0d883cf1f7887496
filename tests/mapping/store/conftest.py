# SPDX-License-Identifier: BSD-3-Clause
import numpy as np
import pytest
import xarray as xr
from sklearn.linear_model import Ridge

from strain2dos import SpatialMapper

ENERGIES = np.linspace(-7.0, -3.0, 11)


def fitted(shift=0.0):
    strain = np.linspace(-0.02, 0.02, 9)[:, np.newaxis]
    dos = np.clip(-6.0 + shift - 3 * strain - ENERGIES, 0, None) + np.clip(
        ENERGIES + 4.4 + 5 * strain, 0, None
    )
    return Ridge(alpha=1e-9).fit(strain, dos)


@pytest.fixture
def make_mapper():
    """Mapper of a Ridge; ``shift`` in eV makes another model."""
    pytest.importorskip("zarr")

    def make(shift=0.0, **options):
        settings = {
            "quantities": ("dos", "gap"),
            "chunks": 2,
            "energies": ENERGIES,
            "edge_options": {"threshold": 0.1, "reference": -5.2},
        }
        return SpatialMapper(fitted(shift), **(settings | options))

    return make


@pytest.fixture
def cube():
    values = np.random.default_rng(1).uniform(-0.02, 0.02, (8, 6, 1))
    values[2, 3] = np.nan
    coords = {"y": ("y", np.arange(8) * 0.4, {"units": "um"}), "x": np.arange(6) * 0.4, "feature": ["strain"]}
    return xr.DataArray(values, dims=("y", "x", "feature"), coords=coords)


@pytest.fixture
def contents():
    """All files below a folder, by path."""

    def read(folder):
        return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}

    return read
