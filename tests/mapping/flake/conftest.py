# SPDX-License-Identifier: BSD-3-Clause
"""A flake with doping and a wrinkle whose truth is known, mapped once."""

import numpy as np
import pytest

from strain2dos import make_raman_map, map_flake

#: Where the table has the unstrained lines of a neutral layer, and the simulation too.
UNSTRAINED = (384.6, 402.7)


@pytest.fixture(scope="session")
def truth():
    flake = make_raman_map((32, 32), doping=0.3, random_state=1)
    return flake.assign(
        strain=(flake.exx + flake.eyy) / 2,
        shear=np.hypot(flake.exx - flake.eyy, 2 * flake.exy),
    )


@pytest.fixture(scope="session")
def mapped(truth):
    return map_flake(truth.intensity, unstrained=UNSTRAINED, noise="poisson")
