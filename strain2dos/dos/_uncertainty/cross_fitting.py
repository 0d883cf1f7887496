# SPDX-License-Identifier: BSD-3-Clause
"""Errors of models on strain states that they did not see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import GroupKFold, LeaveOneGroupOut, check_cv
from sklearn.utils.parallel import Parallel, delayed

from strain2dos._compat import take_rows
from strain2dos._estimators.chain import Chain
from strain2dos._estimators.fitting import fit_arguments
from strain2dos._estimators.wrappers import look_through
from strain2dos.dos._common.score import omits_nan, per_energy
from strain2dos.dos._common.threads import one_thread
from strain2dos.dos._edges.reading import band_edges
from strain2dos.dos._edges.targets import EdgesLike, check_edges
from strain2dos.dos._edges.targets import take_rows as take_edges

Array = NDArray[np.float64]

# More groups than this are left out by tenths: ten fits then do instead of one for each group.
_DEFAULT_FOLDS = 10


class HeldOut(NamedTuple):
    """Errors of all rows by models fitted without their groups.

    ``residuals`` (n, n_energies), ``std`` (n, n_energies) or None, ``edges`` (n, 3) for VBM, CBM and gap [eV]
    or None: NaN where there is no true edge, infinite where the model lost it. ``edge_std`` (n, 3) or None.
    """

    residuals: Array
    std: Array | None
    edges: Array | None
    edge_std: Array | None


@dataclass(frozen=True)
class Training:
    """Rows to be learned from, as the caller has them, and what was read from them.

    Attributes
    ----------
    X, y : array-like or dataframe of n rows
        Handed on to the estimator as they are.
    curves : array of shape (n, n_energies) or (n,)
        Numbers in ``y``.
    labels : array of shape (n,)
        Group of every row.
    edges : array-like, dataframe or None
    others : dict
        Further arguments of ``fit``, by the estimator's names; those with one value per row are split.
    routed : frozenset of str
        Which of "groups" and "edges" the estimator gets by metadata routing because the caller gave them: it
        raises scikit-learn's error where they were not requested.
    """

    X: ArrayLike
    y: ArrayLike
    curves: Array
    labels: NDArray[np.intp]
    edges: EdgesLike | None
    others: dict[str, Any]
    routed: frozenset[str] = frozenset()

    def part(self, rows: NDArray[np.intp]) -> Training:
        """Return some of the rows."""
        n = len(self.curves)
        others = {
            name: take_rows(value, rows) if np.ndim(value) and len(value) == n else value
            for name, value in self.others.items()
        }
        X, y = take_rows(self.X, rows), take_rows(self.y, rows)
        curves, labels, edges = self.curves[rows], self.labels[rows], take_edges(self.edges, rows)
        return Training(X, y, curves, labels, edges, others, self.routed)

    def fit(self, estimator: BaseEstimator) -> BaseEstimator:
        """Fit an estimator on these rows."""
        own = {"groups": self.labels, "edges": self.edges}
        known = fit_arguments(estimator, own) | {name: own[name] for name in self.routed}
        return estimator.fit(self.X, self.y, **known, **self.others)


def held_out(
    estimator: BaseEstimator, cv: object, data: Training, *, std: bool, n_jobs: int | None
) -> HeldOut:
    """Fit the estimator without some groups, and record its errors on them, until each was left out once."""
    folds = _folds(cv, data)
    parts = Parallel(n_jobs=n_jobs)(
        delayed(_one_fold)(estimator, data.part(train), data.part(test), std) for train, test in folds
    )
    order = np.argsort(np.concatenate([test for _, test in folds]))

    def gather(columns: list[Array | None]) -> Array | None:
        if any(column is None for column in columns):
            return None
        return np.concatenate(columns)[order]  # type: ignore[arg-type]

    residuals, *others = (gather(list(column)) for column in zip(*parts, strict=True))
    assert residuals is not None
    return HeldOut(residuals, *others)


def _one_fold(estimator: BaseEstimator, train: Training, test: Training, std: bool) -> HeldOut:
    # one thread: the last bit would depend on how many threads a worker process may use
    with one_thread():
        chain = look_through(train.fit(clone(estimator)))
        Z = chain.transform(test.X)
        answer = chain.predict(Z, return_std=std)
        found, spread = answer if std else (answer, None)
        truth = test.curves.reshape(len(test.curves), -1)
        residuals = np.reshape(found, truth.shape) - truth
        if omits_nan(chain) and np.isnan(residuals).all(1).any():
            raise ValueError(
                "a row has finite features when all rows are transformed together, and none in a fold; use "
                "transformers that flag the same rows whatever rows they were fitted on."
            )
        spread = None if spread is None else per_energy(spread, truth.shape)
        missed = edge_std = None
        if chain.has_band_edges:
            known = check_edges(test.edges, len(truth))
            missed = _edge_errors(chain, Z, truth, None if known is None else known.edges)
            if std and chain.edges_learned and chain.supports_std("predict_edges"):
                edge_std = np.column_stack(chain.final.predict_edges(Z, return_std=True)[1])
        return HeldOut(residuals, spread, missed, edge_std)


def _edge_errors(chain: Chain, Z: object, curves: Array, edges: Array | None) -> Array | None:
    final = chain.final
    if edges is not None:
        truth = np.column_stack([edges, edges[:, 1] - edges[:, 0]])
    elif hasattr(final, "edge_threshold_"):
        truth = np.column_stack(
            band_edges(
                final.energies_, curves, threshold=final.edge_threshold_, reference=final.edge_reference_
            )
        )
    else:
        return None
    found = np.column_stack(final.predict_edges(Z))
    lost = np.isnan(found) & np.isfinite(truth)
    return np.where(lost, np.inf, found - truth)


def _folds(cv: object, data: Training) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    curves, labels = data.curves, data.labels
    n_groups = len(np.unique(labels))
    if cv is None:
        cv = LeaveOneGroupOut() if n_groups <= _DEFAULT_FOLDS else _DEFAULT_FOLDS
    if isinstance(cv, (int, np.integer)):
        # groups come sorted by their curves: taken in turns, each left-out state would lie between neighbors
        # on both sides, and its error would be smaller than that of a further state
        cv = GroupKFold(int(cv), shuffle=True, random_state=0)
    folds = [
        (np.asarray(train), np.asarray(test)) for train, test in check_cv(cv).split(data.X, curves, labels)
    ]
    times = np.bincount(np.concatenate([test for _, test in folds]), minlength=len(curves))
    if (times != 1).any():
        never, often = (np.unique(labels[wrong]).size for wrong in (times == 0, times > 1))
        raise ValueError(
            f"cv={cv!r} must leave every sample out exactly once, but it never leaves out samples of {never} "
            f"of the {n_groups} groups and leaves out samples of {often} more than once; pass "
            "GroupKFold(n_splits) or LeaveOneGroupOut()."
        )
    for train, test in folds:
        both = np.intersect1d(labels[train], labels[test])
        if both.size:
            raise ValueError(
                f"cv={cv!r} puts samples of {both.size} of the {n_groups} groups on both sides of a split, "
                "so that their errors would be those of fitted curves; pass GroupKFold(n_splits) or "
                "LeaveOneGroupOut()."
            )
    return folds
