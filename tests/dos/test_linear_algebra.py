# SPDX-License-Identifier: BSD-3-Clause
"""Products and decompositions do not depend on the thread that asks for them."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from strain2dos.dos._common.linear_algebra import svd, times
from strain2dos.dos._common.threads import one_thread
from strain2dos.dos._process.closed_form import value_and_slope
from strain2dos.dos._process.local_scale import LocalScale, NearbyFactors
from strain2dos.dos._regressor.domain import TrainingDomain
from strain2dos.dos._representations.basis import principal_directions

RANDOM = np.random.RandomState(0)
ROWS = RANDOM.standard_normal((700, 6)) * [3.0, 1.0, 1.0, 0.3, 0.3, 0.3]
CURVES = RANDOM.standard_normal((300, 651))
MISFIT = np.square(RANDOM.standard_normal(700) * (0.1 + np.abs(ROWS[:, 0])))


def _local_scale():
    (scale,) = LocalScale.of(ROWS, np.arange(700), MISFIT)
    return [scale.axes, scale.points, *NearbyFactors([[scale]])(ROWS[:480])]


def _closed_form():
    rows = torch.from_numpy(ROWS[:256])
    blocks = [torch.arange(256).reshape(2, 128)]
    loose = torch.ones(256, dtype=torch.float64)
    return value_and_slope("matern52", np.zeros(8) - 0.5, rows, rows[:, :2].sin(), loose, blocks)


def _basis():
    basis, scores = principal_directions("pca", None, CURVES)
    return [basis.directions, scores, basis.latents(scores)]


def _domain():
    domain = TrainingDomain.of(ROWS, np.arange(700) // 2, np.arange(700))
    return [domain.axes, domain.rest, domain.scale, domain.ratios(ROWS)]


@pytest.mark.parametrize("work", [_local_scale, _closed_form, _basis, _domain])
def test_large_arrays_have_the_same_bits_in_threads_as_in_the_main_one(work):
    def alone(_):
        with one_thread():
            return work()

    wanted = alone(0)
    with ThreadPoolExecutor(3) as pool:
        for found in pool.map(alone, range(6)):
            for part, known in zip(found, wanted, strict=True):
                np.testing.assert_array_equal(part, known)


def test_products_and_decompositions_are_those_of_numpy_also_of_what_is_read_only():
    left, right = ROWS[:40].copy(), ROWS[:40, :3].copy()
    left.flags.writeable = right.flags.writeable = False
    np.testing.assert_allclose(times(left.T, right), left.T @ right, rtol=1e-12)
    np.testing.assert_allclose(times(left, ROWS[:1].T), left @ ROWS[:1].T, rtol=1e-12, atol=1e-12)
    first, size, second = svd(left)
    np.testing.assert_allclose(size, np.linalg.svd(left, compute_uv=False), rtol=1e-12)
    np.testing.assert_allclose((first * size) @ second, left, rtol=1e-12, atol=1e-12)
