# SPDX-License-Identifier: BSD-3-Clause
"""The models of a region, as the fit has them."""

import numpy as np
import pytest

from strain2dos import RamanFeaturizer


@pytest.fixture(scope="session")
def group():
    """The lines of MoS2 with all that is fitted beside them: bands of defects, substrates, a foreign line."""
    shift = np.arange(330.0, 450.0, 0.8)
    featurizer = RamanFeaturizer(shift).fit(np.ones((1, shift.size)))
    (found,) = featurizer.fitted_.plan(with_covariance=False).groups
    assert len(found.units) >= 4
    assert max(len(unit.modes) for unit in found.units) == 2
    return found
