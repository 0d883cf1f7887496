# SPDX-License-Identifier: BSD-3-Clause
"""Errors on groups left out of the choice of kernels, as a check of the stated errors."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from strain2dos.dos._common.groups import subsample_by_group
from strain2dos.dos._edges.valleys import edges_of_valleys, spread_between, spread_of_valleys
from strain2dos.dos._process.heads import Heads
from strain2dos.dos._process.local_scale import LocalScale
from strain2dos.dos._process.valley import fit_valley

Array = NDArray[np.float64]

# A tenth of the groups has no part in the choice of kernels; ten turns see each group once.
_FOLDS = 10
# With fewer groups nothing is left out; with fewer than thirty, of which three lie beyond nine tenths, errors
# do not show how they go from place to place.
_FEWEST_GROUPS = 5
_MANY_GROUPS = 30
# rows that kernels are chosen on again and again
_MAX_ROWS = 128
# The coverage at which the factor is read: that of the intervals which the package reports. Of few groups the
# last tenth is two or three corners: they are read at three quarters, and a normal distribution goes on.
_SHARE = 0.9
_SHARE_OF_FEW = 0.75
# A gain is clear beyond its standard error over groups [the rule of one standard error: L. Breiman et al.,
# Classification and Regression Trees (1984)]. One group alone, whatever it gains, does not get beyond it.
_STANDARD_ERRORS = 1.0
# An energy that is the same in all states has no error but rounding, and none is stated: this is the smallest
# deviation that errors are set against, in eV.
_ROUNDING = 1e-12
# a squared error over its variance counts no more than one that one state in a hundred exceeds
_LARGEST = float(np.square(norm.ppf(0.995)))


class UnseenRows(NamedTuple):
    """One output of some rows (n,), with mean and variance predicted by kernels chosen without their fold."""

    rows: NDArray[np.intp]
    features: Array
    groups: NDArray[np.intp]
    loose: Array
    truth: Array
    mean: Array
    variance: Array

    @property
    def misfit(self) -> Array:
        """Squared errors (n,) over their variances."""
        misfit: Array = np.square(self.truth - self.mean) / np.maximum(self.variance, _ROUNDING**2)
        return misfit

    def widening(self) -> float:
        """Return the factor on variances at which 90 % intervals hold 90 % of the errors."""
        return variance_factor(self.misfit, self.groups, self.loose) if len(self.truth) else 1.0

    def widened(self) -> UnseenRows:
        """Return the same with that factor on its variance."""
        return self._replace(variance=self.widening() * self.variance)

    def beside(self, variance: Array) -> UnseenRows:
        """Return the same by what kernels chosen with few groups state, too: `variance` (n,) of all rows.

        Chosen with few groups, some kernels state next to nothing by chance, those of a fold as those of all.
        Judged by one fold alone, intervals would be several times as wide as needed, by the others too
        narrow. The mean of both logarithms stands between them.
        """
        if _are_many(self.groups):
            return self
        return self._replace(variance=np.sqrt(self.variance * variance[self.rows]))

    def local(self, factor: float) -> tuple[LocalScale, ...]:
        """Return how what is left of the misfits after the factor goes from place to place."""
        if not _are_many(self.groups):
            return ()
        shown = np.minimum(self.misfit / max(factor, 1e-300), _LARGEST)
        return LocalScale.of(self.features, self.groups, shown, self.loose)

    def densities(self) -> Array:
        """Return the log density of the error of each row, in nats."""
        variance = np.maximum(self.widened().variance, _ROUNDING**2)
        density: Array = -0.5 * (np.log(variance) + np.square(self.truth - self.mean) / variance)
        return density


def predict_unseen(
    features: Array, energies: Array, groups: NDArray[np.intp], loose: Array, device: str
) -> list[UnseenRows]:
    """Predict rows by each of a valley's heads, chosen without their fold; no rows for next to no groups.

    With few groups there is the first head alone: they do not show which is better.

    Kernels are otherwise chosen by the groups that are left out of their processes, one by one, and such
    groups flatter them.
    """
    rows, folds = rows_of_folds(groups)
    found = np.zeros((1 + _are_many(groups), 2, len(rows)))
    for out in folds:
        seen, unseen = rows[~out], rows[out]
        labels = np.unique(groups[seen], return_inverse=True)[1]
        random = np.random.RandomState(0)
        fits = fit_valley(features[seen], energies[seen], labels, loose[seen], random, device)
        heads = [head for head, _ in islice(fits, len(found))]
        for kind, head in zip(found, (heads[0], heads[-1]), strict=False):
            means, variances, _ = Heads(head, (head,)).loaded(device).valleys(features[unseen])
            kind[:, out] = means[:, 0], variances[:, 0]
    # numbered anew: of more groups than rows are looked at, some have none
    groups = np.unique(groups[rows], return_inverse=True)[1]
    return [UnseenRows(rows, features[rows], groups, loose[rows], energies[rows], *kind) for kind in found]


def is_likelier(plain: UnseenRows, other: UnseenRows | None = None) -> bool:
    """Return whether unseen groups are likelier by another head, clearly; else the simpler one is kept.

    A gain that few groups decide is paid for by states beyond the known ones.
    """
    if other is None:
        return False
    weight = _weights(plain.groups, plain.loose)
    per_group = np.bincount(plain.groups, weight)
    gain = np.bincount(plain.groups, weight * (other.densities() - plain.densities())) / per_group
    mean = np.average(gain, weights=per_group)
    n = np.square(per_group.sum()) / np.square(per_group).sum()
    error = np.sqrt(np.average(np.square(gain - mean), weights=per_group) / max(n - 1.0, 1.0))
    return bool(mean > _STANDARD_ERRORS * error)


def rows_of_folds(groups: NDArray[np.intp]) -> tuple[NDArray[np.intp], list[NDArray[np.bool_]]]:
    """Return rows spread evenly over groups, and which of them each fold holds; no folds for next to none."""
    if groups.max() + 1 < _FEWEST_GROUPS:
        return np.zeros(0, dtype=np.intp), []
    # a random state of its own: means must not depend on how errors are measured
    random = np.random.RandomState(0)
    rows = subsample_by_group(groups, _MAX_ROWS, random)
    shown = random.permutation(np.unique(groups[rows]))
    turns = np.array_split(shown, min(_FOLDS, len(shown)))
    return rows, [np.isin(groups[rows], turn) for turn in turns]


def gap_factors(valleys: Sequence[UnseenRows], n_valence: int) -> tuple[float, Array]:
    """Return variances of gaps over the sum of those of both ends: below 1 where these err together.

    The first number is that of the gap between the edges, the array (n_valence, n_conduction) that of each
    two valleys.
    """
    first, n_pairs = valleys[0], (n_valence, len(valleys) - n_valence)
    if not len(first.truth):
        return 1.0, np.ones(n_pairs)
    truth = np.column_stack([part.truth for part in valleys])
    mean = np.column_stack([part.mean for part in valleys])
    variance = np.column_stack([part.variance for part in valleys])
    equal = np.ones(len(truth))

    def factor(error: Array, deviation: Array) -> float:
        return variance_factor(np.square(error / np.maximum(deviation, _ROUNDING)), first.groups, equal)

    error = edges_of_valleys(mean, n_valence).gap - edges_of_valleys(truth, n_valence).gap
    of_gap = factor(error, spread_of_valleys(mean, variance, n_valence).gap)
    of_pairs = np.ones(n_pairs)
    for pair in np.ndindex(*n_pairs):
        low, high = pair[0], n_valence + pair[1]
        miss = (mean - truth)[:, high] - (mean - truth)[:, low]
        of_pairs[pair] = factor(miss, spread_between(variance, low, high, np.ones(n_pairs)))
    return of_gap, of_pairs


def variance_factor(misfit: Array, groups: NDArray[np.intp], loose: Array) -> float:
    """Return the factor on variances at which 90 % intervals hold a further group in 90 % of cases.

    Misfits (n,) are those of known groups, each counted once. A mean would follow the few states that are
    extrapolated to, whose errors have another law. Of n groups and one more, the interval must hold 90 %,
    so it holds a share of the n that is larger by 1 / n [V. Vovk, Ann. Math. Artif. Intell. 74, 9 (2015)].
    """
    weight = _weights(groups, loose)
    # groups that count less, for looser noise, make fewer
    n = np.square(weight.sum()) / np.square(np.bincount(groups, weight)).sum()
    order = np.argsort(misfit, kind="stable")
    below = np.cumsum(weight[order]) - 0.5 * weight[order]
    share = _SHARE if _are_many(groups) else _SHARE_OF_FEW
    size = np.interp(min(share * (1.0 + 1.0 / n), 1.0) * weight.sum(), below, np.sqrt(misfit[order]))
    return float(np.square(size / norm.ppf(0.5 + 0.5 * share)))


def _are_many(groups: NDArray[np.intp]) -> bool:
    return len(np.unique(groups)) >= _MANY_GROUPS


def _weights(groups: NDArray[np.intp], loose: Array) -> Array:
    """Return weights (n,) of rows: a group shares one, and rows with looser noise count less."""
    return 1.0 / (np.bincount(groups)[groups] * loose)
