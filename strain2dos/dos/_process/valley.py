# SPDX-License-Identifier: BSD-3-Clause
"""Heads of one valley: with one noise for all states, and with a noise that follows the errors nearby."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from strain2dos.dos._process.heads import Head, fit_head
from strain2dos.dos._process.local_scale import LocalScale, NearbyFactors, misfits

Array = NDArray[np.float64]

# One number per state holds fewer reasons for a kernel than a whole curve does. Kernels that pass through
# every point then swing between them, so an edge counts as known to 0.1 % of its spread.
_LEAST_NOISE = 1e-6


def fit_valley(
    features: Array,
    energies: Array,
    groups: NDArray[np.intp],
    loose: Array,
    random: np.random.RandomState,
    device: str,
) -> Iterator[tuple[Head, Array]]:
    """Fit energies (n,) of a valley with one noise, then once more with the noise that its errors show.

    Features may leave out what a valley depends on: positions of lines do not show where a shear points.
    What they miss grows with the shear, and one noise for all states smooths where there is next to none.
    The factor on the variance of the first fit becomes the factor on the noise of the second. There is no
    second where the errors are alike everywhere. With each comes the variance (n,) of rows without their
    groups.
    """
    noise: tuple[LocalScale, ...] = ()
    for _ in range(2):
        (factor,) = NearbyFactors([noise])(features)
        found = fit_head(
            features,
            energies[:, None],
            groups,
            random,
            loose=loose * factor,
            least_noise=_LEAST_NOISE,
            device=device,
        )
        local = LocalScale.of(features, groups, misfits(found.outputs, found.mean, found.variance), loose)
        variance = np.square(found.head.scale) * found.variance[:, 0]
        yield replace(found.head, noise=noise, local=local), variance
        if not local:
            return
        noise = local
