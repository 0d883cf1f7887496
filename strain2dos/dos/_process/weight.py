# SPDX-License-Identifier: BSD-3-Clause
"""How much the networks help with groups that they did not see."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_SHARES = np.linspace(0.0, 1.0, 101)
_FEWEST = 3


class Unseen(NamedTuple):
    """What members without some groups predict for these, as means over the rows of a group (n_groups,).

    `own` is the squared error of the processes without networks, `step` the squared distance from there to
    the mean of the members, `cross` the product of the two.
    """

    own: Array
    cross: Array
    step: Array


def unseen(
    truth: Array, plain: Array, members: Array, held_out: NDArray[np.bool_], groups: NDArray[np.intp]
) -> Unseen:
    """Compare (n, n_outputs) `plain` and (n_members, n, n_outputs) `members` on what each did not see.

    Few members miss a group, and their mean errs more than that of all will. Its variance falls with the
    number of members, so the part that more members would take away is subtracted.
    """
    out = held_out[:, groups]
    count = out.sum(0)
    rows = np.flatnonzero(count)
    out, count = out[:, rows], count[rows]
    mean = np.einsum("mn,mnd->nd", out, members[:, rows]) / count[:, None]
    scatter = np.einsum("mn,mnd->n", out, np.square(members[:, rows] - mean)) / np.maximum(count - 1, 1)
    miss, step = (truth - plain)[rows], mean - plain[rows]
    size = np.square(step).sum(1) - scatter * (1.0 / count - 1.0 / len(members))
    label, of_row = np.unique(groups[rows], return_inverse=True)
    n = np.bincount(of_row, minlength=len(label))
    parts = (np.square(miss).sum(1), (miss * step).sum(1), size)
    return Unseen(*(np.bincount(of_row, part) / n for part in parts))


def best_weight(found: Unseen) -> float:
    """Return the weight in [0, 1] of the networks that predicts unseen groups best, 0 if none helps.

    What is made small is the mean over groups of the root mean square error: roots keep the ends of the
    training range from deciding alone. The weight that is best for all groups but one is tried on that one;
    unless this lowers the error, the networks get no weight.
    """
    if len(found.own) < _FEWEST:
        return 0.0
    square = found.own[:, None] - 2 * _SHARES * found.cross[:, None] + _SHARES**2 * found.step[:, None]
    # what is subtracted from `step` scatters, so that a square can fall below zero
    error = np.sqrt(np.maximum(square, 1e-3 * found.own[:, None]))
    total = error.sum(0)
    others = np.argmin(total - error, axis=1)
    tried = error[np.arange(len(error)), others]
    return float(_SHARES[np.argmin(total)]) if tried.sum() < total[0] else 0.0


def log_density(truth: Array, mean: Array, variance: Array, groups: NDArray[np.intp]) -> float:
    """Return the mean over groups of the log density of a row, each output by its own normal law, in nats.

    Outputs count by their share of the total variance, as in the criterion of the training.
    """
    scale = np.maximum(variance.mean(1), 1e-300)
    rows = -0.5 * (np.log(2 * np.pi * scale) + np.square(truth - mean).mean(1) / scale)
    return float(np.mean(np.bincount(groups, rows) / np.bincount(groups)))
