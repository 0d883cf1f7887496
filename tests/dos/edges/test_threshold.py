# SPDX-License-Identifier: BSD-3-Clause
"""The density at which a band begins, by hand: 1.5 % of the median maximum, to one digit."""

import numpy as np
import pytest

from strain2dos.dos._edges.threshold import default_edge_threshold


@pytest.mark.parametrize(
    ("maxima", "threshold"),
    [
        # the median, 4, not the mean, 5.3: 0.06 and not 0.08
        ([2.0, 10.0, 4.0], 0.06),
        ([7.3], 0.1),
        # 0.0255 and 0.036
        ([1.7], 0.03),
        ([2.4, 2.4], 0.04),
        ([2e3, 1e4, 4e3], 60.0),
        ([2e-5, 1e-4, 4e-5], 6e-7),
    ],
)
def test_the_threshold_is_a_share_of_the_median_of_the_maxima_in_any_unit(maxima, threshold):
    curves = np.zeros((len(maxima), 6))
    curves[np.arange(len(maxima)), np.arange(len(maxima)) + 2] = maxima
    assert default_edge_threshold(curves) == pytest.approx(threshold, rel=1e-12)
    assert default_edge_threshold(curves.tolist()) == pytest.approx(threshold, rel=1e-12)


@pytest.mark.parametrize(
    ("curves", "value"),
    [
        (np.zeros((3, 5)), "0"),
        (np.zeros((0, 5)), "0"),
        (-np.ones((2, 5)), "-1"),
        (np.full((2, 5), np.nan), "nan"),
        (np.full((2, 5), np.inf), "inf"),
    ],
)
def test_curves_without_states_have_no_threshold(curves, value):
    with pytest.raises(ValueError, match=f"maxima is {value}, so no band begins anywhere; give curves with"):
        default_edge_threshold(curves)
