# SPDX-License-Identifier: BSD-3-Clause
"""How much kernels with networks count against those without, by groups that the networks did not see."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Two halves: a weight estimated from a few dozen states errs by more than halves lose [J. Smith and
# K. F. Wallis, Oxf. Bull. Econ. Stat. 71, 331 (2009)].
_HALF = 0.5
_SHARES = np.linspace(0.0, 1.0, 101)
_FEWEST = 3


class Unseen(NamedTuple):
    """Outputs (n, n_outputs), and what is predicted of each group without it.

    Kernels without networks give `plain` and its variance (n, n_outputs), each member with a network gives
    `members` and `variances` (n_members, n, n_outputs), to be trusted for groups that it holds out.
    """

    truth: Array
    plain: Array
    plain_variance: Array
    members: Array
    variances: Array
    held_out: NDArray[np.bool_]
    groups: NDArray[np.intp]

    def mixture(self, weight: float) -> tuple[Array, Array]:
        """Return mean and variance (n, n_outputs) of what is predicted of each group without it.

        Networks count by their weight where a member holds the group out.
        """
        out = self.held_out[:, self.groups].astype(float)
        count = out.sum(0)
        w = np.where(count > 0, weight, 0.0)[:, None]
        out /= np.maximum(count, 1.0)
        own = np.einsum("mn,mnd->nd", out, self.members)
        within = np.einsum("mn,mnd->nd", out, self.variances + np.square(self.members - own))
        apart = np.square(own - self.plain)
        mean = (1 - w) * self.plain + w * own
        return mean, (1 - w) * self.plain_variance + w * within + w * (1 - w) * apart

    def scale(self) -> float:
        """Return mean squared error over variance of the members for groups that they hold out."""
        error = np.square(self.truth - self.members).mean(-1) / self.variances.mean(-1)
        of_group = np.array([np.bincount(self.groups, row) for row in error]) / np.bincount(self.groups)
        return float(np.mean(of_group[self.held_out]))


def weigh_networks(found: Unseen) -> tuple[float, dict[str, float]]:
    """Return the weight of the networks and the log density of unseen groups with and without them, in nats.

    One half, or more where the error is least there. Where one half errs more than none, the weight of the
    least error. The error is the mean over groups of the root mean square error: roots keep the ends of the
    training range from deciding alone.
    """
    square, variance = _moments(found)
    if square.shape[1] < _FEWEST:
        return 0.0, {}
    error = np.sqrt(square).mean(1)
    weight, half = int(np.argmin(error)), int(np.searchsorted(_SHARES, _HALF))
    weight = max(weight, half) if error[half] <= error[0] else weight
    density = -0.5 * (np.log(2 * np.pi * variance) + square / variance)
    return float(_SHARES[weight]), {
        "without": float(density[0].mean()),
        "with": float(density[weight].mean()),
    }


def _moments(found: Unseen) -> tuple[Array, Array]:
    """Return squared errors and variances (n_shares, n_groups), means over the rows of a group and outputs.

    Few members miss a group, and their mean errs more than that of all will. Its variance falls with the
    number of members, so the part that more members would take away is subtracted.
    """
    out = found.held_out[:, found.groups]
    rows = np.flatnonzero(out.any(0))
    out = out[:, rows] / out[:, rows].sum(0)
    count, n_members = 1.0 / out.max(0), len(out)
    members = found.members[:, rows]
    mean = np.einsum("mn,mnd->nd", out, members)
    scatter = np.einsum("mn,mnd->n", out, np.square(members - mean)) / members.shape[2]
    scatter *= count / np.maximum(count - 1.0, 1.0)
    own = np.einsum("mn,mnd->n", out, found.variances[:, rows]) / members.shape[2]
    own += scatter * (1.0 - 1.0 / n_members)
    miss, step = found.truth[rows] - found.plain[rows], mean - found.plain[rows]
    alone = np.square(miss).mean(1)
    apart = np.maximum(np.square(step).mean(1) - scatter * (1.0 / count - 1.0 / n_members), 0.0)
    w = _SHARES[:, None]
    square = alone - 2 * w * (miss * step).mean(1) + w**2 * apart
    variance = (1 - w) * found.plain_variance[rows].mean(1) + w * own + w * (1 - w) * apart
    groups = np.unique(found.groups[rows], return_inverse=True)[1]
    square, variance = (
        np.array([np.bincount(groups, each) for each in part]) / np.bincount(groups)
        for part in (square, variance)
    )
    # what is subtracted scatters, so that a square could fall below zero
    return np.maximum(square, 1e-3 * square[0]), np.maximum(variance, 1e-300)
