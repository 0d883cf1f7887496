# SPDX-License-Identifier: BSD-3-Clause
"""Areas as shares: counts depend on the exposure, not on the sample."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def relative_areas(
    names: Sequence[str], values: Floats, covariance: Floats | None, usual: Sequence[str], kind: str = "area"
) -> tuple[Floats, Floats | None]:
    """Areas over the summed area of the usual lines, and the covariance that follows.

    Parameters
    ----------
    names : sequence of str of length k
        Columns.
    values : (n, k) ndarray
    covariance : (n, k, k) ndarray or None
    usual : sequence of str
        Lines whose areas sum to 1.
    kind : str, default="area"
        Also "height": the same for heights.

    Returns
    -------
    values : (n, k) ndarray
    covariance : (n, k, k) ndarray or None
    """
    areas = np.array([name.endswith(f"_{kind}") for name in names])
    whole = np.array([name in {f"{line}_{kind}" for line in usual} for name in names])
    if not areas.any():
        return values, covariance
    with np.errstate(invalid="ignore", divide="ignore"):
        total = values[:, whole].sum(axis=1)
        shares = np.where(areas, values / total[:, None], values)
        if covariance is None or not len(covariance):
            return shares, covariance
        # d(a_j / S) / d a_k = (delta_jk - share_j [k is usual]) / S
        scale = np.where(areas, 1.0 / total[:, None], 1.0)
        jacobian = scale[:, :, None] * (
            np.eye(len(names)) - np.where(areas, shares, 0.0)[:, :, None] * whole[None, None, :]
        )
        return shares, jacobian @ covariance @ jacobian.transpose(0, 2, 1)
