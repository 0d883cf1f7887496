# SPDX-License-Identifier: BSD-3-Clause
"""Chunks of a map at work side by side."""

import numpy as np
import pytest
import xarray as xr

from strain2dos import make_raman_map
from strain2dos.mapping._flake.evaluate import FlakeEvaluator
from strain2dos.mapping._flake.prepared import prepare_flake
from strain2dos.mapping._flake.strain import StrainLines
from strain2dos.mapping._pixels.blocks import map_in_memory
from strain2dos.mapping._pixels.cube import column_names
from strain2dos.mapping._pixels.model import FittedModel


def test_chunks_side_by_side_give_the_bits_of_chunks_one_by_one():
    prepared = prepare_flake(make_raman_map((9, 12), random_state=0).intensity)
    model = FittedModel.from_estimator(prepared.pipeline)
    wanted = ("gap", "gap_std", "gap_common_std", "strain", "domain_score", "features", "valleys")
    names = column_names(prepared.cube, model)
    lines = StrainLines.of(model.reads_spectra_by)
    evaluator = FlakeEvaluator(model, wanted, np.dtype(float), names, "PBE", (), lines)
    maps = [
        map_in_memory(prepared.cube, evaluator, prepared.pipeline, step=2, progress=False, at_once=n)
        for n in (1, 2, 7)
    ]
    assert np.isfinite(maps[0].gap).sum() > 50
    for other in maps[1:]:
        xr.testing.assert_identical(maps[0], other)


def test_trouble_in_one_of_several_chunks_at_work_is_passed_on():
    class Broken:
        def __call__(self, X):
            if X[0, 0] == 4:
                raise ValueError("the fifth row is broken")
            return {"gap": X[:, 0]}

    rows = np.arange(9.0)[:, np.newaxis, np.newaxis] * np.ones((1, 3, 2))
    broken = xr.DataArray(rows, dims=("y", "x", "feature"))
    with pytest.raises(ValueError, match="fifth row"):
        map_in_memory(broken, Broken(), None, step=1, progress=False, at_once=3)
