# SPDX-License-Identifier: BSD-3-Clause
"""The noise of spectra, against noise of known size."""

import numpy as np
import pytest

from strain2dos._noise import white_noise

SHIFT = np.linspace(360.0, 430.0, 700)


@pytest.mark.parametrize("sigma", [0.02, 5.0])
def test_the_noise_is_that_of_the_points_whatever_line_and_slope_lie_under_it(sigma):
    clean = 40.0 * sigma / (1.0 + ((SHIFT - 384.0) / 2.5) ** 2) + 0.3 * sigma * SHIFT
    rows = clean + np.random.default_rng(1).normal(0.0, sigma, (200, SHIFT.size))
    np.testing.assert_allclose(white_noise(rows).mean(), sigma, rtol=0.01)
    np.testing.assert_allclose(white_noise(rows), sigma, rtol=0.25)


def test_a_curve_without_noise_has_none_and_lost_points_are_left_out():
    assert white_noise(2.0 * SHIFT) == pytest.approx(0.0, abs=1e-12)
    rows = np.random.default_rng(2).normal(0.0, 1.0, (50, SHIFT.size))
    lost = rows.copy()
    lost[:, 100:110] = np.nan
    np.testing.assert_allclose(
        white_noise(lost), white_noise(np.delete(rows, np.s_[100:110], axis=1)), rtol=0.02
    )
